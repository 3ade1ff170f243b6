"""config.yaml: every fault with its file, line, path and the nearest name; secrets stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigError, UsageError
from marsad.clock import read_moment, utc_now
from marsad.config import load_config

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parent / "data" / "config"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda p: p.stem)
def test_a_broken_file_says_where_and_why(path: Path) -> None:
    """Each file begins with the fault that is expected: ``# line:column: path: words``."""
    wanted = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    with pytest.raises(ConfigError) as raised:
        load_config(path, {})
    told = [str(fault).removeprefix(f"{path}:") for fault in raised.value.faults]
    assert any(line.startswith(wanted) for line in told), told
    assert all(str(fault).startswith(str(path)) for fault in raised.value.faults)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("databse: x\ncrawler: {delay: soon, incldue: []}\n", "utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(path, {})
    assert len(raised.value.faults) == 3


def test_the_file_that_ships_needs_no_variable() -> None:
    config = load_config(ROOT / "config.yaml", {})
    assert [c.type for c in config.alerts.channels.values()] == ["console"]
    assert config.rules == ("defence-cooperation",)
    assert len(config.sources) >= 20
    assert all(s.feeds or s.sitemaps or s.sections for s in config.sources)
    assert config.database == f"sqlite:///{ROOT}/marsad.db"


def test_a_source_overrides_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "crawler: {include: [dz]}\nsources:\n- {id: tsa, name: Mine, url: 'https://x.example/', "
        "language: fr, country: DZ, feeds: ['https://x.example/feed']}\n",
        "utf-8",
    )
    config = load_config(path, {})
    assert config.source("tsa").name == "Mine"
    with pytest.raises(KeyError, match="did you mean 'tsa'"):
        config.source("tsaa")


def test_secrets_come_from_the_environment_and_show_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "alerts:\n  channels:\n    s: {type: slack, webhook_url: '${HOOK}'}\n"
        "    m: {type: email, host: h, sender: a@b.example, recipients: [c@d.example],\n"
        "        username: u, password: '${WORD}'}\n",
        "utf-8",
    )
    secrets = {"HOOK": "https://hooks.example/T0/verysecret", "WORD": "hunter2"}
    config = load_config(path, secrets)
    assert set(secrets.values()) <= set(config.secrets())
    shown = repr(config.alerts) + str(config.alerts) + repr(config.alerts.channels)
    assert "verysecret" not in shown
    assert "hunter2" not in shown
    with pytest.raises(ConfigError) as raised:
        load_config(path, {**secrets, "HOOK": "verysecret"})
    assert "verysecret" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-12-06", "2023-12-05T23:00:00+00:00"),
        ("2023-12-06T10:00Z", "2023-12-06T10:00:00+00:00"),
        ("2023-12-06T10:00:00+01:00", "2023-12-06T09:00:00+00:00"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    assert read_moment(text, utc_now()).isoformat() == expected


def test_ages_and_nonsense() -> None:
    now = utc_now()
    assert (now - read_moment("30d", now)).days == 30
    with pytest.raises(UsageError, match="is no date"):
        read_moment("yesterday-ish", now)
