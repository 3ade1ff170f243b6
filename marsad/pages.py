"""Judging many articles together: a page a call of a worker, one by one where a text breaks it."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.ports import WorkerCrashError, Workers, WorkerTimeoutError
from domain.article import Article, Document
from domain.match import Verdict
from marsad.judging import judge


async def judge_page(workers: Workers, documents: Sequence[Document]) -> list[Verdict | None]:
    """Return a verdict for each document; None: the text breaks the judge."""
    try:
        return list(await workers.call(judge, list(documents)))
    except (WorkerTimeoutError, WorkerCrashError):
        # One text of the page is at fault: one by one, so that it costs itself only.
        return [await _judge_one(workers, document) for document in documents]


async def _judge_one(workers: Workers, document: Document) -> Verdict | None:
    try:
        return (await workers.call(judge, [document]))[0]
    except (WorkerTimeoutError, WorkerCrashError):
        return None


def document_of(article: Article) -> Document:
    """Return what the matcher sees of ``article``."""
    return Document(
        id=article.url, title=article.title, text=article.text, published_at=article.published_at
    )
