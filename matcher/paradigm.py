"""Arabic words in all the forms that a report in the third person uses.

A lexicon that lists forms one by one knows those its author thought of. Three small
paradigms cover the rest; what is glued in front of a word is the scanner's business.
``<استقبل/يستقبل>`` is a verb, ``<زيارة>`` a noun, ``<عسكري>`` an adjective in ‑ي.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

_OBJECTS = ("ه", "ها", "هم", "هما")  # of him, her, them: on verbs and nouns alike
_ADJECTIVE_ENDINGS = ("", "ة", "ين", "ون", "ان", "تين", "تان", "ات", "ا")
_WEAK_FINAL = ("ى", "ي")


def forms_of(word: str) -> list[str]:
    """Return every form of a word as it stands between angle brackets, without repeats.

    A noun in ‑ي needs no paradigm of its own: ``<نادي>`` would be read as an adjective.
    """
    if "/" in word:
        perfect, imperfect = word.split("/", 1)
        found = [*_perfect(perfect), *_imperfect(imperfect)]
    elif word.endswith("ي"):
        found = _definite_too(word + ending for ending in _ADJECTIVE_ENDINGS)
    elif word.endswith("ة"):
        found = _feminine(word[:-1])
    else:
        found = _masculine(word)
    return list(dict.fromkeys(found))


def _perfect(verb: str) -> list[str]:
    """Singular, dual and plural, masculine and feminine, with objects: التقى, التقت, التقاه."""
    if verb.endswith("ى"):
        base = verb[:-1]
        bare = [verb, *(base + e for e in ("ت", "يا", "تا", "وا"))]
        carriers = [base + "ا", base + "ت"]
    else:
        bare = [verb, *(verb + e for e in ("ت", "ا", "تا", "وا"))]
        carriers = [verb, verb + "ت", verb + "و"]
    return [*bare, *(a + b for a, b in product(carriers, _OBJECTS))]


def _imperfect(verb: str) -> list[str]:
    """Present and future: يستقبل, ستستقبله, سيستقبلان. Written with its prefix ي."""
    stem = verb[1:]
    short = stem[:-1] if stem.endswith(_WEAK_FINAL) else stem
    base = short + "ي" if stem.endswith(_WEAK_FINAL) else stem
    endings = [stem, base + "ان", base + "ا", short + "ون", short + "وا"]
    endings += [stem + o for o in _OBJECTS]
    return [prefix + ending for prefix, ending in product(("ي", "ت", "سي", "ست"), endings)]


def _feminine(base: str) -> list[str]:
    """Singular, dual and sound plural, bare, definite and possessed: زيارته, زيارتين."""
    free = [base + e for e in ("ة", "ات", "تين", "تان")]
    bound = [base + e for e in ("تي", "تا")]
    bound += [a + b for a, b in product((base + "ت", base + "ات"), _OBJECTS)]
    return [*_definite_too(free), *bound]


def _masculine(word: str) -> list[str]:
    """Singular, dual and the sound plurals. A final hamza changes its seat: لقائه, لقاؤه."""
    free = [word + e for e in ("", "ين", "ان", "ون", "ات")]
    bound = [word + e for e in ("ا", "ي")]
    seats = [word]
    if word.endswith("ء"):
        seats += [word[:-1] + "ئ", word[:-1] + "ؤ"]
    bound += [a + b for a, b in product(seats, _OBJECTS)]
    return [*_definite_too(free), *bound]


def _definite_too(words: Iterable[str]) -> list[str]:
    return [form for word in words for form in (word, "ال" + word)]
