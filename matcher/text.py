"""From a text as printed to the form in which it is matched, with exact offsets back.

The match form is one byte a character: ``a-z 0-9`` for Latin letters and digits, bytes
from 0x80 for folded Arabic letters, a space for everything that separates words, 0x01
for letters of other scripts. A phrase between single spaces in this form never spans
punctuation, because punctuation followed by a space leaves two.

Arabic is folded before any decomposition: decomposing first turns alef-with-hamza into
two characters, and the folding would never see it.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

SPACE = 0x20
OTHER = 0x01  # a letter of another script: part of a word, equal to nothing
_EXPANDS = 0x02  # folds to more than one letter: slow path
# Beyond all letters, so that one comparison tells the soft separators: those after the first.
_RETURN = 0xFC  # nothing before a newline, else one
_NEWLINE = 0xFD
_JOINER = 0xFE  # apostrophes and hyphens: between words, like a space
_BLANK = 0xFF  # white space and quotation marks

_ARABIC_LETTERS = "ءابتثجحخدذرزسشصضطظعغفقكلمنهوي"
_ARABIC_CODE = {letter: 0x80 + i for i, letter in enumerate(_ARABIC_LETTERS)}
ARABIC_FIRST = 0x80
_FIRST_MARK = "\u0300"  # nothing before it combines


def arabic_letters() -> str:
    """Return the folded Arabic letters in the order of their bytes from ARABIC_FIRST."""
    return _ARABIC_LETTERS


# Letters that fold to another Arabic letter. Gaf, qaf-with-three-dots and veh are how the
# Algerian and Tunisian press write g; where g and v differ the lexicon lists both.
_ARABIC_FOLD = {
    **dict.fromkeys("أإآٱٲٳٵ", "ا"),
    **dict.fromkeys("ىئیےېۍ", "ي"),
    **dict.fromkeys("ؤۇۆۈۋ", "و"),
    **dict.fromkeys("ةۀەہھ", "ه"),
    **dict.fromkeys("کڪگڭ", "ك"),
    **dict.fromkeys("ڨڧ", "ق"),
    **dict.fromkeys("ڤڢ", "ف"),
    **dict.fromkeys("پ", "ب"),
    **dict.fromkeys("چ", "ج"),
    **dict.fromkeys("ژ", "ز"),
}
_LATIN_FOLD = {
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "ł": "l",
    "ı": "i",
    "ħ": "h",
    "ŧ": "t",
    "ŋ": "n",
    "ə": "a",
    "œ": "oe",
    "æ": "ae",
    "ß": "ss",
    "þ": "th",
}
APOSTROPHES = "'ʼʹ′`´ʻˈ＇"  # all printed as the first; the curly ones are quotes as well
HYPHENS = "-‐‑﹣－"  # all printed as the first
_JOINERS = APOSTROPHES + "’‘" + HYPHENS + "‒–—−_"
_LINE_BREAKS = "\n\x85\u2028\u2029"
_QUOTES = '"“”„‟«»‹›‚‛＂'


def _fold_char(char: str) -> str:
    """Return the match form of one character as text: letters, a space, or nothing."""
    if char in _ARABIC_FOLD:
        return _ARABIC_FOLD[char]
    if char in _ARABIC_CODE or "a" <= char <= "z" or "0" <= char <= "9":
        return char
    if char in _JOINERS:
        return "-"
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Cf", "Cs") or char == "\u0640":
        return ""
    if category == "Nd":
        return str(unicodedata.digit(char))
    lower = char.lower()
    if lower in _LATIN_FOLD:
        return _LATIN_FOLD[lower]
    decomposed = unicodedata.normalize("NFKD", lower)
    if decomposed == char:
        return "\x01" if category[0] == "L" else " "
    return "".join(_fold_char(c) for c in decomposed if c != char)


def _class_of(char: str) -> int:
    if char == "\r":
        return _RETURN
    if char in _LINE_BREAKS:
        return _NEWLINE
    if char in _JOINERS:
        return _JOINER
    if char in _QUOTES or char.isspace():
        return _BLANK
    folded = _fold_char(char)
    if not folded:
        return 0
    if len(folded) > 1:
        letters = folded.strip(" ")
        return _EXPANDS if letters else SPACE
    return _byte_of(folded)


def _plain_class(code: int) -> int:
    """As _class_of, sooner for what is no letter of ours: most of the table."""
    char = chr(code)
    if code >= 0x0700 and char not in _JOINERS and not unicodedata.decomposition(char):
        category = unicodedata.category(char)
        if category == "Lo":
            return OTHER
        if category in ("Mn", "Cf"):
            return 0
        if category in ("So", "Sm", "Mc", "Cn", "No"):
            return SPACE
    return _class_of(char)


def _byte_of(folded: str) -> int:
    if folded == "-":
        return _JOINER
    return _ARABIC_CODE.get(folded) or (ord(folded) if folded.isascii() else OTHER)


@lru_cache(maxsize=1)
def _table() -> npt.NDArray[np.uint8]:
    """Return the class of every code point below U+20000; the rest clips to the last, OTHER."""
    size = 0x20000
    table = np.full(size, SPACE, dtype=np.uint8)
    for code in range(0x3400):
        table[code] = _plain_class(code)
    table[0x3400:0xD7B0] = OTHER  # CJK, Yi, Hangul: letters of other scripts
    table[0xD800:0xE000] = 0  # lone surrogates
    for code in range(0xF900, 0x10000):
        table[code] = _plain_class(code)
    for code in range(0x1D400, 0x1D800):  # mathematical letters, seen in headlines on social pages
        table[code] = _class_of(chr(code))
    table[-1] = OTHER
    return table


_SOFTEN = bytes(SPACE if b in (_NEWLINE, _JOINER, _BLANK) else b for b in range(256))


def is_unseen(char: str) -> bool:
    """Whether folding leaves a character out: marks on letters, tatweel, zero-width marks."""
    code = ord(char)
    return code < len(_table()) and not _table()[code]


def unseen_codes() -> list[int]:
    """Return the code points of the basic plane that folding leaves out, ascending."""
    found: list[int] = np.flatnonzero(_table()[:0x10000] == 0).tolist()
    return found


class MatchText:
    """A text in match form, padded with one space on both sides. Immutable.

    Most texts are only asked what they hold, so offsets are worked out when first asked for.
    """

    __slots__ = ("_added", "_folding", "_is_edited", "_origin", "_unmoved", "data", "original")

    def __init__(
        self,
        original: str,
        data: bytes,
        *,
        is_edited: bool,
        added: tuple[int, ...] = (),
        folding: _Folding | None = None,
    ) -> None:
        self.original = original
        self.data = data
        self._added = added  # positions of spaces that the original lacks, ascending
        self._unmoved = [a - shift for shift, a in enumerate(added)]  # as if none were added
        self._is_edited = is_edited  # whether a character was deleted or expanded
        self._folding = folding  # of ``original``; None where it was not folded from it
        self._origin: npt.NDArray[np.int64] | None = None

    @property
    def origin(self) -> npt.NDArray[np.int64] | None:
        """Index in the original of the character behind each byte of ``data``.

        None when nothing was deleted or expanded, so that it is ``i - 1`` of byte ``i``.
        Spaces that were added are left out of the count.
        """
        return self._origins() if self._is_edited else None

    def position(self, index: int) -> int:
        """Return the byte of ``data`` that the character at ``index`` of the original became.

        Of a character that was deleted, the byte after it.
        """
        place = self._place(index)
        if self._added:
            place += bisect_right(self._unmoved, place)
        return min(place, len(self.data))

    def _place(self, index: int) -> int:
        """Return the byte of a character as if no space were added."""
        if not self._is_edited:
            return index + 1
        if self._folding is not None and self._folding.is_even:
            place = self._folding.place(index) + 1
            if place + len(self._added) < len(self.data) - 1:  # the end may be deleted
                return place
        return 1 + int(np.searchsorted(self._origins()[1:], index))

    def with_spaces(self, positions: Iterable[int]) -> MatchText:
        """Return this text with a space before each byte at ``positions``."""
        places = sorted(set(positions))
        pieces = [self.data[a:b] for a, b in pairwise([0, *places, len(self.data)])]
        added = tuple(place + shift for shift, place in enumerate(places))
        data = b" ".join(pieces)
        is_edited, folding = self._is_edited, self._folding
        return MatchText(self.original, data, is_edited=is_edited, added=added, folding=folding)

    def reprinted(self, text: str) -> MatchText:
        """Return the same match form over ``text``, another print of the original."""
        return MatchText(text, self.data, is_edited=True, added=self._added)

    def start(self, position: int) -> int:
        """Return the original index of the character at byte ``position``."""
        if self._added:
            position -= bisect_left(self._added, position)
        if not self._is_edited:
            return position - 1
        return self._origins().item(position)

    def end(self, position: int) -> int:
        """Return the original index just past byte ``position - 1`` and its combining marks."""
        if self._added:
            position -= bisect_left(self._added, position)
        if not self._is_edited:
            return position - 1
        index = self._origins().item(position - 1) + 1
        text = self.original
        while index < len(text) and unicodedata.combining(text[index]):
            index += 1
        return index

    def spans(self, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the original ``start`` and ``end`` of many places at once."""
        if self._added or not places:
            return [(self.start(first), self.end(last)) for first, last in places]
        if not self._is_edited:
            return [(first - 1, last - 1) for first, last in places]
        index = np.fromiter(chain.from_iterable(places), np.int64, 2 * len(places))
        index[1::2] -= 1  # the last byte of each
        found = self._origins()[index].tolist()
        text, length = self.original, len(self.original)
        ends = [last + 1 for last in found[1::2]]
        for number, end in enumerate(ends):
            if end < length and text[end] >= _FIRST_MARK and unicodedata.combining(text[end]):
                ends[number] = self.end(places[number][1])
        return list(zip(found[::2], ends, strict=True))

    def _origins(self) -> npt.NDArray[np.int64]:
        if self._origin is None:
            self._folding = self._folding or _folded(self.original)
            self._origin = _origin(self.original, self._folding)
        return self._origin


class _Folding:
    """How a text was folded: the class of each character, and what became of them."""

    __slots__ = ("classes", "marked")

    def __init__(self, classes: bytes, marked: bytes) -> None:
        self.classes = classes
        self.marked = marked  # those not deleted, expanded; 0 for separators that are too many

    @property
    def is_even(self) -> bool:
        """Whether no character became several."""
        return _EXPANDS not in self.classes

    def place(self, index: int) -> int:
        """Return how many bytes the characters before ``index`` became; for an even one."""
        kept = index - self.classes.count(0, 0, index)
        return kept - self.marked.count(0, 0, kept)


def normalise(text: str) -> MatchText:
    """Fold ``text`` for matching. Linear in its length; never raises."""
    folding = _folded(text)
    data = folding.marked.translate(_SOFTEN, b"\0").join((b" ", b" "))
    is_edited = not folding.is_even or len(data) - 2 < len(folding.classes)
    return MatchText(text, data, is_edited=is_edited, folding=folding)


def _folded(text: str) -> _Folding:
    classes = _classes(text)
    kept = _expanded(text, classes) if _EXPANDS in classes else classes
    return _Folding(classes, _marked(kept.replace(b"\0", b"")))


def _classes(text: str) -> bytes:
    """Return the class of each character: a byte a character."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) == 2 * len(text):  # a unit a character: half as much to look up
        points: npt.NDArray[Any] = np.frombuffer(units, dtype=np.uint16)
    else:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    classes = _table().take(points, mode="clip").tobytes()
    if _RETURN in classes:
        classes = classes.replace(bytes((_RETURN, _NEWLINE)), bytes((0, _NEWLINE)))
        classes = classes.replace(bytes((_RETURN,)), bytes((_NEWLINE,)))
    return classes


def _expanded(text: str, classes: bytes) -> bytes:
    """Replace the class of each character that folds to several letters by these."""
    pieces: list[bytes] = []
    last = 0
    for index in _places(classes, _EXPANDS):
        pieces += (classes[last:index], _letters(text[index]))
        last = index + 1
    pieces.append(classes[last:])
    return b"".join(pieces)


def _places(classes: bytes, wanted: int) -> list[int]:
    return np.flatnonzero(np.frombuffer(classes, dtype=np.uint8) == wanted).tolist()


@lru_cache(maxsize=4096)
def _letters(char: str) -> bytes:
    return bytes(_byte_of(c) for c in _fold_char(char))


def _marked(classes: bytes) -> bytes:
    """Mark by 0, as deletions are, all but one separator of each run of soft ones.

    Soft are blanks, quotes, hyphens and apostrophes. A blank line stays two separators, as
    punctuation does: no phrase spans paragraphs.
    """
    soft = np.frombuffer(classes, dtype=np.uint8) > _RETURN
    repeated = (soft[1:] & soft[:-1]).nonzero()[0].tolist()
    marked = bytearray(classes)
    for index in repeated:
        marked[index + 1] = SPACE if classes[index] == classes[index + 1] == _NEWLINE else 0
    return bytes(marked)


def _origin(text: str, folding: _Folding) -> npt.NDArray[np.int64]:
    """Return the origin of every byte of the match form of ``text``, its padding included."""
    classes = np.frombuffer(folding.classes, dtype=np.uint8)
    indices = np.flatnonzero(classes)
    if not folding.is_even:
        lengths = np.ones(len(classes), dtype=np.int64)
        for index in _places(folding.classes, _EXPANDS):
            lengths[index] = len(_letters(text[index]))
        indices = np.repeat(indices, lengths[indices])
    kept = indices[np.frombuffer(folding.marked, dtype=np.bool_)]
    last = int(kept[-1]) + 1 if len(kept) else 0
    return np.concatenate(([0], kept, [last]))


def match_form(phrase: str) -> bytes:
    """Return the match form of one phrase, without the padding."""
    return normalise(phrase).data.strip(b" ")


def printed_form(data: bytes) -> str:
    """Return a match form as letters that people can read."""
    return "".join(_ARABIC_LETTERS[b - ARABIC_FIRST] if b >= ARABIC_FIRST else chr(b) for b in data)


def match_forms(phrases: list[str]) -> list[bytes]:
    """Return the match forms of many phrases in one pass.

    They are joined by a letter of another script, which no phrase of ours may hold.
    """
    separator = bytes((OTHER,))
    folded = normalise("\u4e00".join(phrases)).data.split(separator)
    if len(folded) != len(phrases):  # a phrase does hold one: the slow way
        return [match_form(p) for p in phrases]
    return [f.strip(b" ") for f in folded] if phrases else []
