"""The tables. What a column means beyond its name stands beside it.

Migrations create them (``storage/migrations``); a test holds both to each other.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)

from storage.columns import BigId, CleanText, Strings, UtcText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

sources = Table(
    "sources",
    metadata,
    Column("source_id", CleanText, primary_key=True),
    Column("name", CleanText, nullable=False),
    Column("url", CleanText, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("country", CleanText, nullable=False),
    Column("tags", Strings, nullable=False),
    Column("ways_in", CleanText, nullable=False),  # feeds, sitemaps, sections: a change is due now
    Column("state", CleanText, nullable=False),  # new | ok | failing | blocked | removed
    Column("next_due", UtcText, nullable=False),
    Column("last_visit", UtcText),
    Column("last_success", UtcText),
    Column("last_article", UtcText),
    Column("failures", Integer, nullable=False),  # in a row
    Column("outcome", CleanText),  # of the last visit
    Column("reason", CleanText, nullable=False),
    Column("interval_seconds", Float),
    Column("visits", Integer, nullable=False),  # ever
    Column("visits_failed", Integer, nullable=False),  # ever
    Index(None, "state", "next_due"),
)

validators = Table(
    "validators",
    metadata,
    Column("source_id", ForeignKey("sources.source_id"), primary_key=True),
    Column("url", CleanText, primary_key=True),
    Column("etag", CleanText),
    Column("last_modified", CleanText),
    Column("body_hash", CleanText),
)

visits = Table(
    "visits",
    metadata,
    Column("visit_id", BigId, primary_key=True),
    Column("source_id", ForeignKey("sources.source_id"), nullable=False),
    Column("outcome", CleanText, nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("started", UtcText, nullable=False),
    Column("finished", UtcText, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("new_articles", Integer, nullable=False),
    Column("failed_pages", Integer, nullable=False),
    Index(None, "source_id", "visit_id"),
)

robots = Table(
    "robots",
    metadata,
    Column("origin", CleanText, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("fetched_at", UtcText, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("article_id", BigId, primary_key=True),
    Column("url", CleanText, nullable=False, unique=True),
    Column("title", CleanText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("outlet", ForeignKey("sources.source_id"), nullable=False),
    Column("published_at", UtcText),
    Column("first_seen", UtcText, nullable=False),
    Column("authors", Strings, nullable=False),
    Column("guid", CleanText),
    Column("text_from", CleanText, nullable=False),
    Column("note", CleanText, nullable=False),
    Index(None, "outlet", "first_seen"),
    Index(None, "first_seen"),
)

# The index of words itself, article_words, is no table that both databases could share:
# storage/fulltext.py speaks to it.
fulltext_state = Table(
    "fulltext_state",
    metadata,
    Column("folding", Integer, primary_key=True, autoincrement=False),  # that made the index
    Column("checked_to", BigId, nullable=False),  # articles up to here are in it
)

stories = Table(
    "stories",
    metadata,
    Column("story_id", BigId, primary_key=True),
    Column("title", CleanText, nullable=False),
    Column("title_key", CleanText, nullable=False),  # what titles of one story share
    Column("first_seen", UtcText, nullable=False),
    Column("last_seen", UtcText, nullable=False),
    Index(None, "title_key", "last_seen"),
)

story_articles = Table(
    "story_articles",
    metadata,
    Column("article_id", ForeignKey("articles.article_id"), primary_key=True),
    Column("story_id", ForeignKey("stories.story_id"), nullable=False, index=True),
)

hits = Table(
    "hits",
    metadata,
    Column("hit_id", BigId, primary_key=True),
    Column("article_id", ForeignKey("articles.article_id"), nullable=False),
    Column("rule", CleanText, nullable=False),
    Column("rule_version", CleanText, nullable=False, server_default=""),  # see Match
    Column("score", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("matched_at", UtcText, nullable=False),
    Column("dated", UtcText, nullable=False, index=True),  # published_at, else matched_at
    # Sorted and joined by commas here, once, instead of in every reading of a view: the two
    # databases' aggregates neither sort alike nor collate alike.
    Column("partners", CleanText, nullable=False),
    Column("activities", CleanText, nullable=False),
    Column("persons", CleanText, nullable=False),
    Column("organisations", CleanText, nullable=False),
    Column("snippet", CleanText, nullable=False),
    UniqueConstraint("article_id", "rule"),
)

hit_facets = Table(
    "hit_facets",
    metadata,
    Column("hit_id", ForeignKey("hits.hit_id"), primary_key=True),
    Column("kind", CleanText, primary_key=True),  # partner, activity, person, ..., date
    Column("value", CleanText, primary_key=True),  # a date: first/last
    Column("position", Integer, nullable=False),  # order in the match
    Column("label", CleanText, nullable=False),  # for people
    Index(None, "kind", "value"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("hit_id", ForeignKey("hits.hit_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("field", CleanText, nullable=False),
    Column("start_offset", Integer, nullable=False),
    Column("end_offset", Integer, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("concept", CleanText, nullable=False),
)

hit_history = Table(
    "hit_history",
    metadata,
    Column("history_id", BigId, primary_key=True),
    Column("article_id", ForeignKey("articles.article_id"), nullable=False, index=True),
    Column("rule", CleanText, nullable=False),
    Column("rule_version", CleanText, nullable=False),
    Column("score", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("matched_at", UtcText, nullable=False),
    Column("partners", CleanText, nullable=False),
    Column("activities", CleanText, nullable=False),
    Column("persons", CleanText, nullable=False),
    Column("organisations", CleanText, nullable=False),
    Column("snippet", CleanText, nullable=False),
    Column("kind", CleanText, nullable=False),  # lost | score | facts: what became of it
    Column("replaced_at", UtcText, nullable=False),
)

rematches = Table(
    "rematches",
    metadata,
    Column("rematch_id", BigId, primary_key=True),
    Column("version", CleanText, nullable=False),  # of rules and lexicon together
    Column("since", UtcText),
    Column("started", UtcText, nullable=False),
    Column("finished", UtcText),
    Column("checked_to", BigId, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", BigId, primary_key=True),
    Column("key", CleanText, nullable=False, unique=True),
    Column("channel", CleanText, nullable=False),
    Column("mode", CleanText, nullable=False),
    Column("article_id", ForeignKey("articles.article_id"), nullable=False),
    Column("state", CleanText, nullable=False),
    Column("due_at", UtcText, nullable=False),
    Column("lease_until", UtcText),
    Column("lease", CleanText),  # the token of the claim that may settle this row
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcText, nullable=False),
    Column("sent_at", UtcText),
    Column("last_error", CleanText, nullable=False),
    UniqueConstraint("channel", "mode", "article_id"),
    Index(None, "channel", "state", "due_at"),
    Index(None, "article_id"),
)
