"""Verdicts for people: what was decided, the facts, the text with its proof marked."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from domain.article import Document
from domain.match import Evidence, Match, Verdict
from marsad.bidi import Paragraph
from marsad.commands.formats import printable
from marsad.commands.saying import say, say_facts

MARK = "bold black on yellow"


def show_verdict(console: Console, document: Document, verdict: Verdict) -> None:
    """Print what was decided, the facts, and the text with the proving words marked."""
    show_decision(console, verdict)
    if verdict.is_match:
        show_text(console, document, verdict)


def show_decision(console: Console, verdict: Verdict) -> None:
    """Print each match with its score and its facts."""
    if not verdict.is_match:
        console.print(Text(say("no match ({language})", language=verdict.language), style="bold"))
    for match in verdict.matches:
        head = f"{match.rule}: {match.score:.2f} ({say('threshold')} {match.threshold:.2f})"
        console.print(Text(f"{head}, {verdict.language}", style="bold green"))
        for label, values in _facts(match):
            words = printable(", ".join(say_facts(label, values)))
            console.print(Text(f"  {say(label):<14}{words}"), soft_wrap=True)


def show_text(
    console: Console, document: Document, verdict: Verdict, *, has_brackets: bool = False
) -> None:
    """Print title and text, the evidence of every match marked."""
    evidence = [e for match in verdict.matches for e in match.evidence]
    if document.title:
        console.print()
        title = marked(document.title, evidence, "title", has_brackets=has_brackets)
        console.print(Paragraph(title, has_runs=True), style="bold")
    console.print()
    text = marked(document.text, evidence, "text", has_brackets=has_brackets)
    console.print(Paragraph(text, has_runs=True))


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


def marked(
    text: str, evidence: Sequence[Evidence], field: str, *, has_brackets: bool = False
) -> Text:
    """Return a field's text with the evidence highlighted, safe for a terminal.

    ``has_brackets`` says it without colour too: ⟦so⟧.
    """
    # One character stays one, so that the offsets of the evidence hold.
    safe = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    shown = Text()
    last = 0
    for start, end in _merged([(e.start, e.end) for e in evidence if e.field == field]):
        shown.append(safe[last:start])
        words = f"⟦{safe[start:end]}⟧" if has_brackets else safe[start:end]
        shown.append(words, style=MARK)
        last = end
    return shown.append(safe[last:])


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
