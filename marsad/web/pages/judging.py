"""Judgements: an analyst says that a hit is right or wrong, and takes what was said away."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from domain.looking import JudgedArticle, Judgement
from domain.time import isoformat
from marsad.jsontext import json_text
from marsad.web.desk import Desk
from marsad.web.filters import LARGEST
from marsad.web.forms import caller, read_form
from storage.store import Store

_LONGEST_NOTE = 500


class JudgingPages:
    """Takes and gives judgements."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def judge(self, request: Request) -> Response:
        """Keep a judgement and lead back to its hit."""
        writer, form = await read_form(request, self._desk)
        if form.get("verdict") not in ("right", "wrong"):
            raise HTTPException(400)
        number = request.path_params["hit_id"]
        await asyncio.to_thread(self._keep, writer, number, form, caller(request))
        return RedirectResponse(f"/hits/{number}#judgement", 303)

    def _keep(self, writer: Store, number: int, form: dict[str, str], who: str) -> None:
        page = self._desk.store.looks.hit(number) if number <= LARGEST else None
        if page is None:
            raise HTTPException(404)
        judgement = Judgement(
            article_id=page.notice.article_id,
            rule=page.row.rule,
            is_right=form["verdict"] == "right",
            note=form.get("note", "").strip()[:_LONGEST_NOTE],
            made_by=who,
            at=self._desk.clock(),
        )
        writer.looks.judge(judgement)

    async def acknowledge(self, request: Request) -> Response:
        """Note that the caller looks after a story, and lead back to it."""
        writer, _ = await read_form(request, self._desk)
        number = min(request.path_params["story_id"], LARGEST)
        who, now = caller(request), self._desk.clock()
        done = await asyncio.to_thread(writer.duty.acknowledge, number, who, now)
        if done is None:
            raise HTTPException(404)
        return RedirectResponse(f"/stories/{number}", 303)

    def export(self, request: Request) -> Response:
        """Answer with the judged articles as rows of a corpus, for ``marsad evaluate``."""
        del request
        rows = self._desk.store.looks.judgements()
        text = "".join(f"{json_text(corpus_row(row))}\n" for row in rows)
        answer = PlainTextResponse(text, media_type="application/jsonl")
        answer.headers["Content-Disposition"] = 'attachment; filename="marsad-judgements.jsonl"'
        return answer


def corpus_row(row: JudgedArticle) -> dict[str, object]:
    """Return a judged article as a row of a corpus; what was wrong has no facts to find."""
    right = row.judgement.is_right
    return {
        "id": f"judged-{row.judgement.article_id}-{row.judgement.rule}",
        "url": row.url,
        "language": row.language,
        "title": row.title,
        "text": row.text,
        "published_at": isoformat(row.published_at) if row.published_at is not None else None,
        "label": int(right),
        "partners": list(row.partners) if right else [],
        "activities": list(row.activities) if right else [],
        "note": row.judgement.note,
    }
