"""Five stories in three papers and two languages: each is told once, and at once, by each sink."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from newsroom import Newsroom, newsroom

MONTHS = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
)
MONTHS_AR = "جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر".split()
DAY = datetime.now(UTC) - timedelta(hours=26)
ON = f"{DAY.day} {MONTHS[DAY.month - 1]}"
ON_AR = f"{DAY.day} {MONTHS_AR[DAY.month - 1]}"

# (French adjective and capital, Arabic adjective, figure): the same words for each but these.
EVENTS = (
    ("portugaise", "Lisbonne", "البرتغالية", 36),
    ("turque", "Ankara", "التركية", 58),
    ("indienne", "New Delhi", "الهندية", 74),
    ("tunisienne", "Tunis", "التونسية", 91),
    ("russe", "Moscou", "الروسية", 112),
)


def report(people: str, capital: str, _: str, figure: int) -> tuple[str, list[str]]:
    return (
        f"Une délégation militaire {people} en visite à Alger",
        [
            f"Une délégation militaire {people} a effectué, le {ON}, une visite à Alger, où elle a "
            "été reçue au siège du ministère de la Défense nationale.",
            f"Les deux parties ont examiné la coopération militaire entre Alger et {capital} et "
            f"la formation de {figure} officiers dans les écoles de l'armée {people}.",
        ],
    )


def brief(people: str, capital: str, _: str, figure: int) -> tuple[str, list[str]]:
    return (
        f"Alger et {capital} : {figure} officiers en formation",
        [
            f"Reçue le {ON} à Alger au ministère de la Défense nationale, une délégation militaire "
            f"{people} en visite a examiné la coopération militaire et la formation de {figure} "
            f"officiers avec l'armée {people}.",
        ],
    )


def arabic(_: str, __: str, people: str, figure: int) -> tuple[str, list[str]]:
    return (
        f"وفد عسكري من القوات المسلحة {people} في زيارة إلى الجزائر",
        [
            f"قام وفد من القوات المسلحة {people}، يوم {ON_AR}، بزيارة إلى الجزائر العاصمة، حيث "
            "استقبل بمقر وزارة الدفاع الوطني.",
            f"وبحث الطرفان التعاون العسكري بين البلدين وتكوين {figure} ضابطا في مدارس القوات "
            f"المسلحة {people}.",
        ],
    )


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Newsroom]:
    async with newsroom(tmp_path) as opened:
        opened.press.publish("tsa", *(report(*event) for event in EVENTS))
        opened.press.publish("gazette", *(brief(*event) for event in EVENTS[:4]))
        opened.press.publish("awras", *(arabic(*event) for event in EVENTS))
        yield opened


async def crawl(room: Newsroom) -> None:
    process = await room.marsad("crawl", "--all")
    assert await process.wait() == 0, process.errors


async def test_five_stories_in_two_languages_are_told_once_by_each_sink(room: Newsroom) -> None:
    room.outlet("tsa")
    await crawl(room)
    assert (len(room.mailbox.mails), len(room.hook.payloads)) == (5, 5)
    room.outlet("gazette")
    room.outlet("awras", language="ar")
    await crawl(room)
    stories = room.rows("SELECT articles, outlets, languages FROM v_stories ORDER BY story_id")
    assert sorted(stories) == [(2, 2, "ar,fr"), *[(3, 3, "ar,fr")] * 4]
    told = room.rows(
        "SELECT story_id, channel, count(*) FROM v_alerts WHERE mode = 'immediate'"
        " AND state = 'sent' GROUP BY 1, 2"
    )
    assert sorted(count for _, _, count in told) == [1] * 10, told
    assert (len(room.mailbox.mails), len(room.hook.payloads)) == (5, 5)
    # The digest's hour comes: it has the rest.
    with closing(sqlite3.connect(room.database, timeout=10)) as outbox, outbox:
        outbox.execute("UPDATE deliveries SET due_at = created_at WHERE mode = 'later'")
    await crawl(room)
    assert (len(room.mailbox.mails), len(room.hook.payloads)) == (6, 6)
    digest = room.mailbox.mails[-1].get_body(("html",))
    assert digest is not None
    said = (unescape(digest.get_content()), str(room.hook.payloads[-1]))
    urls = room.rows("SELECT url FROM v_hits JOIN v_alerts USING (hit_id) WHERE kind = 'later'")
    assert len(set(urls)) == 4 + 5
    for text in said:
        assert [url for (url,) in urls if url not in text] == []
    first = room.rows(
        "SELECT url FROM v_hits JOIN v_alerts USING (hit_id) WHERE kind = 'immediate'"
    )
    assert [url for (url,) in first if url in said[0]] == []  # what was told is not told again
