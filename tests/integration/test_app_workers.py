"""Worker processes: what hangs or dies costs one call, and a broken rule is said once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from crawler.ports import WorkerCrashError, WorkerTimeoutError
from domain.article import Document
from domain.errors import ConfigError
from marsad.judging import judge
from marsad.preloaded import VARIABLE
from marsad.workers import WorkerPool

in_module = pytest.mark.asyncio(loop_scope="module")
RULE = "id: cooperation\nrequire: '\"coopération militaire\"'\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WorkerPool]:
    rule = tmp_path_factory.mktemp("rules") / "cooperation.yaml"
    rule.write_text(RULE, encoding="utf-8")
    opened = WorkerPool([str(rule)], limit=3.0, size=1)
    try:
        yield opened
    finally:
        await asyncio.to_thread(opened.close)


@in_module
async def test_the_words_for_ids_come_from_the_worker(pool: WorkerPool):
    names = await pool.ready()
    assert names["IT"]["en"] == "Italy"
    assert len(names) > 500


@in_module
async def test_a_call_that_hangs_is_ended_and_the_next_one_answers(pool: WorkerPool):
    began = time.monotonic()
    with pytest.raises(WorkerTimeoutError, match="sleep ran over 3 s"):
        await pool.call(time.sleep, 600)
    assert time.monotonic() - began < 60  # loading the lexicon included
    document = Document(text="La coopération militaire avance.", language="fr")
    (verdict,) = await pool.call(judge, [document])
    assert [m.rule for m in verdict.matches] == ["cooperation"]


@in_module
async def test_a_process_that_dies_is_said_and_replaced(pool: WorkerPool):
    with pytest.raises(WorkerCrashError, match="exit code 7"):
        await pool.call(os._exit, 7)
    assert await pool.call(judge, []) == []


@in_module
async def test_a_call_that_eats_memory_costs_itself_only(pool: WorkerPool):
    with pytest.raises(WorkerCrashError, match=r"bytes asked for more than 512 MB|died"):
        await pool.call(bytes, 2**31)
    assert await pool.call(bytes, 2**20) == bytes(2**20)
    assert await pool.call(judge, []) == []


@in_module
async def test_what_a_function_raises_comes_back_as_itself(pool: WorkerPool):
    with pytest.raises(ValueError, match="could not convert"):
        await pool.call(float, "no number")


SLOW = """
import asyncio, sys, time
from marsad.workers import WorkerPool

async def main():
    pool = WorkerPool([sys.argv[1]], limit=2.0, size=1)
    await pool.ready()
    print("begins", flush=True)
    print(await pool.call(sleep_and_say, 1.2), flush=True)
    await asyncio.to_thread(pool.close)

def sleep_and_say(seconds):
    time.sleep(seconds)
    return "done"

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_what_was_suspended_in_mid_call_is_done_again_and_no_hang(tmp_path: Path):
    rule = tmp_path / "cooperation.yaml"
    rule.write_text(RULE, encoding="utf-8")
    script = tmp_path / "slow.py"
    script.write_text(SLOW, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), str(rule)),
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # its workers are stopped with it
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"begins\n"
        await asyncio.sleep(0.4)
        os.killpg(process.pid, signal.SIGSTOP)
        await asyncio.sleep(3)
        os.killpg(process.pid, signal.SIGCONT)
        async with asyncio.timeout(60):
            assert await process.stdout.read() == b"done\n"
            assert await process.wait() == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_workers_are_born_with_the_rules_until_these_are_edited(tmp_path: Path):
    rule = tmp_path / "cooperation.yaml"
    rule.write_text(RULE, encoding="utf-8")
    script = (
        "from marsad.preloaded import preloaded\n"
        f"rule = {str(rule)!r}\n"
        "print(preloaded([rule]) is not None)\n"
        "open(rule, 'a').write('# edited')\n"
        "print(preloaded([rule]) is not None)\n"
    )
    for given, told in (
        ([str(rule)], "True False"),
        ([str(tmp_path / "none.yaml")], "False False"),
    ):
        found = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {VARIABLE: json.dumps(given)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.split() == told.split(), found.stderr


async def test_a_rule_that_does_not_load_is_the_answer_of_every_call(tmp_path: Path):
    rule = tmp_path / "broken.yaml"
    rule.write_text("id: broken\nrequire: '@dz AND ('\n", encoding="utf-8")
    pool = WorkerPool([str(rule)], limit=5.0, size=1)
    try:
        for call in (pool.ready(), pool.call(judge, [])):
            with pytest.raises(ConfigError, match=r"broken\.yaml:2:"):
                await call
    finally:
        await asyncio.to_thread(pool.close)
