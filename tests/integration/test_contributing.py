"""CONTRIBUTING.md: the outlet, the sentence and the channel that it works through are sound."""

from __future__ import annotations

import asyncio
import re
import socket
import types
from pathlib import Path

import pytest
import yaml
from alerting import delivery, notice
from documentation import ROOT, blocks

from alerts.messages import Composer
from crawler.catalogue import load_outlets
from domain.article import Document
from domain.notice import SendResult
from matcher.judge import Matcher

FILES = {block.file: block.body for block in blocks(ROOT / "CONTRIBUTING.md") if block.file}


def test_the_outlet_is_one_of_a_catalogue(tmp_path: Path):
    (tmp_path / "catalogue.yaml").write_text(FILES["catalogue.yaml"], "utf-8")
    (outlet,) = load_outlets(tmp_path / "catalogue.yaml")
    assert outlet.source.feeds == ("https://www.news.example/feed/",)
    assert all(re.search(outlet.source.article_url or "^$", url) for url in outlet.examples)


def test_the_sentence_is_judged_as_it_says():
    (case,) = yaml.safe_load(FILES["sentences.yaml"])
    verdict = Matcher.load(["defence-cooperation"]).judge(Document(text=case["text"]))
    assert verdict.is_match is case["match"]
    assert list(verdict.matches[0].partners) == case["partners"]
    assert set(case["activities_include"]) <= set(verdict.matches[0].activities)


async def test_the_channel_delivers_and_says_when_it_cannot():
    module = types.ModuleType("syslog_of_the_page")
    exec(compile(FILES["alerts/channels/syslog.py"], "CONTRIBUTING.md", "exec"), module.__dict__)
    told = delivery(1, notice(1, title="Visite\x1b[2J\r\nà Alger"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
        box.bind(("127.0.0.1", 0))
        box.setblocking(False)
        port = box.getsockname()[1]
        channel = module.SyslogChannel("log", "127.0.0.1", port, Composer())
        outcome = await channel.send([told], digest=False)
        line = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(box, 4096), 10)
    assert outcome.result is SendResult.ACCEPTED
    assert line.startswith(b"<13>marsad: ")
    assert b"Visite" in line
    assert not re.search(rb"[\x00-\x1f]", line)
    everywhere = module.SyslogChannel("log", "255.255.255.255", port, Composer())
    away = await everywhere.send([told], digest=False)  # the system forbids it
    assert (away.result, away.channel_wide) == (SendResult.RETRY, True)


@pytest.mark.parametrize("name", ["alerts/channel_settings.py", "alerts/channels/__init__.py"])
def test_the_files_that_it_names_are_there(name: str):
    assert (ROOT / name).is_file()
