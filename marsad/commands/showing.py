"""Verdicts and explanations for people: the text with its proof marked, the rule as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from domain.article import Document
from domain.match import Evidence, Match, Verdict
from marsad.commands.formats import printable

if TYPE_CHECKING:
    from matcher.judge import Explanation, RuleReading
    from matcher.query import Node
    from matcher.rules import Clause

MARK = "bold black on yellow"


def show_verdict(console: Console, document: Document, verdict: Verdict) -> None:
    """Print what was decided, the facts, and the text with the proving words marked."""
    if not verdict.is_match:
        console.print(Text(f"no match ({verdict.language})", style="bold"))
        return
    for match in verdict.matches:
        head = f"{match.rule}: {match.score:.2f} (threshold {match.threshold:.2f})"
        console.print(Text(f"{head}, {verdict.language}", style="bold green"))
        for label, values in _facts(match):
            console.print(Text(f"  {label:<14}{printable(', '.join(values))}"), soft_wrap=True)
    evidence = [e for match in verdict.matches for e in match.evidence]
    if document.title:
        console.print()
        console.print(_marked(document.title, evidence, "title"), style="bold")
    console.print()
    console.print(_marked(document.text, evidence, "text"))


def _facts(match: Match) -> list[tuple[str, Sequence[str]]]:
    days = [str(d.first) if d.first == d.last else f"{d.first} to {d.last}" for d in match.dates]
    pairs: list[tuple[str, Sequence[str]]] = [
        ("partners", match.partners),
        ("activities", match.activities),
        ("persons", match.persons),
        ("organisations", match.organisations),
        ("equipment", match.equipment),
        ("places", match.places),
        ("dates", days),
    ]
    return [(label, values) for label, values in pairs if values]


def _marked(text: str, evidence: Sequence[Evidence], field: str) -> Text:
    """Return the text with evidence highlighted. One character stays one: offsets hold."""
    safe = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    shown = Text(safe)
    for item in evidence:
        if item.field == field:
            shown.stylize(MARK, item.start, item.end)
    return shown


def show_explanation(console: Console, explanation: Explanation) -> None:
    """Print each rule as a tree: what it requires, what held, what each weight added."""
    show_verdict(console, explanation.reading.document, explanation.verdict)
    for taken in explanation.rules:
        console.print()
        console.print(_tree(explanation, taken))
        if not taken.is_match:
            console.print(_lacking(taken))


def _tree(explanation: Explanation, taken: RuleReading) -> Tree:
    rule = taken.rule
    verb = "matches" if taken.is_match else "does not match"
    tree = Tree(Text(f"{rule.id} {verb}: {taken.score:.3f} of {rule.scored.threshold:.2f}"))
    tree.add(_sign(taken.is_required, "requires what is there", "requires what is missing"))
    tree.add(Text(f"{rule.scored.bias:+.2f} to begin with"))
    held = set(map(id, taken.held))
    for clause in rule.scored.clauses:
        if id(clause) in held:
            branch = tree.add(Text(f"{clause.weight:+.2f} {clause.name}", style="green"))
            _words(branch, explanation, clause)
    failed = tree.add(Text("did not hold", style="dim"))
    for clause in rule.scored.clauses:
        if id(clause) not in held and clause.weight:
            failed.add(Text(f"{clause.weight:+.2f} {clause.name}", style="dim"))
    for heading, groups in (
        ("partners", explanation.partners.get(rule.id, {})),
        ("activities", explanation.activities.get(rule.id, {})),
    ):
        if groups:
            part = tree.add(Text(heading))
            for value, clauses in groups.items():
                names = "; ".join(f"{c.weight:+.2f} {c.name}" for c in clauses)
                part.add(Text(f"{value}: {names}"))
    return tree


def _words(branch: Tree, explanation: Explanation, clause: Clause) -> None:
    """Add the words by which a clause holds, a line a concept."""
    reading = explanation.reading
    seen: dict[str, None] = {}
    for mention in clause.when.witnesses(reading.whole):
        begin, end = reading.text.start(mention.start), reading.text.end(mention.end)
        seen[printable(" ".join(reading.text.original[begin:end].split()))] = None
    if seen:
        branch.add(Text(" · ".join(list(seen)[:12]), style="yellow"))


def _sign(is_held: bool, yes: str, no: str) -> Text:
    return Text(f"✓ {yes}" if is_held else f"✗ {no}", style="green" if is_held else "red")


def _lacking(taken: RuleReading) -> Text:
    """Say what would have brought a near miss over the threshold."""
    if not taken.is_required:
        missing = ", ".join(str(n) for n in _unmet(taken.rule.require)[:3])
        return Text(f"missing: {missing}")
    best = sorted(taken.rule.scored.clauses, key=lambda c: -c.weight)
    held = set(map(id, taken.held))
    names = [f"{c.name} ({c.weight:+.2f})" for c in best if id(c) not in held and c.weight > 0]
    return Text("would have helped most: " + "; ".join(names[:3]))


def _unmet(node: Node) -> list[Node]:
    return list(node.parts()) or [node]
