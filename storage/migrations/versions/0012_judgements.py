"""What analysts say of hits; stories by when they were told last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "judgements",
        sa.Column("judgement_id", BIG_ID, nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("is_right", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("judgement_id", name=op.f("pk_judgements")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name=op.f("fk_judgements_article_id")
        ),
    )
    op.create_index(op.f("ix_judgements_article_id_rule"), "judgements", ["article_id", "rule"])
    op.create_index(op.f("ix_stories_last_seen"), "stories", ["last_seen"])


def downgrade() -> None:
    op.drop_index(op.f("ix_stories_last_seen"), "stories")
    op.drop_table("judgements")
