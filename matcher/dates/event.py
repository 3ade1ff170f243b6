"""Chooses, of the dates a text mentions, the days of the event it reports."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.match import EventDate
from matcher.dates import almanac
from matcher.dates.cues import Cues, cues
from matcher.dates.mention import DateMention
from matcher.sentences import sentences
from matcher.text import MatchText, normalise

MENTION_LIMIT = 200  # the first ones; more is a calendar, not a report
SCOPE = 20_000  # characters in which they are looked for, for the same reason
FAR = 60  # days from publication: another event
NEAR = 10  # days: still the same event
_LEAD = 700  # characters
_AROUND = 60  # bytes of match form in which a word speaks of a date
_LONGEST = 31  # days


def event_dates(
    mentions: Sequence[DateMention],
    text: str | MatchText,
    evidence_spans: Sequence[tuple[int, int]],
    published: date | None,
    *,
    starts: Sequence[int] | None = None,
) -> tuple[EventDate, ...]:
    """Return the days of the event, one entry for days in a row; empty when none is told.

    ``evidence_spans`` are the words that prove it, as offsets into the same text as the
    mentions'. The title must stand first in the text: what stands first tells most. ``starts``
    are those of the text's sentences, where they are known.
    """
    near = [m for m in mentions[:MENTION_LIMIT] if m.start < SCOPE]
    if not near:
        return ()
    form = text if isinstance(text, MatchText) else normalise(text)
    beginning = form.original[: SCOPE + 1000]
    if starts is None or len(beginning) < len(form.original):
        starts = sentences(beginning)
    chosen = _Chooser(near, form, evidence_spans, published, starts).choose()
    return (EventDate(first=chosen[0], last=chosen[1]),) if chosen else ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    mention: DateMention
    sentence: int
    is_told: bool  # in the lead or beside a proof
    is_report: bool  # the day it was said
    is_start: bool
    is_end: bool

    @property
    def is_range(self) -> bool:
        return self.mention.first < self.mention.last


class _Chooser:
    def __init__(
        self,
        mentions: Sequence[DateMention],
        form: MatchText,
        evidence: Sequence[tuple[int, int]],
        published: date | None,
        starts: Sequence[int],
    ) -> None:
        self.form, self.published = form, published
        self.cues: Cues = cues()
        self.starts = starts
        proved = {self._sentence(begin) for begin, _ in evidence if begin < SCOPE}
        lead = self._sentence(min(len(form.original) - 1, _LEAD))
        self.told = proved | set(range(lead + 1))
        self.candidates = [self._candidate(m) for m in mentions]

    def choose(self) -> tuple[date, date] | None:
        """Return the first and the last day of the event."""
        anchor = self._anchor()
        if anchor is None:
            return None
        if anchor.is_range or anchor.mention.edge == "until":
            return anchor.mention.first, anchor.mention.last
        joined = self._joined(anchor)
        if joined[0] < joined[1] and self._has_edge(anchor.sentence):
            return joined
        first, last = self._lasting(anchor)
        return (first, last) if first < last else joined

    def _has_edge(self, sentence: int) -> bool:
        return any(c.mention.edge and c.sentence == sentence for c in self.candidates)

    # --- what stands where ----------------------------------------------------------------

    def _sentence(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def _bounds(self, sentence: int) -> tuple[int, int]:
        end = self.starts[sentence + 1] if sentence + 1 < len(self.starts) else SCOPE + 1000
        return self._position(self.starts[sentence]), self._position(end)

    def _position(self, offset: int) -> int:
        """Return the place in match form of an offset of the original."""
        return self.form.position(offset)

    def _candidate(self, mention: DateMention) -> _Candidate:
        number = self._sentence(mention.start)
        begin, end = self._bounds(number)
        start, stop = self._position(mention.start), self._position(mention.end)
        data = self.form.data
        before = data[max(begin - 1, start - _AROUND) : start]
        after = data[stop : min(end, stop + _AROUND)]
        return _Candidate(
            mention=mention,
            sentence=number,
            is_told=number in self.told,
            is_report=self._is_report(before, after),
            is_start=bool(self.cues.start.search(before)),
            is_end=bool(self.cues.end.search(before)),
        )

    def _is_report(self, before: bytes, after: bytes) -> bool:
        """Whether something was said that day: "indique jeudi un communiqué"."""
        known = self.cues
        if known.report.search(before) or known.report_after.match(after):
            return True
        return bool(known.that.match(after) and known.report_far.search(before))

    def _distance(self, mention: DateMention) -> int:
        if self.published is None:
            return 0
        if mention.first <= self.published <= mention.last:
            return 0
        return min(abs((d - self.published).days) for d in (mention.first, mention.last))

    # --- the choice -----------------------------------------------------------------------

    def _anchor(self) -> _Candidate | None:
        """Return the mention that tells the event's day: a range, or what is told first."""
        days = [c for c in self.candidates if c.mention.precision == "day"]
        near = [c for c in days if self._distance(c.mention) <= FAR]
        if not near and len(days) > 1:
            return None
        pool = [c for c in near or days if not c.is_report]
        told = [c for c in pool if c.is_told] or pool
        ranges = [c for c in told if c.is_range]
        plain = [c for c in told if c.mention.edge != "until"] or told
        return next(iter(ranges or plain), None)

    def _joined(self, anchor: _Candidate) -> tuple[date, date]:
        """Extend a day by what the text says of the beginning and the end."""
        first = last = anchor.mention.first
        reach = timedelta(NEAR)
        for other in self.candidates:
            mention = other.mention
            if mention.precision != "day" or other.is_report:
                continue
            if self._begins(other, anchor) and anchor.mention.first - mention.first <= reach:
                first = min(first, mention.first)
            if self._ends(other, anchor) and mention.last - anchor.mention.last <= reach:
                last = max(last, mention.last)
        return first, last

    @staticmethod
    def _begins(other: _Candidate, anchor: _Candidate) -> bool:
        """Whether ``other`` is the day on which what ``anchor`` tells began."""
        is_since = other.mention.edge == "since" and other.sentence == anchor.sentence
        return is_since or other.is_start

    @staticmethod
    def _ends(other: _Candidate, anchor: _Candidate) -> bool:
        """Whether ``other`` is the day on which what ``anchor`` tells ended, or a later one."""
        is_begun = anchor.mention.edge == "since" or anchor.is_start
        if other.mention.edge == "until":
            return is_begun or other.sentence == anchor.sentence
        return is_begun and other.is_told

    def _lasting(self, anchor: _Candidate) -> tuple[date, date]:
        """Extend a day by how long the text says the event lasts, or which day of it this is."""
        day = anchor.mention.first
        begin, end = self._bounds(anchor.sentence)
        data = self.form.data[begin - 1 : end]
        length, shift = self._length(anchor.sentence), self._days_before(data)
        if length is not None:
            shift = -(length - 1) if self.cues.end.search(data) else length - 1
        other = almanac.shifted(day, shift) or day
        return min(day, other), max(day, other)

    def _days_before(self, data: bytes) -> int:
        """Return 0, or the distance to the first day: -1 on the second day of a visit."""
        match = self.cues.ordinal.search(data)
        return 1 - self._count(match["n"] or match["m"]) if match else 0

    def _count(self, word: bytes) -> int:
        return int(word) if word.isdigit() else self.cues.counts[word]

    def _length(self, sentence: int) -> int | None:
        """Return the days an event lasts by that sentence or the next."""
        begin, _ = self._bounds(sentence)
        _, end = self._bounds(min(sentence + 1, len(self.starts) - 1))
        data = self.form.data[begin - 1 : end]
        for match in self.cues.length.finditer(data):
            if self.cues.no_length.search(data[: match.start() + 1]):
                continue
            value = self._count(match["n"] or match["known"]) * (7 if match["weeks"] else 1)
            if 2 <= value <= _LONGEST:
                return value
        return None
