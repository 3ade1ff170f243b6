"""The bundled press: its articles, sites, feeds, the folder it leaves, and what is shown."""

from __future__ import annotations

import http.client
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from crawler.extraction import extract_page
from crawler.feeds import parse_feed
from domain.asking import HitRow
from domain.errors import UsageError
from domain.source import VisitOutcome, VisitReport
from marsad.bidi import Paragraph, is_rtl, readable
from marsad.config import load_config
from marsad.demo import missing, uncollected
from marsad.demo.feeds import write_feed
from marsad.demo.folder import make_folder, write_config, write_samples
from marsad.demo.outlets import Outlet, load_press, slug
from marsad.demo.pages import PageMaker, quoted
from marsad.demo.server import Reply, Site, site_map
from marsad.demo.show import next_commands
from marsad.demo.slack_text import render_message, render_mrkdwn

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
BASE = "http://127.0.0.1:8000"
PRESS = load_press(NOW)
LIVE = [outlet for outlet in PRESS if outlet.feed_kind != "dead"]
STORIES = [story for outlet in PRESS for story in outlet.stories]


def live(outlets: list[Outlet]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("outlet", outlets, ids=[o.id for o in outlets])


class TestPress:
    def test_is_large_enough_to_mean_something(self) -> None:
        assert len(PRESS) == 7
        assert len(LIVE) == 6
        assert len(STORIES) >= 60
        assert len({story.id for story in STORIES}) == len(STORIES)

    def test_has_hits_to_find_in_three_languages_and_more_that_are_none(self) -> None:
        wanted = Counter(story.language for story in STORIES if story.is_wanted)
        assert wanted["fr"] >= 5
        assert wanted["ar"] >= 5
        assert wanted["en"] >= 2
        assert sum(wanted.values()) < len(STORIES) / 2
        assert all(story.partners for story in STORIES if story.is_wanted)

    def test_is_as_old_as_a_press_is_when_one_starts_to_watch(self) -> None:
        ages = [NOW - story.published for story in STORIES]
        assert timedelta(0) < min(ages) < timedelta(minutes=15)
        assert sum(age > timedelta(hours=24) for age in ages) >= 12
        assert sum(age < timedelta(hours=20) for age in ages) >= 50
        older_hits = [s for s in STORIES if s.is_wanted and NOW - s.published > timedelta(hours=24)]
        assert len(older_hits) >= 2

    def test_names_the_days_of_the_week_as_seen_from_publication(self) -> None:
        assert not [story.id for story in STORIES if "{" in story.text or "{" in story.title]
        story = next(s for s in STORIES if s.id == "p006")
        assert "a reçu ce mercredi" in story.text  # NOW is a Wednesday

    def test_newest_article_of_an_outlet_comes_first(self) -> None:
        for outlet in LIVE:
            dates = [story.published for story in outlet.stories]
            assert dates == sorted(dates, reverse=True)


def test_slugs_keep_letters_of_both_scripts() -> None:
    assert slug("L'armée, déjà : « Été »") == "l-armee-deja-ete"
    assert slug("رياح الساحل، اليوم") == "رياح-الساحل-اليوم"


@live(LIVE)
class TestSites:
    def test_feed_lists_every_article_with_its_date(self, outlet: Outlet) -> None:
        maker = PageMaker(outlet, BASE)
        body = write_feed(outlet, BASE, maker.link)
        feed = parse_feed(body, BASE + outlet.feed_path, "application/xml")
        assert [entry.title for entry in feed.entries] == [
            " ".join(story.title.split()) for story in outlet.stories
        ]
        assert [entry.published_at for entry in feed.entries] == [
            story.published for story in outlet.stories
        ]
        assert bool(feed.bozo) == (outlet.feed_kind == "rss-broken")

    def test_pages_surround_the_article_and_the_extractor_finds_it(self, outlet: Outlet) -> None:
        maker = PageMaker(outlet, BASE)
        replies = site_map(outlet, BASE)
        for story in outlet.stories:
            reply = replies[quoted(outlet.path_of(story))]
            page = extract_page(reply.body, maker.link(story), reply.content_type)
            found, told = set(page.text.split()), set(story.text.split())
            assert len(found & told) >= 0.95 * len(told), story.id
            assert len(page.text) <= 1.5 * len(story.text), story.id
            assert len(reply.body) > 2 * len(story.text)


def test_feeds_are_of_every_kind() -> None:
    kinds = Counter(outlet.feed_kind for outlet in PRESS)
    assert set(kinds) == {"rss-teaser", "rss-content", "rss-broken", "atom", "dead"}
    assert kinds["rss-teaser"] >= 2
    assert [o.id for o in PRESS if o.charset == "windows-1256"] == ["sada-alawras"]
    assert {o.feed_dates for o in LIVE} == {"mail", "iso", "naive", "bar"}


class TestServer:
    def ask(self, site: Site, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(site.base.removeprefix("http://"), timeout=5)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        result = (answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return result

    def test_serves_robots_feed_and_pages_with_validators(self) -> None:
        outlet = LIVE[0]
        with Site(outlet) as site:
            status, headers, body = self.ask(site, outlet.feed_path)
            assert status == 200
            assert body.startswith(b"<?xml")
            again = self.ask(site, outlet.feed_path, **{"If-None-Match": headers["ETag"]})
            assert again[0] == 304
            assert again[2] == b""
            assert b"Disallow: /admin/" in self.ask(site, "/robots.txt")[2]
            assert self.ask(site, quoted(outlet.path_of(outlet.stories[0])))[0] == 200
            assert self.ask(site, "/nowhere")[0] == 404
            assert site.asked[0] == outlet.feed_path

    def test_the_dead_one_answers_500_but_has_a_robots_file(self) -> None:
        outlet = next(o for o in PRESS if o.feed_kind == "dead")
        with Site(outlet) as site:
            assert self.ask(site, outlet.feed_path)[0] == 500
            assert self.ask(site, "/robots.txt")[0] == 200

    def test_validators_follow_the_body(self) -> None:
        one = Reply(body=b"a", content_type="text/plain")
        other = Reply(body=b"b", content_type="text/plain")
        assert one.etag != other.etag


class TestFolder:
    def test_refuses_a_folder_that_it_did_not_make(self, tmp_path: Path) -> None:
        (tmp_path / "letters.txt").write_text("mine")
        with pytest.raises(UsageError, match="holds other files"):
            make_folder(tmp_path)
        assert (tmp_path / "letters.txt").read_text() == "mine"

    def test_refuses_files_and_links(self, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.write_text("mine")
        link = tmp_path / "link"
        link.symlink_to(tmp_path, target_is_directory=True)
        for path in (file, link):
            with pytest.raises(UsageError, match="no folder"):
                make_folder(path)

    def test_clears_its_own_files_and_no_others(self, tmp_path: Path) -> None:
        folder = make_folder(tmp_path / "demo")
        for name in ("marsad.db", "mails.mbox", "config.yaml", "my-notes.txt", "marsad.dbx"):
            (folder / name).write_text("old")
        make_folder(folder)
        left = {path.name for path in folder.iterdir()}
        assert left == {".marsad-demo", ".gitignore", "my-notes.txt", "marsad.dbx"}

    def test_configuration_loads_and_points_to_loopback_only(self, tmp_path: Path) -> None:
        folder = make_folder(tmp_path / "demo")
        sites = [
            Site(outlet, base=f"http://127.0.0.1:{n + 9000}") for n, outlet in enumerate(PRESS)
        ]
        path = write_config(folder, sites, 2525, "http://127.0.0.1:9100/services/x")
        config = load_config(path, {})
        assert [source.id for source in config.sources] == [outlet.id for outlet in PRESS]
        assert all(source.url.startswith("http://127.0.0.1:") for source in config.sources)
        assert config.crawler.allow_private_networks
        assert config.database == f"sqlite:///{folder / 'marsad.db'}"

    def test_samples_are_a_page_and_the_labelled_press(self, tmp_path: Path) -> None:
        write_samples(tmp_path, PRESS, "p007")
        assert "<html" in (tmp_path / "page.html").read_text(encoding="utf-8")
        lines = (tmp_path / "press.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(STORIES)

    def test_commands_survive_a_folder_with_blanks(self) -> None:
        commands = [command for command, _ in next_commands(Path("my demo/config.yaml"))]
        assert all("--config 'my demo/config.yaml'" in command for command in commands)


class TestShowing:
    def shown(self, renderable: object, width: int = 60) -> str:
        console = Console(file=io.StringIO(), width=width, color_system=None)
        console.print(renderable)
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()

    def test_slack_markup_becomes_words(self) -> None:
        text = self.shown(
            render_mrkdwn("*<http://x/?a=1&amp;b=2|A &amp; B>*\n> said *yes* &lt;b&gt;")
        )
        assert text == "  A & B\n  ▎ said yes <b>\n"

    def test_message_is_shown_block_by_block(self) -> None:
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "*Partners:* Italy"}}
        context = {"type": "context", "elements": [{"type": "mrkdwn", "text": "where · when"}]}
        message = {"blocks": [section, context, {"type": "divider"}]}
        assert self.shown(render_message(message)) == "  Partners: Italy\n  where · when\n"

    def test_every_row_of_arabic_is_isolated_after_wrapping(self) -> None:
        paragraph = render_mrkdwn("استقبل السيد الفريق أول رئيس أركان الجيش الوطني الشعبي " * 3)
        rows = self.shown(paragraph).splitlines()
        assert len(rows) > 2
        assert all(row.startswith("  \u2067") and row.endswith("\u2069") for row in rows)

    def test_escape_sequences_of_strangers_do_not_reach_the_terminal(self) -> None:
        assert "\x1b" not in self.shown(render_mrkdwn("a \x1b[31mred\x1b[0m word"))
        assert "\x1b" not in readable("\x1b]0;title\x07 text")

    def test_direction_follows_the_first_letter_and_the_majority(self) -> None:
        assert is_rtl('"بحر البوران": تمرين')
        assert not is_rtl("Le mot عربي")
        assert not is_rtl("رياح · 25 Nov 2026 10:33 (Algiers)")
        assert not is_rtl("12:30")

    def test_arabic_inside_a_latin_line_stays_together(self) -> None:
        assert readable("x رياح الساحل · 25") == "x \u2067رياح الساحل\u2069 · 25"

    def test_empty_rows_stay(self) -> None:
        from rich.text import Text  # noqa: PLC0415

        assert self.shown(Paragraph(Text("a\n\nb"))) == "a\n\nb\n"


class TestVerdict:
    """The exit code says whether every story was told and everything told arrived."""

    HIT = HitRow(
        hit_id=1,
        rule="defence-cooperation",
        score=0.9,
        matched_at=NOW,
        published_at=NOW - timedelta(hours=2),
        outlet="a",
        language="fr",
        country="DZ",
        title="t",
        url="http://a/1",
        partners=("US",),
        activities=("visit",),
        persons=(),
        organisations=(),
        story_id=7,
        snippet="",
        alerted_at=NOW,
    )

    @pytest.mark.parametrize(
        ("told", "arrived", "fault"),
        [
            ([("desk-mail", 7, "sent")], 1, ""),
            ([("desk-mail", 7, "sent")], 0, "1 e-mails were sent, 0 arrived"),
            ([("desk-mail", 7, "pending")], 0, "1 stories were not sent as e-mails"),
            ([("desk-slack", 7, "sent")], 1, "1 stories were not sent as e-mails"),
            (
                [("desk-mail", 7, "sent"), ("desk-mail", 7, "failed")],
                1,
                "1 e-mails were refused",
            ),
        ],
    )
    def test_names_what_is_missing(
        self, told: list[tuple[str, int, str]], arrived: int, fault: str
    ) -> None:
        said = missing("e-mails", "desk-mail", [self.HIT], told, arrived)
        assert said.startswith(fault)
        assert bool(said) == bool(fault)

    def test_names_outlets_that_were_not_read_whole(self) -> None:
        def report(outlet: Outlet, new: int) -> VisitReport:
            return VisitReport(
                source_id=outlet.id,
                outcome=VisitOutcome.OK,
                reason="",
                started=NOW,
                finished=NOW,
                new_articles=new,
            )

        whole = [report(outlet, len(outlet.stories)) for outlet in PRESS]
        assert uncollected(PRESS, whole) == ""
        short = [report(PRESS[0], 2), *whole[2:]]
        assert uncollected(PRESS, short) == (
            "2 of 13 articles of courrier-du-tell were collected; "
            "0 of 13 articles of tribune-du-chott were collected"
        )

    def test_nothing_to_tell_is_a_fault_too(self) -> None:
        assert missing("e-mails", "desk-mail", [], [], 0) == "no e-mails to send"
