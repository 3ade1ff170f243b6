"""The index of words: which articles hold what is sought, and how well.

SQLite keeps it in an FTS5 table without content, so that no text is stored twice; PostgreSQL in
a tsvector beside the article. Both are given folded words and asked for folded words: the
folding is the caller's, one for texts and queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    Select,
    TableClause,
    Update,
    bindparam,
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

from domain.article import Folded
from domain.asking import ArticleQuery, ArticleRow, SearchTerm, TextQuery
from storage import tables
from storage.columns import clean
from storage.folding import Folding
from storage.locking import WORDS_LOCK, one_by_one

BATCH = 500  # articles indexed in one statement
FREQUENT = 50_000  # articles that hold a word: above, they are looked up one by one
LISTED = 20_000  # articles looked up in the index at once
MERGED = 500  # pages of the index of words written in one commit: a quarter of a second
RANKED = 5_000  # articles weighed against each other
TITLE_WEIGHT = 4.0  # a word of the title counts as so many of the text
LONGEST = 450_000  # bytes of a text in a tsvector, which holds 1 MB with its places

# The text stands first: FTS5 marks every word of a later column.
words = sql_table("article_words", column("rowid"), column("body"), column("title"))


Pairs = Sequence[tuple[int, str, str]]
"""(article_id, title, text) of articles to index."""


def index(
    connection: Connection,
    articles: Pairs,
    folding: Folding,
    folded: Mapping[int, Folded] = MappingProxyType({}),
) -> None:
    """Add the words of ``articles``; none may be in the index yet.

    Of those in ``folded``, by article id, the words are taken as they are.
    """
    if not articles:
        return
    rows = [_words_of(*article, folding, folded.get(article[0])) for article in articles]
    if connection.dialect.name == "sqlite":
        statement = "INSERT INTO article_words(rowid, body, title) VALUES (?, ?, ?)"
        connection.exec_driver_sql(statement, rows)
        return
    statement = (
        "INSERT INTO article_words(article_id, words) VALUES (:id,"
        " setweight(to_tsvector('simple', :title), 'A') || to_tsvector('simple', :body))"
    )
    cut = [{"id": key, "body": _cut(body), "title": title} for key, body, title in rows]
    connection.execute(text(statement), cut)


def _words_of(
    key: int, title: str, body: str, folding: Folding, known: Folded | None
) -> tuple[int, str, str]:
    """Return id, text and title as they are indexed.

    To be taken out again a text is folded as it is stored, and must come to the same words.
    """
    stored = clean(body), clean(title)
    if known and known.version == folding.version and stored == (body, title):
        return key, known.text, known.title
    return key, folding(stored[0]), folding(stored[1])


def _cut(body: str) -> str:
    """Keep within what one tsvector holds; what lies beyond is not found."""
    raw = body.encode()
    return body if len(raw) <= LONGEST else raw[:LONGEST].decode(errors="ignore")


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
    if not _is_ours(connection, folding):
        one_by_one(connection, WORDS_LOCK)  # of workers that start together one begins anew
        if not _is_ours(connection, folding):
            _empty(connection)
            connection.execute(state.delete())
            connection.execute(insert(state).values(folding=folding.version, checked_to=0))
    done = connection.scalar(select(state.c.checked_to)) or 0
    a = tables.articles.c
    listed = select(a.article_id).where(a.article_id > done).order_by(a.article_id).limit(LISTED)
    ids = connection.scalars(listed).all()
    if not ids:
        return False
    there = indexed(connection, done, ids[-1])
    lacking = [key for key in ids if key not in there]
    batch = select(a.article_id, a.title, a.text).where(a.article_id.in_(lacking[:BATCH]))
    rows = connection.execute(batch).all()
    index(connection, [(r.article_id, r.title, r.text) for r in rows], folding)
    last = ids[-1] if len(lacking) <= BATCH else lacking[BATCH] - 1
    connection.execute(_NOTE, {"last": last})
    return True


def merge(connection: Connection) -> bool:
    """Make one of some parts of SQLite's index of words; False: there is nothing to be gained.

    What is filed comes as parts of its own, that share no words. PostgreSQL has none.
    """
    if connection.dialect.name != "sqlite":
        return False
    changed = text("SELECT total_changes()")
    before = connection.scalar(changed) or 0
    statement = "INSERT INTO article_words(article_words, rank) VALUES ('merge', :pages)"
    connection.execute(text(statement), {"pages": MERGED})
    return (connection.scalar(changed) or 0) - before >= 2


def _is_ours(connection: Connection, folding: Folding) -> bool:
    """Whether this folding made the index. Holds the note of it until the transaction ends."""
    row = connection.execute(select(tables.fulltext_state).with_for_update()).first()
    return row is not None and bool(row.folding == folding.version)


def note_filed(connection: Connection, first: int, last: int) -> None:
    """Note that articles ``first`` to ``last``, just filed, are indexed, if all before are.

    Not where another writer is noting: none waits for one row until the one before has
    committed. What is left out is looked through when the store is opened.
    """
    connection.execute(_NOTE_FILED, {"first": first, "last": last})


def _note_of(*conditions: ColumnElement[bool]) -> Update:
    state = tables.fulltext_state
    last = bindparam("last", type_=state.c.checked_to.type)
    return state.update().where(state.c.checked_to < last, *conditions).values(checked_to=last)


def _note_filed() -> Update:
    a, state = tables.articles.c, tables.fulltext_state
    first = bindparam("first", type_=a.article_id.type)
    before = select(func.max(a.article_id)).where(a.article_id < first).scalar_subquery()
    free = select(state.c.folding).with_for_update(skip_locked=True).correlate(None)
    all_before = state.c.checked_to >= func.coalesce(before, 0)
    return _note_of(all_before, state.c.folding.in_(free))


# Built once: to put the second together takes longer than to carry it out.
_NOTE, _NOTE_FILED = _note_of(), _note_filed()


def indexed(connection: Connection, after: int, last: int) -> set[int]:
    """Return which articles beyond ``after``, up to ``last``, the index holds."""
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


def holds(
    connection: Connection, ident: ColumnElement[int], query: TextQuery
) -> ColumnElement[bool]:
    """Return the condition that the article called ``ident`` holds what ``query`` seeks.

    SQLite gathers all that its index finds before it looks at one: a third of a second for a
    word of a million articles. Of such words the newest hits have their share, so that a page of
    them is full after few articles that are looked up by number.
    """
    if connection.dialect.name == "sqlite":
        found: Select[Any] = select(literal_column("rowid")).select_from(words)
        condition = text("article_words MATCH :sought").bindparams(sought=sqlite_match(query))
        found = found.where(condition)
        if not _is_frequent(connection, found, query):
            return ident.in_(found)
        return found.where(words.c.rowid == ident).correlate_except(words).exists()
    found = select(literal_column("article_id")).select_from(sql_table("article_words"))
    condition = text("words @@ CAST(:sought AS tsquery)").bindparams(sought=tsquery(query))
    return ident.in_(found.where(condition))


def _is_frequent(connection: Connection, found: Select[Any], query: TextQuery) -> bool:
    """A prefix is dear to look up: each time all words that begin with it are brought together."""
    if any(term.is_prefix for term in (*chain.from_iterable(query.groups), *query.without)):
        return False
    some = found.limit(FREQUENT).subquery()
    return connection.scalars(select(func.count()).select_from(some)).one() == FREQUENT


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


@dataclass(frozen=True, slots=True)
class _Sought:
    """A search in the words of one database: the index, its key, what is found, how well."""

    index: TableClause
    key: ColumnElement[int]
    found: ColumnElement[bool]
    rank: ColumnElement[float]


def _sought(query: TextQuery, dialect: str) -> _Sought:
    if dialect == "sqlite":
        return _Sought(
            words,
            literal_column("article_words.rowid", BigInteger),
            text("article_words MATCH :sought").bindparams(sought=sqlite_match(query)),  # type: ignore[arg-type]
            literal_column(f"-bm25(article_words, 1.0, {TITLE_WEIGHT})", Float),
        )
    index_table = sql_table("article_words", column("article_id", BigInteger), column("words"))
    sought = cast(tsquery(query), TSQUERY)
    # 1: a long text counts less
    rank = func.ts_rank_cd(index_table.c.words, sought, 1)
    found = index_table.c.words.op("@@")(sought)
    return _Sought(index_table, index_table.c.article_id, found, rank)


def search(connection: Connection, query: ArticleQuery) -> list[ArticleRow]:
    """Return the articles that ``query`` asks for, the best first.

    With a limit the best of the newest RANKED: a frequent word stands in every tenth article,
    and to weigh them all takes seconds.
    """
    a = tables.articles.c
    sought = _sought(query.text, connection.dialect.name)
    limits, passed = _by_number(connection, sought.key, query), list(_by_row(query))
    ranked = select(sought.key.label("article_id"), sought.rank.label("rank"))
    ranked = ranked.select_from(sought.index).where(sought.found, *limits)
    if query.limit is not None:
        newest = _newest(sought, limits, passed)
        ranked = ranked.where(sought.key >= select(func.min(newest.c.article_id)).scalar_subquery())
        if passed:
            ranked = ranked.where((sought.key + 0).in_(select(newest.c.article_id)))
        ranked = ranked.order_by(text("rank DESC"), sought.key.desc()).limit(query.limit)
    best = ranked.subquery("ranked")
    hit = select(func.min(tables.hits.c.hit_id)).where(tables.hits.c.article_id == a.article_id)
    wanted = (
        select(tables.articles, best.c.rank, hit.scalar_subquery().label("hit_id"))
        .join_from(best, tables.articles, a.article_id == best.c.article_id)
        .where(*passed)
        .order_by(best.c.rank.desc(), a.article_id.desc())
    )
    names = [f.name for f in fields(ArticleRow)]
    rows = connection.execute(wanted).mappings()
    return [ArticleRow(**{name: row[name] for name in names}) for row in rows]


def _newest(
    sought: _Sought, limits: Sequence[ColumnElement[bool]], passed: Sequence[ColumnElement[bool]]
) -> CTE:
    """Return the numbers of the newest RANKED articles found."""
    newest = select(sought.key.label("article_id")).where(sought.found, *limits, *passed)
    if passed:
        a = tables.articles
        newest = newest.join_from(sought.index, a, a.c.article_id == sought.key)
    else:
        newest = newest.select_from(sought.index)
    return newest.order_by(sought.key.desc()).limit(RANKED).cte("newest")


def _by_number(
    connection: Connection, key: ColumnElement[int], query: ArticleQuery
) -> list[ColumnElement[bool]]:
    """Return what a number alone tells of an article: none is read to be passed over.

    The index of words says the newest first, and of an old week all that is newer is found too.
    """
    a = tables.articles.c
    limits: list[ColumnElement[bool]] = []
    if query.outlets:
        theirs = select(a.article_id).where(a.outlet.in_(query.outlets))
        limits.append((key + 0).in_(theirs))
    dates = list(_dates(query))
    if dates:
        ends = select(func.min(a.article_id), func.max(a.article_id)).where(*dates)
        first, last = connection.execute(ends).one()
        limits.append(key.between(first or 0, last or 0))
    return limits


def _by_row(query: ArticleQuery) -> Iterator[ColumnElement[bool]]:
    """Yield what only the article itself tells."""
    yield from _dates(query)
    if query.languages:
        yield tables.articles.c.language.in_(query.languages)


def _dates(query: ArticleQuery) -> Iterator[ColumnElement[bool]]:
    a = tables.articles.c
    dated = func.coalesce(a.published_at, a.first_seen)
    if query.since is not None:
        yield dated >= query.since
    if query.until is not None:
        yield dated <= query.until
