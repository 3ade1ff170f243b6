"""Many machines: workers that share one PostgreSQL, with procrastinate handing out the work.

The unit of work is the visit of a host. A job's lock keeps two visits of one host apart; the
host's row (``storage.hosts``) is the fence for what a lock cannot stop: a worker that was
suspended, lost its job and wakes up.
"""
