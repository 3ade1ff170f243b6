"""What is kept, and that it is kept.

Knows: tables, transactions, migrations, search, idempotence. Never knows: HTTP,
matching, how a message looks. Synchronous; called from a thread by the application.
"""
