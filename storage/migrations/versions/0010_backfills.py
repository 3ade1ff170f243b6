"""A backfill knows which of its steps are done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.String(20)


def upgrade() -> None:
    op.create_table(
        "backfills",
        sa.Column("backfill_id", BIG_ID, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        *(sa.Column(name, MOMENT, nullable=False) for name in ("since", "until", "started")),
        sa.Column("finished", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("backfill_id", name=op.f("pk_backfills")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.source_id"], name=op.f("fk_backfills_source_id")
        ),
    )
    op.create_table(
        "backfill_steps",
        sa.Column("backfill_id", BIG_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("listed", "new")),
        *(sa.Column(name, MOMENT, nullable=True) for name in ("oldest", "newest")),
        sa.Column("next_page", sa.Text(), nullable=True),
        sa.Column("is_fresh", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("backfill_id", "url", name=op.f("pk_backfill_steps")),
        sa.ForeignKeyConstraint(
            ["backfill_id"],
            ["backfills.backfill_id"],
            name=op.f("fk_backfill_steps_backfill_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("backfill_steps")
    op.drop_table("backfills")
