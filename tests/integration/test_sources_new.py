"""``sources add``, ``import`` and ``export``: new outlets by their address or from a list."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from command_line import Run, make_run, one_line
from crawler_stage import item, page, rss

from marsad.config import load_config

SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[3] / "shared"))
ATTACKS = SHARED / "data/xml-attacks/defusedxml-0.7.1"
CONFIG = """\
# Mine, and every word of it stays.
database: sqlite:///press.db
crawler: {include: [], delay: 0s, allow_private_networks: true}   # for a test
sources:
  # the first one
  - {id: tell, name: Tell, url: 'https://tell.example/', language: fr, country: DZ,
     feeds: ['https://tell.example/feed']}   # at the end
  # not this one:
  # - id: other

alerts:
  channels: {desk: {type: console}}
  routes: [{channels: [desk]}]
"""
HEADLINES = (
    "Le wali inspecte les chantiers de la wilaya",
    "La récolte de blé dépasse les prévisions",
    "Un nouveau tramway pour la ville de Batna",
    "Les prix du poisson baissent au port d'Oran",
    "Une bibliothèque ouvre ses portes à Tiaret",
)
ARABIC = (
    "وزير الفلاحة يعلن عن انطلاق حملة الحصاد في الولايات الشرقية",
    "افتتاح معرض الكتاب في العاصمة بحضور كتاب من عدة دول",
    "انخفاض أسعار السمك في ميناء وهران خلال هذا الأسبوع",
)


class Site:
    """A web site in a thread: pages by path."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []
        site = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                text = site.pages.get(self.path)
                body = (text or "no").encode()
                self.send_response(200 if text is not None else 404)
                is_xml = text is not None and text.startswith("<?xml")
                kind = "application/xml" if is_xml else "text/html; charset=utf-8"
                kind = "text/plain" if self.path == "/robots.txt" else kind
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("MARSAD_CONFIG", "MARSAD_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, "utf-8")
    return path


@pytest.fixture
def run(config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return make_run(capsys, monkeypatch)


def home(*links: str, head: str = "", lang: str = "fr") -> str:
    shown = "".join(f"<article><h2>{link}</h2></article>" for link in links)
    return (
        f"<!DOCTYPE html><html lang='{lang}'><head><meta charset='utf-8'><title>La Une - Le site"
        f"</title><meta property='og:site_name' content='Le Quotidien du Tell'>{head}</head>"
        f"<body><nav><a href='/contact'>Contact</a></nav>{shown}</body></html>"
    )


def added(config: Path) -> dict[str, object]:
    return yaml.safe_load(config.read_text("utf-8"))["sources"][-1]


def dated(link: str, title: str, day: int) -> str:
    return item(link, title).replace("24 Nov", f"{day} Nov")


def test_a_feed_that_the_page_announces_is_added_and_the_file_stays_as_it_was(
    run: Run, site: Site, config: Path
) -> None:
    announced = (
        "<link rel=alternate type='application/rss+xml' href='/comments/feed/'>"
        "<link rel=alternate type='application/rss+xml' href='/actu/feed/'>"
    )
    site.pages |= {
        "/": home(head=announced),
        "/actu/feed/": rss(*(dated(f"/a/{n}", t, 20 + n) for n, t in enumerate(HEADLINES))),
    }
    ran = run("sources", "add", f"{site.url}/", "--tag", "presse")
    assert (ran.code, ran.out) == (0, "")
    assert added(config) == {
        "id": "127-0-0-1",
        "name": "Le Quotidien du Tell",
        "url": f"{site.url}/",
        "language": "fr",
        "country": "DZ",
        "tags": ["presse"],
        "feeds": [f"{site.url}/actu/feed/"],
    }
    shown = [line.split("  ")[-1] for line in ran.err.splitlines() if line.startswith("  ")]
    assert shown == list(HEADLINES[:1:-1])  # the three newest, newest first
    lines = config.read_text("utf-8").splitlines()
    assert [line for line in CONFIG.splitlines() if line not in lines] == []
    place = lines.index("  # not this one:")
    assert lines[place - 1].startswith("     ") or "feeds" in lines[place - 1]
    assert [s.id for s in load_config(config, {}).sources] == ["tell", "127-0-0-1"]
    assert "/comments/feed/" not in site.asked


def test_the_feed_of_the_very_section_is_taken(run: Run, site: Site, config: Path) -> None:
    announced = (
        "<link rel=alternate type='application/rss+xml' href='/feed/'>"
        "<link rel=alternate type='application/rss+xml' href='/politique/feed/'>"
    )
    site.pages |= {"/politique/": home(head=announced), "/politique/feed/": rss(item("/a/1"))}
    assert run("sources", "add", f"{site.url}/politique/", "--id", "pol", "--name", "P").code == 0
    assert added(config)["feeds"] == [f"{site.url}/politique/feed/"]
    assert (added(config)["id"], added(config)["name"]) == ("pol", "P")


def test_a_feed_at_a_usual_place_is_found_and_the_language_is_that_of_its_titles(
    run: Run, site: Site, config: Path
) -> None:
    feed = rss(*(item(f"/a/{n}", t, "") for n, t in enumerate(ARABIC)))
    site.pages |= {"/": home("<img src='/wp-content/x.png'>"), "/feed/": feed}
    assert run("sources", "add", site.url).code == 0
    source = added(config)
    assert (source["language"], source["family"]) == ("ar", "wordpress")
    assert source["feeds"] == [f"{site.url}/feed/"]


def test_the_address_of_a_feed_is_enough(run: Run, site: Site, config: Path) -> None:
    site.pages |= {"/": home(), "/x.rss": rss(item("/a/1", HEADLINES[0]))}
    assert run("sources", "add", f"{site.url}/x.rss").code == 0
    assert added(config)["feeds"] == [f"{site.url}/x.rss"]
    assert added(config)["url"] == f"{site.url}/"


def test_a_sitemap_that_robots_txt_names_is_found_and_its_titles_read_off_the_pages(
    run: Run, site: Site, config: Path
) -> None:
    urls = "".join(
        f"<url><loc>{site.url}/national/le-titre-de-l-article-{n}00</loc>"
        f"<lastmod>2026-11-{10 + n}</lastmod></url>"
        for n in range(5)
    )
    other = f"<url><loc>{site.url}/contact</loc><lastmod>2026-11-25</lastmod></url>"
    links = [
        f"<a href='/national/le-titre-de-l-article-{n}00'>{t}</a>" for n, t in enumerate(HEADLINES)
    ]
    site.pages |= {
        "/": home(*links),
        "/robots.txt": f"User-agent: *\nAllow: /\nSitemap: {site.url}/plan/news.xml\n",
        "/plan/news.xml": "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/"
        f"sitemap/0.9'>{urls}{other}</urlset>",
    }
    site.pages |= {f"/national/le-titre-de-l-article-{n}00": page(HEADLINES[n]) for n in range(5)}
    ran = run("sources", "add", f"{site.url}/")
    assert ran.code == 0, ran
    assert added(config)["sitemaps"] == [f"{site.url}/plan/news.xml"]
    assert all(title in ran.err for title in HEADLINES[2:])
    assert "contact" not in ran.err
    source = load_config(config, {}).sources[-1]
    assert source.article_url


def test_a_page_of_links_is_read_when_there_is_no_feed(run: Run, site: Site, config: Path) -> None:
    links = [f"<a href='/national/titre-{n}{n}{n}'>{t}</a>" for n, t in enumerate(HEADLINES, 1)]
    menu = [f"<a href='/rubrique-{n}'>Rubrique</a>" for n in range(20)]
    site.pages["/national"] = home(*links, *menu)
    ran = run("sources", "add", f"{site.url}/national", "--country", "ma", "--language", "fr")
    assert ran.code == 0, ran
    source = added(config)
    assert (source["sections"], source["country"]) == ([f"{site.url}/national"], "MA")
    assert "(5 articles)" in ran.err
    assert ran.err.count("  no date  ") == 3


def test_a_dry_run_prints_yaml_and_writes_nothing(run: Run, site: Site, config: Path) -> None:
    site.pages |= {"/": home(), "/feed/": rss(item("/a/1", HEADLINES[0]))}
    for flag in ("--dry-run", "--print"):
        ran = run("sources", "add", site.url, flag)
        assert ran.code == 0
        [source] = yaml.safe_load(ran.out)["sources"]
        assert source["feeds"] == [f"{site.url}/feed/"]
    assert config.read_text("utf-8") == CONFIG


def test_what_cannot_be_added_is_said_in_one_line(run: Run, site: Site, config: Path) -> None:
    site.pages |= {"/": home(), "/feed/": rss(item("/a/1", HEADLINES[0])), "/empty": "<p>x</p>"}
    one_line(run("sources", "add", "https://tell.example/"), 1, "tell")
    one_line(run("sources", "add", "tell.example/feed"), 1, "tell")
    one_line(run("sources", "add", f"{site.url}/gone"), 1, "404", "/gone")
    one_line(run("sources", "add", "http://127.0.0.1:9/"), 1, "cannot be reached")
    one_line(run("sources", "add", "ftp://x.example/"), 2, "http")
    one_line(run("sources", "add", "mailto:x"), 2)
    one_line(run("sources", "add", site.url, "--id", "tell"), 2, "tell")
    one_line(run("sources", "add", site.url, "--id", "No Id", "--dry-run"), 2, "id")
    one_line(run("sources", "add", site.url, "--language", "xx"), 2, "fr, ar, en")
    assert run("sources", "add", site.url).code == 0
    written = config.read_text("utf-8")
    one_line(run("sources", "add", site.url), 1, "127-0-0-1")
    one_line(run("sources", "add", f"{site.url}/feed"), 1, "127-0-0-1")
    del site.pages["/feed/"]
    one_line(run("sources", "add", f"{site.url}/empty"), 1, "no feed")
    assert config.read_text("utf-8") == written


def test_a_private_address_is_refused_unless_allowed(run: Run, site: Site, config: Path) -> None:
    config.write_text(CONFIG.replace("allow_private_networks: true", "poll_every: {}"), "utf-8")
    one_line(run("sources", "add", site.url), 1, "127.0.0.1")
    one_line(run("sources", "add", "http://localhost/"), 1, "localhost")
    assert site.asked == []


OPML = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Mes flux</title></head><body>
<outline text="Presse écrite"><outline text="Quotidiens">
  <outline text="ignored" title="Le Rivage" type="rss" xmlUrl="https://rivage.dz/feed/"
           htmlUrl="https://www.rivage.dz/"/>
  <outline text="المساء الجديد للأخبار" xmlUrl="https://massa.example/rss"/>
</outline></outline>
<outline text="Tell again" xmlUrl="http://www.tell.example/feed/"/>
<outline text="Rivage again" xmlUrl="https://rivage.dz/feed"/>
<outline text="odd" xmlUrl="javascript:alert(1)"/>
</body></opml>
"""


def test_folders_become_tags_and_duplicates_are_reported(run: Run, config: Path) -> None:
    Path("feeds.opml").write_text(OPML, "utf-8")
    ran = run("sources", "import", "feeds.opml", "--tag", "neu")
    assert ran.code == 1  # one outline could not be taken
    assert ran.err.count("duplicate: ") == 2
    assert "feeds.opml:10: odd: url: 'javascript:alert(1)' is no http(s) address" in ran.err
    assert "2 new, 2 duplicates, 1 left out" in ran.err
    sources = load_config(config, {}).sources
    assert [(s.id, s.name, s.language, s.country) for s in sources[1:]] == [
        ("rivage", "Le Rivage", "fr", "DZ"),
        ("massa", "المساء الجديد للأخبار", "ar", "DZ"),
    ]
    assert sources[1].tags == ("presse-ecrite", "quotidiens", "neu")
    assert sources[1].url == "https://www.rivage.dz/"
    assert config.read_text("utf-8").startswith("# Mine, and every word of it stays.")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<opml>\n<body>\n<outline text='x'>\n</body></opml>", ("x.opml:4", "mismatched")),
        ("<html></html>", ("x.opml:1", "no OPML")),
        ("not xml", ("x.opml:1", "no XML")),
        ("", ("empty",)),
        ("<opml><body>" + "<outline text='x'>" * 90 + "</body></opml>", ("deep",)),
        ('<!DOCTYPE x [<!ENTITY a "b">]><opml/>', ("x.opml:1", "refused")),
        ('\n<!DOCTYPE o SYSTEM "file:///etc/passwd"><opml/>', ("x.opml:2", "refused")),
    ],
)
def test_a_broken_opml_is_said_in_one_line(run: Run, body: str, words: tuple[str, ...]) -> None:
    Path("x.opml").write_text(body, "utf-8")
    one_line(run("sources", "import", "x.opml"), 1, *words)


def test_a_missing_opml_is_said_in_one_line(run: Run) -> None:
    one_line(run("sources", "import", "none.opml"), 1, "none.opml: no such file")


def test_what_is_exported_comes_back_the_same(run: Run, config: Path, tmp_path: Path) -> None:
    config.write_text(CONFIG.replace("include: []", "include: [dz, abroad]"), "utf-8")
    out = run("sources", "export").out
    before = {s.id: s for s in load_config(config, {}).sources}
    assert len(before) >= 60
    Path("all.opml").write_text(out, "utf-8")
    config.write_text("crawler: {include: []}\n", "utf-8")
    ran = run("sources", "import", "all.opml")
    assert ran.code == 0, ran.err
    after = {s.id: s for s in load_config(config, {}).sources}
    assert after.keys() == before.keys()
    names = ("name", "url", "language", "country", "tags", "feeds", "fallback_feeds", "sitemaps")
    for ident, source in before.items():
        for name in (*names, "sections", "archives", "domains", "family", "article_url"):
            assert getattr(after[ident], name) == getattr(source, name), (ident, name)
    again = run("sources", "import", "all.opml")
    assert "added" not in again.err
    assert f"0 new, {len(before)} duplicates, 0 left out" in again.err


def test_sources_are_exported_as_rows_too(run: Run) -> None:
    [row] = json.loads(run("sources", "export", "--format", "json").out)
    assert (row["id"], row["feeds"]) == ("tell", ["https://tell.example/feed"])
    assert run("sources", "export", "--format", "csv").out.startswith("id,name,url,")


@pytest.mark.shared
def test_documents_that_attack_parsers_are_refused_at_once(run: Run) -> None:
    attacks = sorted(ATTACKS.rglob("*.xml"))
    if not attacks:
        pytest.skip("no XML attacks beside the checkout")
    for attack in attacks:
        ran = run("sources", "import", str(attack))
        one_line(ran, 1, attack.name)
