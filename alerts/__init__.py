"""Who is told, how it looks, and that it arrives.

Knows: routes, message formats, retry, the limits of a channel. Never knows: SQL, feeds,
how a hit was found. Called by the application, which gives it an outbox to drain.
"""
