"""A generated archive: years of a press of 120 outlets, ready to be filed. Seeded.

Texts follow Zipf's law over vocabularies of the sizes that such texts have (Heaps' law), half
French, most of the rest Arabic with clitics, lengths lognormal about 2,600 bytes. One article in
twenty is a hit; hits of one event share a title, so that they make stories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from domain.article import Article
from domain.filing import Filing
from domain.match import ACTIVITIES, EventDate, Evidence, Match
from domain.notice import Mode, PlannedDelivery
from domain.source import Source

VOCABULARY = 120_000  # forms of a language
OUTLETS = 120
YEARS = 3
HIT_EVERY = 20
SHARES = {"fr": 0.5, "ar": 0.45, "en": 0.05}
LETTERS = {
    "fr": ("bcdfglmnprstv", "aeiouéè"),
    "en": ("bcdfghklmnprstwy", "aeiou"),
    "ar": ("بتثجحخدذرزسشصضطظعغفقكلمنه", "اوي"),
}
FUNCTION = {  # the words that stand in every text, the most frequent first
    "fr": "de la le les et des du en un a à que une pour dans qui par sur au plus est ce avec il "
    "ne se sont pas cette son aux sa ont ses été comme mais ou leur nous entre deux",
    "en": "the of and to in a for that is on by with at was as from it has be are its this have an "
    "will were not his said which their been also had after more or who between",
    "ar": "في من على أن إلى التي عن الذي مع ما هذا هذه بين كما لا خلال بعد كان قد ذلك أو كل حيث",
}
CLITICS = ("", "", "", "ال", "ال", "و", "وال", "ب", "بال", "لل")
PARTNERS = ("FR", "US", "IT", "RU", "CN", "TR", "TN", "ES", "DE", "MR", "nato", "eu", "un", "ML")
KINDS = {"persons": 80, "organisations": 60, "equipment": 50, "places": 90}
CHANNELS = ("desk-mail", "desk-slack")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words by rank, and how often each stands."""

    words: np.ndarray
    cumulative: np.ndarray

    def draw(self, rng: np.random.Generator, count: int) -> list[str]:
        ranks = np.searchsorted(self.cumulative, rng.random(count))
        found: list[str] = self.words[ranks].tolist()
        return found


def vocabulary(language: str, rng: np.random.Generator, size: int = VOCABULARY) -> Vocabulary:
    """Return ``size`` words, of which the frequent ones are short, as in every language."""
    consonants, vowels = (np.array(list(letters)) for letters in LETTERS[language])
    words = dict.fromkeys(FUNCTION[language].split())
    while len(words) < size:
        length = 1 + int(np.log2(len(words) + 4) / 6) + int(rng.integers(0, 3))
        parts = [
            rng.choice(consonants) + (rng.choice(vowels) if rng.random() < 0.7 else "")
            for _ in range(length)
        ]
        word = "".join(parts)
        if language == "ar" and rng.random() < 0.2:
            word += "ة"  # it ends words, and stands nowhere else
        words[(rng.choice(CLITICS) + word) if language == "ar" else word] = None
    weights = 1 / (np.arange(size) + 2.7) ** 1.1
    return Vocabulary(np.array(list(words), dtype=object), np.cumsum(weights / weights.sum()))


def outlets() -> list[Source]:
    """Return the outlets of the press."""
    languages = list(SHARES)
    return [
        Source(
            id=f"outlet-{n:03}",
            name=f"Outlet {n}",
            url=f"https://outlet-{n:03}.example/",
            language=languages[(n * 7) % 20 // 10 if n % 20 else 2],
            country="DZ" if n % 10 else "FR",
            feeds=(f"https://outlet-{n:03}.example/feed",),
        )
        for n in range(OUTLETS)
    ]


class Press:
    """Makes ``count`` articles that end at ``now``, in the order in which they were seen.

    They are spread over ``span``; ``words`` are in each language's vocabulary, and making them
    takes longer than making ten thousand articles.
    """

    def __init__(
        self,
        count: int,
        now: datetime,
        seed: int = 2026,
        *,
        span: timedelta = timedelta(days=365 * YEARS),
        words: int = VOCABULARY,
    ) -> None:
        self.count, self.now, self.span = count, now, span
        self._rng = np.random.default_rng(seed)
        self.vocabularies = {name: vocabulary(name, self._rng, words) for name in SHARES}
        self._sources = outlets()
        weights = 1 / (np.arange(OUTLETS) + 3.0)
        self._outlet_weights = np.cumsum(weights / weights.sum())
        self._events: list[str] = []

    def batches(self, size: int) -> Iterator[list[Filing]]:
        """Yield the articles with their hits, ``size`` at a time."""
        edges = [*range(0, self.count, size), self.count]
        for start, end in pairwise(edges):
            yield [self._filing(number) for number in range(start, end)]

    def _filing(self, number: int) -> Filing:
        rng = self._rng
        chosen = min(int(np.searchsorted(self._outlet_weights, rng.random())), OUTLETS - 1)
        source = self._sources[chosen]
        words = self.vocabularies[source.language]
        length = int(np.clip(rng.lognormal(5.85, 0.55), 40, 4_000))
        if source.language == "ar":
            length = int(length * 0.62)
        text = self._prose(words.draw(rng, length))
        seen = self.now - self.span * (1 - number / self.count)
        seen = seen.replace(microsecond=0)
        is_hit = number % HIT_EVERY == 0
        article = Article(
            url=f"{source.url}{seen:%Y/%m/%d}/{'-'.join(words.draw(rng, 4))}-{number}",
            source_id=source.id,
            title=self._title(words, is_hit=is_hit),
            text=text,
            language=source.language,
            first_seen=seen,
            published_at=None if rng.random() < 0.02 else seen - timedelta(minutes=25),
            authors=(" ".join(words.draw(rng, 2)),),
            guid=f"{source.url}?p={number}",
            text_from="page",
        )
        if not is_hit:
            return Filing(article=article)
        planned = (
            PlannedDelivery(
                channel=CHANNELS[number // HIT_EVERY % 2], mode=Mode.IMMEDIATE, due_at=seen
            ),
        )
        return Filing(article=article, matches=(self._match(article),), deliveries=planned)

    def _prose(self, words: Sequence[str]) -> str:
        sentences = (" ".join(words[at : at + 22]) + "." for at in range(0, len(words), 22))
        return "\n\n".join(sentences)

    def _title(self, words: Vocabulary, *, is_hit: bool) -> str:
        title = " ".join(words.draw(self._rng, 9))
        if not is_hit:
            return title
        if self._events and self._rng.random() < 0.65:
            return self._events[int(self._rng.integers(len(self._events)))]
        self._events = [*self._events[-11:], title]
        return title

    def _match(self, article: Article) -> Match:
        rng = self._rng
        first = article.first_seen.date()
        kinds = {
            kind: tuple(
                f"{kind[:-1]}-{int(rng.zipf(1.6)) % size}" for _ in range(int(rng.integers(0, 4)))
            )
            for kind, size in KINDS.items()
        }
        evidence = tuple(self._proofs(article, 6))
        return Match(
            rule="defence-cooperation" if rng.random() < 0.9 else "energy-diplomacy",
            score=round(float(rng.uniform(0.5, 1)), 3),
            threshold=0.5,
            partners=self._some(PARTNERS, 2),
            activities=self._some(ACTIVITIES, 3),
            dates=(EventDate(first=first, last=first + timedelta(days=1)),),
            evidence=evidence,
            rule_version="0123456789ab",
            **kinds,
        )

    def _some(self, values: Sequence[str], most: int) -> tuple[str, ...]:
        count = int(self._rng.integers(1, most + 1))
        return tuple(values[int(self._rng.zipf(1.5)) % len(values)] for _ in range(count))

    def _proofs(self, article: Article, count: int) -> Iterator[Evidence]:
        for _ in range(count):
            start = int(self._rng.integers(0, len(article.text) - 30))
            concept = f"#family-{int(self._rng.zipf(1.4)) % 300}"
            yield Evidence(
                start=start,
                end=start + 24,
                text=article.text[start : start + 24],
                field="text",
                concept=concept,
            )
