"""What a message says and how: read back as a mail reader and as Slack would read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from alerting import FRENCH, NOW, arabic, delivery, evidence, match, notice
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from alerts.card import card, reference
from alerts.channel_settings import EmailSettings
from alerts.channels.apprise import disarmed
from alerts.cleaning import LONGEST_LINK, clean, cut, one_line, safe_link
from alerts.messages import Composer, message_key
from alerts.phrasebook import LANGUAGES, Phrasebook
from alerts.proof import PROOF_LENGTH, proof
from alerts.sample import sample_delivery
from domain.match import Evidence
from domain.notice import Delivery, Mode, Notice

MAIL = EmailSettings(
    type="email", host="h", sender="marsad@desk.example", recipients=("a@x.example", "b@x.example")
)
LABELS = {"IT": "Italy", "US": "United States", "said-chanegriha": "Saïd Chanegriha"}


def label(ident: str, language: str) -> str:
    return LABELS.get(ident, ident)


COMPOSER = Composer(label)
COMPOSERS = [Composer(label, language) for language in LANGUAGES]
BOOK = Phrasebook("en", label)
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'\"><svg/onload=alert(1)>",
    "title\r\nBcc: all@example.org\r\n\r\nbody",
    "null \x00 and bell \x07 and \x1b[31mred\x1b[0m",
    "\u202egnp.exe\u202d \u2067never closed",
    "<!channel> <@U123> <https://evil.example|your bank> &lt;",
    "*bold* _italic_ ~struck~ `code` ```block```",
    "{{ 7*7 }} {% raw %} %s %(x)s ${HOME}",
    "lone \ud800 surrogate \ufffe \U0001ffff",
    "العربية \u202e معكوسة",
    "e" + "\u0301" * 500,
    "👨‍👩‍👧‍👦" * 200,
    "",
    " \n\t\u2028 ",
    "=?utf-8?q?forged?=",
)


def mail(*deliveries: Delivery, composer: Composer = COMPOSER) -> EmailMessage:
    """Return a mail as it is read at the other end."""
    wire = composer.email(deliveries, MAIL, NOW).as_bytes()
    assert wire.isascii()
    assert all(len(line) <= 998 for line in wire.split(b"\r\n"))
    read = message_from_bytes(wire, policy=policy.default)
    assert isinstance(read, EmailMessage)
    assert not read.defects
    return read


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


class Page(HTMLParser):
    """The elements, the attributes and the text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.marked: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._inside = tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._inside == "mark":
            self.marked.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


def sections(payload: dict[str, Any]) -> Iterator[str]:
    for block in payload["blocks"]:
        if block["type"] == "section":
            yield block["text"]["text"]
        for element in block.get("elements", ()):
            yield element["text"]


class TestMail:
    def test_says_everything_in_text_and_in_html(self) -> None:
        read = mail(delivery())
        assert read.get_content_type() == "multipart/alternative"
        assert [p.get_content_type() for p in read.iter_parts()] == ["text/plain", "text/html"]
        assert read["Subject"] == (
            "[marsad] Algeria – Italy (IT): visit, exercise · Exercice naval algéro-italien n° 1"
        )
        assert read["From"] == "marsad <marsad@desk.example>"
        assert read["To"] == "a@x.example, b@x.example"
        assert read["Date"].datetime == NOW
        assert read["Auto-Submitted"] == "auto-generated"
        html = part(read, "html")
        for said in (part(read, "plain"), Page(html).text):
            for words in (
                "Exercice naval algéro-italien n° 1",
                "Le Papier",
                "14 Mar 2026 08:30 (Algiers), 07:30 UTC",
                "French",
                "Italy (IT)",
                "exercise",
                "Saïd Chanegriha",
                "12–14 Mar 2026",
                "defence-cooperation",
                "0.90",
                reference(delivery().key),
            ):
                assert words in said, words
        assert Page(html).values("href") == ["https://paper.example/1?a=1&b=2"] * 2

    def test_marks_the_proving_words_of_the_proving_sentence(self) -> None:
        page = Page(part(mail(delivery()), "html"))
        assert page.marked == ["marine italienne", "exercice naval conjoint"]
        assert "Une délégation de la marine italienne" in page.text
        assert "Le port reste ouvert" not in page.text

    def test_arabic_is_laid_out_from_the_right(self) -> None:
        read = mail(delivery(1, arabic()))
        assert str(read["Subject"]).endswith(" · رئيس الأركان يستقبل وفدا عسكريا إيطاليا")
        page = Page(part(read, "html"))
        assert page.values("dir") == ["ltr", "ltr", "rtl", "rtl"]  # the page, the article
        assert page.values("lang").count("ar") == 2
        assert page.marked == ["وفدا عسكريا", "التعاون العسكري"]
        # digits after an Arabic name stay after it
        assert "الجريدة\u200e · 14 Mar" in part(read, "plain")

    def test_the_title_decides_where_the_language_is_not_known(self) -> None:
        page = Page(part(mail(delivery(1, arabic(language="und"))), "html"))
        assert page.values("dir")[2:] == ["rtl", "rtl"]
        assert Page(part(mail(delivery()), "html")).values("dir")[2:] == ["ltr", "ltr"]

    def test_keeps_its_id_however_often_and_whenever_it_is_sent(self) -> None:
        first = COMPOSER.email([delivery()], MAIL, NOW)["Message-ID"]
        tried = delivery(attempts=7, lease="another", id=99)
        later = COMPOSER.email([tried], MAIL, NOW + timedelta(days=1))["Message-ID"]
        assert first == later
        assert re.fullmatch(r"<[0-9a-f]{32}@desk\.example>", first)
        assert message_key([delivery(1)]) != message_key([delivery(2)])
        assert message_key([delivery(1), delivery(2)]) == message_key([delivery(2), delivery(1)])
        assert message_key([delivery(1), delivery(2)]) != message_key([delivery(1)])

    @pytest.mark.parametrize(
        "title",
        [
            "=?utf-8?q?a=0D=0ABcc:_x@y.example?=",
            "=?utf-8?b?YQ0KQmNjOiB4QHkuZXhhbXBsZQ==?=",
            "=?utf-7?q?+AA0ACg-Bcc:_x@y.example?=",
            "=?utf-8?q?=E2=80=AEnever_closed=00?=",
            "=?=?utf-8?q?=FF?=",
        ],
    )
    @pytest.mark.parametrize("partners", [(), ("IT",)])  # a subject in ASCII, and one that is not
    def test_a_title_in_code_is_not_decoded(self, title: str, partners: tuple[str, ...]) -> None:
        told = notice(title=title, matches=(match(partners=partners),))
        read = mail(delivery(1, told))
        assert read["Bcc"] is None
        assert len(read.keys()) == len(set(read.keys())) == 10
        assert str(read["Subject"]).replace("= ?", "=?").endswith(f" · {title}")

    @pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "", "//x"])
    def test_an_address_that_is_none_is_not_linked(self, link: str) -> None:
        read = mail(delivery(1, notice(url=link)))
        assert Page(part(read, "html")).values("href") == []
        assert "Link" not in part(read, "plain")

    def test_without_a_date_it_says_when_the_article_was_seen(self) -> None:
        said = part(mail(delivery(1, notice(published_at=None))), "plain")
        assert "no date; seen 14 Mar 2026 10:30 (Algiers), 09:30 UTC" in said

    def test_the_day_is_said_twice_where_it_differs(self) -> None:
        night = datetime(2026, 3, 13, 23, 30, tzinfo=UTC)
        said = part(mail(delivery(1, notice(published_at=night))), "plain")
        assert "14 Mar 2026 00:30 (Algiers), 13 Mar 23:30 UTC" in said

    @pytest.mark.parametrize("year", [1, 1970, 2099, 9999])
    def test_no_date_is_too_far(self, year: int) -> None:
        far = datetime(year, 12, 31, 23, 59, tzinfo=UTC)
        assert "23:59 UTC" in part(mail(delivery(1, notice(published_at=far))), "plain")


def hostile(words: str, number: int = 1) -> Delivery:
    """Return a delivery that says ``words`` wherever a stranger's words can stand."""
    text = f"{words} exercice naval {words}"
    start = len(words) + 1
    proofs = (Evidence(start=start, end=start + 8, text="exercice", field="text", concept="#c"),)
    held = match(rule="rule", evidence=proofs, persons=("p",))
    said = {"title": words, "outlet": words, "text": text, "matches": (held,)}
    return delivery(number, notice(number, url="https://x.example/", **said))


def assert_harmless(*strangers: str) -> None:
    """Look at the message of each and at digests that name them all."""
    told = [hostile(words, number) for number, words in enumerate(strangers, 1)]
    gathered = [[*told[n : n + 10], delivery(9999)] for n in range(0, len(told), 10)]
    for number, deliveries in enumerate((*([one] for one in told), *gathered)):
        composer = COMPOSERS[number % len(COMPOSERS)]
        read = mail(*deliveries, composer=composer)
        wanted = {"from", "to", "subject", "date", "message-id", "auto-submitted"}
        more = {"x-marsad-reference", "mime-version", "content-type"}
        more |= {"references"} if len(deliveries) == 1 else set()
        assert {name.lower() for name in read} == wanted | more
        plain, html = part(read, "plain"), part(read, "html")
        page = Page(html)
        assert not {"script", "img", "svg", "iframe", "form", "object"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert all(link.startswith("https://") for link in page.values("href"))
        payload = json.dumps(composer.slack(deliveries), ensure_ascii=False)
        text = composer.text(deliveries)  # as a terminal and Apprise are given it
        machine = json.dumps(composer.payload(deliveries), ensure_ascii=False)
        for said in (plain, html, str(read["Subject"]), payload, text, machine):
            assert not TURNING.search(said)
            assert not CONTROL.search(said)
        assert_plain_for_slack(composer.slack(deliveries))


def assert_plain_for_slack(payload: dict[str, Any]) -> None:
    assert len(payload["blocks"]) <= 50
    for block in Block.parse_all(payload["blocks"]):
        block.validate_json()  # Slack's own limits, as its library knows them
    for text in [payload["text"], *sections(payload)]:
        assert 0 < len(text) <= 3000
        bare = re.sub("(?m)^> ", "", text)
        for inside in re.findall(r"<([^>]*)>", bare):
            assert inside.startswith("https://"), inside
        assert bare.count("<") == bare.count(">")
        assert not re.search("&(?!amp;|lt;|gt;)", text), text


class TestStrangersWords:
    @pytest.mark.parametrize("words", NASTY)
    def test_stay_words(self, words: str) -> None:
        assert_harmless(words)

    def test_of_the_list_of_naughty_strings_stay_words(self, shared: Path) -> None:
        listed = json.loads((shared / "data/naughty-strings/blns.json").read_text("utf-8"))
        assert len(listed) > 400
        assert_harmless(*listed)

    @settings(max_examples=40)  # four messages each
    @given(st.text(max_size=400))
    def test_whatever_they_are_stay_words(self, words: str) -> None:
        assert_harmless(words)

    def test_do_not_open_slack_markup(self) -> None:
        told = hostile("*a* _b_ `c` ~d~ <!here>")
        section = list(sections(COMPOSER.slack([told])))[1]
        outside = re.sub(r"<https[^|]*\|", "", section)
        assert outside.count("*") == 4  # the title and one proof
        assert not set("_`~") & set(outside)

    def test_do_not_end_a_slack_link(self) -> None:
        told = notice(url="https://x.example/a|b>c?<d", title="a|b>c")
        head = list(sections(COMPOSER.slack([delivery(1, told)])))[1]
        assert "<https://x.example/a%7Cb%3Ec?%3Cd|a¦b&gt;c>" in head

    def test_call_nobody_through_apprise(self) -> None:
        said = disarmed("@everyone <!channel> see https://m.example/@user?x=1")
        assert said == "＠everyone ‹!channel› see https://m.example/%40user?x=1"


class TestSlack:
    def test_says_what_the_mail_says(self) -> None:
        payload = COMPOSER.slack([delivery()])
        said = "\n".join(sections(payload))
        assert "<https://paper.example/1?a=1&amp;b=2|Exercice naval algéro-italien n° 1>" in said
        assert "\n> … Une délégation de la *marine italienne* a" in said
        assert "*marine italienne*" in said
        assert "*exercice naval conjoint*." in said
        for words in ("Italy (IT)", "Saïd Chanegriha", "0.90", "(Algiers)", "UTC", "French"):
            assert words in said
        assert reference(delivery().key) in said
        assert "Italy (IT)" in payload["text"]

    def test_a_line_of_arabic_opens_with_a_mark(self) -> None:
        told = list(sections(COMPOSER.slack([delivery(1, arabic())])))[1].split("\n")
        assert [line.startswith(("\u200f", "> \u200f")) for line in told] == [False, True, True]
        assert "\u200f" not in "".join(sections(COMPOSER.slack([delivery()])))

    def test_a_long_address_and_a_long_title_stay_within_a_section(self) -> None:
        long = f"https://x.example/{'&' * (LONGEST_LINK - 30)}"
        payload = COMPOSER.slack([delivery(1, notice(url=long, title="<" * 900))])
        assert_plain_for_slack(payload)


class TestDigest:
    def many(self, count: int, story: int = 0) -> list[Delivery]:
        gathered = {"mode": Mode.DIGEST}
        told = range(1, count + 1)
        return [delivery(n, notice(n, story_id=story or n), **gathered) for n in told]

    def test_groups_by_partner_and_tells_an_event_once(self) -> None:
        russian = notice(4, story_id=4, matches=(match(partners=("RU",), score=0.7),))
        same = notice(2, story_id=1, outlet="Autre Papier")
        told = [delivery(1), delivery(2, same), delivery(3), delivery(4, russian)]
        read = mail(*told)
        assert read["Subject"] == (
            "[marsad] Digest · Italy (IT) 2, Russia (RU) · 4 articles, 3 stories"
        )
        plain = part(read, "plain")
        assert plain.index("Italy (IT)") < plain.index("Russia (RU)")
        assert "also Autre Papier" in plain
        assert plain.count("== ") == 2
        html = Page(part(read, "html")).text
        payload = COMPOSER.slack(told)
        said = "\n".join(sections(payload))
        for d in (told[0], told[2], told[3]):
            assert reference(d.key) in plain
            assert reference(d.key) in html
            assert reference(d.key) in said

    @pytest.mark.parametrize("count", [2, 40, 151, 10_000])
    def test_stays_within_every_limit_and_counts_what_it_leaves_out(self, count: int) -> None:
        told = self.many(count)
        wire = COMPOSER.email(told, MAIL, NOW).as_bytes()
        assert len(wire) < 1_000_000
        plain = part(mail(*told), "plain")
        assert f"{count} articles, {count} stories" in plain
        named = plain.count("M-")
        more = re.search(r"and (\d+) more", plain)
        assert named + (int(more[1]) if more else 0) == count
        payload = COMPOSER.slack(told)
        assert_plain_for_slack(payload)
        whole = "\n".join(sections(payload))
        assert len(whole) < 13_000
        more = re.search(r"and (\d+) more: `marsad hits", whole)
        assert whole.count("M-") + (int(more[1]) if more else 0) == count

    def test_one_story_in_62_papers_is_one_entry(self) -> None:
        told = self.many(62, story=5)
        plain = part(mail(*told), "plain")
        assert "62 articles, 1 story" in plain
        assert plain.count("https://") == 1
        assert "and 55 more" in plain
        assert len(COMPOSER.slack(told)["blocks"]) == 2

    def test_the_largest_mail_is_small(self) -> None:
        words = "&" * 300
        told = [
            delivery(n, replace(notice(n), title=words, outlet=words, url=f"https://x/{'é' * 900}"))
            for n in range(1, 400)
        ]
        assert len(COMPOSER.email(told, MAIL, NOW).as_bytes()) < 1_000_000


class TestProof:
    def words(self, told: Notice) -> str:
        return "".join(piece.text for piece in proof(told))

    def test_an_initial_or_a_quotation_ends_no_sentence_early(self) -> None:
        text = "Il pleut. M. J. Dupont a dit : « L'exercice naval est prêt. » Fin."
        told = notice(text=text, matches=(match(evidence=evidence(text, "exercice naval")),))
        assert self.words(told) == "… M. J. Dupont a dit : « L'exercice naval est prêt. » …"

    def test_arabic_question_marks_end_sentences(self) -> None:
        text = "هل هذا صحيح؟ التعاون العسكري مستمر."
        told = arabic(text=text, matches=(match(evidence=evidence(text, "التعاون العسكري")),))
        assert self.words(told) == "… التعاون العسكري مستمر."

    def test_the_sentence_with_most_proof_wins(self) -> None:
        text = "Un exercice.\n\nRien.\n\nLa coopération militaire et un exercice naval conjoint."
        found = evidence(text, "exercice", "coopération militaire", "exercice naval conjoint")
        told = notice(text=text, matches=(match(evidence=found),))
        assert self.words(told).startswith("… La coopération militaire")

    @pytest.mark.parametrize(
        "text", ["x" * 100_000, "mot " * 50_000, "a. " * 30_000, "é\n" * 9_000]
    )
    def test_is_bounded_whatever_the_text(self, text: str) -> None:
        spread = [
            Evidence(start=n, end=n + 9, text=text[n : n + 9], field="text", concept="#c")
            for n in range(0, len(text) - 9, len(text) // 900)
        ]
        whole = Evidence(start=0, end=len(text), text=text, field="text", concept="#c")
        for found in (spread, [whole]):
            told = notice(text=text, matches=(match(evidence=tuple(found)),))
            assert 0 < len(self.words(told)) <= PROOF_LENGTH + 4

    @given(
        st.text(max_size=300),
        st.lists(st.tuples(st.integers(-5, 310), st.integers(-5, 310)), max_size=12),
    )
    def test_marks_only_what_proves_and_never_fails(
        self, text: str, spans: list[tuple[int, int]]
    ) -> None:
        found = tuple(
            Evidence(start=a, end=b, text=text[a:b], field="text", concept="#c") for a, b in spans
        )
        pieces = proof(notice(text=text, matches=(match(evidence=found),)))
        proved = {n for a, b in spans if 0 <= a < b <= len(text) for n in range(a, b)}
        letters = {text[n] for n in proved}
        marked = "".join(p.text for p in pieces if p.is_proof)
        assert {c for c in marked if c != " "} <= letters


class TestCleaning:
    @given(st.text())
    def test_leaves_nothing_unseen_and_is_done_at_once(self, text: str) -> None:
        cleaned = clean(text)
        assert not CONTROL.search(cleaned)
        assert not TURNING.search(cleaned)
        assert clean(cleaned) == cleaned
        line = one_line(text, 80)
        assert len(line) <= 80
        assert len(line.splitlines()) <= 1

    @pytest.mark.parametrize(
        "kept", ["نص\u200cفارسی", "👩‍🚒", "🇩🇿", "مُحَمَّد", "\u200fא\u200e", "e\u0301", "日本"]
    )
    def test_keeps_what_belongs_to_writing(self, kept: str) -> None:
        assert one_line(kept) == kept

    @pytest.mark.parametrize(
        ("text", "limit", "shown"),
        [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("e\u0301e\u0301e\u0301", 4, "e\u0301…"),
            ("ab👩‍🚒x", 5, "ab…"),
            ("ab🇩🇿x", 4, "ab…"),
            ("ab👍🏽xx", 4, "ab…"),
            ("محمّد رسول", 4, "مح…"),
            ("محمّد رسول", 5, "محمّ…"),
            ("a" + "\u0301" * 99, 60, "a" + "\u0301" * 58 + "…"),
            ("abc", 0, "…"),
        ],
    )
    def test_cuts_between_signs(self, text: str, limit: int, shown: str) -> None:
        assert cut(text, limit) == shown

    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)",
            "JAVASCRIPT://x/%0aalert(1)",
            "data:text/html,x",
            "https://",
            "https:///path",
            "http://[::1",
            "https://x/ y",
            "https://x/\u202egnp",
            "https://x/\x00",
            "java\nscript:alert(1)",
            "https://x/" + "a" * 2000,
        ],
    )
    def test_what_is_no_web_address_is_none(self, url: str) -> None:
        assert safe_link(url) == ""

    def test_a_web_address_stays_itself(self) -> None:
        for url in ("https://x.example/a?b=c&d=%20#e", "http://جزائر.example/مقال"):
            assert safe_link(url) == url


def test_a_sample_says_that_it_is_one():
    sample = sample_delivery("desk", NOW)
    assert card(sample, BOOK).title.startswith("Test de marsad")
    assert [p.text for p in card(sample, BOOK).proof if p.is_proof]
    assert sample.key != sample_delivery("desk", NOW + timedelta(seconds=1)).key


def test_many_facts_are_counted_not_listed():
    held = match(persons=tuple(f"person-{n}" for n in range(30)))
    people = card(delivery(1, notice(matches=(held,))), BOOK).people
    assert people.endswith("Person 7 and 22 more")


def test_facts_of_several_rules_are_told_once():
    first = match("a", partners=("IT", "US"), activities=("visit",))
    second = match("b", partners=("US", "nato"), activities=("dialogue", "visit"), score=0.6)
    item = card(delivery(1, notice(matches=(first, second))), BOOK)
    assert item.partners == ("Italy (IT)", "United States (US)", "NATO")
    assert item.activities == ("dialogue", "visit")
    assert (item.rules, item.score) == (("a", "b"), 0.9)


def test_text_without_evidence_begins_at_its_beginning():
    item = card(delivery(1, notice(matches=(match(evidence=()),))), BOOK)
    assert "".join(p.text for p in item.proof) == FRENCH
