"""Pacing over a month of simulated press: delay from publication to detection, and requests.

    python benchmarks/pacing.py [--plot docs/pacing.svg] [--seed 1]

The same clock-work of publications is polled three times: by ``crawler.pacing``; by fixed
polling of every source alike, with the same number of requests in total; and by fixed polling
of each source with just the requests that ours made of that source. The shipped functions
run; nothing is modelled but the press. A month of learning goes before the month measured.
"""

from __future__ import annotations

import argparse
import bisect
import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from crawler.pacing import Ending, next_state
from crawler.settings import CrawlSettings
from domain.source import FetchState, VisitOutcome

START = datetime(2026, 9, 1, tzinfo=UTC)
LEARNING = MEASURED = timedelta(days=28)
FRIDAY, SATURDAY = 4, 5
DAYTIME = (0.2, 0.1, 0.1, 0.1, 0.1, 0.3, 0.8, 1.5, 2.2, 2.4, 2.2, 2.0,
           1.6, 1.4, 1.8, 2.0, 1.9, 1.7, 1.5, 1.3, 1.2, 0.9, 0.6, 0.4)  # fmt: skip
SETTINGS = CrawlSettings.model_validate({"poll_every": {"min": "5m", "max": "6h"}})
FEED_LENGTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An outlet and the moments of its articles."""

    name: str
    moments: list[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Delays in minutes and requests of one way to poll."""

    name: str
    requests: int
    delays: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.delays)

    def at(self, share: float) -> float:
        return sorted(self.delays)[min(len(self.delays) - 1, int(share * len(self.delays)))]


def press(rng: Random) -> list[Outlet]:
    """Forty outlets of the kinds that the country has."""
    makers: list[tuple[str, int, Callable[[Random], Iterator[datetime]]]] = [
        ("agency", 1, lambda r: by_day(r, 70, friday=0.5)),
        ("online daily", 8, lambda r: by_day(r, r.uniform(15, 45), friday=0.35)),
        ("print daily", 10, lambda r: editions(r, r.randint(20, 45))),
        ("broadcaster", 4, lambda r: by_day(r, r.uniform(8, 20), friday=0.7)),
        ("foreign outlet", 6, lambda r: by_day(r, r.uniform(0.3, 2), friday=1.0)),
        ("ministry", 2, lambda r: by_day(r, r.uniform(1, 4), friday=0.05)),
        ("blog", 4, lambda r: by_day(r, r.uniform(0.5, 3), friday=0.6)),
        ("weekly review", 3, lambda r: issues(r, 7, r.randint(10, 25))),
        ("monthly review", 2, lambda r: issues(r, 30, r.randint(10, 30))),
    ]
    outlets = []
    for kind, count, make in makers:
        for number in range(count):
            moments = sorted(m for m in make(rng) if m >= START - timedelta(days=30))
            outlets.append(Outlet(name=f"{kind} {number + 1}", moments=moments))
    return outlets


def days() -> Iterator[datetime]:
    """Midnights of Algiers: a month before the start, for the feeds' first sight, and on."""
    first = START - timedelta(days=30, hours=1)
    return (first + timedelta(days=n) for n in range(30 + 56))


def local_day(midnight: datetime) -> int:
    return (midnight + timedelta(hours=1)).weekday()


def by_day(rng: Random, daily: float, *, friday: float) -> Iterator[datetime]:
    """Articles through the day, now and then many in an hour; fewer on Friday and Saturday."""
    shift = rng.uniform(-1.5, 1.5)
    for midnight in days():
        share = {FRIDAY: friday, SATURDAY: (1 + friday) / 2}.get(local_day(midnight), 1.0)
        for hour, weight in enumerate(DAYTIME):
            for _ in range(poisson(rng, daily * share * weight / sum(DAYTIME))):
                yield midnight + timedelta(hours=hour + shift + rng.random())
        if rng.random() < 0.15 * share and daily > 5:  # an event
            begin = rng.uniform(8, 22)
            for _ in range(rng.randint(4, 10)):
                yield midnight + timedelta(hours=begin + rng.expovariate(1.5))


def editions(rng: Random, size: int) -> Iterator[datetime]:
    """An edition a night, no paper on Friday; a few articles by day."""
    hour = rng.uniform(20.5, 24.5)
    for midnight in days():
        if local_day(midnight) != FRIDAY - 1:
            begin = hour + rng.gauss(0, 0.4)
            for _ in range(size):
                yield midnight + timedelta(hours=begin + rng.uniform(0, 1.5))
        for _ in range(poisson(rng, 0 if local_day(midnight) == FRIDAY else 5)):
            yield midnight + timedelta(hours=rng.uniform(9, 19))


def issues(rng: Random, every: int, size: int) -> Iterator[datetime]:
    """An issue every so many days at about the same hour, within two hours."""
    hour, offset = rng.uniform(8, 18), rng.randrange(every)
    for number, midnight in enumerate(days()):
        if number % every == offset:
            begin = hour + rng.gauss(0, 1)
            for _ in range(size):
                yield midnight + timedelta(hours=begin + rng.uniform(0, 2))


def poisson(rng: Random, mean: float) -> int:
    count, product, limit = -1, 1.0, math.exp(-mean)
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def polled_by_rhythm(outlet: Outlet, rng: Random) -> list[datetime]:
    """Return the visits that the shipped pacing makes, those of learning left out."""
    now = START + timedelta(minutes=rng.uniform(0, 60))
    state = FetchState(source_id=outlet.name, next_due=now)
    visits, end, seen = [], START + LEARNING + MEASURED, None
    while now < end:
        until = bisect.bisect_right(outlet.moments, now)
        found = outlet.moments[(max(0, until - FEED_LENGTH) if seen is None else seen) : until]
        ending = Ending(outcome=VisitOutcome.OK, new_articles=len(found), moments=tuple(found))
        state = next_state(state, ending, now=now, settings=SETTINGS, rng=rng)
        visits.append(now)
        seen, now = until, state.next_due
    return [visit for visit in visits if visit >= START + LEARNING]


def polled_evenly(count: int, rng: Random) -> list[datetime]:
    gap = MEASURED / max(1, count)
    phase = gap * rng.random()
    return [START + LEARNING + phase + gap * n for n in range(count)]


def delays(outlet: Outlet, visits: list[datetime]) -> list[float]:
    """Minutes from publication to the next visit, of what was published in the month measured.

    The last hours are left out: their next visit is beyond the end.
    """
    begin, end = START + LEARNING, START + LEARNING + MEASURED - timedelta(hours=12)
    found = []
    for moment in outlet.moments:
        if begin <= moment < end:
            place = bisect.bisect_left(visits, moment)
            if place < len(visits):
                found.append((visits[place] - moment) / timedelta(minutes=1))
    return found


def simulate(seed: int, *, every: int = 1) -> tuple[Figures, Figures, Figures]:
    """Return the figures of ours, of even polling, and of even polling source by source.

    ``every`` takes each second, third... outlet only.
    """
    rng = Random(seed)
    outlets = press(rng)[::every]
    ours = {o.name: polled_by_rhythm(o, rng) for o in outlets}
    total = sum(map(len, ours.values()))
    even = {o.name: polled_evenly(round(total / len(outlets)), rng) for o in outlets}
    each = {o.name: polled_evenly(len(ours[o.name]), rng) for o in outlets}
    return tuple(  # type: ignore[return-value]
        Figures(
            name=name,
            requests=sum(map(len, visits.values())),
            delays=[d for o in outlets for d in delays(o, visits[o.name])],
        )
        for name, visits in (
            ("by rhythm", ours),
            ("fixed, all sources alike", even),
            ("fixed, source by source", each),
        )
    )


def plot(figures: tuple[Figures, ...]) -> str:
    """Draw the share of articles found within so many minutes, as SVG."""
    width, height, left, top, longest = 640, 320, 60, 30, 120
    colours = ("#0a7d38", "#b0451f", "#7a7a7a")

    def place(minutes: float, share: float) -> str:
        return f"{left + minutes / longest * width:.1f},{top + (1 - share) * height:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 30} '
        f'{top + height + 60}" font-family="sans-serif" font-size="13">',
        f'<rect width="100%" height="100%" fill="white"/><text x="{left}" y="18" '
        'font-weight="bold">Articles found within so many minutes of their publication</text>',
    ]
    for tenth in range(0, 11, 2):
        y = top + (1 - tenth / 10) * height
        parts.append(f'<path d="M{left} {y:.1f}h{width}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{tenth * 10} %</text>'
        )
    for minutes in range(0, longest + 1, 15):
        x = left + minutes / longest * width
        parts.append(f'<path d="M{x:.1f} {top}v{height}" stroke="#eee"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{top + height + 18}" text-anchor="middle">{minutes}</text>'
        )
    parts.append(
        f'<text x="{left + width}" y="{top + height + 36}" text-anchor="end">minutes</text>'
    )
    for number, (figure, colour) in enumerate(zip(figures, colours, strict=True)):
        ordered = sorted(figure.delays)
        line = " ".join(
            place(minutes, bisect.bisect_right(ordered, minutes) / len(ordered))
            for minutes in range(longest + 1)
        )
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        )
        words = f"{figure.name}: median {figure.median:.0f} min, {figure.requests} requests"
        y = top + height - 66 + 20 * number
        parts.append(f'<text x="{left + 250}" y="{y}" fill="{colour}">{words}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    figures = simulate(options.seed)
    print(
        f"{'polling':28}{'requests':>10}{'median':>9}{'mean':>8}{'90 %':>8}{'99 %':>8}  (minutes)"
    )
    for f in figures:
        print(
            f"{f.name:28}{f.requests:10}{f.median:9.1f}{statistics.mean(f.delays):8.1f}"
            f"{f.at(0.9):8.1f}{f.at(0.99):8.1f}"
        )
    print(f"median, beside fixed polling: {figures[0].median / figures[1].median:.2f}")
    if options.plot:
        options.plot.write_text(plot(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
