"""Stories: what is new, and everything that was written about one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from alerts.proof import proof
from domain.errors import StoreError
from domain.looking import Telling
from marsad.web.desk import Desk
from marsad.web.filters import LARGEST
from marsad.web.rendering import Renderer

PAGE = 25  # stories on a page
_AT_ONCE = 20  # stories of one message of the stream
_LOOK = 2.0  # seconds between two looks for something new
_BEAT = 3  # looks after which a quiet stream says that it lives; page.js waits for some of them
_FACTS = ("partners", "activities", "persons", "organisations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """One article of a story, and what no earlier one named."""

    telling: Telling
    new: tuple[tuple[str, str], ...]  # (kind, value)
    delay: float  # seconds after the first one


class StoryPages:
    """Answers with stories."""

    def __init__(self, desk: Desk, renderer: Renderer) -> None:
        self._desk, self._renderer = desk, renderer

    def today(self, request: Request) -> Response:
        """Answer with the stories told last."""
        before = _number(request.query_params.get("before"))
        cards = self._desk.store.looks.stories(PAGE, before)
        newest = self._desk.store.looks.newest_hit()
        more = f"/?before={cards[-1].story_id}" if len(cards) == PAGE else None
        return self._renderer.page(
            request,
            "today.html.j2",
            cards_shown=[(card, proof(card.notice)) for card in cards],
            more=more,
            newest=newest,
            is_first=before is None,
        )

    def story(self, request: Request) -> Response:
        """Answer with one story."""
        number = request.path_params["story_id"]
        card = self._desk.store.looks.story(number) if number <= LARGEST else None
        if card is None:
            raise HTTPException(404)
        if card.story_id != number:  # it became part of another: links to it stay good
            return RedirectResponse(f"/stories/{card.story_id}", status_code=301)
        told = self._desk.store.looks.deliveries(card.story_id)
        return self._renderer.page(
            request,
            "story.html.j2",
            card=card,
            proof=proof(card.notice),
            additions=additions(card.tellings),
            told=told,
        )

    async def live(self, request: Request) -> Response:
        """Answer with a stream of cards: each story that is new or got another article."""
        given = request.headers.get("last-event-id") or request.query_params.get("after")
        after = _number(given)
        if after is None:
            after = await asyncio.to_thread(self._desk.store.looks.newest_hit)
        return StreamingResponse(
            self._stream(request, after),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _stream(self, request: Request, after: int) -> AsyncIterator[str]:
        yield ": marsad\n\n"
        quiet = 0
        while not await self._is_over():
            try:
                cards = await asyncio.to_thread(
                    self._desk.store.looks.changed_stories, after, _AT_ONCE
                )
            except StoreError:
                continue  # the store is busy or away: the next look may find it
            quiet = 0 if cards else quiet + 1
            for card in cards:
                after = max(after, card.newest_hit)
                facts = {"card": card, "proof": proof(card.notice)}
                text = await asyncio.to_thread(self._renderer.text, request, "new.html.j2", facts)
                yield event(text, card.newest_hit)
            if quiet >= _BEAT:
                quiet = 0
                yield "event: beat\ndata:\n\n"

    async def _is_over(self) -> bool:
        try:
            await asyncio.wait_for(self._desk.stopping.wait(), _LOOK)
        except TimeoutError:
            return False
        return True


def event(text: str, ident: int) -> str:
    """Return a message of a stream of server-sent events."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() if line.strip())
    return f"id: {ident}\n{lines}\n"


def additions(tellings: Sequence[Telling]) -> list[Addition]:
    """Return what each article adds to those before it, the earliest first."""
    known: set[tuple[str, str]] = set()
    found = []
    for telling in tellings:
        facts = [(kind, value) for kind in _FACTS for value in getattr(telling, kind)]
        new = tuple(fact for fact in facts if fact not in known)
        known.update(facts)
        delay = (telling.at - tellings[0].at).total_seconds()
        found.append(Addition(telling=telling, new=new, delay=delay))
    return found


def _number(text: str | None) -> int | None:
    """Return a number from an address; None for none and for what is none."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 10:
        return None
    return min(int(text), LARGEST)
