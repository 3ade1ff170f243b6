"""``rules``: check, test and show rule packs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from domain.article import Document
from domain.errors import UsageError
from marsad.commands.context import given
from marsad.commands.formats import console_for_data, printable
from marsad.commands.saying import say

if TYPE_CHECKING:
    from matcher.concepts import Concepts
    from matcher.judge import Matcher
    from matcher.rules import Example, Rule, Scored

app = typer.Typer(help="Check, test and show rules.", no_args_is_help=True)
Packs = Annotated[
    list[str] | None,
    typer.Argument(metavar="[RULE ...]", help="Files, folders or ids; else the configured ones."),
]


@app.command()
def check(context: typer.Context, packs: Packs = None) -> None:
    """Compile rules and name file, line and column of every mistake.

    Example: marsad rules check my-rule.yaml
    """
    matcher = _matcher(context, packs)
    for rule in matcher.rules:
        clauses = len(rule.scored.clauses)
        typer.echo(f"{rule.id}: {clauses} clauses, {len(rule.examples)} examples: ok")


@app.command()
def test(context: typer.Context, packs: Packs = None) -> None:
    """Run the examples that the rules carry.

    Example: marsad rules test defence-cooperation
    """
    matcher = _matcher(context, packs)
    failed = 0
    for rule in matcher.rules:
        wrong = [e for e in rule.examples if _complaint(matcher, rule.id, e)]
        failed += len(wrong)
        good = len(rule.examples) - len(wrong)
        told = say("{good} of {all} examples as expected", good=good, all=len(rule.examples))
        typer.echo(f"{rule.id}: {told}")
        for example in wrong:
            complaint = _complaint(matcher, rule.id, example)
            typer.echo(f"{example.file}:{example.line}: {complaint}", err=True)
    raise typer.Exit(1 if failed else 0)


@app.command()
def show(
    context: typer.Context,
    packs: Packs = None,
    words: Annotated[
        bool, typer.Option("--words", help="List every phrase that each term stands for.")
    ] = False,
) -> None:
    """Print rules in their expanded form: definitions opened, what each term stands for counted.

    Example: marsad rules show defence-cooperation --words
    """
    console = console_for_data()
    matcher = _matcher(context, packs)
    for rule in matcher.rules:
        console.print(Text(f"{rule.id}: {rule.title}", style="bold"))
        if rule.about:
            console.print(Text(printable(rule.about.strip())))
        console.print(Text(f"requires  {rule.require}"), soft_wrap=True)
        _show_scored(console, "score", rule.scored)
        if rule.partners:
            _show_scored(console, "partners", rule.partners)
        for activity, scored in rule.activities.items():
            _show_scored(console, f"activity {activity}", scored)
        console.print(Text(f"\n{len(rule.examples)} examples; its terms stand for:"))
        _show_vocabulary(console, rule, matcher.concepts, is_listed=words)


def _show_scored(console: Console, heading: str, scored: Scored) -> None:
    console.print(Text(f"\n{heading}: bias {scored.bias:+.2f}, threshold {scored.threshold:.2f}"))
    for clause in scored.clauses:
        name = printable(clause.name)
        console.print(
            Text(f"  {clause.weight:+.2f}  {name}\n         {clause.when}"), soft_wrap=True
        )


def _show_vocabulary(console: Console, rule: Rule, concepts: Concepts, *, is_listed: bool) -> None:
    from matcher.vocabulary import vocabulary  # noqa: PLC0415

    for item in vocabulary(rule, concepts):
        languages = ", ".join(f"{language} {count}" for language, count in item.languages)
        of = f" of {item.concepts} things" if item.concepts > 1 else ""
        line = f"  {printable(item.term)}: {item.size} phrases{of} ({languages})"
        console.print(Text(line), soft_wrap=True)
        for word in item.words if is_listed else ():
            console.print(Text(f"    {printable(word)}"), soft_wrap=True)


def _complaint(matcher: Matcher, rule: str, example: Example) -> str:
    """Say what of an example did not come out as it says; nothing when all did."""
    document = Document(text=example.text, title=example.title, language=example.language)
    found = [m for m in matcher.judge(document).matches if m.rule == rule]
    start = printable(" ".join(example.text.split())[:60])
    if bool(found) != example.matches:
        return f"{'does not match' if example.matches else 'matches'}: {start}"
    if not found:
        return ""
    for name in ("partners", "activities"):
        wanted = getattr(example, name)
        if wanted is not None and set(wanted) != set(getattr(found[0], name)):
            return f"{name} {', '.join(getattr(found[0], name)) or 'none'}: {start}"
    return ""


def _matcher(context: typer.Context, packs: list[str] | None) -> Matcher:
    from matcher.judge import Matcher  # noqa: PLC0415

    if not packs:
        return given(context).matcher()
    paths: list[str | Path] = []
    for pack in packs:
        path = Path(pack)
        found = sorted((*path.glob("*.yaml"), *path.glob("*.yml"))) if path.is_dir() else [pack]
        if not found:
            raise UsageError(f"{pack}: no rule file in this folder")
        paths += found
    return Matcher.load(paths)
