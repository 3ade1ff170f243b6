"""How many articles have hits, from moment to moment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, exists, func, select

from storage.tables import deliveries, hits


def articles_with_hits(
    connection: Connection, moments: Sequence[datetime], routes: Collection[str] = ()
) -> list[int]:
    """Return how many articles with hits are dated between each moment and the next.

    With ``routes`` only those that one of them took, told or not yet.

    A hit's date is its article's publication, or when it matched where nobody knows.
    """
    counts = []
    for since, until in pairwise(moments):
        counted = select(func.count(hits.c.article_id.distinct()))
        if routes:
            of_article = deliveries.c.article_id == hits.c.article_id
            counted = counted.where(exists().where(of_article, deliveries.c.route.in_(routes)))
        found = connection.scalar(counted.where(hits.c.dated >= since, hits.c.dated < until))
        counts.append(int(found or 0))
    return counts
