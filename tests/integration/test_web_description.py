"""The description of the page for programs, held against its answers by schemathesis."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from web_stage import TOKEN, arabic, filing, fill, write_config

from marsad.config import load_config
from marsad.folding import MatcherFolding
from marsad.web.app import make_app
from marsad.web.server import make_desk
from storage import Migrate, Store

NOW = datetime.now(UTC).replace(microsecond=0)
LONG = int(os.environ.get("MARSAD_EXAMPLES", "500"))
PATHS = (
    *("/api/hits", "/feed.xml", "/judgements.jsonl", "/metrics", "/healthz"),
    *("/download.csv", "/download.json"),
)
EXAMPLES, FEW = 12, PATHS[:5]  # downloads read their questions as /api/hits does


@contextmanager
def application(tmp_path: Path, database_url: str, *, is_guarded: bool) -> Iterator[object]:
    """Yield the page as an ASGI application on a small store."""
    guard = {"token": TOKEN} if is_guarded else {}
    path = write_config(tmp_path, hosts=["testserver"], **guard)
    fill(path, [filing(n, NOW - timedelta(days=n)) for n in range(3)], database_url)
    fill(path, [arabic(9, NOW, title="\u202e<b>&amp;\x1b", partners=("nato",))], database_url)
    config = load_config(path, {}, database=database_url)
    folding = MatcherFolding()
    with (
        Store.open(database_url, read_only=True, seconds=5, folding=folding) as store,
        Store.open(database_url, migrate=Migrate.NEVER) as writer,
    ):
        nobody = SimpleNamespace()  # no address that is described asks the rules
        desk = make_desk(
            config,
            config.web,
            store,
            nobody,
            writer=writer if guard else None,
            clock=lambda: datetime.now(UTC),
            is_collecting=False,
        )
        yield make_app(desk)


def found(app: object, examples: int, paths: tuple[str, ...]) -> list[str]:
    """Let schemathesis ask whatever the description allows and what it does not."""
    # a second of every process that collects tests, were they at the top
    from schemathesis import engine, openapi  # noqa: PLC0415
    from schemathesis.config import SchemathesisConfig  # noqa: PLC0415
    from schemathesis.engine.events import NonFatalError, ScenarioFinished  # noqa: PLC0415

    known = {"Authorization": f"Bearer {TOKEN}"}
    settings = {
        "seed": 7,
        "continue-on-failure": True,
        "headers": known,
        "generation": {"max-examples": examples, "database": "none", "deterministic": True},
        # a search may be well formed and yet leave nothing to seek: its answer is described
        "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "304", "422"]}},
    }
    config = SchemathesisConfig.from_dict(settings)
    schema = openapi.from_asgi("/openapi.json", app, config=config, headers=known).include(
        path=list(paths)
    )
    events = list(engine.from_schema(schema).execute())
    ended = [event for event in events if isinstance(event, ScenarioFinished)]
    asked = {event.recorder.label for event in ended if event.recorder.cases}
    assert {f"GET {path}" for path in paths} == asked
    broken = [event.info.format() for event in events if isinstance(event, NonFatalError)]
    return broken + [
        f"{check.name}: {check.failure_info.failure.message} {check.failure_info.code_sample}"
        for event in ended
        for checks in event.recorder.checks.values()
        for check in checks
        if check.failure_info is not None
    ]


def test_the_page_answers_as_it_is_described(tmp_path: Path):
    database_url = f"sqlite:///{tmp_path / 'marsad.db'}"
    with application(tmp_path, database_url, is_guarded=True) as app:
        assert found(app, EXAMPLES, FEW) == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("is_guarded", [True, False])
def test_whatever_programs_ask_for_long(tmp_path: Path, database_url: str, is_guarded: bool):
    with application(tmp_path, database_url, is_guarded=is_guarded) as app:
        assert found(app, LONG, PATHS) == []
