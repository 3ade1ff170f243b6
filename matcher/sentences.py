"""Where the sentences of a text begin, as printed."""

from __future__ import annotations

import re
from bisect import bisect_right

# Abbreviations before a full stop that ends no sentence: titles and ranks of the press.
_ABBREVIATIONS = frozenset(
    (
        "m mm mme mlle mlles dr pr prof me gén gen cdt cne lt col adj st ste sgt maj mr mrs ms rev "
        "hon brig capt cmdr adm av bd art no vol p pp cf etc vs sén sen gov rep u.s u.k u.n e.u"
    ).split(" ")
)


# A terminator with its closing marks before white space, or a line break. French sets a
# space before its closing quotation mark. One set of characters in front lets `re` skip ahead.
# A run of terminators is read from its first one only and never given back, so that a text of
# nothing else stays cheap.
_END = "[.!?؟…۔\\n](?:(?<=\\n)|(?<![.!?؟…۔][.!?؟…۔])[.!?؟…۔]*+[\"'”’»)\\]›]*+(?:\\s»)?(?=\\s|$))"
_ENDS = re.compile(_END)
# Some papers end their sentences with a dot of lists, aggregators set headlines apart by runs of
# blanks. To look for these too takes three times as long, and most texts have none.
_BOUNDARIES = re.compile(_END + "|(?<=\\S)[•·](?=\\s)|[ \u00a0]{4}")
_RARE_ENDS = ("•", "·", "\u00a0", "    ")
_WORD_BEFORE = re.compile(r"[^\s(«\"'’“]{1,12}$")
_LONGER_THAN_ABBREVIATIONS = 1 + max(map(len, _ABBREVIATIONS))


def sentences(text: str) -> list[int]:
    """Return the start offsets of the sentences of ``text``, the first being 0.

    A sentence ends at a terminator before white space, at a line break or at a wide gap. Full
    stops of initials and abbreviations do not count.
    """
    starts = [0]
    length = len(text)
    index = 0  # white space up to here is behind us
    is_plain = not any(end in text for end in _RARE_ENDS)
    for boundary in (_ENDS if is_plain else _BOUNDARIES).finditer(text):
        begin, end = boundary.span()
        if begin < index or (text[begin] == "." and not _ends_sentence(text, begin)):
            continue
        index = end
        while index < length and text[index].isspace():
            index += 1
        if starts[-1] < index < length:
            starts.append(index)
    return starts


def _ends_sentence(text: str, index: int) -> bool:
    if (
        index > _LONGER_THAN_ABBREVIATIONS
        and text[index - _LONGER_THAN_ABBREVIATIONS : index].isalpha()
    ):
        return True  # as most words do
    found = _WORD_BEFORE.search(text, max(0, index - 13), index)
    if found is None:
        return True
    word = found[0]
    is_initial = len(word) == 1 and word.isupper()
    return not (is_initial or word.lower() in _ABBREVIATIONS)


def sentence_of(starts: list[int], offset: int) -> int:
    """Return the index of the sentence that holds ``offset``."""
    return bisect_right(starts, offset) - 1
