"""Rows of a store of a million articles for the benchmark of the pages, made in SQL in minutes."""

# ruff: noqa: E501  (a line of SQL reads best as a line)

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from storage.database import Database

SENTENCES = (
    "La coopération militaire entre les deux pays avance et les marines se rencontrent. " * 12
)
WORDS = "cooperation militaire entre deux pays avance marines rencontrent"  # of every article


def make(
    url: str, count: int, now: datetime, *, first: int = 100, every: float | None = None
) -> None:
    """Fill the store with ``count`` articles beside those that it has.

    ``first`` is the number of the first of them, of which the numbers of its stories follow; they
    end at ``now``, one ``every`` so many seconds: where that is None, all within five years.
    """
    database = Database(url)
    columns = ("article_id", "url", "title", "text", "language", "outlet", "published_at",
               "first_seen", "authors", "text_from", "note")  # fmt: skip
    numbers = (
        f"WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n"
        f" WHERE i < {first + count - 1})"
    )
    moment = (
        f"strftime('%Y-%m-%dT%H:%M:%SZ', {int(now.timestamp())} - (({first + count} - i) * "
        f"{every or 5 * 365 * 86400 / count}), 'unixepoch')"
    )
    with database.write() as connection:
        for number in range(40):
            connection.execute(text(
                "INSERT OR IGNORE INTO sources (source_id, name, url, language, country, tags, ways_in, state,"
                " next_due, last_visit, last_success, last_article, failures, outcome, reason,"
                " interval_seconds, visits, visits_failed) SELECT * FROM (SELECT 'o' || :n, name, url, language, country,"
                " tags, ways_in, state, next_due, last_visit, last_success, last_article, failures,"
                " outcome, reason, interval_seconds, visits, visits_failed FROM sources LIMIT 1)"
            ), {"n": number})  # fmt: skip
        connection.execute(text(
            f"INSERT INTO articles ({', '.join(columns)}) {numbers} SELECT i,"
            f" 'https://x.example/' || i, 'Titre ' || i, :text, CASE i % 3 WHEN 0 THEN 'ar' ELSE 'fr'"
            f" END, 'o' || (i % 40), {moment}, {moment}, '[]', 'page', '' FROM n"
        ), {"text": SENTENCES})  # fmt: skip
        for table, what in _of_hits(first).items():
            connection.execute(text(f"INSERT INTO {table} {what}"))
        connection.execute(text(
            "INSERT INTO article_words(rowid, body, title) SELECT article_id,"
            " :words || ' mot' || (article_id % 9973), 'titre ' || article_id FROM articles"
            f" WHERE article_id >= {first}"
        ), {"words": WORDS})  # fmt: skip
        connection.execute(text(
            "UPDATE fulltext_state SET checked_to = (SELECT max(article_id) FROM articles)"
        ))  # fmt: skip
        connection.execute(text("ANALYZE"))
    database.close()


def _of_hits(first: int) -> dict[str, str]:
    of = f"FROM articles WHERE article_id >= {first} AND article_id % 20 = 0"
    partner = "'P' || (article_id / 20 % 50)"
    activity = (
        "CASE article_id / 20 % 4 WHEN 0 THEN 'exercise' WHEN 1 THEN 'visit'"
        " WHEN 2 THEN 'training' ELSE 'dialogue' END"
    )
    return {
        "hits (hit_id, article_id, rule, rule_version, score, threshold, matched_at, dated,"
        " partners, activities, persons, organisations, snippet, outlet, language, title, url,"
        " published_at, story_id)": f"SELECT article_id, article_id, 'defence-cooperation', '', 0.9, 0.5,"
        f" first_seen, published_at, {partner}, {activity}, '', '', substr(text, 1, 200), outlet,"
        f" language, title, url, published_at, article_id / 60 + 100 {of}",
        "hit_facets (hit_id, kind, value, position, label)": "SELECT article_id, 'partner',"
        f" {partner}, 0, '' {of} UNION ALL SELECT article_id, 'activity', {activity}, 0, '' {of}",
        "evidence (hit_id, position, field, start_offset, end_offset, text, concept)": f"SELECT article_id, 0, 'text', 3, 25, substr(text, 4, 22), '#c' {of}",
        "stories (story_id, title, title_key, first_seen, last_seen, articles)": "SELECT"
        " article_id / 60 + 100, min(title), '', min(first_seen), max(first_seen), count(*)"
        f" {of} GROUP BY article_id / 60",
        "story_articles (article_id, story_id, outlet, language, position)": "SELECT article_id,"
        f" article_id / 60 + 100, outlet, language, 1 + article_id % 60 / 20 {of}",
    }
