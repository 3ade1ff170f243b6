"""Stories by likeness: traces of articles, what each adds to its story, merges that are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.String(20)
BATCH = 500

MERGES = """
CREATE VIEW v_story_merges AS SELECT old_id, story_id, merged_at FROM story_merges
"""
POSITIONS = """
UPDATE story_articles SET position = (SELECT count(*) FROM story_articles o
 WHERE o.story_id = story_articles.story_id AND o.article_id <= story_articles.article_id)
"""
COUNTS = """
UPDATE stories SET articles = (SELECT count(*) FROM story_articles m
 WHERE m.story_id = stories.story_id)
"""
SAID = """
SELECT m.story_id, h.partners, h.activities FROM story_articles m
  JOIN hits h ON h.article_id = m.article_id ORDER BY m.story_id
"""


def upgrade() -> None:
    for name in ("partners", "activities", "officials"):
        op.add_column("stories", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "stories", sa.Column("articles", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "story_articles", sa.Column("position", sa.Integer(), nullable=False, server_default="0")
    )
    for name in ("new_partners", "new_activities", "new_officials", "why"):
        column = sa.Column(name, sa.Text(), nullable=False, server_default="")
        op.add_column("story_articles", column)
    op.add_column("story_articles", sa.Column("likeness", sa.Float(), nullable=True))
    _create_tables()
    op.execute(MERGES)
    op.execute(POSITIONS)
    op.execute(COUNTS)
    _gather()


def _create_tables() -> None:
    op.create_table(
        "story_merges",
        sa.Column("old_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("story_id", BIG_ID, nullable=False),
        sa.Column("merged_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_story_merges")),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.story_id"], name=op.f("fk_story_merges_story_id")
        ),
    )
    op.create_index(op.f("ix_story_merges_story_id"), "story_merges", ["story_id"])
    op.create_table(
        "story_traces",
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_story_traces")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name=op.f("fk_story_traces_article_id")
        ),
    )
    op.create_table(
        "story_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("key", "day", "article_id", name=op.f("pk_story_keys")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name=op.f("fk_story_keys_article_id")
        ),
    )
    op.create_index(op.f("ix_story_keys_article_id"), "story_keys", ["article_id"])


def _gather() -> None:
    """What the articles of each story said together."""
    connection = op.get_bind()
    said: dict[int, tuple[set[str], set[str]]] = {}
    for story_id, partners, activities in connection.exec_driver_sql(SAID):
        known = said.setdefault(story_id, (set(), set()))
        known[0].update(filter(None, partners.split(",")))
        known[1].update(filter(None, activities.split(",")))
    changed = sa.text("UPDATE stories SET partners = :p, activities = :a WHERE story_id = :id")
    rows = [
        {"id": story_id, "p": ",".join(sorted(partners)), "a": ",".join(sorted(activities))}
        for story_id, (partners, activities) in said.items()
    ]
    for start in range(0, len(rows), BATCH):
        connection.execute(changed, rows[start : start + BATCH])


def downgrade() -> None:
    op.execute("DROP VIEW v_story_merges")
    for table in ("story_keys", "story_traces", "story_merges"):
        op.drop_table(table)
    for name in ("position", "new_partners", "new_activities", "new_officials", "why", "likeness"):
        op.drop_column("story_articles", name)
    for name in ("articles", "partners", "activities", "officials"):
        op.drop_column("stories", name)
