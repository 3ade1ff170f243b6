"""One notice a story and channel: routes, silences, acknowledgements, floods, bulletins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.String(20)

# What people ask for is immediate or digest; why a row is told now is a finer thing.
ALERTS = """
CREATE VIEW v_alerts AS
SELECT d.delivery_id AS alert_id,
       (SELECT h.hit_id FROM hits h WHERE h.article_id = d.article_id
         ORDER BY h.score DESC, h.hit_id LIMIT 1) AS hit_id,
       sa.story_id, d.channel, {mode} AS mode, d.state, d.attempts, d.created_at, d.sent_at,
       d.last_error{more}
  FROM deliveries d
  LEFT JOIN story_articles sa ON sa.article_id = d.article_id
"""
MODE = (
    "CASE WHEN d.mode IN ('digest', 'later', 'quiet', 'flood') THEN 'digest' ELSE 'immediate' END"
)


def _text(*names: str, default: str | None = None) -> list[sa.Column[str]]:
    return [sa.Column(n, sa.Text(), nullable=False, server_default=default) for n in names]


def upgrade() -> None:
    op.execute("DROP VIEW v_alerts")
    for name in ("route", "receipt"):
        op.add_column("deliveries", *_text(name, default=""))
    for name in ("is_urgent", "is_reported"):
        column = sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        op.add_column("deliveries", column)
    op.add_column("deliveries", sa.Column("silence_id", BIG_ID))
    columns = ["route", "channel", "created_at"]
    op.create_index(op.f("ix_deliveries_route_channel_created_at"), "deliveries", columns)
    # Failures of the past were seen: only what fails from now on is reported.
    op.execute("UPDATE deliveries SET is_reported = 1 WHERE state = 'failed'")
    op.create_table(
        "silences",
        sa.Column("silence_id", BIG_ID, nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("rule", "partner", "outlet")),
        sa.Column("article_id", BIG_ID),
        sa.Column("text", sa.Text()),
        sa.Column("ends", MOMENT, nullable=False),
        *_text("reason", "made_by"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT),
        sa.PrimaryKeyConstraint("silence_id", name=op.f("pk_silences")),
    )
    op.create_table(
        "acknowledgements",
        sa.Column("article_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *_text("made_by"),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_acknowledgements")),
    )
    op.create_table(
        "floods",
        *_text("route", "channel"),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("route", "channel", name=op.f("pk_floods")),
    )
    op.create_table(
        "bulletins",
        sa.Column("bulletin_id", BIG_ID, nullable=False),
        *_text("key"),
        sa.Column("at", MOMENT, nullable=False),
        *_text("subject", "body", "channel", "avoid"),
        sa.Column("told_at", MOMENT),
        sa.PrimaryKeyConstraint("bulletin_id", name=op.f("pk_bulletins")),
        sa.UniqueConstraint("key", name=op.f("uq_bulletins_key")),
    )
    op.execute(ALERTS.format(mode=MODE, more=", d.mode AS kind, d.route"))


def downgrade() -> None:
    op.execute("DROP VIEW v_alerts")
    for name in ("bulletins", "floods", "acknowledgements", "silences"):
        op.drop_table(name)
    op.drop_index(op.f("ix_deliveries_route_channel_created_at"), "deliveries")
    for name in ("silence_id", "is_reported", "is_urgent", "receipt", "route"):
        op.drop_column("deliveries", name)
    op.execute(ALERTS.format(mode="d.mode", more=""))
