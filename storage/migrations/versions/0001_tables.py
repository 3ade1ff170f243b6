"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _sources()
    _validators()
    _visits()
    _robots()
    _articles()
    _stories()
    _story_articles()
    _hits()
    _hit_facets()
    _evidence()
    _deliveries()


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("ways_in", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_due", sa.String(20), nullable=False),
        sa.Column("last_visit", sa.String(20), nullable=True),
        sa.Column("last_success", sa.String(20), nullable=True),
        sa.Column("last_article", sa.String(20), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("interval_seconds", sa.Float(), nullable=True),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("visits_failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_sources")),
    )
    op.create_index(
        op.f("ix_sources_state_next_due"), "sources", ["state", "next_due"], unique=False
    )


def _validators() -> None:
    op.create_table(
        "validators",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.source_id"], name=op.f("fk_validators_source_id")
        ),
        sa.PrimaryKeyConstraint("source_id", "url", name=op.f("pk_validators")),
    )


def _visits() -> None:
    op.create_table(
        "visits",
        sa.Column("visit_id", BIG_ID, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started", sa.String(20), nullable=False),
        sa.Column("finished", sa.String(20), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("new_articles", sa.Integer(), nullable=False),
        sa.Column("failed_pages", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.source_id"], name=op.f("fk_visits_source_id")
        ),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visits")),
    )
    op.create_index(
        op.f("ix_visits_source_id_visit_id"), "visits", ["source_id", "visit_id"], unique=False
    )


def _robots() -> None:
    op.create_table(
        "robots",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("origin", name=op.f("pk_robots")),
    )


def _articles() -> None:
    op.create_table(
        "articles",
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("published_at", sa.String(20), nullable=True),
        sa.Column("first_seen", sa.String(20), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=True),
        sa.Column("text_from", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["outlet"], ["sources.source_id"], name=op.f("fk_articles_outlet")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_articles")),
        sa.UniqueConstraint("url", name=op.f("uq_articles_url")),
    )
    op.create_index(op.f("ix_articles_first_seen"), "articles", ["first_seen"], unique=False)
    op.create_index(
        op.f("ix_articles_outlet_first_seen"), "articles", ["outlet", "first_seen"], unique=False
    )


def _stories() -> None:
    op.create_table(
        "stories",
        sa.Column("story_id", BIG_ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.String(20), nullable=False),
        sa.Column("last_seen", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("story_id", name=op.f("pk_stories")),
    )
    op.create_index(
        op.f("ix_stories_title_key_last_seen"), "stories", ["title_key", "last_seen"], unique=False
    )


def _story_articles() -> None:
    op.create_table(
        "story_articles",
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("story_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name=op.f("fk_story_articles_article_id")
        ),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.story_id"], name=op.f("fk_story_articles_story_id")
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_story_articles")),
    )
    op.create_index(
        op.f("ix_story_articles_story_id"), "story_articles", ["story_id"], unique=False
    )


def _hits() -> None:
    op.create_table(
        "hits",
        sa.Column("hit_id", BIG_ID, nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("matched_at", sa.String(20), nullable=False),
        sa.Column("dated", sa.String(20), nullable=False),
        sa.Column("partners", sa.Text(), nullable=False),
        sa.Column("activities", sa.Text(), nullable=False),
        sa.Column("persons", sa.Text(), nullable=False),
        sa.Column("organisations", sa.Text(), nullable=False),
        sa.Column("snippet", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name=op.f("fk_hits_article_id")
        ),
        sa.PrimaryKeyConstraint("hit_id", name=op.f("pk_hits")),
        sa.UniqueConstraint("article_id", "rule", name=op.f("uq_hits_article_id_rule")),
    )
    op.create_index(op.f("ix_hits_dated"), "hits", ["dated"], unique=False)


def _hit_facets() -> None:
    op.create_table(
        "hit_facets",
        sa.Column("hit_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.hit_id"], name=op.f("fk_hit_facets_hit_id")),
        sa.PrimaryKeyConstraint("hit_id", "kind", "value", name=op.f("pk_hit_facets")),
    )
    op.create_index(op.f("ix_hit_facets_kind_value"), "hit_facets", ["kind", "value"], unique=False)


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("hit_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("start_offset", sa.Integer(), nullable=False),
        sa.Column("end_offset", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("concept", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.hit_id"], name=op.f("fk_evidence_hit_id")),
        sa.PrimaryKeyConstraint("hit_id", "position", name=op.f("pk_evidence")),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", BIG_ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.String(20), nullable=False),
        sa.Column("lease_until", sa.String(20), nullable=True),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("sent_at", sa.String(20), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name=op.f("fk_deliveries_article_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "channel", "mode", "article_id", name=op.f("uq_deliveries_channel_mode_article_id")
        ),
        sa.UniqueConstraint("key", name=op.f("uq_deliveries_key")),
    )
    op.create_index(op.f("ix_deliveries_article_id"), "deliveries", ["article_id"], unique=False)
    op.create_index(
        op.f("ix_deliveries_channel_state_due_at"),
        "deliveries",
        ["channel", "state", "due_at"],
        unique=False,
    )
