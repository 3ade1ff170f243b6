"""From a text as printed to the form in which it is matched, with exact offsets back.

The match form is one byte a character: ``a-z 0-9`` for Latin letters and digits, bytes
from 0x80 for folded Arabic letters, a space for everything that separates words, 0x01
for letters of other scripts. A phrase between single spaces in this form never spans
punctuation, because punctuation followed by a space leaves two.

Arabic is folded before any decomposition: decomposing first turns alef-with-hamza into
two characters, and the folding would never see it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

SPACE = 0x20
OTHER = 0x01  # a letter of another script: part of a word, equal to nothing
_EXPANDS = 0x02  # folds to more than one letter: slow path
_NEWLINE = 0x1D
_JOINER = 0x1E  # apostrophes and hyphens: between words, like a space
_BLANK = 0x1F  # white space and quotation marks

_ARABIC_LETTERS = "ءابتثجحخدذرزسشصضطظعغفقكلمنهوي"
_ARABIC_CODE = {letter: 0x80 + i for i, letter in enumerate(_ARABIC_LETTERS)}
ARABIC_FIRST = 0x80

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
_JOINERS = "'’‘ʼʹ′`´ʻˈ＇-‐‑‒–—−﹣－_"
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
    if char == "\n":
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
        table[code] = _class_of(chr(code))
    table[0x3400:0xD7B0] = OTHER  # CJK, Yi, Hangul: letters of other scripts
    table[0xD800:0xE000] = 0  # lone surrogates
    for code in range(0xF900, 0x10000):
        table[code] = _class_of(chr(code))
    for code in range(0x1D400, 0x1D800):  # mathematical letters, seen in headlines on social pages
        table[code] = _class_of(chr(code))
    table[0xE0000 - 0xC0000 : 0x20000] = OTHER
    return table


_SOFTEN = bytes(SPACE if b in (_NEWLINE, _JOINER, _BLANK) else b for b in range(256))


@dataclass(frozen=True, slots=True)
class MatchText:
    """A text in match form, padded with one space on both sides.

    ``origin[i]`` is the index in the original of the character behind byte ``i`` of
    ``data``; None when nothing was deleted or expanded, so that it is ``i - 1``.
    """

    original: str
    data: bytes
    origin: npt.NDArray[np.int64] | None

    def start(self, position: int) -> int:
        """Return the original index of the character at byte ``position``."""
        return position - 1 if self.origin is None else int(self.origin[position])

    def end(self, position: int) -> int:
        """Return the original index just past byte ``position - 1`` and its combining marks."""
        if self.origin is None:
            return position - 1
        index = int(self.origin[position - 1]) + 1
        text = self.original
        while index < len(text) and unicodedata.combining(text[index]):
            index += 1
        return index


def normalise(text: str) -> MatchText:
    """Fold ``text`` for matching. Linear in its length; never raises."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    classes = _table().take(points, mode="clip")
    origin: npt.NDArray[np.int64] | None = None
    if (classes == _EXPANDS).any():
        classes, origin = _expand(text, classes)
    if not classes.all():
        keep = np.flatnonzero(classes)
        origin = keep if origin is None else origin[keep]
        classes = classes[keep]
    classes, origin = _collapse(classes, origin)
    data = b" " + classes.tobytes().translate(_SOFTEN) + b" "
    if origin is not None:
        last = int(origin[-1]) + 1 if len(origin) else 0
        origin = np.concatenate(([0], origin, [last]))
    return MatchText(text, data, origin)


def _collapse(
    classes: npt.NDArray[np.uint8], origin: npt.NDArray[np.int64] | None
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64] | None]:
    """Make one separator of a run of blanks, quotes, hyphens and apostrophes.

    A blank line stays two, as punctuation does: no phrase spans paragraphs.
    """
    soft = (classes >= _NEWLINE) & (classes <= _BLANK)
    repeated = soft[1:] & soft[:-1]
    if not repeated.any():
        return classes, origin
    second = np.flatnonzero(repeated) + 1
    blank_line = (classes[second] == _NEWLINE) & (classes[second - 1] == _NEWLINE)
    classes = classes.copy()
    classes[second] = np.where(blank_line, SPACE, 0)
    keep = np.flatnonzero(classes)
    return classes[keep], keep if origin is None else origin[keep]


def _expand(
    text: str, classes: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Replace every character that folds to several letters; each points back at its origin."""
    out = bytearray()
    origin: list[npt.NDArray[np.int64]] = []
    last = 0
    raw = classes.tobytes()
    for index in np.flatnonzero(classes == _EXPANDS).tolist():
        out += raw[last:index]
        origin.append(np.arange(last, index))
        letters = bytes(_byte_of(c) for c in _fold_char(text[index]))
        out += letters
        origin.append(np.full(len(letters), index))
        last = index + 1
    out += raw[last:]
    origin.append(np.arange(last, len(raw)))
    return np.frombuffer(bytes(out), dtype=np.uint8), np.concatenate(origin)


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


# --- sentences ---------------------------------------------------------------------------

# Abbreviations before a full stop that ends no sentence: titles and ranks of the press.
_ABBREVIATIONS = frozenset(
    (
        "m mm mme mlle mlles dr pr prof me gén gen cdt cne lt col adj st ste sgt maj mr mrs ms rev "
        "hon brig capt cmdr adm av bd art no vol p pp cf etc vs sén sen gov rep u.s u.k u.n e.u"
    ).split(" ")
)


# A terminator with its closing marks before white space, or a line break. French sets a
# space before its closing quotation mark.
_BOUNDARY = re.compile("[.!?؟…۔]+[\"'”’»)\\]›]*(?:\\s»)?(?=\\s|$)|\\n")
_WORD_BEFORE = re.compile(r"[^\s(«\"'’“]{1,12}$")


def sentences(text: str) -> list[int]:
    """Return the start offsets of the sentences of ``text``, the first being 0.

    A sentence ends at a terminator before white space, or at a line break. Full stops of
    initials and abbreviations do not count.
    """
    starts = [0]
    length = len(text)
    for boundary in _BOUNDARY.finditer(text):
        if boundary[0][0] == "." and not _ends_sentence(text, boundary.start()):
            continue
        index = boundary.end()
        while index < length and text[index].isspace():
            index += 1
        if starts[-1] < index < length:
            starts.append(index)
    return starts


def _ends_sentence(text: str, index: int) -> bool:
    found = _WORD_BEFORE.search(text, max(0, index - 13), index)
    if found is None:
        return True
    word = found[0]
    is_initial = len(word) == 1 and word.isupper()
    return not (is_initial or word.lower() in _ABBREVIATIONS)


def sentence_of(starts: list[int], offset: int) -> int:
    """Return the index of the sentence that holds ``offset``."""
    return bisect_right(starts, offset) - 1
