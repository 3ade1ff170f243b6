"""Care of a database: is it whole, statistics for its planner, space given back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from storage.border import is_corrupt, one_line
from storage.database import PAGE_SIZE, Database
from storage.remedies import COPY_BACK

SAMPLED = 1_000  # rows of an index that SQLite's statistics are drawn from

# What no constraint says and every commit holds to.
VIEWS = (
    *("v_hits", "v_hit_facets", "v_evidence", "v_stories", "v_sources", "v_alerts"),
    *("v_hit_history", "v_health", "v_health_changes", "v_archive"),
)
PROMISES = {
    "hits that say otherwise than their article": "SELECT count(*) FROM hits h"
    " JOIN articles a ON a.article_id = h.article_id"
    " WHERE h.outlet <> a.outlet OR h.url <> a.url OR h.title <> a.title"
    " OR h.language <> a.language OR coalesce(h.published_at, '') <> coalesce(a.published_at, '')",
    "members of stories that say otherwise than their article": "SELECT count(*)"
    " FROM story_articles m JOIN articles a ON a.article_id = m.article_id"
    " WHERE m.outlet <> a.outlet OR m.language <> a.language",
    "hits of another story than their article": "SELECT count(*) FROM hits h"
    " LEFT JOIN story_articles m ON m.article_id = h.article_id"
    " WHERE coalesce(h.story_id, 0) <> coalesce(m.story_id, 0)",
    "sources whose last article is older than one they have": "SELECT count(*) FROM sources s"
    " WHERE (SELECT max(a.first_seen) FROM articles a WHERE a.outlet = s.source_id)"
    " > coalesce(s.last_article, '')",
    "hits without a story": "SELECT count(*) FROM hits h WHERE NOT EXISTS"
    " (SELECT 1 FROM story_articles s WHERE s.article_id = h.article_id)",
    "stories without an article": "SELECT count(*) FROM stories t WHERE NOT EXISTS"
    " (SELECT 1 FROM story_articles s WHERE s.story_id = t.story_id)",
    "leased deliveries without a lease": "SELECT count(*) FROM deliveries"
    " WHERE state = 'leased' AND (lease IS NULL OR lease_until IS NULL)",
}


def faults(database: Database) -> Iterator[str]:
    """Yield what is wrong with the database, a line each; nothing when it is whole."""
    with database.read() as connection:
        if database.is_sqlite:
            broken = list(_broken_pages(connection))
            yield from broken
            if broken:  # what follows would end at a page that is not legible
                yield COPY_BACK
                return
            yield from _broken_references(connection)
        for words, question in PROMISES.items():
            count = connection.scalar(text(question))
            if count:
                yield f"{count} {words}"
        yield from _word_faults(connection)
        for view in VIEWS:
            connection.execute(text(f"SELECT * FROM {view} LIMIT 1")).all()  # noqa: S608 - ours
    if database.is_sqlite and not database.read_only:
        yield from _index_faults(database)


def _word_faults(connection: Connection) -> Iterator[str]:
    is_sqlite = connection.dialect.name == "sqlite"
    index, key = ("article_words_docsize", "id") if is_sqlite else ("article_words", "article_id")
    missing = connection.scalar(
        text(
            "SELECT count(*) FROM articles a WHERE a.article_id <= (SELECT max(checked_to)"  # noqa: S608
            f" FROM fulltext_state) AND NOT EXISTS (SELECT 1 FROM {index} w"
            f" WHERE w.{key} = a.article_id)"
        )
    )
    if missing:
        yield f"{missing} articles that the index of words lacks"
    stray = connection.scalar(
        text(
            f"SELECT count(*) FROM {index} w WHERE NOT EXISTS"  # noqa: S608
            f" (SELECT 1 FROM articles a WHERE a.article_id = w.{key})"
        )
    )
    if stray:
        yield f"{stray} articles in the index of words that are gone"


def _index_faults(database: Database) -> Iterator[str]:
    """SQLite's own check of its index of words, which is asked for by an INSERT."""
    check = "INSERT INTO article_words(article_words) VALUES ('integrity-check')"
    try:
        with database.write() as connection:
            connection.exec_driver_sql(check)
    except DatabaseError as error:
        if not is_corrupt(error):  # a lock, a full disk: the index may be whole
            raise
        yield f"the index of words is broken: {one_line(error)}; empty fulltext_state to renew it"


def _broken_pages(connection: Connection) -> Iterator[str]:
    try:
        found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    except DatabaseError:  # the whole check ends at a page that is not legible: ask for the first
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalars().all()
    lines = [line for answer in found for line in answer.splitlines()]
    yield from (line for line in lines if line != "ok" and not line.startswith("***"))


def _broken_references(connection: Connection) -> Iterator[str]:
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"table {row[0]}, row {row[1]}: no such row in {row[2]}"


def gather_statistics(connection: Connection) -> None:
    """After filing in bulk: no planner knows by itself what the tables hold now."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA analysis_limit={SAMPLED}")
    connection.execute(text("ANALYZE"))


def vacuum(database: Database) -> None:
    """Give back the space of deleted rows. A SQLite file also gets pages of today's size."""
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    if not database.is_sqlite:
        with engine.connect() as connection:
            connection.execute(text("VACUUM (ANALYZE)"))
        return
    database.close()  # the connections that wait in the pool would hold the file
    with closing(sqlite3.connect(database.path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO article_words(article_words) VALUES ('optimize')")
        # Pages change their size only out of WAL; whoever else is at work makes this fail.
        connection.execute("PRAGMA journal_mode=DELETE")
        try:
            connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
            connection.execute("VACUUM")
            connection.execute(f"PRAGMA analysis_limit={SAMPLED}")
            connection.execute("ANALYZE")
        finally:
            connection.execute("PRAGMA journal_mode=WAL")
