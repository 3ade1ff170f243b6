"""The folder that a demonstration leaves: configuration, database, a page, the press, alerts."""

from __future__ import annotations

import json
import mailbox
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import yaml

from domain.errors import UsageError
from marsad.demo.outlets import Outlet
from marsad.demo.pages import PageMaker
from marsad.demo.server import LOOPBACK, Site

MARKER = ".marsad-demo"
MAIL_CHANNEL, SLACK_CHANNEL = "desk-mail", "desk-slack"
SLACK_PARTNERS = ("US", "IT")  # the Slack channel hears of these, the mailbox of all
MAILS, POSTS = "mails.mbox", "slack.jsonl"
_WRITTEN = (
    *("config.yaml", "marsad.db", "marsad.db-*", "page.html", "press.jsonl"),
    *(MAILS, POSTS),
)
_HEAD = """\
# Written by `marsad demo`. The press and the two receivers answered on loopback ports that are
# closed by now: look around with `hits`, `sql`, `match`; a new crawl would find nobody at home.
"""


def make_folder(path: Path) -> Path:
    """Return ``path`` as a folder without a former demonstration's files.

    Raises UsageError when something else lies there. Nothing but what a demonstration writes
    is ever deleted.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise UsageError(f"{path} is no folder; name another with --folder")
    if path.exists() and any(path.iterdir()) and not (path / MARKER).exists():
        raise UsageError(
            f"{path} holds other files and no former demonstration; name another with --folder"
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
        for pattern in _WRITTEN:
            for old in path.glob(pattern):
                old.unlink()
        (path / ".gitignore").write_text("*\n")  # a demonstration in a checkout is no change of it
        (path / MARKER).write_text("made by `marsad demo`, which may overwrite its files here\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be used: {error.strerror}") from None
    return path


def write_config(folder: Path, sites: Sequence[Site], mail_port: int, webhook: str) -> Path:
    """Write the configuration of the demonstration; every address in it is on loopback."""
    rule = "defence-cooperation"
    settings = {
        "database": "sqlite:///marsad.db",
        "crawler": {
            "user_agent": "marsad-demo",
            "delay": "20ms",
            "allow_private_networks": True,  # the press is on loopback
            "include": [],
        },
        "sources": [_source(site) for site in sites],
        "rules": [rule],
        "alerts": _alerts(rule, mail_port, webhook),
    }
    path = folder / "config.yaml"
    text = yaml.safe_dump(settings, allow_unicode=True, sort_keys=False, width=100)
    path.write_text(_HEAD + text, encoding="utf-8")
    return path


def _alerts(rule: str, mail_port: int, webhook: str) -> dict[str, object]:
    mail = {
        "type": "email",
        "host": LOOPBACK,
        "port": mail_port,
        "security": "none",
        "sender": "marsad@observatory.example",
        "recipients": ["analyst@desk.example"],
    }
    slack_route = {"rules": [rule], "channels": [SLACK_CHANNEL], "partners": list(SLACK_PARTNERS)}
    return {
        "max_age": "24h",
        "channels": {MAIL_CHANNEL: mail, SLACK_CHANNEL: {"type": "slack", "webhook_url": webhook}},
        "flood": {"alerts": 0, "hits": 0},  # the whole press of a day comes within a second
        "routes": [
            {"rules": [rule], "channels": [MAIL_CHANNEL], "continue": True},
            slack_route,
        ],
    }


def write_samples(folder: Path, outlets: Sequence[Outlet], sample: str) -> None:
    """Write the page of the article ``sample``, and the whole press with its labels."""
    rows = []
    for outlet in outlets:
        for story in outlet.stories:
            if story.id == sample:
                page = PageMaker(outlet, f"https://{outlet.host}").article(story)
                (folder / "page.html").write_text(page, encoding="utf-8")
            row = {
                "id": story.id,
                "language": story.language,
                "outlet": outlet.id,
                "published_at": story.published.isoformat(),
                "title": story.title,
                "text": story.text,
                "label": int(story.is_wanted),
                "partners": story.partners,
                "activities": story.activities,
            }
            rows.append(json.dumps(row, ensure_ascii=False))
    (folder / "press.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_received(
    folder: Path, mails: Sequence[EmailMessage], posts: Sequence[Mapping[str, Any]]
) -> None:
    """Keep what the two receivers got, so that a person can open it in a mail reader."""
    box = mailbox.mbox(folder / MAILS)
    try:
        for mail in mails:
            box.add(mail)
    finally:
        box.close()
    lines = (json.dumps(post, ensure_ascii=False) + "\n" for post in posts)
    (folder / POSTS).write_text("".join(lines), encoding="utf-8")


def _source(site: Site) -> dict[str, object]:
    outlet = site.outlet
    return {
        "id": outlet.id,
        "name": outlet.name,
        "url": f"{site.base}/",
        "language": outlet.language,
        "country": "DZ",
        "tags": ["demo"],
        "feeds": [site.base + outlet.feed_path],
    }
