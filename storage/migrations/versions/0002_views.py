"""The views that analysts read: the same columns and answers on both databases."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

HITS = """
CREATE VIEW v_hits AS
SELECT h.hit_id, h.rule, h.score, h.matched_at, a.published_at, a.outlet, a.language, s.country,
       a.title, a.url, h.partners, h.activities, h.persons, h.organisations, sa.story_id,
       h.snippet,
       (SELECT min(d.sent_at) FROM deliveries d
         WHERE d.article_id = h.article_id AND d.state = 'sent') AS alerted_at
  FROM hits h
  JOIN articles a ON a.article_id = h.article_id
  JOIN sources s ON s.source_id = a.outlet
  LEFT JOIN story_articles sa ON sa.article_id = h.article_id
"""
FACETS = "CREATE VIEW v_hit_facets AS SELECT hit_id, kind, value, label FROM hit_facets"
EVIDENCE = """
CREATE VIEW v_evidence AS
SELECT hit_id, field, start_offset, end_offset, text, concept FROM evidence
"""
# Distinct values of a story, sorted byte by byte and joined: written so that both dialects
# take it, but for the names of the aggregate and of the collation.
LISTED = """
       coalesce((SELECT {join}(value, ',') FROM (
         SELECT DISTINCT {value} {binary} AS value FROM story_articles m {tables}
          WHERE m.story_id = t.story_id {more} ORDER BY 1) listed), '') AS {name}"""
# CROSS JOIN: SQLite, which keeps no statistics here, else begins with every facet of the kind,
# for each story again. To PostgreSQL it is any inner join.
FACET = ("CROSS JOIN hits h CROSS JOIN hit_facets f", "f.value")
OF_ARTICLE = "AND h.article_id = m.article_id AND f.hit_id = h.hit_id"
LISTS = (
    ("languages", "JOIN articles b ON b.article_id = m.article_id", "b.language", ""),
    ("partners", *FACET, f"{OF_ARTICLE} AND f.kind = 'partner'"),
    ("activities", *FACET, f"{OF_ARTICLE} AND f.kind = 'activity'"),
)
STORIES = """
CREATE VIEW v_stories AS
SELECT t.story_id, t.first_seen, t.last_seen, t.title,
       (SELECT count(*) FROM story_articles m WHERE m.story_id = t.story_id) AS articles,
       (SELECT count(DISTINCT b.outlet) FROM story_articles m
          JOIN articles b ON b.article_id = m.article_id
         WHERE m.story_id = t.story_id) AS outlets,{lists}
  FROM stories t
"""
SOURCES = """
CREATE VIEW v_sources AS
SELECT s.source_id, s.name, s.language, s.state, s.last_success, s.last_article, s.failures,
       s.next_due,
       (SELECT count(*) FROM articles a
         WHERE a.outlet = s.source_id AND a.first_seen >= {week_ago}) AS articles_7d,
       (SELECT count(*) FROM articles a JOIN hits h ON h.article_id = a.article_id
         WHERE a.outlet = s.source_id AND a.first_seen >= {week_ago}) AS hits_7d
  FROM sources s
"""
# A delivery tells of an article, with all its hits: its best one stands here.
ALERTS = """
CREATE VIEW v_alerts AS
SELECT d.delivery_id AS alert_id,
       (SELECT h.hit_id FROM hits h WHERE h.article_id = d.article_id
         ORDER BY h.score DESC, h.hit_id LIMIT 1) AS hit_id,
       sa.story_id, d.channel, d.mode, d.state, d.attempts, d.created_at, d.sent_at,
       d.last_error
  FROM deliveries d
  LEFT JOIN story_articles sa ON sa.article_id = d.article_id
"""
WORDS = {
    "sqlite": {
        "join": "group_concat",
        "binary": "COLLATE BINARY",
        "week_ago": "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-7 days')",
    },
    "postgresql": {
        "join": "string_agg",
        "binary": 'COLLATE "C"',
        "week_ago": "to_char((now() - interval '7 days') AT TIME ZONE 'UTC', "
        '\'YYYY-MM-DD"T"HH24:MI:SS"Z"\')',
    },
}


def upgrade() -> None:
    connection = op.get_bind()
    words = WORDS[connection.dialect.name]
    lists = ",".join(
        LISTED.format(name=name, tables=tables, value=value, more=more, **words)
        for name, tables, value, more in LISTS
    )
    stories, sources = STORIES.format(lists=lists), SOURCES.format(**words)
    for view in (HITS, FACETS, EVIDENCE, stories, sources, ALERTS):
        connection.exec_driver_sql(view)
