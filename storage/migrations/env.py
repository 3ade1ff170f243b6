"""Alembic's way in. ``storage.schema`` hands over an open connection; there is no alembic.ini."""

from __future__ import annotations

from alembic import context

from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite too: our connections begin their transactions themselves
    transaction_per_migration=False,  # all the way to the head, or not at all
)
with context.begin_transaction():
    context.run_migrations()
