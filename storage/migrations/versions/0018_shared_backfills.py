"""A backfill that workers share says why one of them left it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    column = sa.Column("refusal", sa.Text(), nullable=False, server_default="")
    op.add_column("backfills", column)


def downgrade() -> None:
    op.drop_column("backfills", "refusal")
