"""The language of a text, from the text itself: fr, ar, en, or und for any other.

Most texts give themselves away by a handful of function words in their folded form, which
costs microseconds. Where these are few or mixed, the script settles Arabic, the counts of the
most frequent words settle French and English, and a statistical guesser is asked last.
"""

from __future__ import annotations

import re
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING

import daachorse

from matcher.printed import plain
from matcher.text import ARABIC_FIRST, SPACE, MatchText, match_form

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SAMPLE = 600  # characters that are looked at
# Bytes of the match form whose words are looked at first: apart, to notice a change of language.
GLANCES = (slice(0, 190), slice(460, 590))
FEWEST = 5  # different function words of one language that make it sure ...
CLEARER = 4  # ... when they are at least so many times those of any other

_WORDS = {
    "fr": frozenset(
        "le la les des du de et est une un dans pour par sur au aux avec ce cette qui que a à l d "
        "s n en son sa ses ont été plus ne pas se il elle leur entre selon".split()
    ),
    "en": frozenset(
        "the of and to in for on with at by from is was were has have its his that this a an as "
        "be it will their between said who which are not after".split()
    ),
    # Words that the two never use: other Latin languages of the region's press.
    "und": frozenset(
        "el los las del y por una con der die das und ist den von il di che della gli per ve bir "
        "için ile o os da do em não uma het een van och att det".split()
    ),
}
_SCRIPT_WORDS = {
    # Not those that Persian has too: من ان او كل بين بعد.
    "ar": "في الى التي الذي عن مع هذا هذه ذلك كما خلال لا حيث الذين منذ كان كانت وقد عبر لدى نحو "
    "أمس تم أكد يوم قال إذ",
    # Persian, Urdu and Kurdish, as far as folding leaves them unlike Arabic.
    "und": "از که را با است برای شده های می کے میں ہے اور سے کو نے ہیں له که بۆ ئەم",
}
_GUESSED = ("fr", "en", "ar")
_LATIN_ONLY = ("fr", "en")
_NEIGHBOURS = ("es", "it", "de", "pt", "nl", "tr", "ca", "sv")  # Latin languages with words above
_ARABIC_BYTES = bytes((SPACE, *range(ARABIC_FIRST, 0x100)))
_TOKEN = re.compile(r"[^\W\d_]+")
_ARABIC = re.compile("[\u0621-\u064a]")
_ARABIC_FOREIGN = re.compile("[پچژگکیہےٹڈڑںۆێ]")  # Persian, Urdu, Kurdish
_OTHER_SCRIPT = re.compile("[^\\W\\d_\u0000-\u024f\u0600-\u06ff\u0750-\u077f\ufb50-\ufefc]")


def name_language(form: MatchText, text: str, title: str = "") -> str:
    """Return the language of a text whose match form is ``form``: as ``identify``, but quicker."""
    head = form.data[: 2 * SAMPLE]
    is_one_script = head.isascii() or 8 * len(head.translate(None, _ARABIC_BYTES)) < len(head)
    if is_one_script:
        for sample in (b" ".join([head[part] for part in GLANCES]), head):
            language = _clear_language(sample)
            if language:
                return language
    return identify(text, title)


def _clear_language(sample: bytes) -> str | None:
    languages, known = _function_words()
    words = {word for _, _, word in known.find_overlapping(sample.join((b" ", b" ")))}
    if not words:
        return None
    found = [languages[word] for word in words]
    most, language = found.count(found[0]), found[0]
    if most < len(found):
        most, language = max((found.count(name), name) for name in set(found))
    is_clear = most >= FEWEST and most >= CLEARER * (len(found) - most)
    return language if is_clear else None


@lru_cache(maxsize=1)
def _function_words() -> tuple[list[str], daachorse.DoubleArrayAhoCorasick]:
    """Return what finds each folded function word that one language alone has; their languages."""
    folded: dict[bytes, set[str]] = {}
    for listed in (_WORDS, {name: line.split() for name, line in _SCRIPT_WORDS.items()}):
        for language, words in listed.items():
            for word in map(match_form, words):
                folded.setdefault(word, set()).add(language)
    own = {word: owners.pop() for word, owners in folded.items() if len(owners) == 1}
    patterns = [word.join((b" ", b" ")) for word in own]
    return list(own.values()), daachorse.DoubleArrayAhoCorasick(patterns)


def identify(text: str, title: str = "") -> str:
    """Return fr, ar, en or und. Looks at the title and the beginning of the text."""
    sample = plain(f"{title[:SAMPLE]} {text[:SAMPLE]}").text
    if _TOKEN.search(sample) is None:
        return "und"
    printed = len(sample.replace(" ", ""))
    arabic = len(_ARABIC.findall(sample)) + len(_ARABIC_FOREIGN.findall(sample))
    if arabic > 0.4 * printed:
        is_foreign = len(_ARABIC_FOREIGN.findall(sample)) > 0.04 * arabic
        return "und" if is_foreign else "ar"
    if len(_OTHER_SCRIPT.findall(sample)) > 0.4 * printed:
        return "und"
    return _latin(sample)


def _latin(sample: str) -> str:
    tokens = [t.lower() for t in _TOKEN.findall(sample)]
    counts = {lang: sum(t in words for t in tokens) for lang, words in _WORDS.items()}
    ranked = sorted(counts, key=lambda lang: -counts[lang])
    if counts[ranked[0]] - counts[ranked[1]] >= 2 + len(tokens) // 40:
        return ranked[0]
    # Another language must show in its words too: a line of names looks like anything.
    wanted = _GUESSED if _ARABIC.search(sample) else _LATIN_ONLY
    guess, _ = _guesser((*wanted, *_NEIGHBOURS) if counts["und"] else wanted).classify(sample)
    return str(guess) if guess in _GUESSED else "und"


@lru_cache(maxsize=4)
def _guesser(languages: tuple[str, ...]) -> LanguageIdentifier:
    guesser = copy(_model())
    guesser.set_languages(languages)
    return guesser


@lru_cache(maxsize=1)
def _model() -> LanguageIdentifier:
    # The model is half a second's reading that most processes never need.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    return LanguageIdentifier.from_model_file(MODEL_FILE)
