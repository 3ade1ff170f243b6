"""The page over HTTP: a real server on loopback, asked as browsers and programs ask."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import httpx
import pytest
import pytest_asyncio
from feed_rules import breaches
from web_stage import TOKEN, arabic, filing, fill, page, write_config

from domain.errors import TimeLimitError
from marsad.config import load_config
from marsad.web.guard import POLICY
from storage.border import border
from storage.database import Database

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">\u202eabc {{ 7*7 }}'


in_module = pytest.mark.asyncio(loop_scope="module")
pytestmark = in_module


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
async def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path_factory.mktemp("web")
    path = write_config(folder)
    database_url = f"sqlite:///{folder / 'marsad.db'}"
    if request.param == "postgres":
        database_url = request.getfixturevalue("postgres_schema").current()
    old = filing(1, NOW - timedelta(days=40), partners=("US",), activities=("training",))
    hostile = filing(9, NOW, title=HOSTILE, text=HOSTILE * 3, evidence=())
    fill(path, [old, filing(2, NOW - 2 * MINUTE), arabic(3, NOW - MINUTE), hostile], database_url)
    async with page(path, database_url) as asked:
        yield asked


@pytest.fixture
def client(served: httpx.AsyncClient) -> httpx.AsyncClient:
    served.cookies.clear()
    return served


async def test_hits_for_programs_are_those_of_the_command(client: httpx.AsyncClient):
    rows = (await client.get("/api/hits")).json()
    assert [row["url"].rpartition("/")[2] for row in rows] == ["9", "3", "2", "1"]
    assert (
        list(rows[0])
        == (
            "hit_id rule score matched_at published_at outlet language country title url partners "
            "activities persons organisations story_id snippet alerted_at"
        ).split()
    )
    assert rows[1]["partners"] == ["IT"]
    assert rows[1]["activities"] == ["exercise", "visit"]
    assert rows[1]["published_at"].endswith("Z")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("partner=US", ["1"]),
        ("partner=US&partner=IT&language=fr", ["9", "2", "1"]),
        ("since=30d", ["9", "3", "2"]),
        ("until=30d", ["1"]),
        ("activity=training", ["1"]),
        ("outlet=awras", ["3"]),
        ("language=ar", ["3"]),
        ("text=exercice+naval&since=30d", ["2"]),
        ("text=تعاون", ["3"]),
        ("limit=1", ["9"]),
        ("rule=none", []),
        ("partner=&since=&text=", ["9", "3", "2", "1"]),
    ],
)
async def test_filters(client: httpx.AsyncClient, asked: str, found: list[str]):
    for path in ("/api/hits", "/download.json"):
        rows = (await client.get(f"{path}?{asked}")).json()
        assert [row["url"].rpartition("/")[2] for row in rows] == found
    feed = feedparser.parse((await client.get(f"/feed.xml?{asked}")).content)
    assert [entry.link.rpartition("/")[2] for entry in feed.entries] == found
    listed = (await client.get(f"/hits?{asked}")).text
    assert len(re.findall('<li class="hit">', listed)) == len(found)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("partners=US", "did you mean 'partner'?"),
        ("since=yesterday", "'yesterday' is no date"),
        ("activity=visits", "did you mean 'visit'?"),
        ("language=de", "'de' is unknown"),
        ("limit=5000", "at most 1000"),
        ("limit=-1", "no number"),
        ("before=", "no number"),
        ("story=999999999999999999999", "no number"),
        ("limit=1&limit=2", "more than once"),
        ("text=" + "a" * 300, "at most 200 characters"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, asked: str, says: str
):
    for path in ("/api/hits", "/feed.xml", "/download.csv"):
        answer = await client.get(f"{path}?{asked}")
        assert answer.status_code == 400
        assert says in answer.json()["error"]


@pytest.mark.parametrize("words", ["!!!", "de la", "a*", " ".join("abcdefgh" * 6)])
async def test_a_search_that_leaves_nothing_to_seek_says_so(client: httpx.AsyncClient, words: str):
    for path in ("/api/hits", "/feed.xml", "/download.csv"):
        answer = await client.get(path, params={"text": words})
        assert answer.status_code == 422, path
        assert len(answer.json()["error"].splitlines()) == 1


async def test_the_next_page_goes_on_where_the_last_ended(client: httpx.AsyncClient):
    seen: list[str] = []
    path = "/api/hits?limit=3"
    while path:
        answer = await client.get(path)
        seen += [row["url"].rpartition("/")[2] for row in answer.json()]
        path = answer.links.get("next", {}).get("url", "")
    assert seen == ["9", "3", "2", "1"]


async def test_every_answer_has_an_etag_that_saves_sending_it_again(client: httpx.AsyncClient):
    for path in ("/api/hits", "/feed.xml", "/healthz", "/openapi.json", "/hits", "/hits/2"):
        first = await client.get(path)
        assert first.status_code == 200, path
        again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path
        other = await client.get(path, headers={"If-None-Match": '"another"'})
        assert other.status_code == 200
    assert (await client.get("/metrics")).headers["etag"]


async def test_the_feed_is_whole_and_clean(client: httpx.AsyncClient):
    answer = await client.get("/feed.xml")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert breaches(answer.content, f"{client.base_url}/feed.xml") == []
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert len(feed.entries) == 4
    assert "<script" not in answer.text


async def test_a_feed_goes_on_where_its_page_ends(client: httpx.AsyncClient):
    seen: list[str] = []
    address = f"{client.base_url}/feed.xml?limit=3&text="
    while address:
        body = (await client.get(address)).content
        assert breaches(body, address.replace("&text=", "")) == []
        feed = feedparser.parse(body)
        seen += [entry.link.rpartition("/")[2] for entry in feed.entries]
        address = next((link.href for link in feed.feed.links if link.rel == "next"), "")
    assert seen == ["9", "3", "2", "1"]


async def test_an_empty_feed_is_valid_too(client: httpx.AsyncClient):
    feed = feedparser.parse((await client.get("/feed.xml?rule=none")).content)
    assert not feed.bozo
    assert feed.feed.updated
    assert feed.entries == []


async def test_a_download_opens_in_a_spreadsheet_and_runs_nothing(client: httpx.AsyncClient):
    answer = await client.get("/download.csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][0] == "hit_id"
    assert len(rows) == 5


async def test_metrics_and_health(client: httpx.AsyncClient):
    metrics = (await client.get("/metrics")).text
    assert "marsad_hits 4.0" in metrics
    assert "marsad_articles 4.0" in metrics
    assert 'marsad_sources{state="new"} 2.0' in metrics
    assert 'marsad_deliveries{state="pending"} 4.0' in metrics
    lag = re.search(r"marsad_delivery_lag_seconds ([\d.e+]+)", metrics)
    assert lag is not None
    assert float(lag[1]) > 39 * 86400
    assert (await client.get("/healthz")).json() == {"status": "ok", "problems": []}


async def hostile(client: httpx.AsyncClient) -> str:
    """Return the address of the hostile hit, the newest."""
    return f"/hits/{(await client.get('/api/hits?limit=1')).json()[0]['hit_id']}"


async def test_nothing_of_an_article_is_markup(client: httpx.AsyncClient):
    for path in ("/", "/hits", await hostile(client)):
        text = (await client.get(path)).text
        assert "<script>alert" not in text, path
        assert "onerror=" not in re.sub("&lt;.*?&gt;", "", text), path
        assert "&lt;script&gt;alert(1)" in text
        assert "\u202e" not in text
        assert "{{ 7*7 }}" in text
    assert "TSA &lt;Algérie&gt;" in (await client.get("/hits/2")).text


async def test_a_hit_shows_its_proofs_and_where_they_stand(client: httpx.AsyncClient):
    hit = (await client.get("/api/hits?text=exercice&since=30d")).json()[0]["hit_id"]
    text = (await client.get(f"/hits/{hit}", headers={"Accept-Language": "fr"})).text
    assert '<a href="#proof-0">exercice naval conjoint</a></mark>' in text
    assert "Italie" in text
    assert "🇮🇹" in text
    assert "exercice" in text


async def test_no_page_runs_or_loads_what_is_not_ours(client: httpx.AsyncClient):
    for path in ("/", "/hits", "/hits/2", "/nowhere"):
        answer = await client.get(path)
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        shown = re.sub("&lt;.*?&gt;", "", answer.text)  # escaped, so that it is text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", shown)
        for address in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
            if not address.startswith(("#", "https://tsa.example", "https://awras.example")):
                assert address.startswith("/"), address
                assert not address.startswith("//")


async def test_the_page_speaks_three_languages(client: httpx.AsyncClient):
    answer = await client.get("/hits?lang=ar")
    assert '<html lang="ar" dir="rtl">' in answer.text
    assert "استكشاف" in answer.text
    kept = await client.get("/hits")
    assert '<html lang="ar" dir="rtl">' in kept.text
    client.cookies.clear()
    for accepted, language in (("en-GB,en;q=0.9", "en"), ("de, fr;q=0.5, en;q=0.1", "fr")):
        text = (await client.get("/hits", headers={"Accept-Language": accepted})).text
        assert f'<html lang="{language}" dir="ltr">' in text


async def test_a_page_that_is_not_there(client: httpx.AsyncClient):
    for path in ("/hits/999", "/nowhere", "/static/../app.py", "/hits/99999999999999999999"):
        answer = await client.get(path)
        assert answer.status_code == 404, path
    assert (await client.get("/api/nothing")).json()["error"]


async def test_without_a_token_nothing_can_be_changed(client: httpx.AsyncClient):
    for path in ("/", "/hits", "/api/hits", "/hits/2"):
        assert (await client.post(path, data={"a": "b"})).status_code in (403, 405)


async def test_another_name_for_this_machine_is_refused(client: httpx.AsyncClient):
    answer = await client.get("/api/hits", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "Exercice" not in answer.text
    for host in ("localhost:9", "127.0.0.1", "[::1]:8040"):
        assert (await client.get("/healthz", headers={"Host": host})).status_code == 200


async def test_the_description_has_what_is_answered(client: httpx.AsyncClient):
    described = (await client.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.")
    names = {p["name"] for p in described["paths"]["/api/hits"]["get"]["parameters"]}
    assert names >= {"since", "until", "partner", "activity", "outlet", "language", "rule"}
    row = (await client.get("/api/hits")).json()[0]
    assert set(described["components"]["schemas"]["Hit"]["properties"]) == set(row)


async def test_a_token_opens_the_page(tmp_path: Path):
    path = write_config(tmp_path, token=TOKEN, users={"amina": "her-own-password"})
    fill(path, [filing(1, NOW)])
    async with page(path) as client:
        assert (await client.get("/api/hits")).status_code == 401
        assert "Basic" in (await client.get("/")).headers["www-authenticate"]
        assert (await client.get("/healthz")).status_code == 200
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert (await client.get("/api/hits", headers=bearer)).status_code == 200
        for pair in (("amina", "her-own-password"), ("anybody", TOKEN)):
            assert (await client.get("/hits", auth=pair)).status_code == 200
        for pair in (("amina", "wrong-password"), ("nobody", "her-own-password"), ("", "")):
            assert (await client.get("/hits", auth=pair)).status_code == 401
        for value in ("Basic %%%", "Bearer", "Bearer x", "Digest x", "Basic /w=="):
            refused = await client.get("/hits", headers={"Authorization": value})
            assert refused.status_code == 401


def endless(path: Path, database_url: str) -> None:
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    database = Database(database_url, read_only=path.exists(), seconds=0.2)
    try:
        with border("the store"), database.read() as connection:
            connection.exec_driver_sql(sql)
    finally:
        database.close()


async def test_a_question_that_takes_too_long_is_ended(tmp_path: Path, database_url: str):
    path = write_config(tmp_path)
    fill(path, [filing(1, NOW)], database_url)
    began = time.monotonic()
    with pytest.raises(TimeLimitError, match="too long"):
        await asyncio.to_thread(endless, tmp_path / "marsad.db", database_url)
    assert time.monotonic() - began < 5


async def test_the_command_serves_until_it_is_stopped(tmp_path: Path):
    path = write_config(tmp_path)
    fill(path, [filing(1, NOW)])
    port = load_config(path, {}).web.port
    arguments = ("-m", "marsad.cli", "--config", str(path), "web")
    first = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(30):
            assert b"the page is at" in await first.stderr.readuntil(b"ends it\n")
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer = await client.get(f"http://127.0.0.1:{port}/healthz")
            assert answer.json()["status"] == "ok"
            await client.aclose()
        second = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stderr=asyncio.subprocess.PIPE
        )
        _, said = await asyncio.wait_for(second.communicate(), 30)
        assert second.returncode == 1
        assert len(said.decode().splitlines()) == 1
        assert f"port {port} cannot be used" in said.decode()
    finally:
        first.send_signal(signal.SIGTERM)
        _, rest = await asyncio.wait_for(first.communicate(), 20)
    assert first.returncode == 0
    assert b"Traceback" not in rest


async def test_a_page_without_a_store_says_so(tmp_path: Path):
    arguments = ("-m", "marsad.cli", "--config", str(write_config(tmp_path)), "web")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert b"no such database" in said
