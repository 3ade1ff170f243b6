"""What the tests of the page share: a filled store, and the real server on loopback."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from domain.article import Article
from domain.filing import Filing
from domain.match import Evidence, Match
from domain.notice import Mode, PlannedDelivery
from domain.source import Source
from marsad.config import load_config
from marsad.folding import MatcherFolding
from marsad.stores import open_store
from marsad.web.server import serving
from marsad.web.settings import WebSettings

TOKEN = "a-token-of-the-desk"
FRENCH = (
    "Une délégation militaire italienne est arrivée lundi à Alger.\n\n"
    "Les deux marines préparent un exercice naval conjoint au large d’Oran."
)
ARABIC = "استقبل رئيس الأركان وفدا عسكريا من إيطاليا.\n\nوبحث الطرفان التعاون العسكري بين البلدين."


def proof(text: str, words: str, concept: str = "#exercise", field: str = "text") -> Evidence:
    start = text.index(words)
    return Evidence(start=start, end=start + len(words), text=words, field=field, concept=concept)


def filing(number: int, when: datetime, **facts: Any) -> Filing:
    """Return a French hit of outlet ``tsa``; ``facts`` replace those of its article or match."""
    of_match = {k: facts.pop(k) for k in ("partners", "activities", "evidence") if k in facts}
    given: dict[str, Any] = {
        "url": f"https://tsa.example/{number}",
        "source_id": "tsa",
        "title": f"Exercice naval algéro-italien {number}",
        "text": FRENCH,
        "language": "fr",
        "first_seen": when,
        "published_at": when - timedelta(hours=1),
    }
    article = Article(**{**given, **facts})
    held: dict[str, Any] = {
        "partners": ("IT",),
        "activities": ("visit", "exercise"),
        "persons": ("said-chanegriha",),
        "evidence": (proof(article.text, "exercice naval conjoint"),)
        if article.text == FRENCH
        else (),
    }
    match = Match(rule="defence-cooperation", score=0.91, threshold=0.5, **{**held, **of_match})
    told = PlannedDelivery(channel="mail", mode=Mode.IMMEDIATE, due_at=when)
    return Filing(article=article, matches=(match,), deliveries=(told,))


def arabic(number: int, when: datetime, **facts: Any) -> Filing:
    given = {
        "source_id": "awras",
        "url": f"https://awras.example/{number}",
        "language": "ar",
        "title": f"رئيس الأركان يستقبل وفدا عسكريا إيطاليا {number}",
        "text": ARABIC,
        "evidence": (proof(ARABIC, "التعاون العسكري", "#cooperation_military"),),
    }
    return filing(number, when, **{**given, **facts})


SOURCES = (
    Source(id="tsa", name="TSA <Algérie>", url="https://tsa.example/", language="fr", country="DZ"),
    Source(id="awras", name="أوراس", url="https://awras.example/", language="ar", country="DZ"),
)


def write_config(folder: Path, **web: Any) -> Path:
    """Write a configuration of the sources above with a page on a free port."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
    outlets = [
        {"id": s.id, "name": s.name, "url": s.url, "language": s.language, "country": s.country}
        for s in SOURCES
    ]
    config = {
        "database": "sqlite:///marsad.db",
        "crawler": {"include": []},
        "sources": [{**outlet, "feeds": [f"{outlet['url']}feed"]} for outlet in outlets],
        "web": {"port": port, **web},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return path


def fill(path: Path, filings: Sequence[Filing], database: str | None = None) -> None:
    """File ``filings`` into the configured store."""
    config = load_config(path, {}, database=database)
    MatcherFolding()("")  # loaded before a transaction begins, which PostgreSQL ends when it idles
    with open_store(config.database) as store:
        store.sync_sources(SOURCES, datetime.now(UTC))
        store.file(filings, None, datetime.now(UTC))


@asynccontextmanager
async def page(path: Path, database: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the page of a configuration; yield a client that asks it."""
    config = load_config(path, {}, database=database)
    settings = config.web
    assert isinstance(settings, WebSettings)
    address = f"http://127.0.0.1:{settings.port}"
    async with (
        serving(config, settings, is_collecting=False),
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client,
    ):
        yield client
