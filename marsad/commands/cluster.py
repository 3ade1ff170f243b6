"""``worker`` and ``cluster``: many machines on one PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.clock import utc_now
from marsad.commands.context import given

if TYPE_CHECKING:
    from storage.jobs import ClusterState

cluster_app = typer.Typer(help="Workers that share one PostgreSQL.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(worker)


def worker(
    context: typer.Context,
    metrics: Annotated[
        str | None, typer.Option(help="Answer Prometheus here: HOST:PORT.", metavar="HOST:PORT")
    ] = None,
) -> None:
    """Share the work of a PostgreSQL database with other workers, until stopped.

    Start as many as you like, anywhere; `cluster: {}` in the configuration turns it on.

    Example: marsad --config /etc/marsad/config.yaml worker
    """
    given(context).import_ahead()
    from marsad.cluster.serving import work  # noqa: PLC0415 - imports Scrapy

    options = given(context)
    config = options.config()
    options.start_logs(config)
    asyncio.run(work(config, options.environment, metrics_at=metrics))


@cluster_app.command()
def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Data instead of words.")] = False,
) -> None:
    """Say who works, how late the visits are, and what waits; exit 1 when nobody works.

    Example: marsad cluster status
    """
    from marsad.cluster.serving import settings_of  # noqa: PLC0415

    options = given(context)
    config = options.config()
    alive = settings_of(config).stalled_after.total_seconds()
    with options.store() as store:
        state = store.cluster_state(utc_now())
    if as_json:
        typer.echo(json.dumps(_facts(state, alive)))
    else:
        typer.echo("\n".join(_words(state, alive)))
    raise typer.Exit(0 if any(w.silent < alive for w in state.workers) else 1)


def _facts(state: ClusterState, alive: float) -> dict[str, object]:
    return {
        "workers": [
            {"number": w.number, "silent_seconds": round(w.silent, 1), "jobs": w.jobs}
            | {"is_alive": w.silent < alive}
            for w in state.workers
        ],
        "jobs": [
            {"task": task, "state": name, "count": count}
            for (task, name), count in sorted(state.jobs.items())
        ],
        "overdue": state.overdue,
        "lag_seconds": round(state.lag, 1),
    }


def _words(state: ClusterState, alive: float) -> list[str]:
    lines = [f"sources overdue: {state.overdue}, the longest for {state.lag:.0f} s"]
    for found in state.workers:
        life = "alive" if found.silent < alive else "gone or stuck"
        lines.append(
            f"worker {found.number}: {life}, last sign {found.silent:.0f} s ago, {found.jobs} jobs"
        )
    if not state.workers:
        lines.append("no worker: start one with `marsad worker`")
    totals: Counter[str] = Counter()
    for (task, name), count in sorted(state.jobs.items()):
        totals[f"{task} {name}"] += count
    lines += [f"jobs {name}: {count}" for name, count in totals.items()]
    return lines
