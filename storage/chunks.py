"""A rematch in chunks that several workers share: who is how far, and what came of it.

A page of a chunk is written only by whoever finds it where he left it: a worker that was
suspended, and whose chunk another took on, writes nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from domain.errors import LeaseLostError
from domain.rematch import RematchChunk, RematchProgress
from storage.tables import articles, rematch_chunks, rematches

SIZE = 1_000  # article numbers of a chunk: ten seconds of work
_c = rematch_chunks.c


def plan(connection: Connection, progress: RematchProgress) -> None:
    """Cut what no chunk of ``progress`` holds yet, articles that came since included.

    What a worker refused before is asked of it again.
    """
    mine = _c.rematch_id == progress.rematch_id
    connection.execute(update(rematch_chunks).where(mine).values(refusal=""))
    highest = select(func.max(_c.upto)).where(mine)
    held = max(progress.checked_to, connection.scalar(highest) or 0)
    ident = articles.c.article_id
    part = (ident - 1) // SIZE
    wanted = select(func.max(ident), func.count()).where(ident > held)
    if progress.since is not None:
        published = func.coalesce(articles.c.published_at, articles.c.first_seen)
        wanted = wanted.where(published >= progress.since)
    rows = connection.execute(wanted.group_by(part).order_by(part)).all()
    chunks, after = [], held
    for last, count in rows:
        chunks.append(_new(progress.rematch_id, after, last, count))
        after = last
    if chunks:
        connection.execute(insert(rematch_chunks), chunks)


def _new(rematch_id: int, after: int, upto: int, count: int) -> dict[str, Any]:
    values = {"rematch_id": rematch_id, "upto": upto, "articles": count, "checked_to": after}
    return values | {"result": "", "refusal": ""}


def every(connection: Connection, rematch_id: int) -> list[RematchChunk]:
    """Return the chunks of a rematch, done or not, in order."""
    wanted = _wanted().where(_c.rematch_id == rematch_id).order_by(_c.upto)
    return [_chunk(row) for row in connection.execute(wanted)]


def one(connection: Connection, rematch_id: int, upto: int) -> RematchChunk | None:
    """Return a chunk; None when its rematch is over."""
    wanted = _wanted().where(_c.rematch_id == rematch_id, _c.upto == upto)
    row = connection.execute(wanted).first()
    return None if row is None else _chunk(row)


def _wanted() -> Select[Any]:
    return select(rematch_chunks, rematches.c.version, rematches.c.since).join(rematches)


def _chunk(row: Row[Any]) -> RematchChunk:
    return RematchChunk(**row._mapping)


def advance(connection: Connection, chunk: RematchChunk, checked_to: int, result: str) -> None:
    """Note that ``chunk`` is done up to an article. Raises LeaseLostError when it is elsewhere."""
    moved = connection.execute(
        update(rematch_chunks)
        .where(_is(chunk), _c.checked_to == chunk.checked_to)
        .values(checked_to=checked_to, result=result, refusal="")
    )
    if moved.rowcount != 1:
        raise LeaseLostError("a chunk of the rematch was taken over by another worker")


def refuse(connection: Connection, chunk: RematchChunk, reason: str) -> None:
    """Note why a worker would not take ``chunk``."""
    connection.execute(update(rematch_chunks).where(_is(chunk)).values(refusal=reason))


def drop(connection: Connection, rematch_id: int) -> None:
    """Forget the chunks of a rematch that is over."""
    connection.execute(delete(rematch_chunks).where(_c.rematch_id == rematch_id))


def _is(chunk: RematchChunk) -> Any:
    return (_c.rematch_id == chunk.rematch_id) & (_c.upto == chunk.upto)
