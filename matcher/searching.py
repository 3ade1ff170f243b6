"""Words that people search for, in the form in which texts are indexed and found again.

An index holds the match form of a text (`matcher/text.py`): case, accents, hamza, tatweel
and digits are folded. Arabic clitics stay where they are, since stripping them blindly damages
words that begin with those letters; a query is widened by the table of clitics instead, so
that ``الجزائر`` finds ``وبالجزائر`` and nothing that merely ends alike.

Words that stand in every text (``de la``, ``of the``, ``في``) are neither indexed nor sought, and
do not count within a phrase: they were a fifth of the index, and no query meant them. Single
letters stay: ``S-300`` is not ``300``.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import product

from domain.asking import SearchTerm, TextQuery
from matcher.text import ARABIC_FIRST, OTHER, MatchText, arabic_letters, normalise

LONGEST_QUERY = 1_000  # characters
MOST_TERMS = 40
_ARTICLE = "ال"
_CONJUNCTIONS = ("", "و", "ف")
_BEFORE_BARE = ("", "ب", "ك", "ل")
_BEFORE_DEFINITE = ("ال", "بال", "كال", "لل")
_PART = re.compile(r'(-?)"([^"]*)("?)|(\S+)')


def _letters() -> str:
    table = [" "] * 256
    for code in range(0x20, 0x7F):
        table[code] = chr(code)
    for offset, letter in enumerate(arabic_letters()):
        table[ARABIC_FIRST + offset] = letter
    table[OTHER] = "\ufffd"
    return "".join(table)


LETTERS = _letters()


def folded_words(text: str) -> list[str]:
    """Return the words of ``text`` in match form, without those of other scripts."""
    return _words(normalise(text).data)


def _words(data: bytes) -> list[str]:
    form: str = codecs.charmap_decode(data, "strict", LETTERS)[0]
    words = form.split()
    return [w for w in words if "\ufffd" not in w] if "\ufffd" in form else words


EVERYWHERE = frozenset(
    folded_words(
        "de la le les des du et en une que qui dans par pour sur au aux avec ce cette ces ses "
        "the of and to in for with by at from that as it an "
        "في من على إلى أن إن عن مع هذا هذه التي الذي ما لا"
    )
)
"""Words that stand in every text of their language, folded. Never a letter, nor a word that also
means something: ``est`` is the East, ``UN`` the United Nations."""


def index_form(text: str) -> str:
    """Return ``text`` as an index takes it: folded words between single spaces."""
    return _indexed(folded_words(text))


def index_forms(title: str, form: MatchText) -> tuple[str, str]:
    """Return title and text of a document as an index takes them.

    ``form`` is what ``Reading.join`` makes of the document, folded: no word spans the gap.
    """
    words = _words(form.data)
    count = len(folded_words(title))
    return _indexed(words[:count]), _indexed(words[count:])


def _indexed(words: list[str]) -> str:
    return " ".join([w for w in words if w not in EVERYWHERE])


def parse_search(text: str) -> TextQuery:
    """Read a search: words that must all stand there, ``"phrases"``, ``prefix*``, ``-without``.

    ``a OR b`` is either. Raises ValueError, of one line, where nothing is left to seek.
    """
    if len(text) > LONGEST_QUERY:
        raise ValueError(f"a search of {len(text)} characters: at most {LONGEST_QUERY}")
    groups: list[tuple[SearchTerm, ...]] = []
    without: list[SearchTerm] = []
    joins_next = False
    for word, is_excluded, is_phrase in _parts(text):
        if word in ("OR", "|") and not is_phrase:
            joins_next = bool(groups)
            continue
        if word == "AND" and not is_phrase:
            continue
        for term in _terms(word, is_phrase=is_phrase):
            if is_excluded:
                without.append(term)
            elif joins_next:
                groups[-1] = (*groups[-1], term)
            else:
                groups.append((term,))
            joins_next = False
    if not groups:
        common = " (words that stand in every text are not sought)" if folded_words(text) else ""
        raise ValueError(f"{text!r}: no word to seek{common}")
    if len(groups) + len(without) > MOST_TERMS:
        raise ValueError(f"a search of {len(groups) + len(without)} terms: at most {MOST_TERMS}")
    return TextQuery(source=text, groups=tuple(groups), without=tuple(without))


def _parts(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield (words, is excluded, is a phrase)."""
    for sign, phrase, _, word in _PART.findall(text):
        if word:
            is_excluded = len(word) > 1 and word[0] == "-"
            yield word[1:] if is_excluded else word, is_excluded, False
        else:
            yield phrase, sign == "-", True


def _terms(part: str, *, is_phrase: bool) -> Iterator[SearchTerm]:
    """A hyphenated word (``état-major``) is a phrase as well: its parts stand together."""
    is_prefix = part.endswith("*") and not is_phrase
    words = folded_words(part.rstrip("*") if is_prefix else part)
    words = [w for w in words if w not in EVERYWHERE or (is_prefix and w is words[-1])]
    if not words:
        return
    if is_prefix and len(words[-1]) < 2:
        raise ValueError(f"{part!r}: a prefix needs two letters at least")
    alternatives = [_first(words[0]), *(_later(w) for w in words[1:])]
    # Widened phrases are listed one by one: long ones keep their later words as written.
    if len(words) > 4:
        alternatives[1:] = [(w,) for w in words[1:]]
    yield SearchTerm(source=part, phrases=tuple(product(*alternatives)), is_prefix=is_prefix)


def _is_arabic(word: str) -> bool:
    return "ء" <= word[0] <= "ي"


def _bare(word: str) -> str:
    return word[2:] if word.startswith(_ARTICLE) and len(word) > 3 else word


def _first(word: str) -> tuple[str, ...]:
    """The word behind every chain of clitics that may stand before it."""
    if not _is_arabic(word):
        return (word,)
    bare = _bare(word)
    forms = [c + p + bare for c in _CONJUNCTIONS for p in _BEFORE_BARE]
    forms += [c + p + bare for c in _CONJUNCTIONS for p in _BEFORE_DEFINITE]
    if bare.startswith("ل"):  # li + al-lajna = lillajna
        forms += [f"{c}ل{bare}" for c in _CONJUNCTIONS]
    return tuple(dict.fromkeys(forms))


def _later(word: str) -> tuple[str, ...]:
    if not _is_arabic(word):
        return (word,)
    bare = _bare(word)
    return (bare, _ARTICLE + bare)


def find_words(text: str, query: TextQuery) -> list[tuple[int, int]]:
    """Return where in ``text`` the words of ``query`` stand: (start, end), sorted, apart."""
    folded = normalise(text)
    form = codecs.charmap_decode(folded.data, "strict", LETTERS)[0]
    everyone = ((m.start(), m.end(), m[0]) for m in re.finditer(r"\S+", form))
    places = [place for place in everyone if place[2] not in EVERYWHERE]
    words = [word for _, _, word in places]
    found: list[tuple[int, int]] = []
    for term in (t for group in query.groups for t in group):
        by_first: dict[str, list[tuple[str, ...]]] = {}
        for phrase in term.phrases:
            by_first.setdefault(phrase[0], []).append(phrase)
        for at, word in enumerate(words):
            for phrase in _starting(by_first, word, term):
                if _stands(words, at, phrase, is_prefix=term.is_prefix):
                    last = places[at + len(phrase) - 1][1]
                    found.append((folded.start(places[at][0]), folded.end(last)))
                    break
    return _apart(sorted(found))


def _starting(
    by_first: dict[str, list[tuple[str, ...]]], word: str, term: SearchTerm
) -> list[tuple[str, ...]]:
    if not (term.is_prefix and len(term.phrases[0]) == 1):
        return by_first.get(word, [])
    return [p for first, phrases in by_first.items() if word.startswith(first) for p in phrases]


def _stands(words: list[str], at: int, phrase: tuple[str, ...], *, is_prefix: bool) -> bool:
    here = words[at : at + len(phrase)]
    if len(here) < len(phrase):
        return False
    if not is_prefix:
        return tuple(here) == phrase
    return tuple(here[:-1]) == phrase[:-1] and here[-1].startswith(phrase[-1])


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
