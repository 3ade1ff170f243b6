"""A rematch that several workers share: what each part of the archive came to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "rematch_chunks",
        sa.Column("rematch_id", BIG_ID, nullable=False),
        sa.Column("upto", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.Column("checked_to", BIG_ID, nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rematch_id", "upto", name=op.f("pk_rematch_chunks")),
        sa.ForeignKeyConstraint(
            ["rematch_id"],
            ["rematches.rematch_id"],
            name=op.f("fk_rematch_chunks_rematch_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("rematch_chunks")
