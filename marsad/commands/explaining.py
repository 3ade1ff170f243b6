"""Explanations for people: the rule as a tree, what held where, and what was missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import cast

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from marsad.commands.formats import printable
from marsad.commands.showing import show_decision, show_text
from matcher.account import Account, Accountant, Lack, missing
from matcher.judge import Explanation, RuleReading
from matcher.reading import Reading
from matcher.rules import Clause, Scored
from matcher.scan import Mention
from matcher.shortfall import Step, needed_for, shortfall, total_of

_MOST_WORDS = 4  # different words of one part
_MOST_PLACES = 3
_MOST_STEPS = 3
_GREEN, _RED, _DIM = "green", "red", "dim"


def show_explanation(console: Console, explanation: Explanation) -> None:
    """Print the verdict, the text with its proof marked, and each rule as a tree."""
    has_brackets = console.no_color or console.color_system is None
    show_decision(console, explanation.verdict)
    document = explanation.reading.document
    show_text(console, document, explanation.verdict, has_brackets=has_brackets)
    if explanation.reading.judged_to is not None:
        end = explanation.reading.judged_to - explanation.reading.body_start
        said = f"judged by its first {max(end, 0):,} characters: it names more than a report can"
        console.print()
        console.print(Text(said, style="bold"), soft_wrap=True)
    for taken in explanation.rules:
        console.print()
        for row in _rows(_RuleTree(explanation, taken).tree()):
            console.print(row, soft_wrap=True)
        if not taken.is_match:
            for line in _why_not(explanation, taken):
                console.print(line, soft_wrap=True)


def rule_trees(explanation: Explanation) -> list[Tree]:
    """Return each rule as a tree, whose labels are ``Text``."""
    return [_RuleTree(explanation, taken).tree() for taken in explanation.rules]


def _rows(tree: Tree, guide: str = "") -> Iterator[Text]:
    """Yield a tree's lines whole: Rich would cut them at the width, isolates and all."""
    yield cast(Text, tree.label)
    for number, child in enumerate(tree.children, 1):
        is_last = number == len(tree.children)
        inner = guide + ("    " if is_last else "│   ")
        for index, row in enumerate(_rows(child, inner)):
            joint = guide + ("└── " if is_last else "├── ")
            yield (Text(joint) if not index else Text()).append_text(row)


class _RuleTree:
    """One rule's account as a tree."""

    def __init__(self, explanation: Explanation, taken: RuleReading) -> None:
        self._explanation = explanation
        self._taken = taken
        self._rule = taken.rule
        self._places = Places(explanation.reading)
        self._accountant = Accountant(taken.rule.definitions)
        self._held = set(map(id, taken.held))

    def tree(self) -> Tree:
        rule, taken = self._rule, self._taken
        verb = "matches" if taken.is_match else "does not match"
        score = f"{taken.score:.3f}, threshold {rule.scored.threshold:.2f}"
        tree = Tree(Text(f"{rule.id} {verb}: {score}", style="bold"))
        said = "requires what is there" if taken.is_required else "requires what is missing"
        branch = tree.add(_signed(taken.is_required, said))
        self._add(branch, self._account(rule.require))
        tree.add(Text(f"{rule.scored.bias:+.2f} to begin with"))
        for clause in rule.scored.clauses:
            if id(clause) in self._held and clause.weight:
                named = tree.add(_weighed(clause, _GREEN if clause.weight > 0 else _RED))
                self._add(named, self._account(clause.when))
        total, needed = total_of(rule.scored, taken.held), needed_for(rule.scored.threshold)
        tree.add(Text(f"{total:+.2f} in all; the threshold takes {needed:+.2f}", style="bold"))
        self._failed(tree.add(Text("did not hold", style=_DIM)))
        self._facts(tree)
        return tree

    def _account(self, node) -> Account:  # type: ignore[no-untyped-def]
        return self._accountant.account(node, self._explanation.reading.whole)

    def _failed(self, branch: Tree) -> None:
        for clause in self._rule.scored.clauses:
            if id(clause) not in self._held and clause.weight:
                lacks = _lacking(missing(self._account(clause.when)))
                branch.add(_weighed(clause, _DIM).append(f": {lacks}" if lacks else "", style=_DIM))

    def _facts(self, tree: Tree) -> None:
        rule, explanation = self._rule, self._explanation
        for heading, groups in (
            ("partners", explanation.partners.get(rule.id, {})),
            ("activities", explanation.activities.get(rule.id, {})),
        ):
            if groups:
                branch = tree.add(Text(heading))
                for value, clauses in groups.items():
                    part = rule.partners if heading == "partners" else rule.activities.get(value)
                    _add_sum(branch.add(Text(value)), part, clauses)

    def _add(self, branch: Tree, account: Account) -> None:
        """Add an account and its parts; what says nothing of its own is left out."""
        shown = _visible(account)
        if shown is None:
            return
        label = _signed(shown.is_held, _label(shown))
        if not shown.operator and shown.mentions:
            label.append(" ").append_text(self._places.words(shown.mentions))
        elif shown.operator == "WITHIN" and shown.is_held:
            label.append(f" {self._places.of(shown.parts[0].mentions)}" if shown.parts else "")
        inner = branch.add(label)
        for part in shown.parts:
            self._add(inner, part)


def _visible(account: Account) -> Account | None:
    """Return the account without what held nothing beside what did, and without lone joints."""
    parts = account.parts
    if account.operator == "OR" and account.is_held:
        parts = tuple(p for p in parts if p.is_held)
    if account.operator in ("AND", "OR") and len(parts) == 1:
        return _visible(parts[0])
    return replace(account, parts=parts)


def _label(account: Account) -> str:
    return f"{account.text}: {account.note}" if account.note else account.text


class Places:
    """Says where in a document mentions stand: in the title, in which sentence of the text."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._first = reading.sentence_at(reading.body_start)

    def of(self, mentions: Iterable[Mention]) -> str:
        """Return ``title, sentence 2``; empty for no mention."""
        ordered = sorted(mentions, key=lambda m: m.start)
        names = list(dict.fromkeys(self._name(m) for m in ordered))
        more = ", …" if len(names) > _MOST_PLACES else ""
        return ", ".join(names[:_MOST_PLACES]) + more

    def words(self, mentions: Sequence[Mention]) -> Text:
        """Return the words of mentions, each once, and where they stand."""
        text = self._reading.text
        seen: dict[str, None] = {}
        for m in mentions:
            words = text.original[text.start(m.start) : text.end(m.end)]
            seen[printable(" ".join(words.split()))] = None
        shown = Text(", ".join(list(seen)[:_MOST_WORDS]), style="yellow")
        more = f", {len(seen) - _MOST_WORDS} more" if len(seen) > _MOST_WORDS else ""
        return shown.append(f"{more} ({self.of(mentions)})", style=_DIM)

    def _name(self, mention: Mention) -> str:
        offset = self._reading.text.start(mention.start)
        if offset < self._reading.body_start:
            return "title"
        return f"sentence {self._reading.sentence_at(offset) - self._first + 1}"


def _weighed(clause: Clause, style: str) -> Text:
    return Text(f"{clause.weight:+.2f} {printable(clause.name)}", style=style)


def _signed(is_held: bool, text: str) -> Text:
    return Text(f"{'✓' if is_held else '✗'} {printable(text)}", style=_GREEN if is_held else _RED)


def _add_sum(branch: Tree, part: Scored | None, clauses: Sequence[Clause]) -> None:
    if part is not None:
        branch.add(Text(f"{part.bias:+.2f} to begin with"))
    for clause in clauses:
        if clause.weight:
            branch.add(_weighed(clause, ""))


def _lacking(lacks: Sequence[Lack]) -> str:
    """Say in a few words what a clause lacked."""
    absent = [_named(lack.account) for lack in lacks if not lack.is_unwanted]
    unwanted = [_named(lack.account) for lack in lacks if lack.is_unwanted]
    said = [f"lacks {', '.join(absent)}"] if absent else []
    said += [f"but {', '.join(unwanted)} is there"] if unwanted else []
    return printable(", ".join(said))


def _named(account: Account) -> str:
    """Return what to call a part: a joint by what it joins, a scope with what is in it."""
    note = f" ({account.note})" if account.note else ""
    inner = [_named(part) for part in account.parts]
    if account.operator == "NOT":
        return f"NOT {inner[0]}"
    if account.operator in ("AND", "OR"):
        shown = [
            n for n, p in zip(inner, account.parts, strict=True) if p.is_held or not account.is_held
        ]
        more = " …" if len(shown) > _MOST_WORDS else ""
        return f" {account.operator} ".join(shown[:_MOST_WORDS]) + more
    if account.operator == "NEAR":
        return f" {account.text} ".join(inner) + note
    return " ".join([account.text, *inner]) + note


def _why_not(explanation: Explanation, taken: RuleReading) -> list[Text]:
    """Say what was missing, and which clauses would have carried a near miss over."""
    fall = shortfall(taken, explanation.reading.whole)
    if not taken.is_required:
        return [
            Text(f"missing: {_lacking(missing(fall.require)).removeprefix('lacks ')}", style="bold")
        ]
    gap = fall.needed - fall.total
    said = "came close" if fall.is_close else "is far from it"
    lines = [Text(f"{said}: {gap:+.2f} is missing", style="bold")]
    if fall.steps:
        lines.append(Text("would have helped most, each alone:"))
        lines += [_step(step) for step in fall.steps[:_MOST_STEPS]]
    elif fall.together:
        lines.append(Text("would have helped most, all together:"))
        lines += [_step(step) for step in fall.together[: 2 * _MOST_STEPS]]
    if fall.against:
        lines.append(Text("or without what counted against it:"))
        lines += [Text(f"  {c.weight:+.2f} {printable(c.name)}") for c in fall.against]
    return lines


def _step(step: Step) -> Text:
    return Text(f"  {step.gain:+.2f} {printable(step.clause.name)}: {_lacking(step.lacks)}")
