"""The pages of the morning's walk: what is new, a story, the picture, sources, messages."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from lxml import etree
from web_stage import TOKEN, arabic, filing, fill, page, write_config

from domain.looking import Count, Telling
from marsad.web.charts import bars, stacked
from marsad.web.names import Names, flag
from marsad.web.pages.picture import by_month, ranked
from marsad.web.pages.stories import additions, event
from marsad.web.wording import LANGUAGES, load_words

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
FR = {"Accept-Language": "fr"}
SHARED = "Exercice naval conjoint au large d’Oran"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_config(tmp_path_factory.mktemp("pages"), token=TOKEN)
    filings = [
        filing(1, NOW - 5 * HOUR, title=SHARED),
        filing(2, NOW - 4 * HOUR, title=SHARED, source_id="awras", partners=("IT", "ES")),
        arabic(3, NOW - 3 * HOUR),
        filing(4, NOW - timedelta(days=70), partners=("US",), activities=("training",)),
    ]
    fill(path, filings)
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(place: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with page(place) as asked:
        asked.headers["Authorization"] = f"Bearer {TOKEN}"
        yield asked


async def test_today_shows_each_story_once_newest_first(client: httpx.AsyncClient):
    text = (await client.get("/", headers=FR)).text
    cards = re.findall(r'<article class="card".*?</article>', text, re.DOTALL)
    assert len(cards) == 3
    assert "رئيس الأركان" in cards[0]
    assert 'dir="rtl"' in cards[0]
    assert SHARED in cards[1]
    assert "2 articles" in cards[1]
    assert "Espagne" in cards[1]
    assert "<mark>exercice naval conjoint</mark>" in cards[1]
    assert "États-Unis" in cards[2]


async def test_a_story_has_all_its_articles_and_what_each_adds(client: httpx.AsyncClient):
    today = (await client.get("/", headers=FR)).text
    stories = re.findall(r'id="story-(\d+)"', today)
    text = (await client.get(f"/stories/{stories[1]}", headers=FR)).text
    assert text.count('<li class="hit">') == 2
    assert "le premier" in text
    assert re.search(r"1\sheure plus tard", text)
    added = re.findall(r'class="adds">(.*?)</p>', text, re.DOTALL)[1]
    assert "Espagne" in added
    assert "Italie" not in added
    assert "en attente" in text
    assert (await client.get("/stories/999")).status_code == 404


async def test_sources_and_messages(client: httpx.AsyncClient):
    text = (await client.get("/sources", headers=FR)).text
    assert "TSA &lt;Algérie&gt;" in text
    assert text.count('<svg class="spark"') == 2
    text = (await client.get("/alerts", headers=FR)).text
    assert "En attente" in text
    assert text.count("<bdi>mail</bdi>") in (3, 4)  # one may be silenced by now


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_picture_counts_and_draws(client: httpx.AsyncClient, language: str):
    text = (await client.get(f"/picture?lang={language}")).text
    client.cookies.clear()
    assert text.count("<img") == 3
    assert text.count("<table") >= 5
    assert "&amp;activity=training&amp;since=365d" in text
    for address in re.findall(r'(?:<img class="chart" src|srcset)="([^"]+)"', text):
        drawn = await client.get(address.replace("&amp;", "&"))
        assert drawn.headers["content-type"] == "image/svg+xml"
        assert "<svg" in drawn.text
        assert "script" not in drawn.text
        assert "default-src 'none'" in drawn.headers["content-security-policy"]
    assert (await client.get("/picture/none.svg")).status_code == 404


async def test_the_picture_of_a_month_leaves_older_hits_out(client: httpx.AsyncClient):
    text = (await client.get("/picture?span=30d", headers=FR)).text
    assert "3 articles retenus" in text
    assert "États-Unis" not in text


async def test_a_judgement_is_kept_and_goes_out_as_a_row_of_a_corpus(client: httpx.AsyncClient):
    hit = (await client.get("/api/hits?language=ar")).json()[0]["hit_id"]
    shown = (await client.get(f"/hits/{hit}", headers=FR)).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', shown)
    assert csrf is not None
    own = {"Origin": str(client.base_url).rstrip("/")}
    path, form = f"/hits/{hit}/judgement", {"csrf": csrf[1], "verdict": "wrong", "note": "رأي <b>"}
    assert (await client.post(path, data={**form, "csrf": "guessed"})).status_code == 403
    for foreign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await client.post(path, data=form, headers=foreign)).status_code == 403
    assert (await client.get("/judgements.jsonl")).text == ""
    assert (await client.post(path, data={**form, "verdict": "?"})).status_code == 400
    assert (await client.post(path, data=form | {"note": "x" * 9000})).status_code == 413
    kept = await client.post(path, data=form, headers=own)
    assert (kept.status_code, kept.headers["location"]) == (303, f"/hits/{hit}#judgement")
    rows = [json.loads(line) for line in (await client.get("/judgements.jsonl")).text.splitlines()]
    assert [(row["label"], row["language"], row["partners"]) for row in rows] == [(0, "ar", [])]
    assert rows[0]["text"].startswith("استقبل")
    await client.post(path, data=form | {"verdict": "right"}, headers=own)
    rows = [json.loads(line) for line in (await client.get("/judgements.jsonl")).text.splitlines()]
    assert [(row["label"], row["partners"]) for row in rows] == [(1, ["IT"])]
    shown = (await client.get(f"/hits/{hit}", headers=FR)).text
    assert "Jugé juste" in shown
    assert "رأي &lt;b&gt;" in shown


async def test_a_story_is_acknowledged_once_by_name(client: httpx.AsyncClient):
    shown = (await client.get("/", headers=FR)).text
    story = re.findall(r'id="story-(\d+)"', shown)[-1]
    text = (await client.get(f"/stories/{story}", headers=FR)).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', text)
    assert csrf is not None
    path = f"/stories/{story}/acknowledge"
    assert (await client.post(path, data={"csrf": "guessed"})).status_code == 403
    for _ in range(2):
        assert (await client.post(path, data={"csrf": csrf[1]})).status_code == 303
    text = (await client.get(f"/stories/{story}", headers=FR)).text
    assert "Suivi par <bdi>token</bdi>" in text
    assert "Je m’en occupe" not in text
    assert "suivi</span>" in (await client.get("/", headers=FR)).text
    nobody = await client.post("/stories/999/acknowledge", data={"csrf": csrf[1]})
    assert nobody.status_code == 404


async def csrf_of(client: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', (await client.get("/alerts")).text)
    assert found is not None
    return found[1]


async def test_a_silence_is_made_seen_and_ended(client: httpx.AsyncClient):
    csrf = await csrf_of(client)
    text = (await client.get("/alerts?story=1&partner=IT", headers=FR)).text
    assert 'name="story" inputmode="numeric" pattern="[0-9]*" maxlength="10" value="1"' in text
    assert '<option value="IT" selected>' in text
    wish = {"csrf": csrf, "partner": "it", "text": "EXERCICE naval", "until": "2d"}
    wish |= {"reason": "visite <b>connue</b>", "outlet": "tsa"}
    kept = await client.post("/silences", data=wish)
    assert (kept.status_code, kept.headers["location"]) == (303, "/alerts#silences")
    text = (await client.get("/alerts", headers=FR)).text
    shown = text[text.index('<ul class="plain rows">') :]
    for words in (
        "Italie",
        "EXERCICE naval",
        "TSA &lt;Algérie&gt;",
        "visite &lt;b&gt;connue&lt;/b&gt;",
    ):
        assert words in shown
    assert "1 message tu" in shown  # what waited for this outlet, partner and words
    (end,) = re.findall(r'action="(/silences/\d+/end)"', text)
    assert (await client.post(end, data={"csrf": "guessed"})).status_code == 403
    assert (await client.post(end, data={"csrf": csrf})).status_code == 303
    assert (await client.post(end, data={"csrf": csrf})).status_code == 404
    text = (await client.get("/alerts", headers=FR)).text
    assert "Rien n’est mis en silence" in text


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({}, "say what to silence"),
        ({"partner": "natto"}, "did you mean &#39;nato&#39;"),
        ({"outlet": "tsaa"}, "did you mean &#39;tsa&#39;"),
        ({"rule": "defense-cooperation"}, "did you mean &#39;defence-cooperation&#39;"),
        ({"story": "999"}, "no story 999"),
        ({"story": "one"}, "no number"),
        ({"text": "a", "until": "2001-01-01"}, "that is past"),
        ({"text": "a", "until": "soon"}, "no date"),
        ({"text": "a", "reason": " "}, "reason must not be empty"),
    ],
)
async def test_a_silence_that_means_nothing_is_refused(
    client: httpx.AsyncClient, wish: dict[str, str], says: str
):
    form = {"csrf": await csrf_of(client), "until": "2d", "reason": "kept <i>"} | wish
    answer = await client.post("/silences", data=form, headers=FR)
    assert answer.status_code == 400
    assert says in answer.text
    assert "--" not in answer.text[answer.text.index('role="alert"') :][:200]
    if "reason" not in wish:
        assert 'value="kept &lt;i&gt;"' in answer.text  # nobody types it twice
    assert "Rien n’est mis en silence" in answer.text


async def test_a_silence_must_come_from_the_page_itself(client: httpx.AsyncClient):
    wish = {"text": "a", "until": "2d", "reason": "r"}
    assert (await client.post("/silences", data=wish)).status_code == 403
    assert (await client.post("/silences", data=wish | {"csrf": "x"})).status_code == 403
    foreign = {"Origin": "https://evil.example"}
    wish |= {"csrf": await csrf_of(client)}
    assert (await client.post("/silences", data=wish, headers=foreign)).status_code == 403
    assert (await client.get("/silences")).status_code == 405


async def test_why_links_each_proof_to_its_clauses(client: httpx.AsyncClient):
    hit = (await client.get("/api/hits?language=ar")).json()[0]["hit_id"]
    text = (await client.get(f"/hits/{hit}/why", timeout=60)).text
    assert "defence-cooperation matches" in text or "does not match" in text
    assert 'class="clause"' in text
    assert "<details" in text


async def test_new_stories_arrive_by_themselves(tmp_path: Path):
    place = write_config(tmp_path)
    fill(place, [filing(1, NOW)])
    async with asyncio.timeout(100), page(place) as client, client.stream("GET", "/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith(":")
        await asyncio.to_thread(fill, place, [filing(77, NOW, title="Tout nouveau <i>")])
        message = []
        async for line in lines:
            message.append(line)
            if "</article>" in line:
                break
    text = "\n".join(message)
    assert "id: 2" in text
    assert "Tout nouveau &lt;i&gt;" in text
    beat = {"event: beat", "data:"}  # said while nothing is new
    assert all(line.startswith(("data: ", "id: ")) for line in message if line and line not in beat)


async def test_a_quiet_stream_says_that_it_lives(tmp_path: Path):
    place = write_config(tmp_path)
    fill(place, [filing(1, NOW)])
    async with asyncio.timeout(100), page(place) as client, client.stream("GET", "/live") as stream:
        async for line in stream.aiter_lines():
            if line == "event: beat":
                break


async def test_every_language_has_every_sentence():
    english = load_words("en")
    for language in LANGUAGES:
        words = load_words(language)
        assert words.keys() == english.keys(), language
        for key, said in words.items():
            forms = said.values() if isinstance(said, dict) else [said]
            wanted = set(re.findall(r"{(\w+)}", str(english[key])))
            assert all(set(re.findall(r"{(\w+)}", form)) <= wanted for form in forms), key


def telling(number: int, hours: int, **facts: tuple[str, ...]) -> Telling:
    given = dict.fromkeys(("partners", "activities", "persons", "organisations"), ())
    return Telling(
        hit_id=number,
        article_id=number,
        outlet="tsa",
        language="fr",
        title="",
        url="",
        score=0.9,
        at=NOW + hours * HOUR,
        **{**given, **facts},
    )


async def test_what_an_article_adds_is_what_no_earlier_one_said():
    told = [
        telling(1, 0, partners=("IT",)),
        telling(2, 2, partners=("IT", "ES"), activities=("visit",)),
        telling(3, 3, partners=("ES",)),
    ]
    found = additions(told)
    assert [a.new for a in found] == [
        (("partners", "IT"),),
        (("partners", "ES"), ("activities", "visit")),
        (),
    ]
    assert [a.delay for a in found] == [0, 7200, 10800]


async def test_counts_of_many_partners_are_gathered():
    counts = [Count(row="2026-01", column=f"{c}{c}", hits=i) for i, c in enumerate("ABCDEFGHIJ", 1)]
    grid = by_month(counts, datetime(2025, 11, 3, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert grid.rows == ("2025-11", "2025-12", "2026-01", "2026-02")
    assert grid.columns == ("JJ", "II", "HH", "GG", "FF", "EE", "DD", "")
    assert grid.total("2026-01") == sum(range(1, 11))
    assert ranked(counts).columns[0] == "JJ"
    assert ranked([]).heat("a", "b") == 0


@pytest.mark.parametrize(
    ("ident", "said", "flagged"),
    [
        ("IT", "Italie", "🇮🇹"),
        ("nato", "NATO", ""),
        ("eu", "EU", ""),
    ],
)
async def test_an_alliance_has_a_name_and_no_flag(ident: str, said: str, flagged: str):
    assert (Names().name(ident, "fr"), flag(ident)) == (said, flagged)


async def test_a_name_in_a_chart_is_text():
    drawn = stacked(["<script>x</script>"], {"<b>&": [3]}, is_rtl=True).decode()
    assert "<script" not in drawn
    assert "&lt;b&gt;&amp;" in drawn


async def test_in_arabic_a_chart_reads_from_the_right():
    """All of it is mirrored, its words once more where they stand: none is written backwards."""
    for draw in (bars, stacked):
        drawn = {
            is_rtl: etree.fromstring(draw(["رياح", "Sersou"], {"تونس": [5, 2]}, is_rtl=is_rtl))
            for is_rtl in (True, False)
        }
        words = {is_rtl: list(root.iter("{*}text")) for is_rtl, root in drawn.items()}
        assert [w.text for w in words[True]] == [w.text for w in words[False]] != []
        width = drawn[True].get("viewBox").split()[2]
        outermost = drawn[True].findall("{*}g")
        assert {part.get("transform") for part in outermost} == {
            f"translate({width}, 0) scale(-1, 1)"
        }
        for word in words[True]:
            there = f"translate({2 * float(word.get('x')):g}, 0) scale(-1, 1)"
            assert word.getparent().get("transform") == there
        assert "scale(-1" not in etree.tostring(drawn[False], encoding="unicode")


async def test_a_message_of_the_stream_keeps_its_lines():
    assert event("<p>\n\n a\r\nb</p>", 7) == "id: 7\ndata: <p>\ndata:  a\ndata: b</p>\n\n"
