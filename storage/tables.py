"""The tables. What a column means beyond its name stands beside it.

Migrations create them (``storage/migrations``); a test holds both to each other.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
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
    Column("state", CleanText, nullable=False),  # domain.health.HealthState, or removed
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

health = Table(
    "health",
    metadata,
    Column("source_id", ForeignKey("sources.source_id"), primary_key=True),
    Column("state", CleanText, nullable=False),  # domain.health.HealthState
    Column("reason", CleanText, nullable=False),
    Column("since", UtcText, nullable=False),
    Column("told", CleanText, nullable=False),  # the state that the operator heard of last
    Column("is_sure", Integer, nullable=False),  # 1: seen often enough to be told
    Column("rhythm", CleanText),  # domain.rhythm.Rhythm as JSON
)

ways = Table(
    "ways",
    metadata,
    Column("source_id", ForeignKey("sources.source_id"), primary_key=True),
    Column("url", CleanText, primary_key=True),  # as configured
    Column("state", CleanText, nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("since", UtcText),
    Column("failures", Integer, nullable=False),
    Column("newest", UtcText),
    Column("address", CleanText),  # where it is read now, when that is not url
    Column("moved_to", CleanText),
    Column("moved_seen", Integer, nullable=False),
    Column("moved_since", UtcText),
)

health_changes = Table(
    "health_changes",
    metadata,
    Column("change_id", BigId, primary_key=True),
    Column("source_id", ForeignKey("sources.source_id"), nullable=False),
    Column("at", UtcText, nullable=False),
    Column("before", CleanText, nullable=False),
    Column("state", CleanText, nullable=False),
    Column("reason", CleanText, nullable=False),
    Index(None, "source_id", "change_id"),
)

hosts = Table(  # where several workers share them (storage/hosts.py)
    "hosts",
    metadata,
    Column("host", CleanText, primary_key=True),
    Column("epoch", BigInteger, nullable=False),  # goes up with each worker that takes it
    Column("free_at", Float, nullable=False),  # seconds since 1970 by the server's clock
)

channels = Table(
    "channels",
    metadata,
    Column("channel", CleanText, primary_key=True),
    Column("pace", CleanText, nullable=False),  # alerts.pace.ChannelPace as JSON
)

holds = Table(  # hosts that asked to be left alone
    "holds",
    metadata,
    Column("host", CleanText, primary_key=True),
    Column("until", UtcText, nullable=False),
)

validators = Table(
    "validators",
    metadata,
    Column("source_id", ForeignKey("sources.source_id"), primary_key=True),
    Column("url", CleanText, primary_key=True),
    Column("etag", CleanText),
    Column("last_modified", CleanText),
    Column("body_hash", CleanText),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row, of this way
    Column("rests_until", UtcText),
    Column("received", UtcText),  # when a body last came
    Column("items", Strings),  # hashes of a feed's items
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

backfills = Table(
    "backfills",
    metadata,
    Column("backfill_id", BigId, primary_key=True),
    Column("source_id", ForeignKey("sources.source_id"), nullable=False),
    Column("since", UtcText, nullable=False),
    Column("until", UtcText, nullable=False),
    Column("started", UtcText, nullable=False),
    Column("finished", UtcText),
    Column("refusal", CleanText, nullable=False, server_default=""),  # why a worker left it
)

backfill_steps = Table(  # addresses that were listed, and whose articles are filed
    "backfill_steps",
    metadata,
    Column("backfill_id", ForeignKey("backfills.backfill_id"), primary_key=True),
    Column("url", CleanText, primary_key=True),
    Column("listed", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("oldest", UtcText),
    Column("newest", UtcText),
    Column("next_page", CleanText),
    Column("is_fresh", Integer, nullable=False),
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
    Column("section", CleanText, nullable=False, server_default=""),
    Column("listed", CleanText, nullable=False, server_default=""),  # hash of the list's words
    Column("image", CleanText),
    Column("canonical_url", CleanText),  # as the page declares it
    Column("modified_at", UtcText),  # as the outlet says
    Column("checked_at", UtcText),  # when it was read again; None: never
    Column("checks", Integer, nullable=False, server_default="0"),  # how often
    Column("version", Integer, nullable=False, server_default="1"),
    Index(None, "outlet", "first_seen"),
    Index("ix_articles_dated", text("COALESCE(published_at, first_seen)")),
    Index(
        "ix_articles_undated",
        "outlet",
        sqlite_where=text("published_at IS NULL"),
        postgresql_where=text("published_at IS NULL"),
    ),
)

article_versions = Table(  # what an edited article said before
    "article_versions",
    metadata,
    Column("article_id", ForeignKey("articles.article_id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),  # from 1
    Column("title", CleanText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("modified_at", UtcText),
    Column("replaced_at", UtcText, nullable=False),
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
    # What its articles said together, so that one more costs the same however many they are.
    Column("articles", Integer, nullable=False, server_default="0"),
    Column("partners", CleanText, nullable=False, server_default=""),  # sorted, commas between
    Column("activities", CleanText, nullable=False, server_default=""),
    Column("officials", CleanText, nullable=False, server_default=""),
    Index(None, "title_key", "last_seen"),
    Index(None, "last_seen"),
)

story_articles = Table(
    "story_articles",
    metadata,
    Column("article_id", ForeignKey("articles.article_id"), primary_key=True),
    Column("story_id", ForeignKey("stories.story_id"), nullable=False),
    Column("outlet", CleanText, nullable=False, server_default=""),  # of the article, once more
    Column("language", CleanText, nullable=False, server_default=""),
    # What the article added to its story: domain.story.StoryUpdate.
    Column("position", Integer, nullable=False, server_default="0"),  # 1: the first
    Column("new_partners", CleanText, nullable=False, server_default=""),
    Column("new_activities", CleanText, nullable=False, server_default=""),
    Column("new_officials", CleanText, nullable=False, server_default=""),
    Column("likeness", Float),  # to the story's article it is most like; None: it began one
    Column("why", CleanText, nullable=False, server_default=""),  # what it shares with that one
    Index(None, "story_id", "outlet", "language"),
)

story_merges = Table(  # stories that became one: the old number still finds the new one
    "story_merges",
    metadata,
    Column("old_id", BigId, primary_key=True, autoincrement=False),
    Column("story_id", ForeignKey("stories.story_id"), nullable=False, index=True),
    Column("merged_at", UtcText, nullable=False),
)

story_traces = Table(
    "story_traces",
    metadata,
    Column("article_id", ForeignKey("articles.article_id"), primary_key=True),
    Column("day", Integer, nullable=False),  # ordinal, in Algiers: published, else first seen
    Column("trace", CleanText, nullable=False),  # domain.story.Trace as JSON
)

story_keys = Table(  # under which a trace is found
    "story_keys",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("article_id", ForeignKey("articles.article_id"), primary_key=True, index=True),
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
    # Of the article, once more: fifty thousand articles lie scattered over gigabytes.
    Column("outlet", CleanText, nullable=False, server_default=""),
    Column("language", CleanText, nullable=False, server_default=""),
    Column("title", CleanText, nullable=False, server_default=""),
    Column("url", CleanText, nullable=False, server_default=""),
    Column("published_at", UtcText),
    Column("story_id", BigId),  # of the article, once more
    UniqueConstraint("article_id", "rule"),
    Index(None, "outlet", "dated"),
    # As questions write what ``dated`` says, which no view shows.
    Index("ix_hits_story", "story_id", text("COALESCE(published_at, matched_at)"), "hit_id"),
)

archive = Table(  # where the pages of hits are kept
    "archive",
    metadata,
    Column("article_id", ForeignKey("articles.article_id"), primary_key=True),
    Column("url", CleanText, nullable=False),  # of the document: the page, or the feed
    Column("fetched_at", UtcText, nullable=False),
    Column("file", CleanText, nullable=False),  # name in the archive's folder
    Column("offset", BigInteger, nullable=False),  # bytes
    Column("length", BigInteger, nullable=False),  # bytes
)

hit_facets = Table(
    "hit_facets",
    metadata,
    Column("hit_id", ForeignKey("hits.hit_id"), primary_key=True),
    Column("kind", CleanText, primary_key=True),  # partner, activity, person, ..., date
    Column("value", CleanText, primary_key=True),  # a date: first/last
    Column("position", Integer, nullable=False),  # order in the match
    Column("label", CleanText, nullable=False),  # for people
    Index(None, "kind", "value", "hit_id", "label"),
    sqlite_with_rowid=False,
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
    Index(None, "concept", "hit_id"),
    sqlite_with_rowid=False,
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

rematch_chunks = Table(  # of a rematch that several workers share
    "rematch_chunks",
    metadata,
    Column("rematch_id", ForeignKey("rematches.rematch_id"), primary_key=True),
    Column("upto", BigId, primary_key=True, autoincrement=False),  # its last article
    Column("articles", Integer, nullable=False),
    Column("checked_to", BigId, nullable=False),  # articles up to this id are done
    Column("result", CleanText, nullable=False),  # JSON: what changed so far
    Column("refusal", CleanText, nullable=False),  # why a worker would not take it
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", BigId, primary_key=True),
    Column("key", CleanText, nullable=False, unique=True),
    Column("channel", CleanText, nullable=False),
    Column(
        "mode", CleanText, nullable=False
    ),  # a Kind; of those told again with a number: repeat-1
    Column("article_id", ForeignKey("articles.article_id"), nullable=False),
    Column("state", CleanText, nullable=False),
    Column("due_at", UtcText, nullable=False),
    Column("lease_until", UtcText),
    Column("lease", CleanText),  # the token of the claim that may settle this row
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcText, nullable=False),
    Column("sent_at", UtcText),
    Column("last_error", CleanText, nullable=False),
    Column("route", CleanText, nullable=False, server_default=""),
    Column("is_urgent", Integer, nullable=False, server_default="0"),
    Column("receipt", CleanText, nullable=False, server_default=""),  # what later ones answer to
    Column("silence_id", BigId),  # that muted it
    Column("is_reported", Integer, nullable=False, server_default="0"),  # its failure, to people
    UniqueConstraint("channel", "mode", "article_id"),
    Index(None, "route", "channel", "created_at"),
    Index(None, "channel", "state", "due_at"),
    Index(None, "article_id", "state", "sent_at"),
)

judgements = Table(  # what analysts say of hits
    "judgements",
    metadata,
    Column("judgement_id", BigId, primary_key=True),
    Column("article_id", ForeignKey("articles.article_id"), nullable=False),
    Column("rule", CleanText, nullable=False),
    Column("is_right", Integer, nullable=False),
    Column("note", CleanText, nullable=False),
    Column("made_by", CleanText, nullable=False),
    Column("at", UtcText, nullable=False),
    Index(None, "article_id", "rule"),
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", BigId, primary_key=True),
    Column("rule", CleanText),
    Column("partner", CleanText),
    Column("outlet", CleanText),
    Column("article_id", BigId),  # of a story: stories are joined, articles stay
    Column("text", CleanText),
    Column("ends", UtcText, nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("made_by", CleanText, nullable=False),
    Column("created_at", UtcText, nullable=False),
    Column("removed_at", UtcText),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("article_id", BigId, primary_key=True, autoincrement=False),  # of a story, as above
    Column("at", UtcText, nullable=False),
    Column("made_by", CleanText, nullable=False),
)

floods = Table(  # routes that turned to digests by themselves
    "floods",
    metadata,
    Column("route", CleanText, primary_key=True),
    Column("channel", CleanText, primary_key=True),
    Column("since", UtcText, nullable=False),
)

bulletins = Table(  # what marsad says of itself: told once
    "bulletins",
    metadata,
    Column("bulletin_id", BigId, primary_key=True),
    Column("key", CleanText, nullable=False, unique=True),
    Column("at", UtcText, nullable=False),
    Column("subject", CleanText, nullable=False),
    Column("body", CleanText, nullable=False),
    Column("channel", CleanText, nullable=False),  # to tell it to; empty: the operator's
    Column("avoid", CleanText, nullable=False),  # the channel that cannot be told
    Column("told_at", UtcText),
)
