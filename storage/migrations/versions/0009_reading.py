"""What analysts ask is answered from the hits alone: an article's facts beside each of its hits.

A hit's article lies anywhere in a table of gigabytes; fifty thousand of them took half a second.
The text of an article comes first in the index of words: FTS5 marks every word of a later column.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

MOMENT = sa.String(20)
COPIED = ("outlet", "language", "title", "url")
HITS = """
CREATE VIEW v_hits AS
SELECT h.hit_id, h.rule, h.score, h.matched_at, h.published_at, h.outlet, h.language, s.country,
       h.title, h.url, h.partners, h.activities, h.persons, h.organisations, sa.story_id,
       h.snippet,
       (SELECT min(d.sent_at) FROM deliveries d
         WHERE d.article_id = h.article_id AND d.state = 'sent') AS alerted_at
  FROM hits h
  JOIN sources s ON s.source_id = h.outlet
  LEFT JOIN story_articles sa ON sa.article_id = h.article_id
"""
HITS_BEFORE = """
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
WORDS = """
CREATE VIRTUAL TABLE article_words USING fts5(
  {columns}, content='', tokenize="unicode61 remove_diacritics 0")
"""
INDEXES = (
    ("ix_hits_outlet_dated", "hits", ["outlet", "dated"]),
    ("ix_hit_facets_kind_value_hit_id_label", "hit_facets", ["kind", "value", "hit_id", "label"]),
    ("ix_evidence_concept_hit_id", "evidence", ["concept", "hit_id"]),
    ("ix_deliveries_article_id_state_sent_at", "deliveries", ["article_id", "state", "sent_at"]),
)
REPLACED = (
    ("ix_hit_facets_kind_value", "hit_facets", ["kind", "value"]),
    ("ix_deliveries_article_id", "deliveries", ["article_id"]),
)
UNDATED = "ix_articles_undated"


def upgrade() -> None:
    op.execute("DROP VIEW v_hits")
    for name in COPIED:
        op.add_column("hits", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("hits", sa.Column("published_at", MOMENT, nullable=True))
    op.execute(
        "UPDATE hits SET outlet = a.outlet, language = a.language, title = a.title, url = a.url,"
        " published_at = a.published_at FROM articles a WHERE a.article_id = hits.article_id"
    )
    op.execute(HITS)
    for name, table, _ in REPLACED:
        op.drop_index(op.f(name), table)
    for name, table, columns in INDEXES:
        op.create_index(op.f(name), table, columns)
    op.execute(f"CREATE INDEX {UNDATED} ON articles (outlet) WHERE published_at IS NULL")
    _make_words("body, title")


def downgrade() -> None:
    op.execute("DROP VIEW v_hits")
    op.drop_index(UNDATED, "articles")
    for name, table, _ in INDEXES:
        op.drop_index(op.f(name), table)
    for name, table, columns in REPLACED:
        op.create_index(op.f(name), table, columns)
    for name in ("published_at", *COPIED):
        op.drop_column("hits", name)
    op.execute(HITS_BEFORE)
    _make_words("title, body")


def _make_words(columns: str) -> None:
    """Make SQLite's index of words anew, empty: the store fills it when it opens."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    op.execute("DROP TABLE article_words")
    op.execute("DELETE FROM fulltext_state")
    connection.exec_driver_sql(WORDS.format(columns=columns))
