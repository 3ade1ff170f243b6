"""The index of words, empty: the store fills it with the caller's folding."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0002"

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# detail=full keeps positions, which phrases need. The words come folded: the tokenizer only
# parts them, and must not fold again.
SQLITE = """
CREATE VIRTUAL TABLE article_words USING fts5(
  title, body, content='', tokenize="unicode61 remove_diacritics 0")
"""


def upgrade() -> None:
    connection = op.get_bind()
    op.create_table(
        "fulltext_state",
        sa.Column("folding", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("checked_to", BIG_ID, nullable=False),
    )
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(SQLITE)
        return
    op.execute(
        "CREATE TABLE article_words (article_id bigint PRIMARY KEY"
        " REFERENCES articles(article_id) ON DELETE CASCADE, words tsvector NOT NULL)"
    )
    op.execute("CREATE INDEX ix_article_words_words ON article_words USING gin (words)")


def downgrade() -> None:
    op.drop_table("article_words")
    op.drop_table("fulltext_state")
