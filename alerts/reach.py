"""Routes that nothing can ever reach: found when the configuration is read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from alerts.routing import route_name
from alerts.settings import RouteSettings
from domain.notice import Mode

_FILTERS = ("rules", "partners", "activities", "outlets", "languages", "tags")


def unreachable(
    routes: Sequence[RouteSettings], everything: Mapping[str, Collection[str]]
) -> Iterator[tuple[int, str]]:
    """Yield (number, why) of each route before which others take all that it would.

    ``everything`` gives all the values of filters of which each match has one: a filter that
    names them all is none.
    """
    for number, route in enumerate(routes):
        takers = [_taker(route, mode, routes[:number], everything) for mode in route.modes]
        if all(taker is not None for taker in takers):
            names = dict.fromkeys(route_name(routes[t], t) for t in takers if t is not None)
            yield (
                number,
                f"can never match: {' and '.join(names)} before it takes everything that it "
                "would; put it first, or say continue: true there",
            )


def out_of_reach(
    route: RouteSettings, tags_of: Mapping[str, Collection[str]]
) -> tuple[str, str] | None:
    """Return (key, why) when no source that is collected can satisfy the route.

    ``tags_of`` gives the tags of every source that is collected.
    """
    outlets = [o for o in route.outlets if o in tags_of]
    if route.outlets and not outlets:
        names = ", ".join(route.outlets)
        return "outlets", f"can never match: {names} is not collected; see crawler.include"
    if not route.tags:
        return None
    wanted = set(route.tags)
    if all(wanted.isdisjoint(tags_of[source]) for source in outlets or tags_of):
        of_whom = "of its outlets" if outlets else "that is collected"
        return "tags", f"can never match: no source {of_whom} has the tag {' or '.join(route.tags)}"
    return None


def _taker(
    route: RouteSettings,
    mode: Mode,
    earlier: Sequence[RouteSettings],
    everything: Mapping[str, Collection[str]],
) -> int | None:
    for number, other in enumerate(earlier):
        if mode in other.modes and not other.goes_on and _covers(other, route, everything):
            return number
    return None


def _covers(
    wide: RouteSettings, narrow: RouteSettings, everything: Mapping[str, Collection[str]]
) -> bool:
    """Whether every match that ``narrow`` takes is one that ``wide`` takes."""
    for key in _FILTERS:
        asked, allowed = set(getattr(narrow, key)), set(getattr(wide, key))
        asked = asked or set(everything.get(key, ()))
        if allowed and not (asked and asked <= allowed):
            return False
    return wide.min_score <= narrow.min_score
