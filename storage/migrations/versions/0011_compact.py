"""Facets and proofs lie by hit on SQLite; a story's members carry what its summary counts.

Without them SQLite, which keeps no statistics of a young file, sought a hit's facets among all
of their kind, and read an article for the outlet of every member of every story.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FACETS_INDEX = ("ix_hit_facets_kind_value_hit_id_label", ["kind", "value", "hit_id", "label"])
PROOFS_INDEX = ("ix_evidence_concept_hit_id", ["concept", "hit_id"])
MEMBERS_BEFORE = ("ix_story_articles_story_id", ["story_id"])
MEMBERS = ("ix_story_articles_story_id_outlet_language", ["story_id", "outlet", "language"])
# Distinct values of a story, sorted byte by byte and joined.
LISTED = """
       coalesce((SELECT {join}(value, ',') FROM (
         SELECT DISTINCT {value} {binary} AS value FROM story_articles m {tables}
          WHERE m.story_id = t.story_id {more} ORDER BY 1) listed), '') AS {name}"""
# CROSS JOIN: in this order on SQLite. To PostgreSQL it is any inner join.
FACET = ("CROSS JOIN hits h CROSS JOIN hit_facets f", "f.value")
OF_ARTICLE = "AND h.article_id = m.article_id AND f.hit_id = h.hit_id"
LISTS = (
    ("languages", "", "m.language", ""),
    ("partners", *FACET, f"{OF_ARTICLE} AND f.kind = 'partner'"),
    ("activities", *FACET, f"{OF_ARTICLE} AND f.kind = 'activity'"),
)
LISTS_BEFORE = (
    ("languages", "JOIN articles b ON b.article_id = m.article_id", "b.language", ""),
    *LISTS[1:],
)
OUTLETS = "(SELECT count(DISTINCT m.outlet) FROM story_articles m WHERE m.story_id = t.story_id)"
OUTLETS_BEFORE = (
    "(SELECT count(DISTINCT b.outlet) FROM story_articles m"
    " JOIN articles b ON b.article_id = m.article_id WHERE m.story_id = t.story_id)"
)
STORIES = """
CREATE VIEW v_stories AS
SELECT t.story_id, t.first_seen, t.last_seen, t.title,
       (SELECT count(*) FROM story_articles m WHERE m.story_id = t.story_id) AS articles,
       {outlets} AS outlets,{lists}
  FROM stories t
"""
WORDS = {
    "sqlite": {"join": "group_concat", "binary": "COLLATE BINARY"},
    "postgresql": {"join": "string_agg", "binary": 'COLLATE "C"'},
}


def upgrade() -> None:
    op.execute("DROP VIEW v_stories")
    for name in ("outlet", "language"):
        column = sa.Column(name, sa.Text(), nullable=False, server_default="")
        op.add_column("story_articles", column)
    op.execute(
        "UPDATE story_articles SET outlet = a.outlet, language = a.language"
        " FROM articles a WHERE a.article_id = story_articles.article_id"
    )
    op.drop_index(MEMBERS_BEFORE[0], "story_articles")
    op.create_index(MEMBERS[0], "story_articles", MEMBERS[1])
    _rebuild(with_rowid=False)
    _view(OUTLETS, LISTS)


def downgrade() -> None:
    op.execute("DROP VIEW v_stories")
    op.drop_index(MEMBERS[0], "story_articles")
    op.create_index(MEMBERS_BEFORE[0], "story_articles", MEMBERS_BEFORE[1])
    for name in ("language", "outlet"):
        op.drop_column("story_articles", name)
    _rebuild(with_rowid=True)
    _view(OUTLETS_BEFORE, LISTS_BEFORE)


def _view(outlets: str, lists: tuple[tuple[str, str, str, str], ...]) -> None:
    connection = op.get_bind()
    words = WORDS[connection.dialect.name]
    columns = ",".join(
        LISTED.format(name=name, tables=tables, value=value, more=more, **words)
        for name, tables, value, more in lists
    )
    connection.exec_driver_sql(STORIES.format(outlets=outlets, lists=columns))


def _rebuild(*, with_rowid: bool) -> None:
    """Make SQLite's tables anew. Emptied and filled, not renamed: views name them."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, columns, index in (
        ("hit_facets", _facets(), FACETS_INDEX),
        ("evidence", _proofs(), PROOFS_INDEX),
    ):
        held = f"{name}_held"
        op.execute(f"CREATE TABLE {held} AS SELECT * FROM {name}")  # noqa: S608 - our own names
        op.drop_table(name)
        op.create_table(name, *columns, sqlite_with_rowid=with_rowid)
        op.execute(f"INSERT INTO {name} SELECT * FROM {held}")  # noqa: S608
        op.drop_table(held)
        op.create_index(index[0], name, index[1])


def _facets() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("hit_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.hit_id"], name=op.f("fk_hit_facets_hit_id")),
        sa.PrimaryKeyConstraint("hit_id", "kind", "value", name=op.f("pk_hit_facets")),
    ]


def _proofs() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("hit_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("start_offset", sa.Integer(), nullable=False),
        sa.Column("end_offset", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("concept", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.hit_id"], name=op.f("fk_evidence_hit_id")),
        sa.PrimaryKeyConstraint("hit_id", "position", name=op.f("pk_evidence")),
    ]
