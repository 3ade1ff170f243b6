"""Edited articles: the new words in the place of the old, which are kept as a version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from domain.article import Article
from domain.filing import DeliveryPlanner, Filed, Filing, as_proposed
from domain.rematch import Rejudged, StoredArticle
from domain.revision import Known
from storage import filing, fulltext, rematching, tables
from storage.columns import clean
from storage.facets import Labels
from storage.folding import Folding
from storage.stories import Placer
from storage.tables import article_versions, articles, story_articles

_CHUNK = 500


def known(connection: Connection, urls: Sequence[str]) -> dict[str, Known]:
    """Return what is remembered of those ``urls`` that are stored."""
    wanted = {clean(url): url for url in urls}
    keys, found = sorted(wanted), {}
    a = articles.c
    columns = (a.url, a.listed, func.coalesce(a.checked_at, a.first_seen).label("at"), a.checks)
    for start in range(0, len(keys), _CHUNK):
        rows = connection.execute(select(*columns).where(a.url.in_(keys[start : start + _CHUNK])))
        for row in rows:
            at = row.at if isinstance(row.at, datetime) else datetime.fromisoformat(row.at)
            found[wanted[row.url]] = Known(listed=row.listed, checked_at=at, checks=row.checks)
    return found


def stored(connection: Connection, url: str) -> StoredArticle | None:
    """Return the article of ``url`` with its hits."""
    wanted = select(articles).where(articles.c.url == clean(url))
    return next(iter(rematching.stored(connection, wanted)), None)


def note_check(connection: Connection, article: Article, now: datetime) -> None:
    """Note that an article was read again and says what it said."""
    a = articles.c
    values = {"listed": article.listed, "checked_at": now, "checks": a.checks + 1}
    connection.execute(update(articles).where(a.url == clean(article.url)).values(**values))


def revise(
    connection: Connection,
    rejudged: Rejudged,
    old: Article,
    new: Filing,
    now: datetime,
    *,
    labels: Labels,
    folding: Folding,
    plan: DeliveryPlanner = as_proposed,
    placer: Placer | None = None,
) -> Filed:
    """Put an edited article in the place of ``old``, with its verdicts of today.

    ``rejudged`` holds the new words, of which snippets are made. Nothing is done when somebody
    else revised the article meanwhile.
    """
    ident, article = rejudged.stored.article_id, new.article
    if not _replace(connection, ident, old, article, now):
        return Filed()
    member = story_articles.c.article_id == ident
    connection.execute(update(story_articles).where(member).values(language=article.language))
    fulltext.unindex(connection, [(ident, old.title, old.text)], folding)
    fulltext.index(connection, [(ident, article.title, article.text)], folding)
    filing.keep_archived(connection, [(ident, new)])
    hits, told = rematching.settle(
        connection,
        [rejudged],
        now=now,
        labels=labels,
        folding=folding,
        plan=plan,
        placer=placer,
    )
    shown = {"title": article.title, "language": article.language}  # hits carry it once more
    connection.execute(update(tables.hits).where(tables.hits.c.article_id == ident).values(**shown))
    return Filed(articles=0, hits=hits, deliveries=told, revised=1)


def _replace(connection: Connection, ident: int, old: Article, new: Article, now: datetime) -> bool:
    """Write the new words over the old, which become a version; False when these are gone."""
    a = articles.c
    values = {
        "title": new.title,
        "text": new.text,
        "language": new.language,
        "modified_at": new.modified_at,
        "text_from": new.text_from,
        "note": new.note,
        "listed": new.listed,
        "section": new.section or old.section,
        "image": new.image or old.image,
        "checked_at": now,
        "checks": a.checks + 1,
        "version": a.version + 1,
    }
    mine = (a.article_id == ident, a.title == clean(old.title), a.text == clean(old.text))
    change = update(articles).where(*mine).values(**values).returning(a.version)
    version: int | None = connection.scalar(change)
    if version is None:
        return False
    kept = {"title": old.title, "text": old.text, "modified_at": old.modified_at}
    number = {"article_id": ident, "version": version - 1, "replaced_at": now}
    connection.execute(insert(article_versions), kept | number)
    return True
