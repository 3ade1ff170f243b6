"""Queries as a rule file writes them: read, measured, and every mistake at its own place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from domain.errors import nearest
from matcher.phrases import pieces
from matcher.syntax import Parsed, QueryError, at, read_query
from matcher.yamlnodes import Reader, lines_of

Known = Collection[str]


def parse_at(reader: Reader) -> Parsed | None:
    """Parse the query that ``reader`` holds; a mistake is recorded where it stands."""
    text = reader.text()
    if text is None:
        return None
    try:
        return read_query(text)
    except QueryError as error:
        record(reader, error)
        return None


def phrases_at(reader: Reader, parsed: Parsed) -> list[str]:
    """Return what the phrases of a query are sought as; record those that cannot be."""
    found: list[str] = []
    for token in parsed.terms:
        if token.type == "REFERENCE":
            continue
        try:
            found += pieces(str(token))
        except ValueError as error:
            record(reader, at(token, str(error)))
    return found


def unknown_definitions(reader: Reader, parsed: Parsed, known: Known) -> bool:
    """Record every ``$name`` that is not among ``known``; return whether there was one."""
    has_unknown = False
    for token in parsed.definitions:
        name = str(token)[1:]
        if name not in known:
            has_unknown = True
            record(reader, at(token, f"unknown definition ${name}{nearest(name, known)}"))
    return has_unknown


def record(reader: Reader, error: QueryError) -> None:
    """Record a query's fault at its place in the file, not at the start of the query."""
    line, column = _place(reader, error)
    reader.fault(f"{error}{_swallowed(reader)}")
    fault = reader.faults.found.pop()
    reader.faults.found.append(replace(fault, line=line, column=column))


def _swallowed(reader: Reader) -> str:
    """Say that YAML took ``#family`` of a query without quotation marks for a comment."""
    node = reader.node
    if getattr(node, "style", None):  # plain is None, or "" from the C loader
        return ""
    line = _source(reader)[node.end_mark.line][node.end_mark.column :]
    if not line.lstrip().startswith("#"):
        return ""
    return "; YAML takes what follows ' #' for a comment: put the query between quotation marks"


def _source(reader: Reader) -> list[str]:
    return lines_of(Path(reader.file).read_bytes().decode("utf-8-sig"))


def _place(reader: Reader, error: QueryError) -> tuple[int, int]:
    """Return where in the file a place of a query stands, counted from 1.

    YAML folds lines and takes away indents and escapes, but leaves the letters in order: so
    the letter is sought that has as many before it.
    """
    node = reader.node
    lines = str(node.value).split("\n")
    before = "\n".join([*lines[: error.line - 1], lines[error.line - 1][: error.column - 1]])
    wanted = len("".join(before.split()))
    rest = str(node.value)[len(before) : len(before) + 1]
    is_behind = not rest.strip()  # the place is the blank or the end behind a letter
    source = _source(reader)
    row, column = node.start_mark.line, node.start_mark.column
    style = getattr(node, "style", None)
    if style in ("|", ">"):
        row, column = row + 1, 0
    elif style in ("'", '"'):
        column += 1
    return _walk(source, row, column, wanted - is_behind, style, is_behind=is_behind)


def _walk(
    source: list[str], row: int, column: int, wanted: int, style: str | None, *, is_behind: bool
) -> tuple[int, int]:
    """Return the place of letter ``wanted`` from a place on, or the one behind it."""
    seen = 0
    last = (row + 1, column + 1)
    while row < len(source):
        line = source[row]
        while column < len(line):
            width = (
                2
                if (style == "'" and line.startswith("''", column))
                or (style == '"' and line[column] == "\\")
                else 1
            )
            if not line[column].isspace():
                if seen == wanted:
                    return row + 1, column + 1 + (width if is_behind else 0)
                seen += 1
                last = (row + 1, column + 1)
            column += width
        row, column = row + 1, 0
    return last
