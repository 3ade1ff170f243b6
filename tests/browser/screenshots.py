"""Pictures of every page for the documentation: ``make screenshots``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from browser_stage import chromium, demonstration, looking, served
from playwright.sync_api import Browser

PAGES = {
    "today": "/",
    "story": "/stories/1",
    "hit": "/hits/1",
    "explore": "/hits?text=exercice",
    "picture": "/picture?span=1y",
    "sources": "/sources",
    "alerts": "/alerts",
    "matrix": "/picture#h-matrix",
}
VIEWS = (("fr", False, "light"), ("ar", False, "dark"), ("ar", True, "light"), ("fr", True, "dark"))


def main(folder: Path) -> None:
    """Take a picture of each page in each view."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        path = demonstration(Path(place) / "demo")
        with served(path) as address, chromium() as browser:
            prepare(browser, address)
            for language, is_phone, scheme in VIEWS:
                with looking(browser, address, language, is_phone=is_phone, scheme=scheme) as tab:
                    size = "phone" if is_phone else "desktop"
                    for name, where in PAGES.items():
                        if name == "matrix" and is_phone:
                            continue
                        tab.goto("about:blank")  # so that a fragment is gone to each time
                        tab.goto(where)
                        if name == "hit":
                            tab.locator(".tree").wait_for(timeout=60_000)
                        tab.wait_for_timeout(300)
                        tab.screenshot(path=folder / f"{name}-{language}-{size}-{scheme}.png")


def prepare(browser: Browser, address: str) -> None:
    """Silence a known visit, and wait until the rules' process has told what things are called."""
    with looking(browser, address, "fr") as tab:
        tab.goto("/hits/1")
        tab.locator(".tree").wait_for(timeout=120_000)
        tab.goto("/alerts?partner=TN&until=2d")
        tab.locator("#s-reason").fill("visite annoncée, suivie au bureau")
        tab.locator("#silence button").click()
        tab.locator("#silences .rows li").wait_for()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
