"""A hit knows its story; articles are found by their date, in place of the day they were seen.

The story of fifty thousand hits was sought one by one, and the country of their outlets too where
nobody asked for it. A search within dates read every article that held its words.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
HITS = """
CREATE VIEW v_hits AS
SELECT h.hit_id, h.rule, h.score, h.matched_at, h.published_at, h.outlet, h.language,
       (SELECT s.country FROM sources s WHERE s.source_id = h.outlet) AS country,
       h.title, h.url, h.partners, h.activities, h.persons, h.organisations, h.story_id,
       h.snippet,
       (SELECT min(d.sent_at) FROM deliveries d
         WHERE d.article_id = h.article_id AND d.state = 'sent') AS alerted_at
  FROM hits h
"""
HITS_BEFORE = """
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
OF_STORY = "ix_hits_story"
BY_DATE = "ix_articles_dated"
BY_SEEN = "ix_articles_first_seen"


def upgrade() -> None:
    op.execute("DROP VIEW v_hits")
    op.add_column("hits", sa.Column("story_id", BIG_ID))
    op.execute(
        "UPDATE hits SET story_id = (SELECT m.story_id FROM story_articles m"
        " WHERE m.article_id = hits.article_id)"
    )
    op.execute(HITS)
    op.execute(
        f"CREATE INDEX {OF_STORY} ON hits (story_id, COALESCE(published_at, matched_at), hit_id)"
    )
    op.drop_index(op.f(BY_SEEN), "articles")
    op.execute(f"CREATE INDEX {BY_DATE} ON articles (COALESCE(published_at, first_seen))")
    if op.get_bind().dialect.name == "sqlite":  # two parts of the index of words may become one
        op.execute("INSERT INTO article_words(article_words, rank) VALUES ('usermerge', 2)")


def downgrade() -> None:
    op.execute("DROP VIEW v_hits")
    op.drop_index(OF_STORY, "hits")
    op.drop_column("hits", "story_id")
    op.execute(HITS_BEFORE)
    op.drop_index(BY_DATE, "articles")
    op.create_index(op.f(BY_SEEN), "articles", ["first_seen"])
