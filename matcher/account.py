"""Why a query holds in a text, or why not: its parts, each with what was found where.

This is for people who ask; judging never builds it. An account follows the query as it was
written: a definition stays ``$name``, and a scope tells of the one sentence, paragraph or
part of the text in which it came furthest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from matcher.query import AllOf, AnyOf, Candidate, Counted, Near, Node, Not, Term, Within
from matcher.reading import Window
from matcher.scan import Mention

_MOST_WINDOWS = 500  # sentences looked at for the one that came furthest


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One part of a query: whether it held, by which mentions, and its own parts.

    ``note`` says more where the parts do not: how many were counted, what stands too far
    apart. ``operator`` is how the parts are joined; empty for a leaf.
    """

    text: str
    operator: str
    is_held: bool
    mentions: tuple[Mention, ...] = ()
    parts: tuple[Account, ...] = ()
    note: str = ""


class Accountant:
    """Gives accounts of queries. ``definitions`` are those of the rule they belong to."""

    def __init__(self, definitions: Mapping[str, Node]) -> None:
        self._names = {id(node): f"${name}" for name, node in definitions.items()}

    def account(self, node: Node, window: Window) -> Account:
        """Return the account of ``node`` in ``window``."""
        name = self._names.get(id(node))
        if name is not None and _is_list_of_terms(node):
            return _leaf(name, node, window)
        if name is not None:
            inner = self._plain(node, window)
            return replace(inner, text=name)
        return self._plain(node, window)

    def _plain(self, node: Node, window: Window) -> Account:
        if isinstance(node, AllOf):
            return self._joined(node, window, "AND")
        if isinstance(node, AnyOf):
            return self._joined(node, window, "OR")
        if isinstance(node, Not):
            return self._joined(node, window, "NOT")
        if isinstance(node, Near):
            return self._near(node, window)
        if isinstance(node, Within):
            return self._within(node, window)
        if isinstance(node, Counted):
            return self._counted(node, window)
        return _leaf(str(node), node, window)

    def _joined(self, node: Node, window: Window, operator: str) -> Account:
        return Account(
            text=operator,
            operator=operator,
            is_held=node.holds(window),
            mentions=tuple(node.witnesses(window)),
            parts=tuple(self.account(part, window) for part in node.parts()),
        )

    def _near(self, node: Near, window: Window) -> Account:
        account = self._joined(node, window, "NEAR")
        operator = "BEFORE" if node.is_ordered else "NEAR"
        is_apart = not account.is_held and all(part.is_held for part in account.parts)
        order = " in this order" if node.is_ordered else ""
        note = f"both are there, but not within {node.distance} words{order}" if is_apart else ""
        return replace(account, text=f"{operator}/{node.distance}", note=note)

    def _within(self, node: Within, window: Window) -> Account:
        is_held = node.holds(window)
        best: Account | None = None
        inner = [replace(w, candidate=window.candidate) for w in node.windows(window)]
        for candidate in inner[:_MOST_WINDOWS] if not is_held else inner:
            if is_held and not node.child.holds(candidate):
                continue
            account = self.account(node.child, candidate)
            if best is None or _progress(account) > _progress(best):
                best = account
            if is_held:
                break
        nothing = "" if inner else "the text has nothing of the lexicon there"
        return Account(
            text=node.name.rstrip(":"),
            operator="WITHIN",
            is_held=is_held,
            mentions=tuple(node.witnesses(window)),
            parts=() if best is None else (best,),
            note=nothing,
        )

    def _counted(self, node: Counted, window: Window) -> Account:
        child = self.account(node.child, window)
        found = node.tally(window)
        return Account(
            text=f"{node.name}/{node.count}",
            operator="COUNT",
            is_held=node.holds(window),
            mentions=child.mentions,
            parts=(child,),
            note=f"{found} found",
        )


def _is_list_of_terms(node: Node) -> bool:
    if isinstance(node, AnyOf):
        return all(map(_is_list_of_terms, node.children))
    return isinstance(node, Term | Candidate)


def _leaf(text: str, node: Node, window: Window) -> Account:
    return Account(
        text=text,
        operator="",
        is_held=node.holds(window),
        mentions=tuple(node.witnesses(window)),
    )


def _progress(account: Account) -> tuple[int, int]:
    """How far a part came that does not hold: fewest parts missing, then most mentions."""
    return -len(missing(account)), len(account.mentions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """One thing that kept a query from holding: absent, unwanted and there, or too far."""

    account: Account
    is_unwanted: bool = False


def missing(account: Account) -> tuple[Lack, ...]:
    """Return what would have to change for ``account`` to hold, by its shortest way."""
    if account.is_held:
        return ()
    if account.operator == "AND":
        return tuple(_unique(lack for part in account.parts for lack in missing(part)))
    if account.operator == "OR":
        ways = [missing(part) for part in account.parts]
        if all(len(way) == 1 and not way[0].account.operator for way in ways):
            return (Lack(account=account),)  # any of its terms: named together
        return min(ways, key=len, default=())
    if account.operator == "NOT":
        return (Lack(account=account.parts[0], is_unwanted=True),)
    if account.operator == "NEAR" and not account.note:
        return tuple(_unique(lack for part in account.parts for lack in missing(part)))
    if account.operator == "WITHIN" and account.parts:
        return missing(account.parts[0]) or (Lack(account=account),)
    return (Lack(account=account),)


def _unique(lacks: Iterable[Lack]) -> Sequence[Lack]:
    return list({(lack.account.text, lack.is_unwanted): lack for lack in lacks}.values())
