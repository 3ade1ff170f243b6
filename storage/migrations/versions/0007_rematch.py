"""Rules have versions; verdicts that were replaced are kept; a rematch knows how far it got."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.String(20)

HISTORY = """
CREATE VIEW v_hit_history AS
SELECT p.history_id, a.url, a.outlet, p.rule, p.rule_version, p.score, p.matched_at, p.kind,
       p.replaced_at, p.partners, p.activities, p.snippet
  FROM hit_history p
  JOIN articles a ON a.article_id = p.article_id
"""


def upgrade() -> None:
    op.add_column("hits", sa.Column("rule_version", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "hit_history",
        sa.Column("history_id", BIG_ID, nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("rule", "rule_version")),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("score", "threshold")),
        sa.Column("matched_at", MOMENT, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("partners", "activities", "persons", "organisations", "snippet", "kind")
        ),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_hit_history")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name=op.f("fk_hit_history_article_id")
        ),
    )
    op.create_index(op.f("ix_hit_history_article_id"), "hit_history", ["article_id"])
    op.create_table(
        "rematches",
        sa.Column("rematch_id", BIG_ID, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=True),
        sa.Column("started", MOMENT, nullable=False),
        sa.Column("finished", MOMENT, nullable=True),
        sa.Column("checked_to", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("rematch_id", name=op.f("pk_rematches")),
    )
    op.execute(HISTORY)


def downgrade() -> None:
    op.execute("DROP VIEW v_hit_history")
    op.drop_table("rematches")
    op.drop_table("hit_history")
    op.drop_column("hits", "rule_version")
