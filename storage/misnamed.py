"""What an analyst may have meant by a view or column that is not there."""

from __future__ import annotations

import re
from collections import defaultdict

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import nearest
from storage.care import VIEWS
from storage.database import Database
from storage.tables import metadata

_COLUMN = "42703"  # PostgreSQL's codes of a column, and of a table, that is not there
_TABLE = "42P01"
_SQLITE = re.compile(r"no such (table|column): (.+)")
# PostgreSQL speaks the server's language; it quotes a name, unless it is said with its table's.
_QUOTED = re.compile(r"[\"«»„“]\s*(.+?)\s*[\"«»”]|(\w+\.\w+)")
_WORD = re.compile(r"\w+")
_COLUMNS = {
    "sqlite": "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
    " WHERE m.type IN ('table', 'view')",
    "postgresql": "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = 'public'",
}


def meant(database: Database, sql: str, error: BaseException) -> str:
    """Return "; did you mean 'X'?" where ``error`` is of a name that resembles one of ours."""
    kind, name = _misnamed(error)
    if not name:
        return ""
    try:
        columns = _columns(database)
    except SQLAlchemyError:  # the question failed already: a hint is no second failure
        return ""
    if kind == "table":
        return nearest(name, columns)
    asked = set(_WORD.findall(sql.lower())) & set(columns)
    return nearest(name, {column for table in asked or columns for column in columns[table]})


def _misnamed(error: BaseException) -> tuple[str, str]:
    """Return ``table`` or ``column``, and the name that the database does not know."""
    code = getattr(error, "sqlstate", None)
    if code is None:
        found = _SQLITE.match(str(error))
        kind, name = (found[1], found[2]) if found else ("", "")
    elif code in (_COLUMN, _TABLE):
        found = _QUOTED.search(str(error))
        kind, name = "column" if code == _COLUMN else "table", found[1] or found[2] if found else ""
    else:
        return "", ""
    return kind, name.rpartition(".")[2].strip('"').lower()


def _columns(database: Database) -> dict[str, list[str]]:
    """Return the columns of every view and table of ours, by its name."""
    ours = {*VIEWS, *metadata.tables}
    found: dict[str, list[str]] = defaultdict(list)
    with database.read() as connection:
        for table, column in connection.execute(text(_COLUMNS[database.url.get_backend_name()])):
            if table in ours:
                found[table].append(column)
    return found
