"""What a person sees of the demonstration."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from domain.asking import HitRow
from marsad.bidi import Paragraph, for_paragraph, readable
from marsad.commands.collect import visits_table
from marsad.crawling import Pass
from marsad.demo.folder import MAILS, POSTS
from marsad.demo.slack_text import INDENT, render_message

_FACTS = ("Organisations:", "Equipment:")
_BY_OUTLET = '"SELECT outlet, language, count(*) AS hits FROM v_hits GROUP BY outlet, language"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The demonstration in numbers."""

    outlets: int
    articles: int
    hits: int
    older: int  # hits published longer ago than alerts.max_age: stored, not told
    mails: int
    posts: int
    seconds: float


def show_start(console: Console, outlets: int, articles: int) -> None:
    """Say what is about to happen, and that nothing of it is real."""
    console.print(Text("marsad demo", style="bold"))
    console.print(
        f"An invented press of {outlets} outlets with {articles} articles in French, Arabic and "
        "English is served on 127.0.0.1, collected, judged, stored and told. Nothing leaves this "
        "machine; none of this news happened.",
    )
    console.print()


def show_alerts(
    console: Console, mails: Sequence[EmailMessage], posts: Sequence[Mapping[str, Any]]
) -> None:
    """Print one mail and one Slack message as they arrived."""
    if mails:
        _head(console, f"E-mail, 1 of {len(mails)}")
        console.print(Paragraph(_mail(_richest(mails)), indent=INDENT))
        console.print()
    if posts:
        _head(console, f"Slack message, 1 of {len(posts)}")
        console.print(render_message(_richest_post(posts)))
        console.print()


def show_hits(console: Console, hits: Iterable[HitRow], recent: Collection[int]) -> None:
    """Print every hit, newest first; ``recent`` are the ids of those that are told at all."""
    table = Table(header_style="bold", pad_edge=False, show_edge=False)
    for name in ("outlet", "lang", "title", "partners", "activities", "told"):
        table.add_column(name, overflow="fold", ratio=4 if name == "title" else None)
    for row in hits:
        table.add_row(
            row.outlet,
            row.language,
            Paragraph(Text(for_paragraph(row.title))),
            " ".join(row.partners),
            ", ".join(row.activities),
            _told(row, recent),
        )
    _head(console, "Hits")
    console.print(table)
    console.print()


def _told(row: HitRow, recent: Collection[int]) -> Text:
    if row.alerted_at:
        return Text("✓", style="green")
    return Text("digest" if row.hit_id in recent else "older", style="dim")


def show_visits(console: Console, done: Pass) -> None:
    """Print a line per source. One of them is down, as one always is."""
    _head(console, "Sources")
    console.print(visits_table(done))
    console.print()


def show_figures(console: Console, figures: Figures) -> None:
    """Print the closing line."""
    console.print(
        Text.assemble(
            (f"{figures.articles} articles", "bold"),
            f" from {figures.outlets} outlets, ",
            (f"{figures.hits} hits", "bold"),
            f" ({figures.older} older than 24 h: stored, not told), ",
            (f"{figures.mails} e-mails, {figures.posts} Slack messages", "bold"),
            f" received, in {figures.seconds:.1f} s",
        )
    )


def show_next(console: Console, config: Path) -> None:
    """Print commands that work on what the demonstration left behind."""
    console.print()
    _head(console, "Look around")
    for command, why in next_commands(config):
        console.print(Text(f"  # {why}", style="dim"), soft_wrap=True)
        console.print(Text(f"  {command}", style="cyan"), soft_wrap=True)
    kept = " and ".join(_quoted(config.parent / name) for name in (MAILS, POSTS))
    console.print(Text(f"  # every alert as it arrived: {kept}", style="dim"), soft_wrap=True)


def next_commands(config: Path) -> list[tuple[str, str]]:
    """Return shell commands and what each is good for."""
    start = f"{program()} --config {_quoted(config)}"
    folder = config.parent
    return [
        (f"{start} hits", "the stored hits; --partner US, --activity exercise, --language ar ..."),
        (f"{start} hits --language ar --format csv", "for a spreadsheet or a program"),
        (
            f"{start} sql {_BY_OUTLET}",
            "read-only SQL on documented views",
        ),
        (
            f"{start} match {_quoted(folder / 'page.html')} --explain",
            "one page: which words and clauses of the rule decided",
        ),
        (
            f"{start} evaluate {_quoted(folder / 'press.jsonl')}",
            "the rule against the labels of this press",
        ),
        (f"{start} sources list", "the sources and how they fare"),
    ]


def program() -> str:
    """Return how this marsad is called from the folder the person is in."""
    found = shutil.which("marsad")
    beside = Path(sys.executable).with_name("marsad")
    if found and Path(found).resolve() == beside.resolve():
        return "marsad"
    if beside.exists():
        return _quoted(_from_here(beside))
    return f"{_quoted(Path(sys.executable))} -m marsad.cli"


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _head(console: Console, title: str) -> None:
    console.print(Rule(Text(title, style="bold"), align="left", style="dim"))


def _is_arabic(post: Mapping[str, Any]) -> bool:
    return _has_arabic(str(post.get("text", "")))


def _has_arabic(text: str) -> bool:
    return any("\u0600" <= c <= "\u06ff" for c in text)


def _richest(mails: Sequence[EmailMessage]) -> EmailMessage:
    """Choose the mail in Latin letters that says most: it shows what all of them may hold."""
    latin = [mail for mail in mails if not _has_arabic(str(mail["Subject"]))] or list(mails)
    return max(latin, key=lambda mail: (_facts(mail), len(_lines(mail))))


def _richest_post(posts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Choose a message in Arabic, and the one that says most, whichever came first."""
    return max(posts, key=lambda post: (_is_arabic(post), len(str(post))))


def _facts(mail: EmailMessage) -> int:
    return sum(line.startswith(_FACTS) for line in _lines(mail))


def _mail(mail: EmailMessage) -> Text:
    text = Text()
    for name in ("From", "To", "Subject"):
        text.append(f"{name + ':':<9}", style="dim")
        text.append(readable(str(mail[name])) + "\n", style="bold" if name == "Subject" else "")
    for line in _lines(mail):
        text.append("\n")
        text.append(for_paragraph(line))
    return text


def _lines(mail: EmailMessage) -> list[str]:
    body = mail.get_body(("plain",))
    return str(body.get_content()).strip().splitlines() if body is not None else []
