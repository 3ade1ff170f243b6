"""An article knows its section, picture and change; an edited one keeps what it said before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.String(20)


def upgrade() -> None:
    for name in ("section", "listed"):
        op.add_column("articles", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    for name in ("image", "canonical_url"):
        op.add_column("articles", sa.Column(name, sa.Text(), nullable=True))
    for name in ("modified_at", "checked_at"):
        op.add_column("articles", sa.Column(name, MOMENT, nullable=True))
    for name, default in (("checks", "0"), ("version", "1")):
        column = sa.Column(name, sa.Integer(), nullable=False, server_default=default)
        op.add_column("articles", column)
    op.create_table(
        "article_versions",
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("title", "text")),
        sa.Column("modified_at", MOMENT, nullable=True),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("article_id", "version", name=op.f("pk_article_versions")),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["articles.article_id"],
            name=op.f("fk_article_versions_article_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("article_versions")
    names = ("version", "checks", "checked_at", "modified_at", "canonical_url", "image")
    for name in (*names, "listed", "section"):
        op.drop_column("articles", name)
