"""What the fuzzer starts from: documents that others collected, and what it found before."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "fuzz"
LARGEST = 32 * 1024  # bytes of a seed: a long one makes every input slow
_MOST = 1500  # seeds of one kind
_TEXTS = 300


def cases(target: str) -> list[Path]:
    """Return the files of what was found by a target."""
    return sorted((CASES / target).glob("*"))


def seeds(target: str, shared: Path) -> list[bytes]:
    """Return the first inputs of a target, the cases among them."""
    found = [path.read_bytes() for path in cases(target)]
    return [*found, *(data for data in _KINDS[target](shared) if len(data) <= LARGEST)]


def _feeds(shared: Path) -> Iterator[bytes]:
    for folder in ("feedparser", "feedvalidator", "reader", "xml-attacks"):
        files = sorted(p for p in (shared / "data" / folder).rglob("*") if p.suffix in _SUFFIXES)
        for path in files[:: max(1, len(files) // (_MOST // 4))]:
            yield b"\0" + path.read_bytes()


_SUFFIXES = {".xml", ".rss", ".atom", ".json", ".opml"}


def _lists(shared: Path) -> Iterator[bytes]:
    yield (
        b"\0<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>"
        b"https://outlet.example/2026/1.html</loc><lastmod>2026-03-14</lastmod></url></urlset>"
    )
    yield (
        b"\0<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap><loc>"
        b"/post-sitemap2.xml</loc><lastmod>2026-03-14T10:00:00Z</lastmod></sitemap></sitemapindex>"
    )
    yield (
        b"\0<html><main><h3><a href='/2026/one-title-of-a-story.html'>One title of a story</a></h3>"
        b"<h3><a href='/2026/another-title.html'>Another title</a></h3>"
        b"<a rel='next' href='?page=2'>2</a></main></html>"
    )
    yield from _pages(shared)
    yield from list(_feeds(shared))[::10]


def _pages(shared: Path) -> Iterator[bytes]:
    for path in sorted((ROOT / "tests" / "cases" / "pages").glob("*.html")):
        yield b"\0" + path.read_bytes()
    folder = shared / "data" / "article-extraction-benchmark" / "html"
    for path in sorted(folder.glob("*.html.gz")):
        yield b"\0" + gzip.decompress(path.read_bytes())


def _small(shared: Path) -> Iterator[bytes]:
    yield b"User-agent: *\nDisallow: /*?s=\nCrawl-delay: 10\nSitemap: https://o.example/m.xml\n"
    yield b"<opml version='2.0'><body><outline text='O' xmlUrl='https://o.example/feed'/></body></opml>"
    for text in (
        "Sat, 14 Mar 2026 09:30:00 +0100",
        "2026-03-14T09:30:00Z",
        "samedi 14 mars 2026 à 9h30",
        "السبت 14 مارس 2026 - 09:30",
        "14 رمضان 1447",
        "https://www.Outlet.example:443/a/../b/?utm_source=x&id=1#c",
        "//xn--mgba3a4fra.example/%d8%a7",
        "http://[::ffff:127.0.0.1]/",
    ):
        yield text.encode()
    urls = shared / "data" / "ssrf" / "urls.txt"
    for line in urls.read_text("utf-8").splitlines():
        yield line.partition(" ")[2].encode()
    yield from _naughty(shared)


def _queries(shared: Path) -> Iterator[bytes]:
    bundled = (ROOT / "matcher" / "rules" / "defence_cooperation.yaml").read_text("utf-8")
    for found in re.findall(r"when: (.+)", bundled):
        yield found.strip("'\"").encode()
    for path in sorted((ROOT / "tests" / "cases" / "broken_rules").glob("*.yaml")):
        for found in re.findall(r"(?:when|require): (.+)", path.read_text("utf-8", "replace")):
            yield found.strip("'\"").encode()
    yield '"forces armées" NEAR/5 (@it OR #partner) AND NOT TITLE: sport*'.encode()
    yield 'marine OR "exercice naval" -football prefix* قائد'.encode()


def _rules(shared: Path) -> Iterator[bytes]:
    for path in sorted((ROOT / "tests" / "cases" / "broken_rules").glob("*.yaml")):
        yield path.read_bytes()
    for path in sorted((ROOT / "matcher" / "rules").glob("*.yaml")):
        yield path.read_bytes()[:4096]


def _configurations(shared: Path) -> Iterator[bytes]:
    text = (ROOT / "config.yaml").read_text("utf-8")
    yield text.encode()
    yield text.replace("# ", "").encode()
    source = "{id: a, name: A, url: 'https://a.example/', language: fr, country: DZ"
    yield f"sources:\n  - {source}, feeds: [https://a.example/feed], tags: [dz]}}\n".encode()
    yield f"sources:\n  - {source}, sections: [https://a.example/], article_url: '/\\d+'}}\n".encode()
    yield (
        b"alerts:\n  max_age: 24h\n  channels:\n    s: {type: slack, webhook_url: '${SLACK_WEBHOOK_URL}'}"
        b"\n    m: {type: email, host: localhost, sender: a@b.example, recipients: [c@d.example]}\n"
        b"  routes:\n    - {rules: [defence-cooperation], channels: [m, s], mode: digest, at: '07:30',"
        b" timezone: Africa/Algiers, min_score: 0.5, partners: [US]}\n"
    )


def _texts(shared: Path) -> Iterator[bytes]:
    for path in sorted((shared / "corpus").glob("*.jsonl")):
        lines = path.read_text("utf-8").splitlines()
        for line in lines[:: max(1, len(lines) // _TEXTS)]:
            document = json.loads(line)
            yield f"{document.get('title', '')}\n{document['text'][:1500]}".encode()
    yield from _naughty(shared)


def _naughty(shared: Path) -> Iterator[bytes]:
    listed = shared / "data" / "naughty-strings" / "blns.json"
    for text in json.loads(listed.read_text("utf-8")):
        yield text.encode("utf-8", "replace")


_KINDS = {
    "feed": _feeds,
    "lists": _lists,
    "page": _pages,
    "small": _small,
    "query": _queries,
    "rules": _rules,
    "config": _configurations,
    "judge": _texts,
}
