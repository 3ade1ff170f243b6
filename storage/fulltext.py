"""The index of words: which articles hold what is sought, and how well.

SQLite keeps it in an FTS5 table without content, so that no text is stored twice; PostgreSQL in
a tsvector beside the article. Both are given folded words and asked for folded words: the
folding is the caller's, one for texts and queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    cast,
    column,
    func,
    insert,
    literal_column,
    select,
    text,
)
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import TSQUERY

from domain.asking import ArticleQuery, ArticleRow, SearchTerm, TextQuery
from storage import tables
from storage.columns import clean

BATCH = 500  # articles indexed in one statement
TITLE_WEIGHT = 4.0  # a word of the title counts as so many of the text
LONGEST = 450_000  # bytes of a text in a tsvector, which holds 1 MB with its places
_WORD = re.compile(r"\w+")

words = sql_table("article_words", column("rowid"), column("title"), column("body"))


class Folding(Protocol):
    """How texts and queries are brought to one form."""

    @property
    def version(self) -> int:
        """Another number says that every index must be made anew."""

    def __call__(self, text: str) -> str:
        """Return the words of ``text``, folded, between single spaces."""


@dataclass(frozen=True, slots=True)
class PlainFolding:
    """Lower case and nothing else: for a store that nobody gave a better folding."""

    version: int = 0

    def __call__(self, text: str) -> str:
        """Return the words of ``text`` in lower case."""
        return " ".join(_WORD.findall(text.casefold()))


Pairs = Sequence[tuple[int, str, str]]
"""(article_id, title, text) of articles to index."""


def index(connection: Connection, articles: Pairs, folding: Folding) -> None:
    """Add the words of ``articles``; none may be in the index yet."""
    rows = [
        {"id": key, "title": folding(clean(title)), "body": folding(clean(body))}
        for key, title, body in articles
    ]
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        statement = "INSERT INTO article_words(rowid, title, body) VALUES (:id, :title, :body)"
    else:
        statement = (
            "INSERT INTO article_words(article_id, words) VALUES (:id,"
            " setweight(to_tsvector('simple', :title), 'A') || to_tsvector('simple', :body))"
        )
        rows = [{**r, "body": _cut(r["body"])} for r in rows]
    connection.execute(text(statement), rows)


def _cut(body: Any) -> str:
    """Keep within what one tsvector holds; what lies beyond is not found."""
    raw = str(body).encode()
    return str(body) if len(raw) <= LONGEST else raw[:LONGEST].decode(errors="ignore")


def unindex(connection: Connection, articles: Pairs, folding: Folding) -> None:
    """Take the words of ``articles`` out again; their texts must be those that were indexed."""
    if not articles:
        return
    if connection.dialect.name == "sqlite":
        rows = [
            {"id": key, "title": folding(clean(title)), "body": folding(clean(body))}
            for key, title, body in articles
        ]
        statement = (
            "INSERT INTO article_words(article_words, rowid, title, body)"
            " VALUES ('delete', :id, :title, :body)"
        )
    else:
        rows = [{"id": key} for key, _, _ in articles]
        statement = "DELETE FROM article_words WHERE article_id = :id"
    connection.execute(text(statement), rows)


def is_behind(connection: Connection, folding: Folding) -> bool:
    """Whether articles may wait to be indexed, or the index was made by another folding."""
    state = tables.fulltext_state
    row = connection.execute(select(state.c.folding, state.c.checked_to)).first()
    newest = connection.scalar(select(func.max(tables.articles.c.article_id))) or 0
    return row is None or row.folding != folding.version or row.checked_to < newest


def catch_up(connection: Connection, folding: Folding) -> bool:
    """Index those of the next BATCH articles that are not; False: there are no more.

    Filing indexes what it files; this is for articles older than the index, and for an index
    that another folding made, which is emptied first.
    """
    state = tables.fulltext_state
    row = connection.execute(select(state).with_for_update()).first()
    if row is None or row.folding != folding.version:
        _empty(connection)
        connection.execute(state.delete())
        connection.execute(insert(state).values(folding=folding.version, checked_to=0))
    done = connection.scalar(select(state.c.checked_to)) or 0
    a = tables.articles.c
    batch = select(a.article_id, a.title, a.text).where(a.article_id > done)
    rows = connection.execute(batch.order_by(a.article_id).limit(BATCH)).all()
    if not rows:
        return False
    there = _indexed(connection, done, rows[-1].article_id)
    missing = [(r.article_id, r.title, r.text) for r in rows if r.article_id not in there]
    index(connection, missing, folding)
    _note(connection, rows[-1].article_id)
    return True


def note_filed(connection: Connection, first: int, last: int) -> None:
    """Note that articles ``first`` to ``last``, just filed, are indexed, if all before are."""
    a, state = tables.articles.c, tables.fulltext_state
    before = select(func.max(a.article_id)).where(a.article_id < first).scalar_subquery()
    _note(connection, last, state.c.checked_to >= func.coalesce(before, 0))


def _note(connection: Connection, last: int, *conditions: ColumnElement[bool]) -> None:
    state = tables.fulltext_state
    wanted = (state.c.checked_to < last, *conditions)
    connection.execute(state.update().where(*wanted).values(checked_to=last))


def _indexed(connection: Connection, after: int, last: int) -> set[int]:
    if connection.dialect.name == "sqlite":  # the index's own list of what it holds
        question = "SELECT id FROM article_words_docsize WHERE id > :after AND id <= :last"
    else:
        question = (
            "SELECT article_id FROM article_words WHERE article_id > :after AND article_id <= :last"
        )
    return set(connection.scalars(text(question), {"after": after, "last": last}))


def _empty(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(text("INSERT INTO article_words(article_words) VALUES ('delete-all')"))
    else:
        connection.execute(text("DELETE FROM article_words"))


def holds(query: TextQuery, dialect: str) -> ColumnElement[bool]:
    """Return the condition that ``articles`` hold what ``query`` seeks."""
    ident = tables.articles.c.article_id
    if dialect == "sqlite":
        found: Select[Any] = select(literal_column("rowid")).select_from(words)
        condition = text("article_words MATCH :sought").bindparams(sought=sqlite_match(query))
        return ident.in_(found.where(condition))
    found = select(literal_column("article_id")).select_from(sql_table("article_words"))
    condition = text("words @@ CAST(:sought AS tsquery)").bindparams(sought=tsquery(query))
    return ident.in_(found.where(condition))


def sqlite_match(query: TextQuery) -> str:
    """Return ``query`` in FTS5's language. Folded words hold no sign of it."""
    groups = [_either(group, _fts_phrase, " OR ") for group in query.groups]
    found = " AND ".join(groups)
    if not query.without:
        return found
    return f"({found}) NOT {_either(query.without, _fts_phrase, ' OR ')}"


def tsquery(query: TextQuery) -> str:
    """Return ``query`` in PostgreSQL's language."""
    groups = [_either(group, _ts_phrase, " | ") for group in query.groups]
    without = [f"!{_either((term,), _ts_phrase, ' | ')}" for term in query.without]
    return " & ".join((*groups, *without))


def _either(terms: Iterable[SearchTerm], written: Any, joined: str) -> str:
    phrases = [written(p, term.is_prefix) for term in terms for p in term.phrases]
    return f"({joined.join(phrases)})"


def _fts_phrase(phrase: Sequence[str], is_prefix: bool) -> str:
    return f'"{" ".join(phrase)}"' + ("*" if is_prefix else "")


def _ts_phrase(phrase: Sequence[str], is_prefix: bool) -> str:
    quoted = [f"'{word}'" for word in phrase]
    if is_prefix:
        quoted[-1] += ":*"
    return "(" + " <-> ".join(quoted) + ")" if len(quoted) > 1 else quoted[0]


def search(connection: Connection, query: ArticleQuery) -> list[ArticleRow]:
    """Return the articles that ``query`` asks for, the best first."""
    a = tables.articles.c
    is_sqlite = connection.dialect.name == "sqlite"
    dated = func.coalesce(a.published_at, a.first_seen)
    if is_sqlite:
        rank: ColumnElement[Any] = literal_column(f"-bm25(article_words, {TITLE_WEIGHT}, 1.0)")
        joined = tables.articles.join(words, literal_column("article_words.rowid") == a.article_id)
        found: Any = text("article_words MATCH :sought").bindparams(sought=sqlite_match(query.text))
    else:
        sought = cast(tsquery(query.text), TSQUERY)
        index_table = sql_table("article_words", column("article_id"), column("words"))
        rank = func.ts_rank_cd(index_table.c.words, sought, 1)  # 1: a long text counts less
        joined = tables.articles.join(index_table, index_table.c.article_id == a.article_id)
        found = index_table.c.words.op("@@")(sought)
    best = select(func.min(tables.hits.c.hit_id)).where(tables.hits.c.article_id == a.article_id)
    wanted = (
        select(tables.articles, rank.label("rank"), best.scalar_subquery().label("hit_id"))
        .select_from(joined)
        .where(found, *_limits(query, dated))
        .order_by(text("rank DESC"), a.article_id.desc())
        .limit(query.limit)
    )
    names = [f.name for f in fields(ArticleRow)]
    rows = connection.execute(wanted).mappings()
    return [ArticleRow(**{name: row[name] for name in names}) for row in rows]


def _limits(query: ArticleQuery, dated: ColumnElement[Any]) -> Iterable[ColumnElement[bool]]:
    a = tables.articles.c
    if query.since is not None:
        yield dated >= query.since
    if query.until is not None:
        yield dated <= query.until
    if query.outlets:
        yield a.outlet.in_(query.outlets)
    if query.languages:
        yield a.language.in_(query.languages)
