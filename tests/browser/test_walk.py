"""An analyst's morning in a real browser, in French and in Arabic, on the demonstration's store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_stage import (
    CHROMIUM,
    HOSTILE_TEXT,
    HOSTILE_TITLE,
    chromium,
    demonstration,
    file_article,
    looking,
    served,
)
from playwright.sync_api import Browser, Page, Route, expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium: make browser"),
]
AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
PAGES = ("/", "/hits", "/picture", "/sources", "/alerts")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demonstration(tmp_path_factory.mktemp("walk") / "demo")


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    with served(place) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=["fr", "ar"])
def tab(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    with looking(browser, address, request.param) as tab:
        said: list[str] = []
        tab.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
        yield tab
        assert said == []


def test_a_stream_that_died_without_a_word_is_made_anew(
    browser: Browser, address: str, place: Path
):
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:  # the first one never gets an answer
            route.continue_()

    with looking(browser, address, "en") as tab:
        tab.route("**/live?*", answer)
        tab.goto("/")
        title = "Told after a silence"
        text = "Kenyan officers visited the staff college at Tamentfoust, Nairobi said on Friday."
        file_article(place, title, text, "KE", "en")
        expect(tab.locator(".card").first).to_contain_text(title, timeout=90_000)
        assert len(asked) >= 2
        tab.unroute_all(behavior="ignoreErrors")


def test_the_morning_walk(tab: Page, place: Path):
    tab.goto("/")
    language = tab.locator("html").get_attribute("lang")
    is_arabic = language == "ar"
    assert tab.locator("html").get_attribute("dir") == ("rtl" if is_arabic else "ltr")
    cards = tab.locator(".card")
    assert cards.count() >= 10
    expect(cards.first.locator("mark").first).to_be_visible()
    # what is new arrives by itself, on top
    title = f"Un fait nouveau pour {language}"
    # two events, so that the second is no report of the first
    partner, text = (
        ("PT", "Une escale de trois jours est prévue à Oran pour la frégate venue de Lisbonne.")
        if is_arabic
        else ("BR", "Les pilotes seront formés sur simulateur à partir de janvier, dit Brasilia.")
    )
    file_article(place, title, text, partner)
    try:
        expect(tab.locator(".card").first).to_contain_text(title, timeout=60_000)
    except AssertionError as error:
        stream = "document.hidden + ' ' + JSON.stringify(performance.getEntriesByType('resource'))"
        error.add_note(f"hidden, and what was asked: {tab.evaluate(stream)}")
        error.add_note((place.parent / "web.log").read_text("utf-8")[-2000:])
        raise
    expect(tab.locator("#live")).to_contain_text(re.compile(r"· [1-9]"))
    # a story, told by several
    several = re.compile(r"(2|3) articles|مقالان|3 مقالات")
    told = tab.locator(".card", has_text=several, has_not_text="Hostile").first
    told.locator("h2 a").click()
    # a click does not wait for the page it leads to: every look after one must
    expect(tab.locator(".timeline .hit").nth(1)).to_be_visible()
    # one of its hits: why, and where
    tab.locator(".timeline h3 a").first.click()
    expect(tab.locator(".tree details").first).to_be_visible(timeout=60_000)
    expect(tab.locator(".proofs .clause").first).to_be_visible()
    mark = tab.locator(".paper mark a").first
    mark.click()
    expect(tab).to_have_url(re.compile(r"#proof-\d+$"))
    # it is wrong
    tab.locator("#f-note").fill("pas ici")
    tab.locator("button[value=wrong]").click()
    expect(tab.locator("#judgement [role=status]")).to_contain_text("amina")
    # the picture, by keyboard, and back to what lies behind a number
    tab.keyboard.press("Home")
    tab.goto("/picture")
    assert tab.locator(".chart").count() == 3
    for chart in tab.locator(".chart").all():
        chart.scroll_into_view_if_needed()
        assert chart.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    tab.locator(".matrix td a").first.click()
    expect(tab.locator(".hit").first).to_be_visible()
    tab.goto("/sources")
    assert tab.locator(".sources tbody tr").count() >= 6
    # a story to hear no more of, and to hear of again
    tab.goto("/stories/1")
    tab.locator("a[href$='#silence']").click()
    expect(tab.locator("#s-story")).to_have_value("1")
    tab.locator("#s-reason").fill(f"connu {language}")
    tab.locator("#silence button").click()
    silence = tab.locator("#silences .rows li", has_text=f"connu {language}")
    expect(silence).to_contain_text("amina")
    silence.locator("button").click()
    expect(silence).to_have_count(0)


def test_words_and_filters_find(tab: Page):
    tab.goto("/hits")
    every = tab.locator(".hit").count()
    tab.locator("#f-language").select_option("ar")
    tab.locator(".filters button").click()
    expect(tab).to_have_url(re.compile("language=ar"))
    tab.wait_for_load_state()
    found = tab.locator(".hit")
    assert 0 < found.count() < every
    assert all(h.locator("h2 a").get_attribute("dir") == "rtl" for h in found.all())
    with tab.expect_download() as given:
        tab.locator("a[download]", has_text="CSV").click()
    assert Path(given.value.path()).read_text(encoding="utf-8-sig").startswith("hit_id,")


def test_the_layout_follows_the_language_and_fits_a_phone(browser: Browser, address: str):
    for language in ("fr", "ar"):
        with looking(browser, address, language, is_phone=True) as tab:
            for path in (*PAGES, "/hits/1", "/stories/1"):
                tab.goto(path)
                wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, (path, language, wide)
        with looking(browser, address, language) as tab:
            tab.goto("/")
            brand = tab.locator(".brand").bounding_box()
            assert brand is not None
            assert (brand["x"] > 640) == (language == "ar")


# Each language and each scheme once: colours know no language, and names no colour.
@pytest.mark.parametrize(("language", "scheme"), [("fr", "light"), ("ar", "dark")])
def test_axe_finds_nothing_serious(browser: Browser, address: str, language: str, scheme: str):
    with looking(browser, address, language, scheme=scheme) as tab:
        for path in (*PAGES, "/hits/1", "/stories/1", "/nowhere"):
            tab.goto(path)
            if path == "/hits/1":
                expect(tab.locator(".tree")).to_be_visible(timeout=60_000)
                height = tab.evaluate("document.documentElement.scrollHeight")
                assert height < 5_000, "what nobody reads at once is to be folded"
            tab.evaluate(AXE)
            found: dict[str, Any] = tab.evaluate("axe.run()")
            grave = [
                (v["id"], [(n["target"], n["failureSummary"]) for n in v["nodes"]][:3])
                for v in found["violations"]
                if v["impact"] in ("serious", "critical")
            ]
            assert grave == [], path


def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser: Browser, address: str):
    with looking(browser, address, "en") as tab:
        tab.goto("/")
        tab.keyboard.press("Tab")
        tab.wait_for_function("document.activeElement.className === 'skip'")
        tab.keyboard.press("Enter")
        expect(tab).to_have_url(re.compile("#main$"))
        tab.keyboard.press("j")
        tab.keyboard.press("j")
        focused = "document.activeElement.closest('.card')"
        tab.wait_for_function(f"{focused} === document.querySelectorAll('.card')[1]")
        outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        tab.keyboard.press("/")
        tab.wait_for_function("document.activeElement.type === 'search'")


def test_a_hostile_article_changes_nothing(tab: Page, place: Path):
    tab.goto("/")
    kept = tab.locator(".bar").bounding_box()
    partner = "CL" if tab.locator("html").get_attribute("lang") == "ar" else "KR"
    file_article(place, HOSTILE_TITLE, HOSTILE_TEXT, partner)
    card = tab.locator(".card", has_text="<script>").first  # its markup is text
    expect(card).to_be_visible(timeout=60_000)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    hostile = tab.locator(".hit h2 a", has_text="Hostile").first
    for open_page in (tab.reload, lambda: tab.goto("/hits"), hostile.click):
        open_page()
        tab.wait_for_timeout(500)
        assert tab.title() != "owned"
        for forbidden in (
            "main script, main style, main meta, main [onerror], a[href^='javascript:']",
            "main [onclick], main [onmouseover], main [hx-get='/owned']",
        ):
            assert tab.locator(forbidden).count() == 0
        assert tab.locator(".bar").bounding_box() == kept
        assert not re.search(
            "[\u202a-\u202e\u2066-\u2069]", tab.locator("main h2").first.inner_text()
        )
    assert "{{ 7 * 7 }}" in tab.locator(".paper").inner_text()
    assert not [url for url in asked if "owned" in url and "hostile" not in url]
