"""What is kept, and that it is kept.

Knows: tables, transactions, migrations, search, idempotence. Never knows: HTTP,
matching, how a message looks. Synchronous; called from a thread by the application.
"""

from storage.analyst import QueryResult
from storage.outbox import OutboxRow
from storage.robots import RobotsRow
from storage.schema import Migrate, SchemaState
from storage.store import Store

__all__ = ["Migrate", "OutboxRow", "QueryResult", "RobotsRow", "SchemaState", "Store"]
