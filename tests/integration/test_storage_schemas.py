"""From every schema there ever was, with rows of every table in it, to this one; and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Float, Integer, MetaData, select
from storage_promises import NOW, filing, rows

from domain.asking import HitQuery
from marsad.folding import MatcherFolding
from matcher.searching import parse_search
from storage import Migrate, Store, schema
from storage.database import Database

AT = "2026-01-10T11:00:00Z"
TEXT = "Le général a parlé de coopération militaire à Alger."
CHAIN = [
    script.revision
    for script in reversed(
        list(ScriptDirectory.from_config(schema._config()).walk_revisions("base", "heads"))
    )
]
APART = ("article_words", "fulltext_state", "alembic", "sqlite_", "procrastinate")
KEYS = {"source_id": "tsa", "article_id": 7, "hit_id": 5, "story_id": 3, "backfill_id": 1}
NOTHING = {"reason": "", "last_error": "", "tags": "[]", "ways_in": "[]", "authors": "[]"}
ROWS: tuple[tuple[str, Mapping[str, Any]], ...] = (  # in the order of the foreign keys
    (
        "sources",
        {
            **{"source_id": "tsa", "name": "TSA", "url": "https://tsa.example/", "language": "fr"},
            **{"country": "DZ", "state": "ok", "next_due": AT, "failures": 0, "last_article": AT},
            **{"visits": 3, "visits_failed": 1},
        },
    ),
    ("validators", {"source_id": "tsa", "url": "https://tsa.example/feed", "etag": '"1"'}),
    (
        "visits",
        {
            **{"source_id": "tsa", "outcome": "ok", "started": AT, "finished": AT},
            **{"entries": 1, "new_articles": 1, "failed_pages": 0},
        },
    ),
    ("robots", {"origin": "https://tsa.example", "body": b"", "status": 200, "fetched_at": AT}),
    ("holds", {"host": "tsa.example", "until": AT}),
    ("hosts", {"host": "tsa.example", "epoch": 1, "free_at": 0.0}),
    ("channels", {"channel": "mail", "pace": "{}"}),
    (
        "health",
        {"source_id": "tsa", "state": "ok", "since": AT, "told": "ok", "is_sure": 1},
    ),
    ("health_changes", {"source_id": "tsa", "at": AT, "before": "new", "state": "ok"}),
    (
        "articles",
        {
            **{"article_id": 7, "url": "https://tsa.example/1", "title": "Visite à Oran"},
            **{"text": TEXT, "language": "fr", "outlet": "tsa", "published_at": AT},
            **{"first_seen": AT, "text_from": "page", "note": ""},
        },
    ),
    (
        "article_versions",
        {
            **{"article_id": 7, "version": 1, "title": "Visite", "text": "Il vient."},
            "replaced_at": AT,
        },
    ),
    (
        "stories",
        {
            **{"story_id": 3, "title": "Visite à Oran", "title_key": "visite à oran"},
            **{"first_seen": AT, "last_seen": AT},
        },
    ),
    ("story_merges", {"old_id": 4, "story_id": 3, "merged_at": AT}),
    ("story_traces", {"article_id": 7, "day": 739000, "trace": "{}"}),
    ("story_keys", {"key": 9, "day": 739000, "article_id": 7}),
    ("story_articles", {"article_id": 7, "story_id": 3, "outlet": "tsa", "language": "fr"}),
    (
        "hits",
        {
            **{"hit_id": 5, "article_id": 7, "story_id": 3, "score": 0.9},
            **{"rule": "defence-cooperation"},
            **{"threshold": 0.5, "matched_at": AT, "dated": AT, "partners": "FR,US"},
            **{"activities": "visit", "persons": "", "organisations": "anp", "snippet": TEXT},
            **{"outlet": "tsa", "language": "fr", "title": "Visite à Oran"},
            **{"url": "https://tsa.example/1", "published_at": AT, "story_id": 3},
        },
    ),
    (
        "hit_facets",
        {"hit_id": 5, "kind": "partner", "value": "US", "position": 0, "label": "United States"},
    ),
    (
        "evidence",
        {
            **{"hit_id": 5, "position": 0, "field": "text", "start_offset": 3, "end_offset": 10},
            **{"text": "général", "concept": "#officer"},
        },
    ),
    (
        "archive",
        {
            **{"article_id": 7, "url": "https://tsa.example/1", "fetched_at": AT},
            **{"file": "marsad-20260110-00001.warc.gz", "offset": 300, "length": 900},
        },
    ),
    (
        "hit_history",
        {
            **{"article_id": 7, "rule": "defence-cooperation", "rule_version": "a", "score": 0.7},
            **{"threshold": 0.5, "matched_at": AT, "partners": "FR", "activities": ""},
            **{"persons": "", "organisations": "", "snippet": "", "kind": "score"},
            "replaced_at": AT,
        },
    ),
    (
        "judgements",
        {
            **{"article_id": 7, "rule": "defence-cooperation", "is_right": 1, "note": ""},
            **{"made_by": "desk", "at": AT},
        },
    ),
    (
        "silences",
        {
            **{"silence_id": 1, "rule": "r", "ends": AT, "reason": "", "made_by": "desk"},
            "created_at": AT,
        },
    ),
    ("acknowledgements", {"article_id": 7, "at": AT, "made_by": "desk"}),
    ("floods", {"route": "desk", "channel": "mail", "since": AT}),
    (
        "bulletins",
        {
            **{"bulletin_id": 1, "key": "k", "at": AT, "subject": "s", "body": "b"},
            **{"channel": "", "avoid": ""},
        },
    ),
    ("rematches", {"rematch_id": 1, "version": "a", "started": AT, "checked_to": 7}),
    (
        "rematch_chunks",
        {
            **{"rematch_id": 1, "upto": 9, "articles": 2, "checked_to": 7},
            **{"result": "", "refusal": ""},
        },
    ),
    ("backfills", {"backfill_id": 1, "source_id": "tsa", "since": AT, "until": AT, "started": AT}),
    (
        "backfill_steps",
        {"backfill_id": 1, "url": "https://tsa.example/s", "listed": 1, "new": 1, "is_fresh": 0},
    ),
    (
        "deliveries",
        {
            **{"key": "k", "channel": "mail", "mode": "immediate", "article_id": 7},
            **{"state": "sent", "due_at": AT, "attempts": 1, "created_at": AT, "sent_at": AT},
        },
    ),
)


def move(database: Database, revision: str, way: Any = command.upgrade) -> None:
    with database.write() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        way(config, revision)


def fill(connection: Connection) -> dict[str, int]:
    """Put a row into every table that the schema has; return the tables filled."""
    held = MetaData()
    held.reflect(connection)
    filled = {}
    for name, row in ROWS:
        if name not in held.tables:
            continue
        table = held.tables[name]
        needed = {key: value for key, value in NOTHING.items() if key in table.c}
        values = {k: v for k, v in {**needed, **row}.items() if k in table.c}
        connection.execute(table.insert(), values)
        filled[name] = 1
    for table in held.sorted_tables:  # those that came since: a row of anything
        if table.name in filled or table.name.startswith(APART):
            continue
        connection.execute(table.insert(), {c.name: anything(c) for c in table.c})
        filled[table.name] = 1
    return filled


def anything(column: Column[Any]) -> object:
    if column.name in KEYS:
        return KEYS[column.name]
    if isinstance(column.type, Integer | Float):
        return 1
    return AT if getattr(column.type, "length", None) == 20 else "x"


def counts(connection: Connection, names: Iterator[str]) -> dict[str, int]:
    held = MetaData()
    held.reflect(connection)
    return {n: len(connection.execute(select(held.tables[n])).all()) for n in names}


def raised(address: str) -> Store:
    return Store.open(address, migrate=Migrate.UNCOPIED, folding=MatcherFolding())


@pytest.mark.parametrize("revision", CHAIN)
def test_rows_of_an_earlier_schema_are_all_there_in_this_one(empty_url: str, revision: str) -> None:
    database = Database(empty_url)
    move(database, revision)
    with database.write() as connection:
        filled = fill(connection)
    database.close()
    with raised(empty_url) as store:
        assert store.check() == []
        with store._database.read() as connection:
            assert counts(connection, iter(filled)) == filled
        ask_every_view(store)
        (found,) = store.hits(HitQuery(text=parse_search("GENERAL cooperation")))
        assert (found.hit_id, found.title, found.outlet) == (5, "Visite à Oran", "tsa")
        assert (found.partners, found.story_id, found.country) == (("FR", "US"), 3, "DZ")
        assert found.alerted_at == found.published_at
        assert store.file([filing("new")], None, NOW).hits == 1
        assert rows(store, "SELECT count(*) FROM v_hits") == [(2,)]


def ask_every_view(store: Store) -> None:
    assert rows(store, "SELECT title, url, language FROM v_hits") == [
        ("Visite à Oran", "https://tsa.example/1", "fr")
    ]
    assert rows(store, "SELECT articles, outlets, languages, partners FROM v_stories") == [
        (1, 1, "fr", "US")
    ]
    assert rows(store, "SELECT hit_id, story_id, state FROM v_alerts") == [(5, 3, "sent")]
    assert rows(store, "SELECT source_id, state FROM v_sources") == [("tsa", "ok")]
    assert rows(store, "SELECT concept FROM v_evidence") == [("#officer",)]
    assert rows(store, "SELECT value FROM v_hit_facets") == [("US",)]


def _ways_down() -> list[str]:
    scripts = ScriptDirectory.from_config(schema._config())
    honest = []
    for revision in reversed(CHAIN):
        if not hasattr(scripts.get_revision(revision).module, "downgrade"):
            break
        honest.append(revision)
    return honest


@pytest.mark.parametrize("steps", range(1, len(_ways_down()) + 1))
def test_the_way_down_keeps_the_rows_and_leads_up_again(database_url: str, steps: int) -> None:
    target = CHAIN[-1 - steps]
    with Store.open(database_url, folding=MatcherFolding()) as store:
        store.file([filing("1")], None, NOW)
        before = rows(store, "SELECT * FROM v_hits")
        move(store._database, target, command.downgrade)
        assert store.schema_state() is schema.SchemaState.OLDER
        with store._database.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM v_hits").scalar() == 1
    with raised(database_url) as store:
        assert rows(store, "SELECT * FROM v_hits") == before
        assert len(list(store.hits(HitQuery(text=parse_search("coopération"))))) == 1
        assert store.check() == []
