"""`make fuzz`: millions of inputs into each room, guided by coverage, and a count of them.

    python tests/fuzz/fuzz.py --runs 2000000            every target, each its share
    python tests/fuzz/fuzz.py --target feed --runs 5000 one of them

A finding stands in ``.fuzz/TARGET/found-*``, its traceback in ``why-*`` beside it. It becomes
a case once it is mended: put it into ``tests/cases/fuzz/TARGET``, where the tests read it again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / ".fuzz"
# Shares of all inputs, by what one costs and by who writes it: strangers first.
SHARES = {"feed": 20, "lists": 4, "page": 1, "small": 31, "query": 36, "rules": 4, "judge": 2}
SHARES["config"] = 100 - sum(SHARES.values())
WATCHED = ["crawler", "matcher", "marsad", "feedparser", "protego"]
SLOWEST = 20  # seconds of one input: what a worker process is given
MEMORY = 2048  # megabytes: the corpus and libFuzzer's tables count as well
LONGEST = {"page": 8192, "judge": 2048, "query": 2048, "small": 2048}
WORDS = {
    "feed": "<item> </item> <title> <link> <guid> <pubDate> <description> <![CDATA[ ]]> <entry> "
    "<content:encoded> &amp; &#0; &#xd800; <?xml <!DOCTYPE <!ENTITY <rss <channel> <feed "
    'xml:base= encoding="windows-1256" "items" "content_html" {"version"',
    "lists": "<urlset <url> <loc> <lastmod> <news:title> <sitemapindex <a href= rel='next' ?page=2",
    "page": "<article> <h1> <p> <script type='application/ld+json'> \"@type\" articleBody "
    "property='og:title' <meta <time datetime= <table> <b> </p> charset=",
    "small": "User-agent: Disallow: Crawl-delay: Sitemap: <outline xmlUrl= <opml %d8 // :// @ "
    "utm_source= [:: xn-- ١ مارس رمضان +01:00 T24:00",
    "query": 'AND OR NOT NEAR/3 BEFORE/2 SENTENCE( PARAGRAPH( TITLE: LEAD: ATLEAST/2( DISTINCT/2( " '
    "@it @its @other @actor #army $name ( ) * \\ « »",
    "rules": "id: require: clauses: when: weight: define: bias: threshold: examples: partners: "
    "activities: - { } [ ] & * ! | > ' \" # !!python/object 1e999 .nan",
    "config": "sources: alerts: channels: routes: crawler: type: slack email apprise console ${HOME} "
    "${SLACK_WEBHOOK_URL} mode: digest at: 07:30 24h { } [ ] & * | - id: webhook_url: https://",
    "judge": "Algérie France défense général armée coopération الجزائر وزارة الدفاع 4 décembre "
    "Algeria military",
}


def main() -> None:
    """Run one target in this process, or all of them as processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000_000)
    parser.add_argument("--target", choices=SHARES)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    arguments = parser.parse_args()
    if arguments.target:
        _one(arguments.target, arguments.runs, arguments.shared)
    sys.exit(_all(arguments.runs, arguments.shared, arguments.jobs))


def _all(runs: int, shared: Path, jobs: int) -> int:
    """Run every target, ``jobs`` at a time; print the table; return how many had a finding."""
    began = time.monotonic()
    waiting, running, done = dict(SHARES), {}, {}
    while waiting or running:
        while waiting and len(running) < jobs:
            target, share = waiting.popitem()
            running[target] = _start(target, runs * share // 100, shared)
        for target, process in list(running.items()):
            if process.poll() is not None:
                done[target] = _result(target, process.returncode)
                del running[target]
        time.sleep(0.2)
    for target, (count, findings) in sorted(done.items()):
        print(f"{target:8} {count:>10,} inputs  {findings} findings")
    total = sum(count for count, _ in done.values())
    print(f"{'in all':8} {total:>10,} inputs in {time.monotonic() - began:,.0f} s")
    (WORK / "counts.json").write_text(json.dumps({t: n for t, (n, _) in done.items()}))
    return sum(bool(findings) for _, findings in done.values())


def _start(target: str, runs: int, shared: Path) -> subprocess.Popen[bytes]:
    folder = WORK / target
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, "--target", target, "--runs", str(runs)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([*command, "--shared", str(shared)], stdout=log, stderr=log)


def _result(target: str, code: int) -> tuple[int, int]:
    log = (WORK / target / "log").read_text("utf-8", "replace")
    counted = re.findall(r"^(?:#|stat::number_of_executed_units: )(\d+)", log, re.MULTILINE)
    findings = len(list((WORK / target).glob("found-*")))
    is_broken = "\nDone " not in log  # its alarm may ring while Python ends: the code says nothing
    if is_broken and not findings:
        print(f"{target} ended by itself ({code}):\n{log[-4000:]}", file=sys.stderr)
    return max(map(int, counted), default=0), findings or int(is_broken)


def _one(target: str, runs: int, shared: Path) -> None:
    import atheris  # noqa: PLC0415 - stands in an environment of its own

    sys.path[:0] = [str(ROOT), str(HERE)]
    with atheris.instrument_imports(include=WATCHED):
        from rooms import TARGETS  # noqa: PLC0415 - what is imported here is watched
    from seeds import seeds  # noqa: PLC0415

    folder = WORK / target
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(target, shared)):
        (corpus / f"seed-{number}").write_bytes(data)
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS[target].split()))
    options = {
        "atheris_runs": runs,
        "dict": words,
        "artifact_prefix": f"{folder}/found-",
        "timeout": SLOWEST,
        "rss_limit_mb": MEMORY,
        "max_len": LONGEST.get(target, 8192),
        "print_final_stats": 1,
        "len_control": 50,
    }
    atheris.Setup(
        [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(corpus)],
        _recording(TARGETS[target], folder),
    )
    atheris.Fuzz()


def _recording(target: Callable[[bytes], None], folder: Path) -> Callable[[bytes], None]:
    """Keep the first input of each finding, known by where it was raised, and go on."""
    seen: set[tuple[str, str, int]] = set()

    def watched(data: bytes) -> None:
        try:
            target(data)
        except Exception as error:  # noqa: BLE001 - whatever leaves a room is a finding
            at = traceback.extract_tb(error.__traceback__)[-1]
            where = (type(error).__name__, at.filename, at.lineno or 0)
            if where not in seen:
                seen.add(where)
                (folder / f"found-{len(seen)}").write_bytes(data)
                (folder / f"why-{len(seen)}").write_text(traceback.format_exc())

    return watched


def _escaped(word: str) -> str:
    return "".join(
        chr(b) if 32 <= b < 127 and chr(b) not in '"\\' else f"\\x{b:02x}" for b in word.encode()
    )


if __name__ == "__main__":
    main()
