"""What a message says in each language: who first, then the outlet, the proof and the link."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from alerting import NOW, arabic, delivery, match, notice
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from alerts.channel_settings import EmailSettings
from alerts.chart import HEIGHT, WIDTH, week_chart
from alerts.messages import Composer
from alerts.phrasebook import LANGUAGES, Language, Phrasebook
from domain.match import ACTIVITIES
from domain.notice import Delivery
from marsad.labels import Labels

PHRASES = Path(__file__).resolve().parents[2] / "alerts" / "phrases"
MAIL = EmailSettings(type="email", host="h", sender="m@desk.example", recipients=("a@x.example",))
LABELS = Labels()
MONDAY = date(2026, 3, 9)
COUNTS = (3, 0, 12, 7, 1, 9, 4)


def week(now: datetime, routes: Collection[str]) -> list[tuple[date, int]]:
    return [(MONDAY + timedelta(days=n), count) for n, count in enumerate(COUNTS)]


def composer(language: Language) -> Composer:
    return Composer(LABELS.name, language, week)


def mail(language: Language, *deliveries: Delivery) -> EmailMessage:
    wire = composer(language).email(deliveries, MAIL, NOW).as_bytes()
    read = message_from_bytes(wire, policy=policy.default)
    assert isinstance(read, EmailMessage)
    assert not read.defects
    return read


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def told(**facts: Any) -> Delivery:
    return delivery(1, notice(1, matches=(match(places=("algiers",), **facts),)))


SAID: dict[Language, tuple[str, ...]] = {
    "fr": ("Algérie – Italie (IT)", "visite", "12–14 mars 2026", "Alger", "Saïd Chanegriha"),
    "en": ("Algeria – Italy (IT)", "visit", "12–14 Mar 2026", "Algiers", "Said Chanegriha"),
    "ar": (
        "الجزائر – إيطاليا (IT)",
        "زيارة",
        "12–14 مارس 2026",
        "الجزائر العاصمة",
        "السعيد شنقريحة",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_what_when_where_come_first_then_outlet_proof_link(language: Language) -> None:
    read = mail(language, told())
    html = re.sub(r"<[^>]+>", "", part(read, "html"))
    for said in (part(read, "plain"), html):
        order = [
            *SAID[language],
            "Le Papier",
            "Exercice naval algéro-italien",
            "marine italienne",
            "defence-cooperation",
        ]
        places = [said.index(words) for words in order]
        assert places == sorted(places), order
    plain = part(read, "plain")
    assert plain.index("marine italienne") < plain.index("https://") < plain.index("defence-coop")


@pytest.mark.parametrize("language", LANGUAGES)
def test_slack_says_it_in_the_same_order(language: Language) -> None:
    payload = composer(language).slack([told()])
    first, second, *_ = (b["text"]["text"] for b in payload["blocks"] if b["type"] == "section")
    assert all(words in first for words in SAID[language])
    assert second.index("Le Papier") < second.index("https://") < second.index("*marine italienne*")


def test_every_language_says_the_same_things() -> None:
    books = {n: yaml.safe_load((PHRASES / f"{n}.yaml").read_text("utf-8")) for n in LANGUAGES}

    def keys(value: Any, path: str = "") -> set[str]:
        if not isinstance(value, dict) or {"other"} <= set(value) <= set(PLURALS):
            values = re.findall(r"{\w+}", value) if isinstance(value, str) else ["{n}"]
            return {f"{path} {sorted(set(values))}"}
        return {k for name, v in value.items() for k in keys(v, f"{path}.{name}")}

    assert keys(books["fr"]) == keys(books["en"]) == keys(books["ar"])
    for book in books.values():
        assert set(book["activities"]) == set(ACTIVITIES)


PLURALS = ("zero", "one", "two", "few", "many", "other")


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        ("fr", 0, "0 article"),
        ("fr", 2, "2 articles"),
        ("en", 0, "0 articles"),
        ("en", 1, "1 article"),
        ("ar", 1, "مقال واحد"),
        ("ar", 2, "مقالان"),
        ("ar", 7, "7 مقالات"),
        ("ar", 11, "11 مقالا"),
        ("ar", 100, "100 مقال"),
    ],
)
def test_counts_have_the_form_of_their_number(language: Language, number: int, said: str) -> None:
    assert Phrasebook(language).count("articles", number) == said


def test_a_partner_that_the_lexicon_does_not_name_has_the_name_of_the_world() -> None:
    assert Phrasebook("fr").partner("TV") == "Tuvalu (TV)"
    assert Phrasebook("fr").partner("XQ") == "XQ"
    assert Phrasebook("fr").partner("nato") == "Otan"


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(LANGUAGES))
def test_no_moment_is_too_far(moment: datetime, language: Language) -> None:
    assert f"{moment:%H:%M}" in Phrasebook(language).moment(moment)


class TestArabic:
    def test_the_page_runs_from_the_right_and_the_french_title_from_the_left(self) -> None:
        html = part(mail("ar", told()), "html")
        assert re.search(r'<html lang="ar" dir="rtl">', html)
        assert "text-align:right" in html
        assert re.search(r'<div lang="fr" dir="ltr" style="[^"]*text-align:left;unicode-bidi', html)

    def test_every_line_of_its_own_opens_from_the_right(self) -> None:
        for message in (mail("ar", told()), mail("ar", told(), delivery(2, arabic(2)))):
            lines = part(message, "plain").splitlines()
            arabic_words = [x for x in lines if re.search("[\u0621-\u064a]", x) and "رئيس" not in x]
            assert arabic_words
            assert all(line.startswith("\u200f") for line in arabic_words)

    def test_a_french_outlet_in_an_arabic_line_is_closed(self) -> None:
        assert "Le Papier\u200f · 14 مارس" in part(mail("ar", told()), "plain")


def test_an_arabic_outlet_does_not_turn_a_french_line_around() -> None:
    message = delivery(1, arabic())
    payload = composer("fr").slack([message])
    line = payload["blocks"][1]["text"]["text"].splitlines()[0]
    assert line.startswith("\u200eالجريدة\u200e · 14 mars")
    assert "\n\u200eالجريدة\u200e · 14 mars" in part(mail("fr", message), "plain")


@pytest.mark.parametrize("count", [2, 7, 62])
def test_reports_of_one_story_that_come_together_are_one_notice(count: int) -> None:
    reports = [
        delivery(n, notice(n, story_id=5, outlet=f"Papier {n}")) for n in range(1, count + 1)
    ]
    read = mail("fr", *reports)
    assert str(read["Subject"]).startswith("[marsad] Algérie – Italie (IT) : visite")
    assert read["References"] == "<story.5@desk.example>"
    html = re.sub(r"<[^>]+>", "", part(read, "html"))
    slack = composer("fr").slack(reports)
    said = "\n".join(b["text"]["text"] for b in slack["blocks"] if b["type"] == "section")
    for text in (part(read, "plain"), html, said):
        assert "Papier 1" in text
        assert "aussi" in text
        named = len(set(re.findall(r"Papier (\d+)", text)))
        more = re.search(r"et (\d+) autres", text)
        assert named + (int(more[1]) if more else 0) == count
    assert len(slack["blocks"]) <= 6


class TestThreads:
    def test_the_mails_of_a_story_are_one_conversation(self) -> None:
        first, later = mail("en", told()), mail("en", replace(told(), key="k2"))
        assert first["References"] == later["References"] == "<story.1@desk.example>"
        assert first["In-Reply-To"] is None

    def test_a_later_one_answers_the_first_and_says_so(self) -> None:
        opened = mail("fr", told())
        answer = replace(told(), key="k2", thread=str(opened["Message-ID"]))
        read = mail("fr", answer)
        assert read["In-Reply-To"] == opened["Message-ID"]
        assert str(read["References"]).split() == ["<story.1@desk.example>", opened["Message-ID"]]
        assert "Suite d’un sujet déjà signalé" in part(read, "plain")
        assert "Suite d’un sujet déjà signalé" in part(read, "html")
        assert "Suite d’un sujet" in str(composer("fr").slack([answer])["blocks"][0])

    @pytest.mark.parametrize("thread", ["1700000000.000100", "<a@b>\r\nBcc: x@y", "<a b@c>", "<>"])
    def test_what_is_no_message_id_is_no_header(self, thread: str) -> None:
        read = mail("en", replace(told(), thread=thread))
        assert read["In-Reply-To"] is None
        assert read["Bcc"] is None

    def test_an_article_without_a_story_stands_alone(self) -> None:
        read = mail("en", delivery(1, notice(1, story_id=0)))
        assert read["References"] is None


class TestChart:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_digest_shows_the_week_in_a_picture_and_in_words(self, language: Language) -> None:
        read = mail(language, told(), delivery(2))
        html = part(read, "html")
        (picture,) = [p for p in read.walk() if p.get_content_type() == "image/png"]
        cid = str(picture["Content-ID"]).strip("<>")
        assert f'src="cid:{cid}"' in html
        assert picture.get_content_disposition() == "inline"
        alt = re.search(r'alt="([^"]+)"', html)
        assert alt is not None
        for count in COUNTS:
            assert f" {count}" in alt[1]
            assert f" {count}" in part(read, "plain")
        assert picture.get_content().startswith(b"\x89PNG")

    def test_without_figures_there_is_no_picture(self) -> None:
        wire = Composer().email([told(), delivery(2)], MAIL, NOW)
        assert [p for p in wire.walk() if p.get_content_maintype() == "image"] == []
        assert "cid:" not in part(wire, "html")

    def test_bars_are_as_tall_as_their_counts_and_the_last_is_dark(self) -> None:
        heights, inks = bars(week_chart((2, 0, 4, 8)))
        assert heights[1] == 0
        assert heights[0] * 2 == pytest.approx(heights[2], abs=4)
        assert heights[2] * 2 == pytest.approx(heights[3], abs=4)
        assert len({inks[0], inks[2]}) == 1
        assert inks[3] != inks[0]

    def test_arabic_reads_it_from_the_right(self) -> None:
        mirrored = bars(week_chart((2, 0, 4, 8), is_rtl=True))
        assert mirrored[0] == pytest.approx(bars(week_chart((8, 4, 0, 2)))[0], abs=1)
        assert mirrored[1][0] not in mirrored[1][1:]  # today's bar is at the left

    @given(st.lists(st.integers(0, 10**9), max_size=31))
    def test_whatever_the_figures_it_is_a_small_picture(self, counts: list[int]) -> None:
        assert len(week_chart(counts)) < 10_000


def bars(png: bytes) -> tuple[list[int], list[Any]]:
    """Return the height and the colour of each of four bars, read back from the file."""
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (WIDTH, HEIGHT)
    assert zlib.crc32(png[12:29]) == struct.unpack(">I", png[29:33])[0]
    picture = Image.open(BytesIO(png)).convert("RGB")
    heights, inks = [], []
    for n in range(4):
        middle = int((n + 0.5) * WIDTH / 4)
        column = [picture.getpixel((middle, y)) for y in range(HEIGHT - 3)]
        filled = [ink for ink in column if ink != (255, 255, 255)]
        heights.append(len(filled))
        inks.append(filled[len(filled) // 2] if filled else None)
    return heights, inks
