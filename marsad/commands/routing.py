"""``alerts route``: the routes as they stand, and the way of one hit through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.asking import OutboxQuery
from domain.errors import UsageError
from domain.time import isoformat
from marsad.commands.ask import FormatOption
from marsad.commands.context import given
from marsad.commands.formats import Format, printable, write_rows

if TYPE_CHECKING:
    from alerts.routing import Step
    from alerts.settings import AlertSettings, RouteSettings
    from domain.asking import StoredHit
    from storage.outbox import OutboxRow

_ROUTES = ("route", "takes", "modes", "at", "channels", "continue")
_STEPS = ("route", "modes", "channels", "reason")
_FILTERS = ("rules", "partners", "activities", "outlets", "languages", "tags")


def route(
    context: typer.Context,
    explain: Annotated[
        int | None, typer.Option("--explain", metavar="HIT", help="A hit's id.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the routes, or show the way of a stored hit through them and what came of it.

    Example: marsad alerts route --explain 42
    """
    options = given(context)
    settings = options.config().alerts
    if explain is None:
        write_rows(_ROUTES, (_route_row(r, n) for n, r in enumerate(settings.routes)), form)
        return
    from alerts.routing import walk  # noqa: PLC0415 - reads pydantic, slow to import

    with options.store() as store:
        hit = store.hit(explain)
        if hit is None:
            raise UsageError(f"no hit {explain}; `marsad hits` lists them with their ids")
        steps = list(walk(hit.article, hit.match, settings.routes, hit.tags))
        told = store.deliveries(OutboxQuery(states=(), article_id=hit.article_id))
    if form is Format.TABLE:
        for line in _explained(hit, settings, steps, told):
            typer.echo(printable(line))
    else:
        rows = ([s.route, list(s.modes), list(s.channels), s.reason] for s in steps)
        write_rows(_STEPS, rows, form)


def _route_row(route: RouteSettings, number: int) -> list[Any]:
    from alerts.routing import route_name  # noqa: PLC0415

    at = f"{route.at:%H:%M} {route.timezone}" if route.at else ""
    return [
        route_name(route, number),
        "; ".join(_conditions(route)) or "every hit",
        ", ".join(route.modes),
        at,
        ", ".join(route.channels),
        route.goes_on,
    ]


def _conditions(route: RouteSettings) -> Iterator[str]:
    for key in _FILTERS:
        values = getattr(route, key)
        if values:
            yield f"{key} {', '.join(values)}"
    if route.min_score:
        yield f"score from {route.min_score:g}"


def _explained(
    hit: StoredHit, settings: AlertSettings, steps: Sequence[Step], told: Sequence[OutboxRow]
) -> Iterator[str]:
    from alerts.routing import too_old  # noqa: PLC0415

    article, match = hit.article, hit.match
    yield article.title
    partners = ", ".join(match.partners) or "no partner"
    activities = ", ".join(match.activities) or "no activity"
    yield (
        f"hit {hit.hit_id}: {match.rule} {match.score:.2f}; {partners}; {activities}; "
        f"{article.source_id} ({article.language}); story {hit.story_id or 'none'}"
    )
    if too_old(article, settings.max_age):
        yield (
            f"  told to nobody: published {_when(article.published_at)}, first seen "
            f"{_when(article.first_seen)}, beyond max_age {settings.max_age}"
        )
    for step in steps:
        sign = "->" if step.modes else "  "
        channels = f" [{', '.join(step.channels)}]" if step.modes else ""
        yield f"{sign} {step.route}: {step.reason}{channels}"
    if not settings.routes:
        yield "   no route is configured: nobody is told of anything"
    yield "what became of it:" if told else "no delivery is stored for its article"
    for row in told:
        yield f"   {_became(row)}"


def _became(row: OutboxRow) -> str:
    why = f"{row.mode}, {row.kind}" if row.kind.value != row.mode.value else f"{row.mode}"
    words = f"{row.channel} ({why}): {row.state}"
    if row.sent_at is not None:
        return f"{words} at {_when(row.sent_at)}"
    if row.silence_id is not None:
        return f"{words} by silence {row.silence_id}"
    due = f", due {_when(row.due_at)}" if row.state in ("pending", "leased") else ""
    return f"{words}{due}{f': {row.last_error}' if row.last_error else ''}"


def _when(moment: Any) -> str:
    return isoformat(moment) if moment is not None else "at no known time"
