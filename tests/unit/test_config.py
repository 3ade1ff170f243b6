"""config.yaml: every fault with its file, line, path and the nearest name; secrets stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigError, UsageError
from marsad.clock import read_last, read_moment, utc_now
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


def test_the_window_of_a_story_is_a_week_unless_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("crawler: {include: []}\n", "utf-8")
    assert load_config(path, {}).story_days == 7
    path.write_text("story_days: 2\n", "utf-8")
    assert load_config(path, {}).story_days == 2
    path.write_text("story_days: 0\n", "utf-8")
    with pytest.raises(ConfigError, match="story_days"):
        load_config(path, {})


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-12-06", "2023-12-06T22:59:59+00:00"),
        (" 20231206 ", "2023-12-06T22:59:59+00:00"),
        ("2023-12-06T00:00", "2023-12-05T23:00:00+00:00"),
        ("2023-12-06T10:00Z", "2023-12-06T10:00:00+00:00"),
        ("9999-12-31", "9999-12-30T23:00:00+00:00"),
    ],
)
def test_a_day_is_meant_to_its_end(text: str, expected: str) -> None:
    assert read_last(text, utc_now()).isoformat() == expected


def test_ages_and_nonsense() -> None:
    now = utc_now()
    assert (now - read_moment("30d", now)).days == 30
    with pytest.raises(UsageError, match="is no date"):
        read_moment("yesterday-ish", now)


def told(path: Path, text: str) -> list[str]:
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(path, {})
    return [str(fault).removeprefix(f"{path}:") for fault in raised.value.faults]


def test_variables_keys_and_references_are_told_together_in_order(tmp_path: Path) -> None:
    text = (
        "databse: x\n"
        "crawler: {include: [dzz]}\n"
        "sources:\n- {id: UPPER, name: x, url: 'ftp://x', language: de, country: DZ}\n"
        "alerts:\n  channels:\n    s: {type: slack, webhook_url: '${NO_SUCH}'}\n"
        "  routes:\n  - {channels: [t], outlets: [nobody]}\n"
    )
    lines = told(tmp_path / "config.yaml", text)
    paths = [line.split(": ")[1] for line in lines]
    assert paths == [
        *("databse", "crawler.include[0]", "sources[0].id", "sources[0].url"),
        *("sources[0].language", "alerts.channels.s.webhook_url"),
    ]
    assert [int(line.split(":")[0]) for line in lines] == [1, 2, 4, 4, 4, 7]


def test_a_rule_file_is_named_by_the_id_in_it(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    (tmp_path / "ships.yaml").write_text("id: naval\nrequire: '@dz'\n", "utf-8")
    route = "alerts:\n  channels: {c: {type: console}}\n  routes: [{channels: [c], rules: [%s]}]\n"
    path.write_text("rules: [ships.yaml]\n" + route % "naval", "utf-8")
    config = load_config(path, {})
    assert config.rules == (str(tmp_path / "ships.yaml"),)
    (line,) = told(path, "rules: [ships.yaml]\n" + route % "navel")
    assert line.endswith("no rule 'navel'; did you mean 'naval'?")
    (line,) = told(path, "rules: [boats.yaml]\n")
    assert line == f"1:9: rules[0]: {tmp_path / 'boats.yaml'}: no such rule file"


def test_parts_of_a_secret_are_secret(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "database: 'postgresql+psycopg://u:p%40ss[1]@db.example/x'\n"
        "alerts: {channels: {s: {type: slack, webhook_url: 'https://h.example/T0/B0/token'}}}\n",
        "utf-8",
    )
    secrets = load_config(path, {}).secrets()
    assert {"T0/B0/token", "p%40ss[1]", "p@ss[1]"} <= set(secrets)


def test_a_wrong_address_shows_no_password(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    source = "id: a, name: A, url: 'ftp://me:hunter2@a.example/', language: fr, country: DZ"
    path.write_text(f"sources:\n- {{{source}}}\n", "utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(path, {})
    assert "a.example" in str(raised.value)
    assert "hunter2" not in str(raised.value)
