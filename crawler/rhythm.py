"""What a source's past publications let expect of the hours to come. Pure.

The rate of articles is one number for the source, times a factor for the hour of the day,
times a factor for the day of the week: Algerian dailies go online by night, the agencies by
day, hardly anybody on Friday, reviews once a week or a month. On top comes a mood: an edition
or an event brings many articles at once, so that news just seen makes more of it likely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from crawler.dates import ALGIERS
from domain.rhythm import DAYS, HOURS, Rhythm

MEMORY = timedelta(days=28)  # an article counts a third as much after this
MOOD = timedelta(hours=2)  # a burst is over after this
PAUSE_MEMORY = timedelta(days=120)
_OLDEST = timedelta(days=90)  # what a feed lists beyond this says nothing of today
_HABIT = timedelta(days=30)  # of observation, after which a pause without precedent is none
_DAY = 86400.0
_PINNED_OF = 5
_PRIOR = 6.0  # articles that spread evenly, until a source's own outweigh them
_MOOD_PRIOR = 1.0
_MOOD_BOUNDS = (0.1, 8.0)
_FIRST_GUESS = 0.5  # articles in the first _FIRST_HOURS: what a source is thought to bring
_FIRST_HOURS = 2.0
_STEP = timedelta(hours=1)


def learn(old: Rhythm | None, moments: Sequence[datetime], now: datetime) -> Rhythm:
    """Return the rhythm after articles of these publication ``moments`` were found ``now``.

    The first time, ``moments`` are all that the source lists: a feed of thirty items tells
    of its habits at once.
    """
    told = sorted(min(moment, now) for moment in moments if moment > now - _OLDEST)
    if old is None:
        told = _without_pinned(told)
    rhythm = _faded(old, now) if old is not None else _blank(min([*told, now]), now)
    hours, days = list(rhythm.hours), list(rhythm.days)
    recent, newest, longest = rhythm.recent, rhythm.newest, rhythm.longest_pause
    for moment in told:
        weight = _left(now - moment, MEMORY)
        here = moment.astimezone(ALGIERS)
        hours[here.hour] += weight
        days[here.weekday()] += weight
        recent += _left(now - moment, MOOD)
        if newest is not None and moment > newest:
            longest = max(longest, _pause(old, moment - newest, longest))
        newest = moment if newest is None else max(newest, moment)
    if newest is None:
        newest = max((min(moment, now) for moment in moments), default=None)
    return Rhythm(
        since=rhythm.since,
        as_of=now,
        hours=tuple(hours),
        days=tuple(days),
        recent=recent,
        awaited=rhythm.awaited,
        newest=newest,
        longest_pause=longest,
        articles=rhythm.articles + len(told),
    )


def _without_pinned(told: list[datetime]) -> list[datetime]:
    """Leave out an oldest article that stands alone: pinned to the top of a feed, or a leftover."""
    gaps = [later - earlier for earlier, later in pairwise(told)]
    is_alone = len(gaps) >= _PINNED_OF and gaps[0] > 5 * max(gaps[1:])
    return told[1:] if is_alone else told


def _pause(old: Rhythm | None, pause: timedelta, longest: float) -> float:
    """Return what a pause says of a habit, in seconds: one outage makes no habit of outages."""
    seconds = pause.total_seconds()
    if old is None or old.as_of - old.since < _HABIT:
        return seconds
    return min(seconds, max(2 * longest, _DAY))


def rate(rhythm: Rhythm, moment: datetime) -> float:
    """Return the articles an hour that are to be expected at ``moment``, the mood apart."""
    total = sum(rhythm.hours)
    span = max(timedelta(0), rhythm.as_of - rhythm.since)
    looked = MEMORY * (1 - _left(span, MEMORY)) / timedelta(hours=1)
    base = (total + _FIRST_GUESS) / (looked + _FIRST_HOURS)
    here = moment.astimezone(ALGIERS)
    hour = here.hour + here.minute / 60 - 0.5
    return base * _hour_factor(rhythm.hours, total, hour) * _day_factor(rhythm, total, here)


def rate_now(rhythm: Rhythm, moment: datetime) -> float:
    """Return the articles an hour to be expected at ``moment``, the mood included."""
    low, high = _MOOD_BOUNDS
    mood = (rhythm.recent + _MOOD_PRIOR) / (rhythm.awaited + _MOOD_PRIOR)
    mood = min(high, max(low, mood))
    left = _left(max(timedelta(0), moment - rhythm.as_of), MOOD)
    return rate(rhythm, moment) * (1 + (mood - 1) * left)


def _hour_factor(hours: tuple[float, ...], total: float, hour: float) -> float:
    """Return how busy an hour is beside the mean of the day; between hours, between theirs."""
    first = math.floor(hour)
    share = hour - first
    one, two = (_smooth(hours, h) for h in (first, first + 1))
    count = one * (1 - share) + two * share
    return (count + _PRIOR / HOURS) / (total + _PRIOR) * HOURS


def _smooth(hours: tuple[float, ...], hour: int) -> float:
    """Habits are not that punctual: an hour lends a part of its count to its neighbours."""
    return (
        0.7 * hours[hour % HOURS]
        + 0.15 * hours[(hour - 1) % HOURS]
        + 0.15 * hours[(hour + 1) % HOURS]
    )


def _day_factor(rhythm: Rhythm, total: float, here: datetime) -> float:
    return (rhythm.days[here.weekday()] + _PRIOR / DAYS) / (total + _PRIOR) * DAYS


def _faded(old: Rhythm, now: datetime) -> Rhythm:
    """Return ``old`` as of ``now``; a clock set back fades nothing."""
    span = max(timedelta(0), now - old.as_of)
    left, quick = _left(span, MEMORY), _left(span, MOOD)
    return Rhythm(
        since=min(old.since, now),
        as_of=now,
        hours=tuple(count * left for count in old.hours),
        days=tuple(count * left for count in old.days),
        recent=old.recent * quick,
        awaited=old.awaited * quick + _awaited(old, now),
        newest=old.newest,
        longest_pause=old.longest_pause * _left(span, PAUSE_MEMORY),
        articles=old.articles,
    )


def _awaited(old: Rhythm, now: datetime) -> float:
    """Return what should have come since ``old``, faded as what did come is."""
    start = max(old.as_of, now - 6 * MOOD)
    total, moment = 0.0, start
    while moment < now:
        step = min(_STEP, now - moment)
        middle = moment + step / 2
        total += rate(old, middle) * (step / timedelta(hours=1)) * _left(now - middle, MOOD)
        moment += step
    return total


def _blank(since: datetime, now: datetime) -> Rhythm:
    return Rhythm(since=since, as_of=now, hours=(0.0,) * HOURS, days=(0.0,) * DAYS)


def _left(span: timedelta, memory: timedelta) -> float:
    return math.exp(-(span / memory))
