"""Files that others must not read are made for their owner alone; what holds a secret is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Run, make_run

from marsad.secrecy import exposed

TOKEN = "T0B0-a-token-of-the-desk"
CHANNELS = "alerts: {channels: {desk: {type: slack, webhook_url: 'https://hooks.slack.com/%s'}}}\n"


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Run]:
    monkeypatch.setenv("TOKEN", TOKEN)
    before = os.umask(0o022)
    yield make_run(capsys, monkeypatch)
    os.umask(before)


def written(folder: Path, address: str) -> Path:
    path = folder / "config.yaml"
    text = CHANNELS % address + "crawler: {include: []}\ndatabase: sqlite:///marsad.db\n"
    path.write_text(text, encoding="utf-8")
    return path


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_marsad_makes_is_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    config = str(written(tmp_path, "${TOKEN}"))
    copy = tmp_path / "copy.db"
    assert run("--config", config, "db", "upgrade").code == 0
    assert run("--config", config, "db", "backup", str(copy)).code == 0
    made = [path for path in tmp_path.iterdir() if path.name != "config.yaml"]
    assert {path.name for path in made} >= {"marsad.db", "copy.db"}
    assert [oct(mode(path)) for path in made if mode(path) & 0o077] == []


@pytest.mark.parametrize(
    ("address", "bits", "is_told"),
    [(TOKEN, 0o644, True), (TOKEN, 0o640, True), (TOKEN, 0o600, False), ("${TOKEN}", 0o644, False)],
)
def test_a_file_that_holds_a_secret_and_may_be_read_is_said(
    run: Run, tmp_path: Path, address: str, bits: int, is_told: bool
) -> None:
    path = written(tmp_path, address)
    path.chmod(bits)
    ran = run("--config", str(path), "doctor")
    said = [line for line in ran.out.splitlines() if " configuration: " in line]
    assert len(said) == 1
    assert said[0].startswith("FAIL" if is_told else "ok")
    assert ("chmod 600" in said[0]) == is_told
    assert TOKEN not in ran.out + ran.err


@pytest.mark.parametrize("command", ["web", "worker"])
def test_whatever_goes_on_for_long_warns_of_it(run: Run, tmp_path: Path, command: str) -> None:
    """Refused right after, in one line: there is no database, and none to share work over."""
    path = written(tmp_path, TOKEN)
    path.chmod(0o644)
    ran = run("--config", str(path), command)
    assert ran.code in {1, 2}
    assert "chmod 600" in ran.err
    assert TOKEN not in ran.out + ran.err


def test_what_is_said_of_it_holds_no_secret(tmp_path: Path) -> None:
    path = written(tmp_path, TOKEN)
    path.chmod(0o644)
    told = exposed(path, [TOKEN])
    assert told is not None
    assert TOKEN not in told
    assert exposed(tmp_path / "none.yaml", [TOKEN]) is None
    assert exposed(path, ["", "something else"]) is None
