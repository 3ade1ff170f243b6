"""How sources fare, with history; their ways in and rhythm; hosts on hold; pages archived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")

HEALTH_VIEW = """
CREATE VIEW v_health AS
SELECT s.source_id, s.name, s.state, coalesce(h.reason, s.reason) AS reason, h.since,
       s.failures, s.last_success, s.last_article, s.next_due
  FROM sources s
  LEFT JOIN health h ON h.source_id = s.source_id
"""
CHANGES_VIEW = """
CREATE VIEW v_health_changes AS
SELECT c.source_id, s.name, c.at, c.before, c.state, c.reason
  FROM health_changes c
  JOIN sources s ON s.source_id = c.source_id
"""
ARCHIVE_VIEW = """
CREATE VIEW v_archive AS
SELECT h.hit_id, a.url, a.fetched_at, a.file, a."offset", a.length
  FROM archive a
  JOIN hits h ON h.article_id = a.article_id
"""


def upgrade() -> None:
    _health()
    _ways()
    _changes()
    _holds()
    _archive()
    op.add_column("validators", sa.Column("received", sa.String(20), nullable=True))
    op.add_column("validators", sa.Column("items", sa.Text(), nullable=True))
    op.execute("UPDATE sources SET state = 'refused' WHERE state = 'blocked'")
    for view in (HEALTH_VIEW, CHANGES_VIEW, ARCHIVE_VIEW):
        op.get_bind().exec_driver_sql(view)


def _health() -> None:
    op.create_table(
        "health",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.String(20), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("is_sure", sa.Integer(), nullable=False),
        sa.Column("rhythm", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_health")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.source_id"], name=op.f("fk_health_source_id")
        ),
    )


def _ways() -> None:
    op.create_table(
        "ways",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.String(20), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("newest", sa.String(20), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("moved_seen", sa.Integer(), nullable=False),
        sa.Column("moved_since", sa.String(20), nullable=True),
        sa.PrimaryKeyConstraint("source_id", "url", name=op.f("pk_ways")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.source_id"], name=op.f("fk_ways_source_id")
        ),
    )


def _changes() -> None:
    op.create_table(
        "health_changes",
        sa.Column("change_id", BIG_ID, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_health_changes")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.source_id"], name=op.f("fk_health_changes_source_id")
        ),
    )
    op.create_index(
        op.f("ix_health_changes_source_id_change_id"), "health_changes", ["source_id", "change_id"]
    )


def _holds() -> None:
    op.create_table(
        "holds",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("until", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_holds")),
    )


def _archive() -> None:
    op.create_table(
        "archive",
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.String(20), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_archive")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name=op.f("fk_archive_article_id")
        ),
    )
