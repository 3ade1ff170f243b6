"""What a person can do about what the database says: one clause behind the driver's own words."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

COPY_BACK = "put back a copy (docs/operations.md), or save what is legible: sqlite3 FILE .recover"
FOREIGN = "name another file, or put back a copy (docs/operations.md)"
_WRITABLE = "the file, its folder and its disk must be writable by whoever runs marsad"
_FREE = "make room on its disk: what is stored stays whole"
_GRANT = "grant it to the role, or use the role that owns the database"
_ADDRESS = "does the server run, and is `database:` right in host, port, role, password and name?"

_SQLITE = {  # by primary result code
    sqlite3.SQLITE_BUSY: "another program holds it: end that one, or try again",
    sqlite3.SQLITE_LOCKED: "another program holds it: end that one, or try again",
    sqlite3.SQLITE_READONLY: _WRITABLE,
    sqlite3.SQLITE_IOERR: "its disk fails: the system's log says how",
    sqlite3.SQLITE_CORRUPT: COPY_BACK,
    sqlite3.SQLITE_NOTADB: FOREIGN,
    sqlite3.SQLITE_FULL: _FREE,
}
_POSTGRESQL = {  # by SQLSTATE, or by its class
    "53100": _FREE,
    "53300": "raise max_connections of the server, or run fewer programs on it",
    "42501": _GRANT,
    "3F000": _GRANT,  # a role that may not even see the schema
    "25006": "the server or the role only reads: use the primary, or another role",
    "08": "try again; " + _ADDRESS,
    "57P": "the server goes down or restarts: try again",
    "XX": "put back a copy (docs/operations.md); the server's log says what is broken",
}

_ROOM = 1024 * 1024  # bytes: less of a disk is none for a database


def sqlite_code(error: BaseException | None) -> int:
    """Return the primary result code that SQLite gave, 0 where it gave none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def remedy(error: BaseException, path: Path | None = None) -> str:
    """Return "; WHAT TO DO" for what a driver raised, or nothing where we know of nothing.

    ``path`` is a SQLite database's file, whose place may say why it does not open.
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    advice = _of_sqlite(cause, path) if isinstance(cause, sqlite3.Error) else _of_server(cause)
    return f"; {advice}" if advice else ""


def _of_sqlite(error: sqlite3.Error, path: Path | None) -> str:
    code = sqlite_code(error)
    if code == sqlite3.SQLITE_CANTOPEN and path is not None:
        return _why_closed(path)
    if code == sqlite3.SQLITE_IOERR and path is not None and _is_full(path):
        return _FREE  # the files beside a database that cannot grow are no FULL to SQLite
    return _SQLITE.get(code, "")


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _ROOM
    except OSError:
        return False


def _why_closed(path: Path) -> str:
    """Return what is wrong with the place of a file that SQLite can neither open nor make."""
    folder = path.absolute().parent
    try:
        if not folder.is_dir():
            return f"there is no folder {folder}: make it, or name another file"
        if path.is_dir():
            return "it is a folder: name a file in it"
    except OSError as refused:
        return f"{folder}: {refused.strerror}"
    if path.exists() and not os.access(path, os.R_OK):
        return "the file may not be read by whoever runs marsad"
    return _WRITABLE


def _of_server(error: BaseException) -> str:
    if not hasattr(error, "sqlstate"):
        return ""  # no driver's: a value that no column holds, a file that is not there
    state = error.sqlstate
    if state is None:  # the library's own words: it is not, or no longer, connected
        return _ADDRESS if type(error).__name__ == "OperationalError" else ""
    keys = (state, state[:3], state[:2])
    return next((_POSTGRESQL[key] for key in keys if key in _POSTGRESQL), "")
