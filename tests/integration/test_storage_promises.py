"""The store's promises, tried from outside by its public calls only, on both databases."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from domain.article import Article
from domain.asking import HitQuery
from domain.errors import BusyError, QueryError, StoreError
from domain.filing import Filing
from domain.match import EventDate, Evidence, Match
from domain.notice import Mode, PlannedDelivery, SendOutcome, SendResult
from domain.source import FetchState, Source, Validators, VisitOutcome, VisitReport
from storage.store import Store

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SERVER = os.environ.get("MARSAD_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432")


def _admin() -> psycopg.Connection[tuple[object, ...]]:
    plain = SERVER.replace("postgresql+psycopg", "postgresql")
    return psycopg.connect(f"{plain}/postgres", autocommit=True, connect_timeout=3)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    name = f"marsad_test_storage_p{os.getpid()}"
    try:
        with _admin() as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL server: {error}")
    yield f"{SERVER}/{name}"
    with _admin() as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/marsad.db"
    made: str = request.getfixturevalue("postgres_url")
    return made


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    opened.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
    yield opened
    opened.close()


def outlet(key: str, **changes: object) -> Source:
    facts: dict[str, object] = {
        "id": key,
        "name": key.title(),
        "url": f"https://{key}.example/",
        "language": "fr",
        "country": "DZ",
        "feeds": (f"https://{key}.example/feed",),
    }
    return Source(**{**facts, **changes})  # type: ignore[arg-type]


def match(text: str, *words: str, rule: str = "defence", score: float = 0.9) -> Match:
    proofs = tuple(
        Evidence(
            start=text.index(w), end=text.index(w) + len(w), text=w, field="text", concept="#c"
        )
        for w in words
    )
    return Match(
        rule=rule,
        score=score,
        threshold=0.5,
        partners=("US", "FR"),
        activities=("visit", "dialogue"),
        persons=("said-chanegriha",),
        organisations=("anp",),
        places=("alger",),
        dates=(EventDate(first=date(2026, 1, 9), last=date(2026, 1, 10)),),
        evidence=proofs,
    )


TEXT = "Le général a parlé de coopération militaire à Alger.\n\nوزير الدفاع 🇩🇿 في واشنطن."


def filing(key: str, *, hit: bool = True, **changes: object) -> Filing:
    facts: dict[str, object] = {
        "url": f"https://tsa.example/{key}",
        "source_id": "tsa",
        "title": f"Titre {key}",
        "text": TEXT,
        "language": "fr",
        "first_seen": NOW,
        "published_at": NOW - MINUTE,
        "authors": ("A. B.",),
    }
    article = Article(**{**facts, **changes})  # type: ignore[arg-type]
    planned = (PlannedDelivery(channel="mail", mode=Mode.IMMEDIATE, due_at=NOW),)
    found = (match(TEXT, "coopération militaire", "وزير الدفاع"),)
    return Filing(article=article, matches=found if hit else (), deliveries=planned if hit else ())


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in store.query(sql).rows]


def claim(store: Store, now: datetime = NOW, lease: timedelta = MINUTE, limit: int = 10):  # type: ignore[no-untyped-def]
    return store.claim("mail", Mode.IMMEDIATE, now, lease, limit)


def report(key: str, state: FetchState | None = None, **changes: object) -> VisitReport:
    facts: dict[str, object] = {
        "source_id": key,
        "outcome": VisitOutcome.OK,
        "reason": "",
        "started": NOW,
        "finished": NOW,
        "state": state,
    }
    return VisitReport(**{**facts, **changes})  # type: ignore[arg-type]


def _refusal(call: Callable[[], object]) -> str | None:
    """Return what a StoreError says, None if there is none; any other error fails the test."""
    try:
        call()
    except StoreError as error:
        return str(error)
    return None


SENT = SendOutcome(result=SendResult.ACCEPTED)


# -- filing ---------------------------------------------------------------------------------


def test_the_same_articles_filed_by_many_threads_are_stored_once(store: Store) -> None:
    batch = [filing(str(n)) for n in range(40)]

    def work(seed: int) -> tuple[int, int, int]:
        mine = random.Random(seed).sample(batch, len(batch))
        done = [store.file(mine[at : at + 10], None, NOW) for at in range(0, 40, 10)]
        return (
            sum(d.articles for d in done),
            sum(d.hits for d in done),
            sum(d.deliveries for d in done),
        )

    with ThreadPoolExecutor(6) as pool:
        totals = list(pool.map(work, range(6)))
    assert tuple(map(sum, zip(*totals, strict=True))) == (40, 40, 40)
    for table in ("articles", "v_hits", "v_alerts"):
        assert rows(store, f"SELECT count(*) FROM {table}") == [(40,)]


def test_a_repeated_url_in_one_batch_is_filed_once_and_the_first_counts(store: Store) -> None:
    filed = store.file([filing("a", title="One"), filing("a", title="Two")], None, NOW)
    assert (filed.articles, filed.hits, filed.deliveries) == (1, 1, 1)
    assert rows(store, "SELECT title FROM articles") == [("One",)]


DIRTY = "a\x00b\ud800c\x85\x1b[31m\x07 militaire \U0001f1e9 عسكري\u0640\u064b fin\x00"


def test_evidence_offsets_survive_characters_that_sql_cannot_hold(store: Store) -> None:
    found = match(DIRTY, "militaire", "عسكري")
    planned = (PlannedDelivery(channel="mail", mode=Mode.IMMEDIATE, due_at=NOW),)
    article = filing("d", text=DIRTY, title="T\x00\udfff").article
    store.file([Filing(article=article, matches=(found,), deliveries=planned)], None, NOW)
    (taken,) = claim(store)
    for proof in taken.notice.matches[0].evidence:
        assert taken.notice.text[proof.start : proof.end] == proof.text
    assert "\x00" not in taken.notice.text + taken.notice.title


def test_control_characters_do_not_reach_a_terminal_through_the_store(store: Store) -> None:
    store.file([filing("e", title="a\x1b[31mb\x9b", text="x\x07y")], None, NOW)
    ((title, text),) = rows(store, "SELECT title, text FROM articles")
    assert not {c for c in f"{title}{text}" if ord(c) < 32 or 127 <= ord(c) < 160}


def test_an_unseen_url_with_such_characters_is_known_once_filed(store: Store) -> None:
    bad = "https://tsa.example/\x00\ud800"
    assert store.unseen([bad]) == {bad}
    store.file([filing("z", url=bad)], None, NOW)
    assert store.unseen([bad]) == set()


def test_the_longest_address_that_the_crawler_lets_through_is_filed(store: Store) -> None:
    noise = random.Random(1)
    long = "https://tsa.example/" + "".join(noise.choices("abcdef0123456789%", k=2028))
    store.file([filing("ok"), filing("long", url=long)], None, NOW)
    assert "https://tsa.example/ok" not in store.unseen(["https://tsa.example/ok"])


def test_unseen_takes_no_url_and_ten_thousand(store: Store) -> None:
    store.file([filing("1")], None, NOW)
    assert store.unseen([]) == set()
    many = [f"https://tsa.example/{n}" for n in range(70_000)]
    assert store.unseen(many) == set(many) - {many[1]}


def test_a_notice_says_what_was_filed(store: Store) -> None:
    one, two = match(TEXT, "Alger", rule="a", score=0.6), match(TEXT, "général", rule="b")
    planned = (PlannedDelivery(channel="mail", mode=Mode.IMMEDIATE, due_at=NOW),)
    article = filing("n").article
    store.file([Filing(article=article, matches=(one, two), deliveries=planned)], None, NOW)
    (taken,) = claim(store)
    assert taken.notice.matches == (two, one)  # best first
    assert (taken.notice.text, taken.notice.outlet) == (TEXT, "Tsa")
    assert taken.notice.published_at == NOW - MINUTE
    assert taken.attempts == 0


def test_articles_of_one_title_within_three_days_share_a_story(store: Store) -> None:
    day = timedelta(days=1)
    same = [
        filing("1", title="Exercice naval à Oran"),
        filing("2", title="EXERCICE  naval, à Oran !", source_id="elkhabar", first_seen=NOW + day),
        filing("3", title="Autre chose"),
    ]
    store.file(same, None, NOW)
    late = NOW + 30 * day
    again = filing("4", title=same[0].article.title, first_seen=late, published_at=late)
    store.file([again], None, late)
    found = rows(store, "SELECT title, articles FROM v_stories ORDER BY story_id")
    assert sorted(n for _, n in found) == [1, 1, 2]


# -- sources --------------------------------------------------------------------------------


def test_a_state_comes_back_as_it_was_given(store: Store) -> None:
    given = FetchState(
        source_id="tsa",
        next_due=NOW + 5 * MINUTE,
        last_visit=NOW,
        last_success=NOW,
        last_article=NOW,
        failures=2,
        outcome=VisitOutcome.NETWORK,
        reason="timed out",
        interval_seconds=300.5,
        validators=(Validators(url="https://tsa.example/feed", etag='W/"x"', body_hash="ab"),),
    )
    store.file([], report("tsa", given, outcome=VisitOutcome.NETWORK, reason="timed out"), NOW)
    (held,) = (state for state in store.fetch_states() if state.source_id == "tsa")
    assert held == given
    assert [s.source_id for s in store.due_sources(NOW, 10)] == ["elkhabar"]
    later = store.due_sources(NOW + 5 * MINUTE, 10)
    assert {s.source_id for s in later} == {"tsa", "elkhabar"}
    assert len(store.due_sources(NOW + 5 * MINUTE, 1)) == 1


def test_a_source_that_leaves_the_config_keeps_its_history(store: Store) -> None:
    store.file([filing("1")], report("tsa"), NOW)
    store.sync_sources([outlet("elkhabar")], NOW)
    assert [s.source_id for s in store.fetch_states()] == ["elkhabar"]
    states = dict(rows(store, "SELECT source_id, state FROM v_sources"))  # type: ignore[arg-type]
    assert states["tsa"] == "removed"
    assert rows(store, "SELECT count(*) FROM v_hits") == [(1,)]
    store.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
    assert {s.source_id for s in store.fetch_states()} == {"tsa", "elkhabar"}


def test_a_source_that_robots_forbid_is_blocked(store: Store) -> None:
    store.file([], report("tsa", outcome=VisitOutcome.ROBOTS, reason="robots.txt"), NOW)
    states = dict(rows(store, "SELECT source_id, state FROM v_sources"))  # type: ignore[arg-type]
    assert states == {"tsa": "blocked", "elkhabar": "new"}


# -- the outbox -----------------------------------------------------------------------------


def test_a_lease_that_expires_frees_the_row_and_fences_its_old_holder(store: Store) -> None:
    store.file([filing("1")], None, NOW)
    old = claim(store)
    assert len(old) == 1
    assert not claim(store, NOW + MINUTE / 2)
    new = claim(store, NOW + 2 * MINUTE)
    assert [d.key for d in new] == [old[0].key]
    store.settle(old, SENT, NOW + 2 * MINUTE, None)  # a zombie wakes
    assert rows(store, "SELECT state FROM v_alerts") == [("leased",)]
    store.settle(new, SENT, NOW + 2 * MINUTE, None)
    assert rows(store, "SELECT state, attempts FROM v_alerts")[0][0] == "sent"
    assert store.next_due("mail") is None


def test_settling_says_what_the_channel_said(store: Store) -> None:
    store.file([filing("1")], None, NOW)
    soon = NOW + 3 * MINUTE
    retry = SendOutcome(result=SendResult.RETRY, reason="451 later\nplease")
    store.settle(claim(store), retry, NOW, soon)
    assert store.next_due("mail") == soon
    ((state, tries, error),) = rows(store, "SELECT state, attempts, last_error FROM v_alerts")
    assert (state, tries) == ("pending", 1)
    assert "451" in str(error)
    assert not claim(store, soon - MINUTE)
    wide = SendOutcome(result=SendResult.RETRY, reason="login", channel_wide=True)
    store.settle(claim(store, soon), wide, soon, soon + MINUTE)
    (taken,) = claim(store, soon + MINUTE)
    assert taken.attempts == 1
    refused = SendOutcome(result=SendResult.REFUSED, reason="550 no such user")
    store.settle([taken], refused, soon + MINUTE, None)
    assert rows(store, "SELECT state FROM v_alerts") == [("failed",)]
    assert store.next_due("mail") is None


def test_a_lease_shorter_than_a_second_is_a_lease(store: Store) -> None:
    store.file([filing("1")], None, NOW)
    start = NOW + timedelta(milliseconds=100)
    assert claim(store, start, timedelta(milliseconds=800))
    assert not claim(store, start + timedelta(milliseconds=300), timedelta(seconds=1))


def test_claims_by_many_threads_never_hand_out_a_row_twice(store: Store) -> None:
    store.file([filing(str(n)) for n in range(120)], None, NOW)
    got: list[str] = []
    guard = threading.Lock()

    def drain() -> None:
        while taken := claim(store, limit=7):
            with guard:
                got.extend(d.key for d in taken)

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 120


DRAIN = """
import sys, datetime
from domain.notice import Mode
from storage.store import Store
store = Store.open(sys.argv[1])
now = datetime.datetime.fromisoformat(sys.argv[2])
while taken := store.claim("mail", Mode.IMMEDIATE, now, datetime.timedelta(minutes=1), 5):
    print(*(d.key for d in taken), sep="\\n")
store.close()
"""


def test_claims_by_two_processes_never_hand_out_a_row_twice(store: Store, url: str) -> None:
    store.file([filing(str(n)) for n in range(60)], None, NOW)
    command = [sys.executable, "-c", DRAIN, url, NOW.isoformat()]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)
    ]
    keys = [key for process in running for key in process.communicate(timeout=50)[0].split()]
    assert len(keys) == len(set(keys)) == 60


def test_keys_are_of_what_is_told_to_whom_not_of_ids(store: Store, tmp_path: Path) -> None:
    other = Store.open(f"sqlite:///{tmp_path}/other.db")
    other.sync_sources([outlet("tsa")], NOW)
    other.file([filing("x"), filing("1")], None, NOW)
    store.file([filing("1")], None, NOW)
    (mine,), theirs = claim(store), claim(other)
    assert mine.key in {d.key for d in theirs}
    other.close()


# -- crashes --------------------------------------------------------------------------------

WRITER = """
import sys
sys.path.insert(0, sys.argv[3])
from test_storage_promises import NOW, FetchState, MINUTE, filing, report
from storage.store import Store
store, seed = Store.open(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
for n in range(10_000):
    state = FetchState(source_id="tsa", next_due=NOW + n * MINUTE, failures=n)
    batch = [filing(f"{seed}-{n}-{m}") for m in range(12)]
    store.file(batch, report("tsa", state, entries=n), NOW)
    print(n, flush=True)
"""


def test_a_killed_writer_leaves_whole_filings_or_nothing(store: Store, url: str) -> None:
    noise = random.Random(7)
    promised = 0
    for seed in range(6):
        command = [sys.executable, "-c", WRITER, url, str(seed), str(Path(__file__).parent)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(noise.uniform(0.02, 0.6))
        writer.send_signal(signal.SIGKILL)
        promised += 12 * len(writer.stdout.read().split("\n")[:-1])
        writer.wait()
        writer.stdout.close()
    ((stored,),) = rows(store, "SELECT count(*) FROM articles")
    assert promised <= int(str(stored)) <= promised + 6 * 12
    for part in ("v_hits", "v_alerts", "v_stories"):
        assert rows(store, f"SELECT count(*) FROM {part}") == [(stored,)]
    assert rows(store, "SELECT count(*) FROM v_evidence") == [(2 * int(str(stored)),)]
    torn = "SELECT outlet, count(*) FROM articles GROUP BY outlet HAVING count(*) % 12 <> 0"
    assert rows(store, torn) == []


LOCKER = """
import sys, time
from storage.store import Store
store = Store.open(sys.argv[1])
with store.hold_daemon_lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_daemon_is_refused_until_the_first_is_gone(store: Store, url: str) -> None:
    command = [sys.executable, "-c", LOCKER, url]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    with pytest.raises(BusyError) as refused, store.hold_daemon_lock():
        pass
    assert str(first.pid) in str(refused.value)
    assert "\n" not in str(refused.value)
    first.kill()
    first.wait()
    first.stdout.close()
    for _ in range(50):  # the server notices a dead client a moment later
        try:
            with store.hold_daemon_lock():
                return
        except BusyError:
            time.sleep(0.1)
    pytest.fail("the lock of a dead daemon stays")


def test_two_stores_of_one_process_exclude_each_other(store: Store, url: str) -> None:
    other = Store.open(url)
    with store.hold_daemon_lock(), pytest.raises(BusyError), other.hold_daemon_lock():
        pass
    with other.hold_daemon_lock():
        pass
    other.close()


# -- questions ------------------------------------------------------------------------------

WRITES = [
    "DELETE FROM hits",
    "UPDATE articles SET title = 'x'",
    "INSERT INTO robots SELECT * FROM robots",
    "WITH gone AS (DELETE FROM evidence RETURNING *) SELECT * FROM gone",
    "DROP VIEW v_hits",
    "CREATE TABLE mine (x int)",
    "CREATE TEMP TABLE mine (x int)",
    "SELECT 1; DELETE FROM hits",
    "SELECT 1; COMMIT; DELETE FROM hits",
    "COMMIT",
    "ROLLBACK",
    "",
    "   -- nothing",
    "nonsense",
    "SELECT * FROM no_such_table",
    "SELECT '\x00'",
    "SELECT '\ud800'",
]
SQLITE_WRITES = [
    "PRAGMA query_only = off",
    "PRAGMA journal_mode = delete",
    "ATTACH 'stolen.db' AS stolen",
    "VACUUM INTO 'stolen.db'",
    "VACUUM",
    "SELECT load_extension('x')",
    "BEGIN IMMEDIATE",
]
POSTGRES_WRITES = [
    "SET default_transaction_read_only = off",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "DO $$ BEGIN EXECUTE 'DELETE FROM hits'; END $$",
    "COPY articles TO '/tmp/stolen.csv'",
    "COPY (SELECT 1) TO PROGRAM 'touch /tmp/stolen'",
    "COPY articles TO STDOUT",
    "DO $$ BEGIN END $$",
    "LISTEN somebody",
    "CHECKPOINT",
    "SELECT * INTO mine FROM hits",
    "SELECT * FROM hits FOR UPDATE",
    "SELECT nextval('hits_hit_id_seq')",
    "EXPLAIN ANALYZE DELETE FROM hits",
    "SELECT query_to_xml('DELETE FROM hits RETURNING 1', true, false, '')",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT lo_import('/etc/hostname')",
]


def test_the_database_refuses_whatever_writes(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store.file([filing("1")], None, NOW)
    more = SQLITE_WRITES if url.startswith("sqlite") else POSTGRES_WRITES
    said = {sql: _refusal(lambda sql=sql: rows(store, sql)) for sql in WRITES + more}  # type: ignore[misc]
    assert [sql for sql, words in said.items() if words is None] == []
    assert [words for words in said.values() if "\n" in str(words)] == []
    assert not (tmp_path / "stolen.db").exists()
    assert rows(store, "SELECT count(*) FROM v_hits") == [(1,)]
    assert store.file([filing("2")], None, NOW).articles == 1


@pytest.mark.postgres
def test_a_superuser_s_question_runs_no_code_that_climbs_back(postgres_url: str) -> None:
    """What DO does is done before the client sees that it gives no rows: it must not start."""
    climb = """DO $$ BEGIN
      PERFORM set_config('role', 'none', true);
      PERFORM pg_advisory_lock(77); PERFORM pg_sleep(0.001); RAISE EXCEPTION 'it ran';
    END $$"""
    with Store.open(postgres_url) as opened:
        words = _refusal(lambda: rows(opened, climb))
    assert words is not None
    assert "it ran" not in words
    assert "syntax error" in words


def test_plain_questions_are_answered(store: Store) -> None:
    store.file([filing("1")], None, NOW)
    answer = store.query(
        "SELECT outlet, count(*) AS n FROM v_hits WHERE title LIKE '%it%' GROUP BY 1;"
    )
    assert answer.columns == ("outlet", "n")
    assert [tuple(row) for row in answer.rows] == [("tsa", 1)]
    counted = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r WHERE n < 4000)"
    assert len(rows(store, f"{counted} SELECT n FROM r")) == 4000
    assert rows(store, "VALUES (1), (2) -- two") == [(1,), (2,)]


def test_an_answer_that_is_not_read_to_its_end_blocks_nothing(store: Store) -> None:
    store.file([filing(str(n)) for n in range(50)], None, NOW)
    for _ in range(30):
        next(iter(store.query("SELECT * FROM articles").rows))
        next(iter(store.hits(HitQuery())))
        next(iter(store.articles()))
    assert store.file([filing("after")], None, NOW).articles == 1


def test_hits_are_found_by_every_filter(store: Store) -> None:
    store.file(
        [
            filing("1"),
            filing("2", language="ar", published_at=NOW - 60 * MINUTE, title="100% Île_x"),
            filing("3", source_id="elkhabar", published_at=None),
            filing("4", hit=False),
        ],
        None,
        NOW,
    )

    def found(**terms: object) -> list[str]:
        return [row.url[-1] for row in store.hits(HitQuery(**terms))]  # type: ignore[arg-type]

    assert found() == ["3", "1", "2"]
    assert found(limit=1) == ["3"]
    assert found(limit=None, languages=("ar",)) == ["2"]
    assert found(outlets=("elkhabar",)) == ["3"]
    assert found(partners=("US",), activities=("visit",)) == ["3", "1", "2"]
    assert found(partners=("CN",)) == []
    assert found(rules=("no-such",)) == []
    assert found(since=NOW - 2 * MINUTE) == ["3", "1"]
    assert found(until=NOW - 2 * MINUTE) == ["2"]
    assert found(text="île_X") == ["2"]
    assert found(text="0% î") == ["2"]
    assert found(text="100_") == []
    assert found(text="COOPÉRATION") == ["3", "1", "2"]
    assert found(text="وزير") == ["3", "1", "2"]
    row = next(iter(store.hits(HitQuery(limit=1))))
    assert (row.partners, row.activities) == (("FR", "US"), ("dialogue", "visit"))
    assert "coopération militaire" in row.snippet
    assert found(story_id=row.story_id) == ["3"]


ODD: list[dict[str, object]] = [
    {"story_id": 10**30},
    {"text": "\x00\ud800"},
    {"text": ""},
    {"outlets": ("\ud800",)},
    {"limit": 0},
    {"limit": 10**30},
    {"partners": tuple(f"x{n}" for n in range(40_000))},
    {"since": datetime(1, 1, 1, tzinfo=UTC), "until": datetime(9999, 12, 31, tzinfo=UTC)},
]


@pytest.mark.parametrize("terms", ODD, ids=[next(iter(odd)) + str(n) for n, odd in enumerate(ODD)])
def test_odd_questions_are_answered_or_refused_in_one_line(
    store: Store, terms: dict[str, object]
) -> None:
    store.file([filing("1")], None, NOW)
    said = _refusal(lambda: list(store.hits(HitQuery(**terms))))  # type: ignore[arg-type]
    assert "\n" not in (said or "")


def test_a_question_that_never_ends_is_ended(store: Store) -> None:
    endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r) SELECT max(n) FROM r"
    begun = time.monotonic()
    with pytest.raises(QueryError):
        list(store.query(endless, seconds=0.5).rows)
    assert time.monotonic() - begun < 10


# -- both alike -----------------------------------------------------------------------------

VIEWS = ("v_hits", "v_hit_facets", "v_evidence", "v_stories", "v_sources", "v_alerts")
SHAPES = {
    "v_hits": "hit_id, rule, score, matched_at, published_at, outlet, language, country, title,"
    " url, partners, activities, persons, organisations, story_id, snippet, alerted_at",
    "v_hit_facets": "hit_id, kind, value, label",
    "v_evidence": "hit_id, field, start_offset, end_offset, text, concept",
    "v_stories": "story_id, first_seen, last_seen, title, articles, outlets, languages, partners,"
    " activities",
    "v_sources": "source_id, name, language, state, last_success, last_article, failures,"
    " next_due, articles_7d, hits_7d",
    "v_alerts": "alert_id, hit_id, story_id, channel, mode, state, attempts, created_at, sent_at,"
    " last_error",
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_the_promised_columns(store: Store, view: str) -> None:
    answer = store.query(f"SELECT * FROM {view}")
    list(answer.rows)
    assert answer.columns == tuple(SHAPES[view].split(", "))


@pytest.mark.postgres
def test_both_databases_give_the_same_answers(postgres_url: str, tmp_path: Path) -> None:
    answers: list[list[list[str]]] = []
    for url in (f"sqlite:///{tmp_path}/a.db", postgres_url):
        one = Store.open(url)
        one.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
        one.file(
            [filing("1"), filing("Éa", title="Titre 1", source_id="elkhabar")], report("tsa"), NOW
        )
        one.file([filing("_2", published_at=None), filing("B", hit=False), filing("a")], None, NOW)
        one.settle(claim(one, limit=2), SENT, NOW + MINUTE, None)
        texts = "SELECT title, url FROM articles ORDER BY url"
        answers.append([sorted(map(repr, rows(one, f"SELECT * FROM {view}"))) for view in VIEWS])
        answers[-1].append([repr(row) for row in rows(one, texts)])
        one.close()
    assert answers[0] == answers[1]


# -- the border -----------------------------------------------------------------------------

CALLS: dict[str, Callable[[Store], object]] = {
    "sync_sources": lambda s: s.sync_sources([outlet("tsa")], NOW),
    "due_sources": lambda s: s.due_sources(NOW, 5),
    "fetch_states": lambda s: s.fetch_states(),
    "unseen": lambda s: s.unseen(["https://x.example/"]),
    "file": lambda s: s.file([filing("q")], report("tsa"), NOW),
    "claim": claim,
    "next_due": lambda s: s.next_due("mail"),
    "deliveries": lambda s: list(s.deliveries()),
    "hits": lambda s: list(s.hits(HitQuery())),
    "query": lambda s: rows(s, "SELECT * FROM v_hits"),
    "articles": lambda s: list(s.articles()),
    "get_robots": lambda s: s.get_robots("https://x.example"),
    "check": lambda s: s.check(),
    "schema_state": lambda s: s.schema_state(),
}


def _break(url: str) -> None:
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        for extra in ("-wal", "-shm"):
            Path(f"{path}{extra}").unlink(missing_ok=True)
        path.write_bytes(b"this is no database " * 2000)
    else:
        name = url.rsplit("/", 1)[1]
        with _admin() as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("call", sorted(CALLS))
def test_only_the_stores_own_errors_leave_it(url: str, call: str) -> None:
    broken = Store.open(url)
    broken.close()
    _break(url)
    faults: list[object] = []
    said = _refusal(lambda: faults.append(CALLS[call](broken)))
    # check() may also answer: it is asked what is wrong
    assert said is not None or (call == "check" and faults[0])
    assert "\n" not in (said or "")
    broken.close()


def test_a_password_is_in_no_error() -> None:
    url = "postgresql+psycopg://someone:hunter2@127.0.0.1:1/none"
    with pytest.raises(StoreError) as refused:
        Store.open(url)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Store.open(f"sqlite:///{tmp_path}/none/marsad.db")


def test_a_store_opened_to_read_does_not_write(store: Store, url: str) -> None:
    store.file([filing("1")], None, NOW)
    reader = Store.open(url, read_only=True)
    assert len(list(reader.hits(HitQuery()))) == 1
    with pytest.raises(StoreError):
        reader.file([filing("2")], None, NOW)
    reader.close()


def test_a_newer_schema_is_refused(store: Store, url: str) -> None:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
            raw.execute("UPDATE alembic_version SET version_num = 'zzzz'")
        raw.close()
    else:
        with psycopg.connect(url.replace("+psycopg", "")) as plain:
            plain.execute("UPDATE alembic_version SET version_num = 'zzzz'")
    with pytest.raises(StoreError, match="newer"):
        Store.open(url)
    with pytest.raises(StoreError, match="newer"):
        Store.open(url, migrate=False)


def test_a_missing_database_is_not_made_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    for options in ({"migrate": False}, {"read_only": True}):
        with pytest.raises(StoreError):
            Store.open(f"sqlite:///{path}", **options)


def test_a_backup_is_whole_while_writing_goes_on(tmp_path: Path) -> None:
    live = Store.open(f"sqlite:///{tmp_path}/live.db")
    live.sync_sources([outlet("tsa")], NOW)
    stop = threading.Event()

    def write() -> None:
        for n in range(10_000):
            live.file([filing(f"{n}-{m}") for m in range(5)], None, NOW)
            if stop.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.3)
    live.backup(tmp_path / "copy.db")
    stop.set()
    writer.join()
    live.close()
    copy = Store.open(f"sqlite:///{tmp_path}/copy.db")
    ((articles,),) = rows(copy, "SELECT count(*) FROM articles")
    assert int(str(articles)) % 5 == 0 < int(str(articles))
    assert rows(copy, "SELECT count(*) FROM v_hits") == [(articles,)]
    assert not copy.check()
    copy.close()
