"""Queries as text: lexed and parsed with places, and mistakes told in an analyst's words.

What a query means is matcher/query.py's; here it is only read, measured and refused when it
is nested or long beyond what a person could have meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree, UnexpectedInput

from domain.errors import nearest

DEEPEST = 40  # levels of a query, its definitions included
HIGHEST = 30  # parentheses open at once
LARGEST = 4_000  # parts of a query, its definitions included
WIDEST = 200  # words of a NEAR, mentions of an ATLEAST

OPERATORS = (
    "AND OR NOT NEAR BEFORE ONEAR SENTENCE PARAGRAPH TITLE LEAD HEAD OPENING TEXT ATLEAST DISTINCT"
).split(" ")
_NUMBERED = ("NEAR", "ONEAR", "BEFORE", "ATLEAST", "DISTINCT")
_BRACKETED = ("SENTENCE", "PARAGRAPH", "ATLEAST", "DISTINCT")
_SCOPES = ("TITLE", "LEAD", "HEAD", "OPENING", "TEXT")
_TERMS = ("REFERENCE", "STRING", "WORD")
_CURLY = "“”„«»"


class QueryError(ValueError):
    """A query cannot be read. ``line`` and ``column`` count from 1 inside the query."""

    def __init__(self, message: str, line: int, column: int) -> None:
        self.line = line
        self.column = column
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A query that can be read: its tree, and the names that are still to be resolved."""

    tree: Tree[Token]
    terms: tuple[Token, ...]  # phrases, @references and #families, in order
    definitions: tuple[Token, ...]  # $names, in order
    depth: int  # levels, definitions not opened
    size: int  # nodes, definitions not opened


def at(token: Token, message: str) -> QueryError:
    """Return a QueryError at the place of ``token``."""
    return QueryError(message, token.line or 1, token.column or 1)


@lru_cache(maxsize=2)
def _lark(parser: str | None) -> Lark:
    grammar = Path(__file__).with_name("query.lark").read_text(encoding="utf-8")
    if parser is None:  # Lark.lex builds its lexer anew at every call unless it has no parser
        return Lark(grammar, parser=None, lexer="basic")
    return Lark(grammar, parser="lalr", propagate_positions=True)


def read_query(text: str) -> Parsed:
    """Read ``text``. Raises QueryError with the place and what was expected there."""
    try:
        tokens = list(_lark(None).lex(text))
        _check_parentheses(tokens)
        _check_numbers(tokens)
        _check_quotes(tokens)
        tree = _lark("lalr").parse(text)
    except UnexpectedInput as error:
        raise _translated(text, error) from None
    depth, size = _measure(tree)
    if depth > DEEPEST:
        raise QueryError(f"is nested {depth} deep: at most {DEEPEST}", 1, 1)
    if size > LARGEST:
        raise QueryError(f"has {size} parts: at most {LARGEST}", 1, 1)
    return Parsed(
        tree=tree,
        terms=tuple(t for t in tokens if t.type in _TERMS),
        definitions=tuple(t for t in tokens if t.type == "DEFINITION"),
        depth=depth,
        size=size,
    )


def _check_parentheses(tokens: list[Token]) -> None:
    """Refuse towers of parentheses, and those that do not pair, at the one that is too many."""
    opened: list[Token] = []
    for token in tokens:
        if token.type == "LPAR":
            opened.append(token)
            if len(opened) > HIGHEST:
                raise at(token, f"more than {HIGHEST} parentheses are open at once")
        elif token.type == "RPAR":
            if not opened:
                raise at(token, "')' was not expected here: it closes no '('")
            opened.pop()
    if opened:
        raise at(opened[-1], "'(' is not closed: a ')' is missing")


def _check_quotes(tokens: list[Token]) -> None:
    for token in tokens:
        if token.type == "WORD" and (token[0] in _CURLY or token[-1] in _CURLY):
            raise at(token, f"{str(token)!r}: phrases stand between straight quotation marks")


def _check_numbers(tokens: list[Token]) -> None:
    for token in tokens:
        if token.type not in ("NEAR", "ATLEAST"):
            continue
        name, digits = token.split("/")
        number = int(digits) if len(digits) <= 6 else 10**6
        if number == 0 and token.type == "NEAR":
            raise at(token, f'{token}: no word between is a phrase: write "...", or {name}/1')
        if number == 0:
            raise at(token, f"{token} always holds: count from 1")
        if number > WIDEST:
            raise at(token, f"{name}/{digits} is too wide: at most {name}/{WIDEST}")


def _measure(tree: Tree[Token]) -> tuple[int, int]:
    """Return levels and parts of a query, without recursion: the tree may be a trap."""
    deepest, size = 0, 0
    pending: list[tuple[Any, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        if not isinstance(node, Tree):
            continue
        if len(node.children) > 1 or node.data not in ("any_of", "all_of", "near"):
            size += 1
            # A chain of NEARs becomes a tree that leans left.
            depth += len(node.children) // 2 if node.data == "near" else 1
            deepest = max(deepest, depth)
        pending += [(child, depth) for child in node.children]
    return deepest, size


# --- complaints --------------------------------------------------------------------------


def _translated(text: str, error: UnexpectedInput) -> QueryError:
    line, column = error.line, error.column
    token = getattr(error, "token", None)
    if line < 1 or (token is not None and token.type == "$END"):
        last = text.rstrip().split("\n")  # the end of a query has no place of its own
        line, column = len(last), len(last[-1]) + 1
        return QueryError(_unfinished(text), line, max(column, 1))
    start = error.pos_in_stream or 0
    found = str(token) if token is not None else text[start : start + 1]
    return QueryError(_complaint(text[:start], found, text[start:]), line, max(column, 1))


def _unfinished(text: str) -> str:
    if not text.strip():
        return "the query is empty"
    return "the query ends too early: a term is missing"


def _complaint(before: str, found: str, rest: str) -> str:
    bare = found.split("/", maxsplit=1)[0].rstrip(":")
    if found == '"' or rest.startswith('"'):
        return (
            "'\"' was not expected here: a quotation mark is not closed, or an operator is missing"
        )
    if bare.upper() in OPERATORS and bare != bare.upper():
        return f"{found!r}: operators are written in capitals"
    if bare in _NUMBERED:
        return f"{found!r} was not expected here: {bare} takes a whole number, as in {bare}/5"
    if re.fullmatch(r"[A-Z]+/\d+", found):
        return f"no operator {bare!r}{nearest(bare, _NUMBERED)}"
    if found in ("(", ":"):
        return _unknown_operator(before, found)
    if bare in OPERATORS:
        return f"{found!r} was not expected here: a term is missing before it"
    return f"{found!r} was not expected here: join terms by AND, OR or NEAR/n"


def _unknown_operator(before: str, found: str) -> str:
    """Complain of ``SENTNCE(`` and ``TILTE:``, which read as a word that something follows."""
    word = re.search(r"[^\s()\"@#$:]+$", before.rstrip())
    if word is not None and word[0] in _NUMBERED:
        return f"{found!r} was not expected here: {word[0]} takes a whole number, as in {word[0]}/5"
    if word is None or word[0] in OPERATORS:
        return f"{found!r} was not expected here"
    known = _SCOPES if found == ":" else _BRACKETED
    return f"{found!r} was not expected here: no operator {word[0]!r}{nearest(word[0], known)}"
