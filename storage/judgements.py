"""What analysts say of hits, kept for tuning."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, RowMapping, func, insert, select

from domain.looking import JudgedArticle, Judgement
from storage.columns import listed
from storage.tables import articles, hits, judgements

_JUDGEMENT = ("article_id", "rule", "note", "made_by", "at")
_ARTICLE = ("title", "text", "language", "url", "published_at")


def add(connection: Connection, judgement: Judgement) -> None:
    """Keep a judgement; earlier ones of the same hit stay as history."""
    row = {name: getattr(judgement, name) for name in _JUDGEMENT}
    connection.execute(insert(judgements), row | {"is_right": int(judgement.is_right)})


def last(connection: Connection, article_id: int, rule: str) -> Judgement | None:
    """Return the judgement that counts for a hit."""
    mine = (judgements.c.article_id == article_id, judgements.c.rule == rule)
    wanted = select(judgements).where(*mine).order_by(judgements.c.judgement_id.desc()).limit(1)
    row = connection.execute(wanted).mappings().first()
    return None if row is None else _judgement(row)


def listing(connection: Connection) -> Iterator[JudgedArticle]:
    """Yield the judgement that counts of every judged hit, with its article."""
    newest = select(func.max(judgements.c.judgement_id)).group_by(
        judgements.c.article_id, judgements.c.rule
    )
    both = (hits.c.article_id == judgements.c.article_id) & (hits.c.rule == judgements.c.rule)
    facts = (hits.c.hit_id, hits.c.partners, hits.c.activities)
    wanted = (
        select(judgements, *facts, *(articles.c[name] for name in _ARTICLE))
        .join(articles, articles.c.article_id == judgements.c.article_id)
        .outerjoin(hits, both)
        .where(judgements.c.judgement_id.in_(newest))
        .order_by(judgements.c.judgement_id)
    )
    for row in connection.execute(wanted).mappings():
        yield JudgedArticle(
            judgement=_judgement(row),
            hit_id=row["hit_id"] or 0,
            partners=listed(row["partners"]),
            activities=listed(row["activities"]),
            **{name: row[name] for name in _ARTICLE},
        )


def _judgement(row: RowMapping) -> Judgement:
    facts = {name: row[name] for name in _JUDGEMENT}
    return Judgement(is_right=bool(row["is_right"]), **facts)
