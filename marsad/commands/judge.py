"""``match`` and ``evaluate``: judging documents without storing them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.errors import UsageError, nearest
from marsad.commands.context import given
from marsad.commands.formats import console_for_data, printable
from marsad.commands.matching import match_one
from marsad.documents import Line, read_lines
from marsad.jsontext import json_text

if TYPE_CHECKING:
    from marsad.evaluation import Evaluation
    from marsad.scoring import Count


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(match)
    app.command()(evaluate)


def match(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="[FILE | URL | -]", help="What to judge.")] = "-",
    title: Annotated[str, typer.Option(help="The title, where the document has none.")] = "",
    language: Annotated[str | None, typer.Option(help="fr, ar or en; else judged.")] = None,
    published: Annotated[
        str | None, typer.Option(help="Date of publication: relative dates resolve against it.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
    explain: Annotated[bool, typer.Option(help="Show what held, what failed and why.")] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Documents a line on stdin, a verdict a line out.")
    ] = False,
) -> None:
    """Judge one document: plain text or HTML, from a file, an address or standard input.

    Example: marsad match article.html --published 2023-12-06 --explain
    """
    code = match_one(
        given(context),
        target,
        title=title,
        language=language,
        published=published,
        json_=json_,
        explain=explain,
        jsonl=jsonl,
    )
    raise typer.Exit(code)


def evaluate(
    context: typer.Context,
    corpus: Annotated[list[Path], typer.Argument(help="Labelled documents, JSON lines.")],
    rule: Annotated[str | None, typer.Option(help="Count the matches of this rule only.")] = None,
    no_learn: Annotated[
        bool, typer.Option("--no-learn", help="Measure the shipped weights only.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Measure the rules on labelled documents: precision, recall, F1, and every miss.

    As shipped; cross-validated by story, with weights learnt anew without it; and on the
    three tenths of the stories that are kept aside while rules are written.

    Example: marsad evaluate corpus/*.jsonl
    """
    from marsad import evaluation  # noqa: PLC0415 - match does without
    from marsad.evaluation import LabelledItem, labelled_item  # noqa: PLC0415

    matcher = given(context).matcher()
    known = [r.id for r in matcher.rules]
    if rule is not None and rule not in known:
        raise UsageError(f"--rule {rule!r}: no such rule{nearest(rule, known)}")
    items: list[LabelledItem] = []
    has_bad = False
    for path in corpus:
        for line in _labelled(path):
            if line.document is None or line.item is None:
                has_bad = True
                print(f"marsad: {path}:{line.number}: {line.error}", file=sys.stderr)
                continue
            items.append(labelled_item(line.item, line.document, path.stem))
    found = evaluation.evaluate(matcher, items, rule=rule, is_learning=not no_learn)
    if json_:
        print(json_text(found.as_json(), indent=1))
    else:
        _show(console_for_data(), found)
    raise typer.Exit(1 if has_bad else 0)


def _labelled(path: Path) -> list[Line]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as stream:
            lines = list(read_lines(stream))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    return [_checked(line) for line in lines]


def _checked(line: Line) -> Line:
    from marsad.scoring import wrong_labels  # noqa: PLC0415

    if line.item is None:
        return line
    error = wrong_labels(line.item)
    return Line(number=line.number, id=line.id, error=error) if error else line


def _show(console: Console, found: Evaluation) -> None:
    shipped = found.as_shipped
    for heading, counts in (("detection", shipped.detection), ("facets", shipped.facets)):
        console.print(_table(heading, counts))
    for heading, scores in (
        ("cross-validated by story", found.cross_validated),
        ("kept aside while rules are written", found.kept_aside),
    ):
        if scores is not None:
            console.print(_table(heading, {**scores.detection, **scores.facets}))
    # Who writes rules does not read what is kept aside: --json has those misses too.
    shown = [m for m in shipped.misses if not m["kept_aside"]]
    aside = len(shipped.misses) - len(shown)
    heading = f"\n{len(shipped.misses)} misses" + (f", {aside} of them kept aside" if aside else "")
    console.print(Text(heading, style="bold"))
    for miss in shown:
        kind = "missed" if miss["label"] else "false "
        border = " (borderline)" if miss["borderline"] else ""
        text = f"{kind} {miss['language']} {miss['id']}{border}: {printable(miss['title'])}"
        console.print(Text(text), soft_wrap=True)
        for reason in miss.get("because", ()):
            console.print(Text(f"         {reason}", style="dim"), soft_wrap=True)


def _table(heading: str, counts: dict[str, Count]) -> Table:
    from marsad.scoring import rows  # noqa: PLC0415

    table = Table(title=heading, title_justify="left", pad_edge=False, show_edge=False)
    table.add_column("group")
    for name in ("precision", "recall", "F1", "tp", "fp", "fn"):
        table.add_column(name, justify="right")
    for row in rows(counts):
        table.add_row(*(str(v) for v in row))
    return table
