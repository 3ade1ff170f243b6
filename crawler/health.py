"""How a source fares after a visit: pure functions of what was, what came, and now.

Silence is judged against the source's own rhythm: its longest pause so far is what it may take
again. What fails is told after it failed several times, what is gone after days of the same
answer, and nothing is ever given up: the next visit decides anew.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from crawler.domains import registrable_domain
from domain.health import Health, HealthState, Impostor, WayHealth
from domain.rhythm import Rhythm
from domain.source import FetchState, Source, VisitOutcome

HTTP_GONE = 410
GONE_AFTER = timedelta(days=7)  # of 404, or of a name that does not resolve
MOVED_AFTER = timedelta(days=1)
MOVED_SEEN = 3  # equal permanent redirects in a row, over MOVED_AFTER at least
SURE_FAILURES = 3
_QUIET, _SILENT = 1.25, 2.0  # times the longest pause so far
_WELL_KNOWN = timedelta(days=7)  # from the first to the newest article: a rhythm is known
_FEW = 5  # articles: no rhythm
_KNOWN_FLOORS = (timedelta(hours=12), timedelta(hours=24))  # quiet, silent
_UNKNOWN_FLOORS = (timedelta(days=7), timedelta(days=30))
_DAY = timedelta(days=1)
_REFUSALS = frozenset({401, 402, 403, 407, 451})
_NO_NAME = "cannot be resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class WayReading:
    """What one way gave at a visit. ``url`` is the address that was asked."""

    url: str
    outcome: VisitOutcome
    reason: str = ""
    status: int | None = None
    impostor: Impostor | None = None
    moved_to: str | None = None  # where permanent redirects led, and nothing but those
    newest: datetime | None = None


def settled(source: Source, ways: Sequence[WayHealth]) -> Source:
    """Return ``source`` with the addresses that its ways moved to for good."""
    moved = {way.url: way.address for way in ways if way.address}
    if not moved:
        return source
    return replace(
        source,
        feeds=tuple(moved.get(url) or url for url in source.feeds),
        sitemaps=tuple(moved.get(url) or url for url in source.sitemaps),
        sections=tuple(moved.get(url) or url for url in source.sections),
    )


def judge_ways(
    old: Sequence[WayHealth],
    source: Source,
    readings: Sequence[WayReading],
    now: datetime,
    *,
    taken: Container[str] = frozenset(),
) -> tuple[WayHealth, ...]:
    """Return what becomes of each configured way of ``source``, in the order of the config.

    ``taken`` are addresses of other sources: what moved there is told and not followed. A way
    that this visit had no need of stays as it was.
    """
    held = {way.url: way for way in old}
    read = {reading.url: reading for reading in readings}
    ways = []
    for url in (*source.feeds, *source.sitemaps, *source.sections):
        way = held.get(url, WayHealth(url=url))
        reading = read.get(way.address or url)
        ways.append(way if reading is None else _after(way, reading, now, taken))
    return tuple(ways)


def judge(
    old: Health | None,
    ways: Sequence[WayHealth],
    rhythm: Rhythm | None,
    *,
    reading: WayReading,
    failures: int,
    now: datetime,
) -> Health:
    """Return the health of a source. ``reading`` is the visit as a whole."""
    before = old or Health(state=HealthState.NEW, since=now)
    if reading.outcome.is_success:
        state, reason = _of_success(ways, rhythm, now)
        if reading.outcome is VisitOutcome.EMPTY and rhythm is not None and rhythm.newest:
            reason = "; ".join(filter(None, ["the feed is empty and was not before", reason]))
        is_new = before.state in (HealthState.NEW, HealthState.SILENT) and not before.is_sure
        # of a source never seen alive the operator hears when a day has confirmed it
        is_sure = state is not HealthState.SILENT or not is_new or now - before.since >= _DAY
    else:
        state, reason = _of_failure(reading, before.state, before.since, failures, now)
        is_sure = failures >= SURE_FAILURES or state is HealthState.GONE
    since = before.since if before.state is state else now
    return Health(state=state, since=since, reason=reason, told=before.told, is_sure=is_sure)


def with_health(
    old: FetchState,
    new: FetchState,
    source: Source,
    readings: Sequence[WayReading],
    *,
    taken: Container[str] = frozenset(),
) -> FetchState:
    """Return ``new`` with the health of ``source``, as configured, after a visit."""
    now = new.last_visit
    if now is None or new.outcome is None:
        return new
    ways = judge_ways(old.ways, source, readings, now, taken=taken)
    first = next((r for r in readings if not r.outcome.is_success), None)
    whole = WayReading(url=source.url, outcome=new.outcome, reason=new.reason)
    if first is not None and not new.outcome.is_success:
        whole = replace(whole, status=first.status, impostor=first.impostor)
    health = judge(old.health, ways, new.rhythm, reading=whole, failures=new.failures, now=now)
    return replace(new, ways=ways, health=health)


def silence(rhythm: Rhythm | None, now: datetime) -> tuple[HealthState, str]:
    """Return ok, quiet or silent, with the reason."""
    if rhythm is None or rhythm.newest is None:
        return HealthState.OK, ""
    pause = now - rhythm.newest
    longest = timedelta(seconds=rhythm.longest_pause)
    is_known = rhythm.newest - rhythm.since >= _WELL_KNOWN and rhythm.articles >= _FEW
    floors = _KNOWN_FLOORS if is_known else _UNKNOWN_FLOORS
    habit = f"its longest pause was {words(longest)}" if is_known else "its rhythm is not known yet"
    reason = f"no article for {words(pause)}; {habit}"
    if pause > max(longest * _SILENT, floors[1]):
        return HealthState.SILENT, reason
    if pause > max(longest * _QUIET, floors[0]):
        return HealthState.QUIET, reason
    return HealthState.OK, ""


def words(span: timedelta) -> str:
    """Return a span as people say it: ``40 minutes``, ``20 hours``, ``3 days``."""
    minutes = span / timedelta(minutes=1)
    if minutes < 90:
        return f"{minutes:.0f} minutes"
    if minutes < 48 * 60:
        return f"{minutes / 60:.0f} hours"
    return f"{minutes / 60 / 24:.0f} days"


def _of_success(
    ways: Sequence[WayHealth], rhythm: Rhythm | None, now: datetime
) -> tuple[HealthState, str]:
    state, reason = silence(rhythm, now)
    if state is HealthState.SILENT:
        return state, reason
    moved = [way.reason for way in ways if way.state is HealthState.MOVED]
    if moved:
        return HealthState.MOVED, "; ".join(moved)[:1000]
    broken = [
        f"{way.url} is {way.state} since {way.since:%Y-%m-%d}: {way.reason}"
        for way in ways
        if way.state.is_trouble and way.since is not None and way.failures >= SURE_FAILURES
    ]
    return state, "; ".join([*filter(None, [reason]), *broken])[:1000]


def _of_failure(
    reading: WayReading, before: HealthState, since: datetime, failures: int, now: datetime
) -> tuple[HealthState, str]:
    is_lasting = before is HealthState.FAILING and now - since >= GONE_AFTER
    state, reason = HealthState.FAILING, reading.reason
    is_refusal = reading.outcome is VisitOutcome.ROBOTS or reading.status in _REFUSALS
    if is_refusal or reading.impostor in (Impostor.CHALLENGE, Impostor.LOGIN):
        state = HealthState.REFUSED
    elif _is_gone_by_itself(reading, failures):
        state = HealthState.GONE
    elif (is_lasting or before is HealthState.GONE) and _is_missing(reading):
        state, reason = HealthState.GONE, f"{reading.reason}, for {GONE_AFTER.days} days and more"
    return state, reason


def _is_gone_by_itself(reading: WayReading, failures: int) -> bool:
    is_parked = reading.impostor is Impostor.PARKED and failures >= SURE_FAILURES
    return reading.status == HTTP_GONE or is_parked


def _is_missing(reading: WayReading) -> bool:
    return reading.status == 404 or _NO_NAME in reading.reason


def _after(way: WayHealth, reading: WayReading, now: datetime, taken: Container[str]) -> WayHealth:
    if not reading.outcome.is_success:
        return _failed(way, reading, now)
    newest = max(filter(None, (way.newest, reading.newest)), default=None)
    way = _moved(replace(way, failures=0, newest=newest), reading, now)
    return _placed(way, now, taken)


def _failed(way: WayHealth, reading: WayReading, now: datetime) -> WayHealth:
    failures = way.failures + 1
    state, reason = _of_failure(reading, way.state, way.since or now, failures, now)
    if way.address is not None and failures >= SURE_FAILURES:
        # the new place fails: the old one is tried again
        way = replace(way, address=None, moved_to=None, moved_seen=0, moved_since=None)
    since = way.since if way.state is state else now
    return replace(way, failures=failures, state=state, reason=reason[:500], since=since)


def _moved(way: WayHealth, reading: WayReading, now: datetime) -> WayHealth:
    """Count equal permanent redirects; another answer begins anew."""
    if reading.moved_to is None:
        if way.address is not None:
            return way  # read at its new place, which answers for itself
        return replace(way, moved_to=None, moved_seen=0, moved_since=None)
    if reading.moved_to != way.moved_to:
        return replace(way, moved_to=reading.moved_to, moved_seen=1, moved_since=now)
    return replace(way, moved_seen=way.moved_seen + 1)


def _placed(way: WayHealth, now: datetime, taken: Container[str]) -> WayHealth:
    """Take over a new address that was given often enough, and say what is to be said."""
    state, reason = HealthState.OK, ""
    is_lasting = (
        way.moved_to is not None
        and way.moved_since is not None
        and way.moved_seen >= MOVED_SEEN
        and now - way.moved_since >= MOVED_AFTER
    )
    if is_lasting and way.moved_to != way.address:
        target = str(way.moved_to)
        if target in taken:
            state, reason = HealthState.MOVED, f"{way.url} leads to {target}, of another source"
        elif _is_same_house(way.url, target):
            way = replace(way, address=target)
        else:
            state = HealthState.MOVED
            reason = f"{way.url} leads to {target}: another domain, followed, not taken over"
    if way.address is not None and not reason:
        state = HealthState.MOVED
        reason = f"{way.url} moved for good; read at {way.address} now: put it into the config"
    since = way.since if way.state is state else now
    return replace(way, state=state, reason=reason, since=since)


def _is_same_house(one: str, other: str) -> bool:
    homes = [registrable_domain(urlsplit(url).hostname or "") for url in (one, other)]
    return homes[0] == homes[1]
