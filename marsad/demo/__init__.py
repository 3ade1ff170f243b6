"""The bundled demonstration: a small invented press, collected and told for real.

It knows a press (``press/``), serves it on loopback with two receivers of alerts, and lets
``marsad.crawling`` do what it does every day. It never knows how anything is collected, judged,
stored or sent. ``marsad demo`` calls it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from rich.console import Console

from domain.asking import HitQuery, HitRow
from domain.source import VisitReport
from marsad.clock import utc_now
from marsad.commands.formats import console_for_data
from marsad.config import Config, load_config
from marsad.crawling import Pass, Unwatched, crawl
from marsad.demo.folder import (
    MAIL_CHANNEL,
    SLACK_CHANNEL,
    SLACK_PARTNERS,
    make_folder,
    write_config,
    write_received,
    write_samples,
)
from marsad.demo.outlets import Outlet, load_press
from marsad.demo.server import Site
from marsad.demo.show import (
    Figures,
    show_alerts,
    show_figures,
    show_hits,
    show_next,
    show_start,
    show_visits,
)
from marsad.demo.sinks import mail_sink, slack_sink
from marsad.logs import configure
from marsad.stores import open_store

DEFAULT_FOLDER = "marsad-demo"
_SAMPLE = "p007"  # the article whose page is left for `marsad match`
_PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """What came of the demonstration."""

    config: Config
    config_path: Path
    done: Pass
    mails: list[EmailMessage]
    posts: list[dict[str, Any]]


def run_demo(folder: str | None, *, is_verbose: bool) -> int:
    """Run and print the demonstration; return the exit code.

    0 only when the whole press was collected, hits are stored, and both receivers got every
    alert that these call for.
    """
    began = time.monotonic()
    configure(is_verbose=is_verbose)
    if not is_verbose:
        logging.getLogger().setLevel(logging.CRITICAL)
    place = make_folder(Path(folder or DEFAULT_FOLDER))
    outlets = load_press(utc_now())
    console = console_for_data()
    show_start(console, len(outlets), sum(len(outlet.stories) for outlet in outlets))
    with console.status("collecting ...") as status, _direct():
        showing = asyncio.run(_perform(place, outlets, status.update))
    write_received(place, showing.mails, showing.posts)
    return _report(console, outlets, showing, time.monotonic() - began)


class _Countdown(Unwatched):
    """Says how many sources are left."""

    def __init__(self, left: list[str], say: Callable[[str], None]) -> None:
        self._left = left
        self._say = say

    def advance(self, report: VisitReport, hits: int) -> None:
        """See ``marsad.crawling.Watcher``."""
        del hits
        self._left.remove(report.source_id)
        count = len(self._left)
        self._say(f"collecting, {count} sources left" if count else "delivering the alerts")


async def _perform(
    folder: Path, outlets: tuple[Outlet, ...], say: Callable[[str], None]
) -> Showing:
    """Serve the press, collect it, and gather what the receivers got."""
    with ExitStack() as stack:
        sites = [stack.enter_context(Site(outlet)) for outlet in outlets]
        slack = stack.enter_context(slack_sink())
        async with mail_sink() as mailbox:
            path = write_config(folder, sites, mailbox.port, slack.url)
            write_samples(folder, outlets, _SAMPLE)
            config = load_config(path, {})
            watcher = _Countdown([site.outlet.id for site in sites], say)
            done = await crawl(config, {}, is_all=True, watcher=watcher)
        return Showing(
            config=config,
            config_path=path,
            done=done,
            mails=mailbox.mails,
            posts=slack.posts,
        )


@contextmanager
def _direct() -> Iterator[None]:
    """Leave out the machine's web proxy, which cannot reach our loopback."""
    kept = {name: os.environ.pop(name) for name in _PROXIES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


# Further reports of a story that was told wait for the day's digest.
_TOLD = "SELECT channel, story_id, state FROM v_alerts WHERE mode = 'immediate'"


def _report(console: Console, outlets: Sequence[Outlet], showing: Showing, seconds: float) -> int:
    with open_store(showing.config.database, must_exist=True) as store:
        hits = list(store.hits(HitQuery(limit=None)))
        told = list(store.query(_TOLD).rows)
    recent = [hit for hit in hits if _is_recent(hit, showing.config.alerts.max_age)]
    show_alerts(console, showing.mails, showing.posts)
    show_hits(console, hits, {hit.hit_id for hit in recent})
    show_visits(console, showing.done)
    figures = Figures(
        outlets=len(showing.config.sources),
        articles=sum(report.new_articles for report in showing.done.reports),
        hits=len(hits),
        older=len(hits) - len(recent),
        mails=len(showing.mails),
        posts=len(showing.posts),
        seconds=seconds,
    )
    show_figures(console, figures)
    fault = (
        uncollected(outlets, showing.done.reports)
        or ("" if hits else "no hit was stored")
        or missing("e-mails", MAIL_CHANNEL, recent, told, len(showing.mails))
        or missing("Slack messages", SLACK_CHANNEL, _for_slack(recent), told, len(showing.posts))
    )
    if fault:
        print(f"marsad: {fault}", file=sys.stderr)
        return 1
    show_next(console, showing.config_path)
    return 0


def _is_recent(hit: HitRow, max_age: timedelta) -> bool:
    return hit.published_at is None or hit.matched_at - hit.published_at <= max_age


def _for_slack(hits: list[HitRow]) -> list[HitRow]:
    return [hit for hit in hits if not set(SLACK_PARTNERS).isdisjoint(hit.partners)]


def uncollected(outlets: Sequence[Outlet], reports: Sequence[VisitReport]) -> str:
    """Say which outlets were not read whole; the one that is down has nothing to read."""
    got = {report.source_id: report.new_articles for report in reports}
    short = [o for o in outlets if got.get(o.id) != len(o.stories)]
    return "; ".join(
        f"{got.get(o.id, 0)} of {len(o.stories)} articles of {o.id} were collected" for o in short
    )


def missing(
    what: str, channel: str, hits: list[HitRow], told: Sequence[tuple[Any, ...]], arrived: int
) -> str:
    """Say what is missing: every story of ``hits`` must be told, and all that is told arrive."""
    rows = [(story, state) for name, story, state in told if name == channel]
    untold = {hit.story_id for hit in hits} - {story for story, state in rows if state == "sent"}
    if untold or not hits:
        return f"{len(untold)} stories were not sent as {what}" if hits else f"no {what} to send"
    failed = sum(state == "failed" for _, state in rows)
    if failed:
        return f"{failed} {what} were refused for good"
    # Reports of one story that were due together are one message.
    if not len({story for story, _ in rows}) <= arrived <= len(rows):
        return f"{len(rows)} {what} were sent, {arrived} arrived"
    return ""
