"""The schema: tables and migrations agree; the way up is taken whole, or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, select, text
from storage_promises import filing, rows
from storage_stage import NOW, article, source

from domain.errors import SchemaError, StoreError
from storage import Migrate, SchemaState, Store, schema
from storage.columns import UtcText
from storage.database import Database
from storage.tables import articles, metadata, sources

VIEWS = ("v_hits", "v_hit_facets", "v_evidence", "v_stories", "v_sources", "v_alerts")


def is_index_of_words(name: str | None) -> bool:
    return (name or "").startswith(("article_words", "ix_article_words"))


def raise_to(database: Database, revision: str) -> None:
    with database.write() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def fill(connection: Connection) -> None:
    outlet, sent = source(), article(1)
    facts = dict.fromkeys(("url", "language", "country", "ways_in", "reason"), "")
    counts = dict.fromkeys(("failures", "visits", "visits_failed"), 0)
    row = {"source_id": outlet.id, "name": outlet.name, "tags": (), "state": "new"}
    connection.execute(insert(sources), row | facts | counts | {"next_due": NOW})
    names = ("url", "title", "text", "language", "first_seen", "authors", "text_from", "note")
    told = {name: getattr(sent, name) for name in names}
    connection.execute(insert(articles), told | {"outlet": outlet.id})


def make_older(address: str) -> str:
    database = Database(address)
    raise_to(database, "0001")
    with database.write() as connection:
        fill(connection)
    database.close()
    return address


@pytest.fixture
def older(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a database of the first schema, with a row in it."""
    monkeypatch.chdir(tmp_path)  # where the copy of a server's database goes
    return make_older(empty_url)


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based")
def test_the_migrations_make_the_tables_as_declared(store: Store, database_url: str) -> None:
    database = Database(database_url)
    with database.read() as connection:
        # The index of words is no table that both databases share: fulltext.py speaks to it.
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, *_: not is_index_of_words(name)}
        )
        assert compare_metadata(context, metadata) == []
        assert set(VIEWS) <= set(inspect(connection).get_view_names())
    database.close()


def test_an_empty_database_says_so_and_is_raised_once(empty_url: str) -> None:
    with pytest.raises(SchemaError, match="empty"):
        Store.open(empty_url, migrate=Migrate.NEVER)
    with Store.open(empty_url) as store:
        assert store.schema_state() is SchemaState.CURRENT
        assert store.upgrade() is False
    Store.open(empty_url, migrate=Migrate.NEVER).close()


def test_the_versions_that_files_name_are_those_of_alembic() -> None:
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    known = [script.revision for script in scripts.walk_revisions()]
    assert list(schema.revisions()) == known[::-1]
    assert schema.revisions()[-1] == scripts.get_current_head()


def test_an_older_schema_is_refused_unless_it_may_be_raised(older: str) -> None:
    with pytest.raises(SchemaError, match="older") as refused:
        Store.open(older, migrate=Migrate.NEVER)
    assert "marsad db upgrade" in str(refused.value)
    with pytest.raises(SchemaError, match="older"):
        Store.open(older, read_only=True)
    with Store.open(older) as store:
        assert store.schema_state() is SchemaState.CURRENT
        assert rows(store, "SELECT url FROM articles") == [("https://aps.example/1",)]
        assert rows(store, "SELECT articles_7d, hits_7d FROM v_sources") in ([(1, 0)], [(0, 0)])
        assert store.file([filing("new")], None, NOW).hits == 1


def test_an_older_schema_is_left_alone_where_only_new_databases_are_made(older: str) -> None:
    with pytest.raises(SchemaError, match="is older: run `marsad db upgrade` first"):
        Store.open(older, migrate=Migrate.NEW)
    database = Database(older)
    assert schema.schema_state(database) is SchemaState.OLDER
    database.close()


def test_rows_are_copied_before_a_schema_is_raised(tmp_path: Path) -> None:
    address = make_older(f"sqlite:///{tmp_path / 'marsad.db'}")
    earlier = tmp_path / "marsad.db.schema-0001.bak"
    earlier.write_bytes(b"of another time")
    Store.open(address).close()
    assert earlier.read_bytes() == b"of another time"
    copy = tmp_path / "marsad.db.schema-0001-2.bak"
    database = Database(f"sqlite:///{copy}")
    assert schema.schema_state(database) is SchemaState.OLDER
    with database.read() as connection:
        assert connection.scalar(select(articles.c.url)) == "https://aps.example/1"
    database.close()


def test_a_new_database_leaves_no_copy(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path / 'marsad.db'}").close()
    assert [path.name for path in tmp_path.iterdir()] == ["marsad.db"]


def test_a_migration_that_fails_leaves_the_schema_as_it_was(older: str) -> None:
    database = Database(older)
    with database.write() as connection:
        connection.execute(text("CREATE VIEW v_alerts AS SELECT 1 AS one"))  # the last view's name
    with pytest.raises(StoreError):
        Store.open(older)
    assert schema.schema_state(database) is SchemaState.OLDER
    with database.read() as connection:
        assert inspect(connection).get_view_names() == ["v_alerts"]
    database.close()


def test_two_who_raise_a_schema_raise_it_once(older: str) -> None:
    raised: list[bool] = []

    def raise_it() -> None:
        database = Database(older)
        raised.append(schema.upgrade(database))
        database.close()

    threads = [threading.Thread(target=raise_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(raised) == [False, False, True]


def test_a_moment_is_twenty_characters_and_sorts() -> None:
    column = UtcText()
    written = column.process_bind_param(NOW.replace(year=33, microsecond=9), None)  # type: ignore[arg-type]
    assert written == "0033-03-14T09:30:00Z"
    assert column.process_result_value(written, None) == NOW.replace(year=33)  # type: ignore[arg-type]
