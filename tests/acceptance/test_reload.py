"""An edit of the configuration while marsad runs: a good one is taken up, a wrong one refused."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from newsroom import DULL, HITS, Newsroom, newsroom


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Newsroom]:
    async with newsroom(tmp_path) as opened:
        opened.press.publish("tsa", HITS["fr"])
        opened.outlet("tsa")
        yield opened


def told(room: Newsroom) -> list[str]:
    return sorted(str(m["Subject"]).partition(" · ")[2] for m in room.mailbox.mails)


async def test_k12_a_source_and_a_rule_are_added_while_it_runs(room: Newsroom):
    daemon = await room.marsad("run")
    await room.until(lambda: len(room.mailbox.mails) == 1 and len(room.hook.payloads) == 1)

    def in_force() -> int:
        return daemon.errors.count("the new configuration is in force")

    room.press.publish("awras", HITS["ar"])
    room.outlet("awras", language="ar")
    del room.channels["slack"]
    room.write_config()
    await room.until(lambda: len(room.mailbox.mails) == 2)
    rule = room.folder / "market.yaml"
    rule.write_text(_rule('"pomme de terre"'), encoding="utf-8")
    room.rules.append("market.yaml")
    room.write_config()
    await room.until(lambda: in_force() == 2)
    room.press.publish("tsa", HITS["fr"], DULL)
    await room.until(lambda: len(room.mailbox.mails) == 3)
    rule.write_text(_rule("semoule"), encoding="utf-8")  # the rule file alone
    await room.until(lambda: in_force() == 3)
    room.press.publish("tsa", HITS["fr"], DULL, SEMOLINA)
    await room.until(lambda: len(room.mailbox.mails) == 4)
    assert await daemon.stop() == 0
    titles = [HITS["fr"][0], HITS["ar"][0], DULL[0], SEMOLINA[0]]
    assert told(room) == sorted(titles)
    assert len(room.hook.payloads) == 1


async def test_k12_a_wrong_edit_is_refused_with_its_line_and_work_goes_on(room: Newsroom):
    daemon = await room.marsad("run")
    await room.until(lambda: len(room.mailbox.mails) == 1)
    config = room.folder / "config.yaml"
    good = yaml.safe_load(config.read_text())
    config.write_text(yaml.safe_dump({**good, "crawlre": {}}))
    daemon.signal(signal.SIGHUP)
    await room.until(lambda: "crawlre" in daemon.errors)
    room.press.publish("tsa", HITS["fr"], HITS["en"])
    await room.until(lambda: len(room.mailbox.mails) == 2)
    # a rule file that does not load is refused by the workers, and as loudly
    (room.folder / "market.yaml").write_text(_rule('"semoule'), encoding="utf-8")
    config.write_text(yaml.safe_dump({**good, "rules": [*good["rules"], "market.yaml"]}))
    daemon.signal(signal.SIGHUP)
    await room.until(lambda: "market.yaml" in daemon.errors)
    room.press.publish("tsa", HITS["fr"], HITS["en"], HITS["ar"])
    await room.until(lambda: len(room.mailbox.mails) == 3)
    assert await daemon.stop() == 0
    refused = [line for line in daemon.errors.splitlines() if "refused" in line]
    assert any(
        "config.yaml" in line and "crawlre" in line and "crawler" in line for line in refused
    )
    assert any("market.yaml" in line for line in refused)
    assert "in force" not in daemon.errors


SEMOLINA = (
    "La semoule revient dans les magasins",
    ["Après deux semaines de pénurie, la semoule est de nouveau vendue dans l'ouest du pays."],
)


def _rule(query: str) -> str:
    rule = {
        "id": "market",
        "title": "Markets",
        "require": query,
        "bias": -1,
        "clauses": [{"name": "named in the title", "when": f"TITLE:({query})", "weight": 3}],
    }
    return yaml.safe_dump(rule, allow_unicode=True)
