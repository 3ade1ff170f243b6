"""Questions: the database refuses what writes; both give the same answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from storage_promises import (
    MINUTE,
    NOW,
    SENT,
    claim,
    filing,
    outlet,
    refusal,
    report,
    rows,
)

from domain.asking import HitQuery
from domain.errors import QueryError
from domain.time import isoformat
from marsad.folding import MatcherFolding
from matcher.searching import parse_search
from storage import fulltext, misnamed
from storage.store import Store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url, folding=MatcherFolding()) as opened:
        opened.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
        yield opened


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
    store: Store, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store.file([filing("1")], None, NOW)
    more = SQLITE_WRITES if database_url.startswith("sqlite") else POSTGRES_WRITES
    said = {sql: refusal(lambda sql=sql: rows(store, sql)) for sql in WRITES + more}  # type: ignore[misc]
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
        words = refusal(lambda: rows(opened, climb))
    assert words is not None
    assert "it ran" not in words
    assert "syntax error" in words


MISNAMED = {
    "SELECT * FROM v_hit": "v_hits",
    "SELECT * FROM V_EVIDENCES": "v_evidence",
    "SELECT 1 FROM v_hits h JOIN v_source s ON s.source_id = h.outlet": "v_sources",
    "SELECT * FROM artikles": "articles",
    "SELECT outlt FROM v_hits": "outlet",
    "SELECT h.outlt FROM v_hits AS h": "outlet",
    "SELECT OUTLT FROM v_hits WHERE score > 0": "outlet",
    "SELECT source FROM v_sources": "source_id",
    "SELECT score FROM v_sources": None,  # a column of another view is no help
    "SELECT * FROM cheese": None,
    "SELECT no_such(1)": None,
}


@pytest.mark.parametrize("sql", MISNAMED)
def test_a_name_that_is_not_there_is_said_with_the_nearest(store: Store, sql: str) -> None:
    said = refusal(lambda: rows(store, sql))
    assert said is not None
    assert said.startswith("query refused or failed: ")
    assert "\n" not in said
    wanted = MISNAMED[sql]
    assert said.partition("; did you mean ")[2] == ("" if wanted is None else f"{wanted!r}?")


@pytest.mark.postgres
@pytest.mark.parametrize("message", ["la relation « v_hit » n'existe pas", "Relation »v_hit«"])
def test_a_server_of_another_language_is_understood(postgres_url: str, message: str) -> None:
    class Said(Exception):  # noqa: N818
        sqlstate = "42P01"

    with Store.open(postgres_url) as opened:
        hint = misnamed.meant(opened._database, "SELECT * FROM v_hit", Said(message))
    assert hint == "; did you mean 'v_hits'?"


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
    assert found(text=parse_search("ile_X")) == ["2"]
    assert found(text=parse_search("100")) == ["2"]
    assert found(text=parse_search("1000")) == []
    assert found(text=parse_search("COOPÉRATION")) == ["3", "1", "2"]
    assert found(text=parse_search("وزير")) == ["3", "1", "2"]
    row = next(iter(store.hits(HitQuery(limit=1))))
    assert (row.partners, row.activities) == (("FR", "US"), ("dialogue", "visit"))
    assert "coopération militaire" in row.snippet
    assert found(story_id=row.story_id) == ["3"]


def test_a_word_of_very_many_articles_finds_the_same_hits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = ("Visite du ministre", "Une visite de la marine", "Le ministre", "Visites")
    filings = [
        filing(str(n), title=title, published_at=NOW - n * MINUTE) for n, title in enumerate(titles)
    ]
    store.file([*filings, filing("9", title="Visite", hit=False)], None, NOW)

    def found(words: str, **terms: object) -> list[str]:
        query = HitQuery(text=parse_search(words), **terms)  # type: ignore[arg-type]
        return [row.url[-1] for row in store.hits(query)]

    asked = ("visite", "visite -marine", '"visite du ministre"', "visite OR ministre", "vis*")
    few = {words: found(words) for words in asked}
    assert few["visite"] == ["0", "1"]
    monkeypatch.setattr(fulltext, "FREQUENT", 1)
    assert {words: found(words) for words in asked} == few
    assert found("visite", limit=1) == ["0"]
    assert found("visite", until=NOW - MINUTE) == ["1"]


ODD: list[dict[str, object]] = [
    {"story_id": 10**30},
    {"text": parse_search("\x00a\ud800b OR mot")},
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
    said = refusal(lambda: list(store.hits(HitQuery(**terms))))  # type: ignore[arg-type]
    assert "\n" not in (said or "")


def test_a_question_that_never_ends_is_ended(store: Store) -> None:
    endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r) SELECT max(n) FROM r"
    begun = time.monotonic()
    with pytest.raises(QueryError):
        list(store.query(endless, seconds=0.5).rows)
    assert time.monotonic() - begun < 10


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
    promised = tuple(SHAPES[view].split(", "))
    assert answer.columns[: len(promised)] == promised  # what came later stands behind


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


def test_a_view_of_stories_reads_each_story_alone(tmp_path: Path) -> None:
    """It once read every facet for every story: 9 s for these."""
    with Store.open(f"sqlite:///{tmp_path}/many.db") as store:
        store.file([filing(str(number)) for number in range(1500)], None, NOW)
        found = store.query("SELECT partners, activities FROM v_stories", seconds=3)
        assert list(found.rows) == [("FR,US", "dialogue,visit")] * 1500


def test_dates_of_all_times_are_kept_as_given_and_sort(store: Store) -> None:
    years = (33, 1962, 1989, 2026, 2999)
    for year in years:
        moment = datetime(year, 7, 5, 12, tzinfo=UTC)
        store.file([filing(f"of-{year}", published_at=moment, language="ber")], None, NOW)
    store.file([filing("of-none", published_at=None, language="und")], None, NOW)
    found = [(h.url.rpartition("/")[2], h.published_at) for h in store.hits(HitQuery())]
    own = [(key, at and at.year) for key, at in found if key.startswith("of-")]
    # without a date it stands where it was judged, in January 2026
    dated = [(f"of-{year}", year) for year in reversed(years)]
    assert own == [*dated[:2], ("of-none", None), *dated[2:]]
    assert rows(store, "SELECT min(published_at) FROM v_hits") == [("0033-07-05T12:00:00Z",)]
    assert isoformat(datetime(33, 7, 5, 12, tzinfo=UTC)) == "0033-07-05T12:00:00Z"
    assert rows(store, "SELECT DISTINCT language FROM v_hits WHERE url LIKE '%/of-2%'") == [
        ("ber",)
    ]
