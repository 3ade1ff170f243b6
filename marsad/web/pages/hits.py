"""Hits: the list with its filters, one hit with its proofs, why it is one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain.article import Document
from domain.asking import HitRow
from domain.errors import UsageError
from domain.looking import HitPage
from domain.match import ACTIVITIES, Evidence
from marsad.web.desk import Desk
from marsad.web.filters import LARGEST, MANY, Filters, read_filters
from marsad.web.keeping import Kept
from marsad.web.marking import paragraphs
from marsad.web.rendering import Renderer
from marsad.web.why import Explained
from storage.archive import read_page

PAGE = 50  # hits on a page
_KEPT = "sandbox; default-src 'none'; style-src 'unsafe-inline'"  # of a page of somebody else's
_PERIODS = ("1d", "7d", "30d", "90d", "365d")


class HitPages:
    """Answers with pages of hits."""

    def __init__(self, desk: Desk, renderer: Renderer) -> None:
        self._desk, self._renderer = desk, renderer
        self._partners = Kept(
            lambda: desk.store.looks.facet_values(("partner",)), desk.clock, timedelta(minutes=1)
        )

    def explore(self, request: Request) -> Response:
        """Answer with the hits that the filters ask for, or with what is wrong with these."""
        pairs = request.query_params.multi_items()
        fault = ""
        try:
            filters = read_filters(pairs, self._desk.clock(), usual=PAGE, is_strict=False)
            rows = list(self._desk.store.hits(filters.query))
        except UsageError as error:
            fault, rows = str(error), []
            filters = read_filters([], self._desk.clock(), usual=PAGE)
        return self._renderer.page(
            request,
            "explore.html.j2",
            400 if fault else 200,
            rows=rows,
            fault=fault,
            filters=filters,
            typed=_typed(pairs),
            more=_more(filters, rows),
            choices=self._choices(),
        )

    def _choices(self) -> dict[str, list[str]]:
        found = self._partners()
        return {
            "partner": [value for value, _ in found["partner"]],
            "activity": list(ACTIVITIES),
            "outlet": sorted(self._desk.source_names, key=str.casefold),
            "language": ["fr", "ar", "en"],
            "period": list(_PERIODS),
        }

    def hit(self, request: Request) -> Response:
        """Answer with one hit."""
        page = self._found(request)
        evidence = _evidence(page)
        return self._renderer.page(
            request,
            "hit.html.j2",
            hit=page,
            row=page.row,
            title=paragraphs(page.notice.title, evidence, "title"),
            body=paragraphs(page.notice.text, evidence, "text"),
            evidence=evidence,
            has_archive=self._desk.archive is not None,
            judgement=self._desk.store.looks.judgement(page.notice.article_id, page.row.rule),
        )

    async def why(self, request: Request) -> Response:
        """Answer with the explanation, as a part of the hit's page."""
        page = await asyncio.to_thread(self._found, request)
        document = Document(
            text=page.notice.text,
            title=page.notice.title,
            language=page.row.language if page.row.language != "und" else None,
            published_at=page.row.published_at,
        )
        explained = await self._desk.judge.explain(document)
        evidence = _evidence(page)
        facts: dict[str, Any] = {
            "trees": explained.trees,
            "evidence": evidence,
            "clauses": [_clauses(proof, page.row.rule, explained) for proof in evidence],
        }
        return await asyncio.to_thread(lambda: self._renderer.page(request, "why.html.j2", **facts))

    def archived(self, request: Request) -> Response:
        """Answer with the page of a hit as it was kept; nothing of it runs or loads anything."""
        page, folder = self._found(request), self._desk.archive
        place = page.archived
        body = read_page(folder, place) if folder is not None and place is not None else None
        if body is None:
            raise HTTPException(404)
        kind = "text/html" if b"<html" in body[:4096].lower() else "text/plain; charset=utf-8"
        answer = Response(body, headers={"Content-Type": kind})
        answer.headers["Content-Security-Policy"] = _KEPT
        return answer

    def _found(self, request: Request) -> HitPage:
        number = request.path_params["hit_id"]
        page = self._desk.store.looks.hit(number) if number <= LARGEST else None
        if page is None:
            raise HTTPException(404)
        return page


def _evidence(page: HitPage) -> tuple[Evidence, ...]:
    """Return what proves this hit: the proofs of its own rule."""
    rules = {match.rule: match.evidence for match in page.notice.matches}
    return rules.get(page.row.rule, ())


def _clauses(proof: Evidence, rule: str, explained: Explained) -> list[str]:
    """Return which clauses of ``rule`` the words of ``proof`` make hold, the weightiest first."""
    mine = [
        clause
        for clause in explained.clauses
        if clause.rule == rule
        and clause.weight
        and any(f == proof.field and a < proof.end and proof.start < b for f, a, b in clause.places)
    ]
    mine.sort(key=lambda clause: -abs(clause.weight))
    return [f"{clause.weight:+.2f} {clause.name}" for clause in mine]


def _more(filters: Filters, rows: list[HitRow]) -> str | None:
    """Return the address of the next page, if there may be one."""
    is_full = bool(rows) and len(rows) == filters.query.limit
    return filters.address("/hits", before=rows[-1].hit_id) if is_full else None


def _typed(pairs: list[tuple[str, str]]) -> dict[str, list[str] | str]:
    """Return what the form's fields held."""
    typed: dict[str, list[str] | str] = dict.fromkeys(("since", "until", "text", "story"), "")
    typed |= {name: [v for k, v in pairs if k == name] for name in MANY}
    return typed | {k: v for k, v in pairs if k in ("since", "until", "text", "story")}
