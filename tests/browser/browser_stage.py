"""A page to look at: the demonstration's store, served by ``marsad web``, and Debian's Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import yaml
from playwright.sync_api import Browser, Page, expect, sync_playwright

from domain.article import Article
from domain.filing import Filing
from domain.match import Evidence, Match
from marsad.stores import open_store

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
WAIT_MS = 30_000  # for what a busy machine does in milliseconds on a quiet one
TOKEN = "a-token-of-the-desk"
MARSAD = (sys.executable, "-m", "marsad.cli")
HOSTILE_TITLE = "Hostile \u202egnihtemos</h2><script>document.title='owned'</script>\u2067"
HOSTILE_TEXT = (
    "Coopération militaire <img src=x onerror=\"document.title='owned'\">\u202e à l'envers\n\n"
    "<a href=\"javascript:document.title='owned'\" onclick=\"document.title='owned'\">ici</a>"
    "<style>*{display:none}</style><meta http-equiv=refresh content='0;url=/owned'>"
    "<div hx-get='/owned' hx-trigger='load'>x</div>{{ 7 * 7 }}\u2069\u2069\u2069"
)

expect.set_options(timeout=WAIT_MS)


def demonstration(folder: Path) -> Path:
    """Fill a store as ``marsad demo`` does; return its configuration, with a page."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MARSAD_")}
    command = (*MARSAD, "demo", "--folder", str(folder))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    path = folder / "config.yaml"
    # Whether every message arrived is for the demonstration's own tests to say.
    assert path.exists(), done.stderr
    assert (folder / "marsad.db").exists(), done.stderr
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["web"] = {"port": port, "token": TOKEN}
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return path


def file_article(path: Path, title: str, text: str, partner: str, language: str = "fr") -> None:
    """File one more hit into the store of a configuration: an event of its own by ``partner``."""
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    now = datetime.now(UTC)
    article = Article(
        url=f"https://hostile.example/{abs(hash(title))}/{partner}?a=\"><script>document.title='owned'</script>",
        source_id=config["sources"][0]["id"],
        title=title,
        text=text,
        language=language,
        first_seen=now,
        published_at=now,
        authors=("<b onmouseover=alert(1)>",),
    )
    words = text[:20]
    proof = Evidence(start=0, end=len(words), text=words, field="text", concept="#c")
    match = Match(
        rule="defence-cooperation",
        score=0.9,
        threshold=0.5,
        partners=(partner,),
        evidence=(proof,),
    )
    with open_store(f"sqlite:///{path.parent / 'marsad.db'}") as store:
        store.file([Filing(article=article, matches=(match,))], None, now)


@contextmanager
def served(path: Path) -> Iterator[str]:
    """Serve the page of a configuration; yield its address."""
    port = yaml.safe_load(path.read_text(encoding="utf-8"))["web"]["port"]
    address = f"http://127.0.0.1:{port}"
    command = (*MARSAD, "--config", str(path), "web")
    log = (path.parent / "web.log").open("wb")
    process = subprocess.Popen(command, stderr=log)
    log.close()
    try:
        deadline = time.monotonic() + 180
        while not _answers(address):
            assert process.poll() is None, "the page ended"
            assert time.monotonic() < deadline, "the page does not answer"
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def chromium() -> Iterator[Browser]:
    """Open Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--proxy-server=direct://"]
        )
        yield browser
        browser.close()


@contextmanager
def looking(
    browser: Browser, address: str, language: str, *, is_phone: bool = False, scheme: str = "light"
) -> Iterator[Page]:
    """Open a tab of somebody who reads ``language``."""
    size = {"width": 390, "height": 844} if is_phone else {"width": 1280, "height": 900}
    context = browser.new_context(
        base_url=address,
        viewport=size,
        locale={"fr": "fr-DZ", "ar": "ar-DZ", "en": "en-GB"}[language],
        color_scheme=scheme,
        timezone_id="Africa/Algiers",
        http_credentials={"username": "amina", "password": TOKEN},
    )
    context.set_default_timeout(WAIT_MS)
    try:
        yield context.new_page()
    finally:
        context.close()
