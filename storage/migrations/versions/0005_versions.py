"""Each way into a source has a standing of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MOMENT = sa.String(20)


def upgrade() -> None:
    op.add_column(
        "validators", sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("validators", sa.Column("rests_until", MOMENT, nullable=True))


def downgrade() -> None:
    op.drop_column("validators", "rests_until")
    op.drop_column("validators", "failures")
