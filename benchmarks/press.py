"""A press that never was: articles, phrase lists and rules, generated from a seed.

Words are made of syllables and drawn by Zipf's law behind the real function words of each
language, so that texts have the spread of words, the accents, the clitics and the marks of
French, Arabic and English news, and no sentence of anybody's.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate

from domain.article import Document

TYPES = 40_000  # different words of a language
RARE = 1_500  # rank from which a word is one of a subject, not of the language
SHARES = {"fr": 0.4, "ar": 0.4, "en": 0.2}
LENGTH = 2_000  # characters of an ordinary article
PUBLISHED = datetime(2026, 3, 10, 9, tzinfo=UTC)

_FUNCTION = {
    "fr": "de la le les et des en du à une un dans pour que qui sur au par est plus avec ce pas "
    "sont aux a été son sa ses leur ont cette selon entre mais ou comme après lors",
    "en": "the of to and in a for that is on by with as was at from it has be are its this have "
    "an will were not his said which their been also had after more or who between",
    "ar": "في من على الى ان التي عن مع هذا هذه الذي كما بين خلال بعد ما كان قد لا او كل حيث عام "
    "تم ذلك غير وقد بها منذ ضمن لدى أن إلى إن أو أي",
}
_SYLLABLES = {
    "fr": "ba bre ca ché con da dé di é en fa for gé gra in la lé ma mé min na né no or pa per "
    "po pré ra ré ri sa sé si ta té ti tion tre va vé vi ment eur euse ique isme age al el",
    "en": "ba ber ca con de den dis ed en er fa for ga ing in la le ly ma men mi na ness no or "
    "pa per po pre ra re ri sa se si ta ter ti tion tle va ve wi ward ment ship able al",
    "ar": "ا ب ت ث ج ح خ د ر ز س ش ص ض ط ع غ ف ق ك ل م ن ه و ي ات ين ون",
}
_DAYS = {
    "fr": "ce mardi à {}",
    "en": "on 8 March 2026 in {}",
    "ar": "يوم 8 مارس 2026 في {}",
}
_QUOTED = {"fr": "« {} »", "en": "“{}”", "ar": '"{}"'}
_CAPITAL = {"fr": "Alger", "en": "Algiers", "ar": "الجزائر"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as a list has it, and the language it is of."""

    text: str
    language: str


class Tongue:
    """One language's words, drawn by Zipf's law."""

    def __init__(self, language: str, chance: random.Random) -> None:
        self.language = language
        self.chance = chance
        known = dict.fromkeys(_FUNCTION[language].split())
        self.function = len(known)
        syllables = _SYLLABLES[language].split()
        while len(known) < TYPES:  # frequent words are short
            least, most = (2, 3) if len(known) < TYPES // 20 else (2, 4)
            length = chance.randint(least, most) + (1 if language == "ar" else 0)
            word = "".join(chance.choices(syllables, k=length))
            known[word + "ة" if language == "ar" and chance.random() < 0.2 else word] = None
        self.words = list(known)
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(1, TYPES + 1)))

    def word(self) -> str:
        """Return a word as running text has it."""
        found = self.words[bisect_left(self._weights, self.chance.random() * self._weights[-1])]
        dice = self.chance.random()
        if self.language == "ar":
            if dice < 0.25:
                return self.chance.choice(("ال", "وال", "و", "ب", "لل")) + found
            return found[:2] + "\u064e" + found[2:] if dice > 0.995 else found
        if dice < 0.06:
            return found.capitalize()
        if self.language == "fr" and dice > 0.95:
            return self.chance.choice(("l'", "d’", "qu'")) + found
        return found

    def phrase(self, *, is_rare: bool) -> str:
        """Return a phrase of one to four words, of ranks spread evenly in logs."""
        count = self.chance.choices((1, 2, 3, 4), (5 if is_rare else 20, 45, 25, 10))[0]
        least = RARE if is_rare else self.function + (400 if count == 1 else 0)
        ranks = [int(least * (TYPES / least) ** self.chance.random()) for _ in range(count)]
        return " ".join(self.words[min(rank, TYPES - 1)] for rank in ranks)

    def sentence(self, inner: Sequence[str] = ()) -> str:
        """Return a sentence of ordinary words, with ``inner`` phrases strewn in."""
        words = [self.word() for _ in range(self.chance.randint(10, 28))]
        for phrase in inner:
            words.insert(self.chance.randrange(len(words)), phrase)
        comma = "،" if self.language == "ar" else ","
        for _ in range(self.chance.randint(0, 3)):
            words[self.chance.randrange(len(words) - 1)] += comma
        if self.chance.random() < 0.2:
            place = self.chance.randrange(len(words))
            words[place] = _QUOTED[self.language].format(words[place])
        if self.chance.random() < 0.2 and self.language != "ar":
            words[self.chance.randrange(len(words))] += f"-{self.word()}"
        if self.chance.random() < 0.2:
            words[-1] = str(self.chance.randint(2, 2030))
        text = " ".join(words)
        return text[0].upper() + text[1:] + "."


class Press:
    """Everything that a run of the benchmark reads, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.tongues = {name: Tongue(name, self.chance) for name in SHARES}

    def phrases(self, count: int, rare: int) -> list[Phrase]:
        """Return ``count`` different phrases: a tenth are runs of words as texts have them.

        The first ``rare`` are of rare words only, as the terms of a subject are.
        """
        found: dict[str, str] = {}
        names, shares = list(SHARES), list(SHARES.values())
        while len(found) < count:
            name = self.chance.choices(names, shares)[0]
            tongue = self.tongues[name]
            if len(found) >= rare and self.chance.random() < 0.1:
                words = tongue.sentence().strip(".").lower().split()
                start = self.chance.randrange(len(words) - 3)
                text = " ".join(words[start : start + self.chance.randint(3, 4)])
            else:
                text = tongue.phrase(is_rare=len(found) < rare)
            if "," not in text and "،" not in text:
                found.setdefault(text, name)
        return [Phrase(text, name) for text, name in found.items()]

    def article(self, number: int, inner: dict[str, Sequence[str]] | None = None) -> Document:
        """Return an ordinary article; ``inner`` phrases by language make it an event."""
        return self.written(number, self.language(), inner)

    def language(self) -> str:
        """Return the language of the next article."""
        return self.chance.choices(list(SHARES), list(SHARES.values()))[0]

    def written(
        self, number: int, name: str, inner: dict[str, Sequence[str]] | None = None
    ) -> Document:
        """Return an article in the language ``name``."""
        tongue = self.tongues[name]
        told = [*inner[name], _DAYS[name].format(_CAPITAL[name])] if inner else ()
        title = tongue.sentence(told[:2])[:120]
        paragraphs: list[str] = []
        length = int(LENGTH * self.chance.uniform(0.5, 1.5))
        while sum(map(len, paragraphs)) < length:
            first = told if not paragraphs else ()
            sentences = [tongue.sentence(first)]
            sentences += [tongue.sentence() for _ in range(self.chance.randint(1, 3))]
            paragraphs.append(" ".join(sentences))
        text = "\n\n".join(paragraphs)
        return Document(id=str(number), title=title, text=text, published_at=PUBLISHED)
