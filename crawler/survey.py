"""The first half of a visit: try the ways in, group by group, and say what they listed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crawler.dates import local_day
from crawler.entries import Entry
from crawler.fetching import RefusedError
from crawler.health import WayReading
from crawler.pacing import Hints
from crawler.standing import after_failure, in_order, kept_of
from crawler.ways import Listing, Reader, Way, best_outcome, ways_of
from domain.page import Page
from domain.source import FetchState, Source, Validators, VisitOutcome

# A server that says "not modified" for ever, though it changed, is asked anew this often.
_BELIEVE_UNCHANGED = timedelta(hours=24)
_CLOCKS_DIFFER = timedelta(days=1)  # and some dates in sitemaps are dates only
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the ways into a source gave."""

    outcome: VisitOutcome
    reason: str = ""
    listings: tuple[Listing, ...] = ()
    hints: Hints = field(default_factory=Hints)
    refusals: tuple[tuple[Way, RefusedError], ...] = ()

    def document_of(self, entry: Entry) -> Page | None:
        """Return the document that listed ``entry``."""
        found = (listing.page for listing in self.listings if entry in listing.entries)
        return next(found, None)

    @property
    def readings(self) -> tuple[WayReading, ...]:
        """What each way that was tried gave, for the health of the source."""
        return (*map(_heard, self.listings), *(_refusal(*pair) for pair in self.refusals))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry of every listing."""
        return tuple(entry for listing in self.listings for entry in listing.entries)

    @property
    def listed(self) -> int:
        """How many entries the documents held, usable or not."""
        return sum(listing.listed for listing in self.listings)


async def survey(source: Source, state: FetchState, reader: Reader, now: datetime) -> Survey:
    """Read every way of the first group in which one answers; never raises RefusedError."""
    known = {validators.url: validators for validators in state.validators}
    refusals: list[tuple[Way, RefusedError]] = []
    for group in in_order(ways_of(source, local_day(now)), known, now):
        listings = []
        for way in group:
            try:
                held = known.get(way.url)
                ask = may_ask_conditionally(held, now)
                last = state.last_success if ask else None
                since = last - _CLOCKS_DIFFER if last is not None else None
                listings.append(await reader.read(way, known, ask=ask, since=since))
            except RefusedError as error:
                _log.warning("%s: %s: %s", source.id, way, error)
                refusals.append((way, error))
        if listings:
            return Survey(
                outcome=best_outcome({listing.outcome for listing in listings}),
                listings=tuple(listings),
                hints=_hints(listings, refusals),
                refusals=tuple(refusals),
            )
    return _failed(refusals)


def may_ask_conditionally(held: Validators | None, now: datetime) -> bool:
    """Whether a "not modified" would be believed: not when no body came for a day."""
    if held is None or held.received is None:
        return False
    return timedelta(0) <= now - held.received < _BELIEVE_UNCHANGED


def kept_validators(
    survey: Survey, state: FetchState, source: Source, now: datetime, *, is_whole: bool
) -> tuple[Validators, ...]:
    """Return what to remember. Unless the visit ``is_whole``, what changed must come again."""
    listings = survey.listings
    addresses = {way.url for group in ways_of(source, local_day(now)) for way in group}
    addresses |= {other.url for listing in listings for other in listing.others}
    kept = kept_of(state.validators, addresses)
    for listing in listings:
        fresh = [v for v in (listing.validators, *listing.others) if v is not None]
        for one in fresh:
            is_unchanged = one.url in kept and kept[one.url].body_hash == one.body_hash
            if is_whole or is_unchanged:
                kept[one.url] = one
            else:
                kept.pop(one.url, None)
        if listing.validators is None:
            kept.pop(listing.way.url, None)
    if listings:  # while nothing answers, the source's own pace is rest enough
        for way, error in survey.refusals:
            kept[way.url] = after_failure(kept.get(way.url), way.url, now, error.wait)
    return tuple(kept.values())


def _hints(listings: list[Listing], refusals: list[tuple[Way, RefusedError]]) -> Hints:
    fresh = [listing.fresh_for for listing in listings if listing.fresh_for is not None]
    return Hints(fresh_for=min(fresh, default=None), retry_after=_longest_wait(refusals))


def _longest_wait(refusals: list[tuple[Way, RefusedError]]) -> timedelta | None:
    return max((error.wait for _, error in refusals if error.wait is not None), default=None)


def _failed(refusals: list[tuple[Way, RefusedError]]) -> Survey:
    if not refusals:
        return Survey(
            outcome=VisitOutcome.NO_WAY_IN,
            reason="no feed, sitemap or section is known for this source",
        )
    first = refusals[0][1]
    reason = "; ".join(f"{way}: {error}" for way, error in refusals)
    return Survey(
        outcome=first.outcome,
        reason=" ".join(reason.split())[:1000],
        hints=Hints(retry_after=_longest_wait(refusals), status=first.status),
        refusals=tuple(refusals),
    )


def _heard(listing: Listing) -> WayReading:
    dates = (entry.published_at for entry in listing.entries if entry.published_at is not None)
    return WayReading(
        url=listing.way.url,
        outcome=listing.outcome,
        moved_to=listing.moved_to,
        newest=max(dates, default=None),
    )


def _refusal(way: Way, error: RefusedError) -> WayReading:
    return WayReading(
        url=way.url,
        outcome=error.outcome,
        reason=" ".join(str(error).split())[:500],
        status=error.status,
        impostor=error.impostor,
    )
