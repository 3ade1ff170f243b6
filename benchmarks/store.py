"""What the store costs with a million articles: filing, its size, and how fast it answers.

    python -m benchmarks.store [--articles 1000000] [--folder FOLDER] [--rounds 5]

Files a generated archive in batches, then asks every question of docs/sql.md, every filter of
``marsad hits`` and searches of rare and frequent words. Medians of the rounds in wall time
beside their targets, and the CPU time that this process took for them: on a busy machine the
wall time is the neighbours'. A FOLDER that holds the archive already is asked again.
"""

from __future__ import annotations

import argparse
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.archive_rows import Press, outlets
from benchmarks.figures import keep
from domain.article import Document, Folded
from domain.asking import ArticleQuery, HitQuery
from domain.filing import Filing
from domain.notice import Mode, SendOutcome, SendResult
from marsad.folding import MatcherFolding
from matcher.reading import Reading
from matcher.searching import index_forms, parse_search
from matcher.text import normalise
from storage.store import Store

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "sql.md").read_text("utf-8")
QUESTIONS = dict(re.findall(r"^### ([^\n]+)\n\n```sql\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE))
BATCH = 1_000
QUESTION_MS, SEARCH_MS, RATE, SIZE = 200, 300, 0.4, 1.6


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report."""

    name: str
    value: float
    unit: str
    target: float
    is_most: bool  # the value may be the target at most; else at least
    note: str = ""

    @property
    def is_met(self) -> bool:
        return self.value <= self.target if self.is_most else self.value >= self.target

    def __str__(self) -> str:
        sign = "<=" if self.is_most else ">="
        mark = "ok  " if self.is_met else "MISS"
        value = f"{self.value:10.2f} {self.unit:<3} ({sign} {self.target:g})"
        return f"{mark} {value}  {self.name}{self.note}"


def main() -> None:
    """Run and print; exit with 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--filing", action="store_true", help="only what filing costs")
    given = parser.parse_args()
    if given.filing:
        with tempfile.TemporaryDirectory(prefix="marsad-bench-") as temporary:
            rates = [rate(Path(temporary) / "archive.db") for _ in range(given.rounds)]
        print(*rates, sep="\n")
        keep("store", {"filing": [1 / figure.value for figure in rates]})
        return
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as temporary:
        path = (given.folder or Path(temporary)) / "archive.db"
        missed = 0
        for figure in figures(path, given.articles, given.rounds):
            print(figure, flush=True)
            missed += not figure.is_met
    print(f"{missed} targets missed" if missed else "every target met")
    sys.exit(1 if missed else 0)


def figures(path: Path, count: int, rounds: int) -> Iterator[Figure]:
    """Fill the store at ``path`` unless it is there, and yield every figure."""
    now = datetime.now(UTC)
    is_new = not path.exists()
    with Store.open(f"sqlite:///{path}", folding=MatcherFolding()) as store:
        if is_new:
            fill(store, count, now)
        yield from sizes(path)
        yield from asked(store, path, now, rounds)
    yield rate(path)


def fill(store: Store, count: int, now: datetime) -> None:
    """File the archive and settle its deliveries."""
    press = Press(count, now)
    store.sync_sources(outlets(), now)
    started = time.perf_counter()
    for number, batch in enumerate(press.batches(BATCH)):
        store.file(batch, None, batch[-1].article.first_seen)
        if number % 50 == 49:
            done = (number + 1) * BATCH
            rate_now = done / (time.perf_counter() - started)
            print(f"{done} articles, {rate_now:.0f} a second", file=sys.stderr)
    accepted = SendOutcome(result=SendResult.ACCEPTED)
    for channel in ("desk-mail", "desk-slack"):
        lease = timedelta(minutes=5)
        while taken := store.claim(channel, Mode.IMMEDIATE, now, lease, 500):
            store.settle(taken, accepted, now, None)
    store.gather_statistics()


def sizes(path: Path) -> Iterator[Figure]:
    """Yield what the file takes beside the articles' titles and texts."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        texts, articles = connection.execute(
            "SELECT sum(length(CAST(title AS blob)) + length(CAST(text AS blob))), count(*)"
            " FROM articles"
        ).fetchone()
        (hits,) = connection.execute("SELECT count(*) FROM hits").fetchone()
    size = path.stat().st_size
    note = f": {size / articles:.0f} bytes an article of {texts / articles:.0f}, {hits} hits"
    yield Figure("size of the file / titles and texts", size / texts, "x", SIZE, True, note)


def asked(store: Store, path: Path, now: datetime, rounds: int) -> Iterator[Figure]:
    """Yield how long every question, filter and search takes."""
    for name, sql in QUESTIONS.items():
        yield timed(f"question: {name}", lambda sql=sql: list(store.query(sql).rows), rounds)
    for name, query in filters(now).items():
        yield timed(f"hits {name}", lambda query=query: store.hits(query), rounds)
    for name, words in searches(path).items():
        text = parse_search(words)
        hit, found = HitQuery(text=text), ArticleQuery(text=text)
        told = f"{name} {words!r}"
        yield timed(f"hits --text {told}", lambda q=hit: store.hits(q), rounds, SEARCH_MS)
        yield timed(f"search {told}", lambda q=found: store.search(q), rounds, SEARCH_MS)


def filters(now: datetime) -> dict[str, HitQuery]:
    """Return each filter of ``marsad hits``: values that many hits have, few, and none."""
    day = timedelta(days=1)
    return {
        "unfiltered": HitQuery(),
        "--since 30d": HitQuery(since=now - 30 * day),
        "--until, two years ago": HitQuery(until=now - 730 * day),
        "--since --until": HitQuery(since=now - 730 * day, until=now - 700 * day),
        "--partner FR": HitQuery(partners=("FR",)),
        "--partner, none has it": HitQuery(partners=("XX",)),
        "--activity exercise": HitQuery(activities=("exercise",)),
        "--outlet, a small one": HitQuery(outlets=("outlet-110",)),
        "--language en": HitQuery(languages=("en",)),
        "--language, none has it": HitQuery(languages=("und",)),
        "--rule": HitQuery(rules=("energy-diplomacy",)),
        "--rule, none has it": HitQuery(rules=("none",)),
        "--story": HitQuery(story_id=5),
        "all together": HitQuery(
            partners=("FR",),
            activities=("visit",),
            languages=("ar",),
            rules=("defence-cooperation",),
            since=now - 900 * day,
        ),
    }


def searches(path: Path) -> dict[str, str]:
    """Return searches of words as frequent as their names say, from the archive's own texts."""
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT text FROM articles WHERE language = ? ORDER BY article_id DESC LIMIT 1"
        french, arabic = (connection.execute(sql, (k,)).fetchone()[0].split() for k in ("fr", "ar"))
    longest = max(french[5:200], key=len).strip(".")
    return {
        "of a word of every text": "plus",
        "of a rare word": longest,
        "of both": f"plus {longest}",
        "of a phrase": f'"{french[7]} {french[8]} {french[9]}"'.replace(".", ""),
        "of a prefix": f"{longest[:3]}*",
        "of an Arabic word": max(arabic[5:200], key=len).strip("."),
        "of a frequent Arabic word": "بين",
        "of either": f"plus OR {longest}",
        "of one without the other": f"{longest} -plus",
    }


def timed(
    name: str, ask: Callable[[], Iterable[object]], rounds: int, target: float = QUESTION_MS
) -> Figure:
    """Return the median time of reading the whole answer."""
    wall, cpu, rows = [], [], 0
    for _ in range(rounds):
        started, began = time.perf_counter(), time.process_time()
        rows = sum(1 for _ in ask())
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - began)
    note = f"; CPU {statistics.median(cpu) * 1000:.1f} ms, {rows} rows"
    return Figure(name, statistics.median(wall) * 1000, "ms", target, True, note)


def rate(path: Path, count: int = 5_000) -> Figure:
    """Return the rate of filing beside that of the bare driver writing the very same rows.

    Both are given the folded words: the daemon's workers fold what they judge.
    """
    now = datetime.now(UTC)
    batches = [list(map(as_read, batch)) for batch in Press(count, now, seed=7).batches(BATCH)]
    filed, raw = path.with_name("filed.db"), path.with_name("raw.db")
    with Store.open(f"sqlite:///{filed}", folding=MatcherFolding()) as store:
        store.sync_sources(outlets(), now)
        started = time.process_time()
        for batch in batches:
            store.file(batch, None, now)
        ours = time.process_time() - started
    Store.open(f"sqlite:///{raw}", folding=MatcherFolding()).close()
    theirs = written_raw(filed, raw)
    filed.unlink()
    raw.unlink()
    note = f": {count / ours:.0f} and {count / theirs:.0f} articles a CPU second"
    return Figure("filing / bare driver, same rows", theirs / ours, "x", RATE, False, note)


def as_read(filing: Filing) -> Filing:
    """Return ``filing`` with its words folded, as a worker that read and judged it hands it in."""
    article = filing.article
    form = normalise(Reading.join(Document(title=article.title, text=article.text)))
    title, text = index_forms(article.title, form)
    return replace(filing, folded=Folded(title=title, text=text, version=MatcherFolding.version))


def written_raw(filed: Path, raw: Path) -> float:
    """Write the rows of ``filed`` into ``raw`` with sqlite3 alone; return the CPU seconds."""
    tables = ("sources", "articles", "stories", "story_articles", "hits", "hit_facets")
    tables += ("evidence", "deliveries")
    with closing(sqlite3.connect(filed)) as source, closing(sqlite3.connect(raw)) as target:
        target.execute("PRAGMA synchronous=FULL")
        rows = {t: source.execute(f"SELECT * FROM {t}").fetchall() for t in tables}
        folding = MatcherFolding()
        pairs = source.execute("SELECT article_id, text, title FROM articles").fetchall()
        words = [(key, folding(text), folding(title)) for key, text, title in pairs]
        started = time.process_time()
        for table, many in rows.items():
            marks = ",".join("?" * len(many[0]))
            insert_batches(target, f"INSERT INTO {table} VALUES ({marks})", many)
        insert_batches(
            target, "INSERT INTO article_words(rowid, body, title) VALUES (?, ?, ?)", words
        )
        return time.process_time() - started


def insert_batches(target: sqlite3.Connection, sql: str, rows: list[tuple[object, ...]]) -> None:
    for at in range(0, len(rows), BATCH):
        with target:
            target.executemany(sql, rows[at : at + BATCH])


if __name__ == "__main__":
    main()
