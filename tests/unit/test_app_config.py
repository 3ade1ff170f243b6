"""config.yaml beyond its single faults: where values come from, and what errors never show."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigError
from marsad.config import Config, load_config

SECRET = "Xq7-not-for-eyes"
CHANNEL = "alerts: {channels: {c: {type: console}}, routes: [{channels: [c]}]}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def written(path: Path, text: str | bytes, **environment: str) -> Config:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_config(path, environment)


def refused(path: Path, text: str | bytes, **environment: str) -> str:
    with pytest.raises(ConfigError) as raised:
        written(path, text, **environment)
    return str(raised.value)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_is_a_configuration(path: Path, text: str) -> None:
    config = written(path, text)
    assert config.rules == ("defence-cooperation",)
    assert config.sources
    assert config.alerts.routes == ()


def test_a_mark_of_byte_order_and_dos_line_ends_change_nothing(path: Path) -> None:
    config = written(path, b"\xef\xbb\xbfdatabase: sqlite:///x.db\r\ncrawler: {include: []}\r\n")
    assert config.database == f"sqlite:///{path.parent / 'x.db'}"
    assert config.sources == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xff\xfe\x00", "is no UTF-8 text"),
        (b"a: \x00b", "is no YAML"),
        (b"[" * 5000, "is no YAML"),
        (b"a: *nothing", "1:4: is no YAML: found undefined alias"),
        (b"\ta: b", "1:1: is no YAML"),
    ],
)
def test_what_is_no_yaml_is_one_line(path: Path, text: bytes, words: str) -> None:
    told = refused(path, text)
    assert words in told
    assert told.startswith(str(path))
    assert "\n" not in told


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for place, words in ((tmp_path, "cannot be read"), (tmp_path / "no.yaml", "no such file")):
        with pytest.raises(ConfigError, match=words):
            load_config(place, {})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///press.db", "sqlite:///{folder}/press.db"),
        ("sqlite:///data/press.db", "sqlite:///{folder}/data/press.db"),
        ("sqlite:////var/press.db", "sqlite:////var/press.db"),
        ("postgresql+psycopg://u@h/db", "postgresql+psycopg://u@h/db"),
    ],
)
def test_a_relative_database_lies_beside_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, url: str, expected: str
) -> None:
    monkeypatch.chdir("/")
    config = written(path, f"database: {url}\n")
    assert config.database == expected.format(folder=path.parent)


def test_a_database_named_by_the_call_wins(path: Path) -> None:
    path.write_text("database: sqlite:///a.db\n", "utf-8")
    assert load_config(path, {}, database="sqlite:///b.db").database == "sqlite:///b.db"


def test_variables_fill_parts_of_values_and_nothing_else(path: Path) -> None:
    config = written(path, "database: 'sqlite:///${NAME}-${NAME}.db'\n", NAME="${OTHER}")
    assert config.database.endswith("/${OTHER}-${OTHER}.db")  # what came in is not read again
    assert "variable NAME is not set" in refused(path, "database: 'sqlite:///${NAME}'\n")
    written(path, "# ${NAME}\ncrawler: {include: []}\n")


def test_every_missing_variable_is_told_with_its_place(path: Path) -> None:
    text = (
        "database: sqlite:///${A}.db\n"
        "alerts:\n  channels:\n    s: {type: slack, webhook_url: '${B}'}\n"
        "    o: {type: apprise, url: '${C}'}\n"
    )
    lines = refused(path, text).splitlines()
    assert [line.removeprefix(f"{path}:").split(":")[0] for line in lines] == ["1", "4", "5"]
    assert [line.split("variable ")[1][0] for line in lines] == ["A", "B", "C"]


SLOTS = {
    "slack": "alerts: {channels: {c: {type: slack, webhook_url: '${S}'}}}\n",
    "apprise": "alerts: {channels: {c: {type: apprise, url: 'json://x.example/${S}'}}}\n",
    "password": "alerts: {channels: {c: {type: email, host: h, sender: a@b.example, recipients: "
    "[c@d.example], username: u, password: '${S}'}}}\n",
    "database": "database: 'postgresql+psycopg://u:${S}@h/db'\n",
}
FILL = {"slack": f"https://hook.example/{SECRET}", "password": SECRET}


@pytest.mark.parametrize("slot", SLOTS)
def test_a_secret_shows_in_no_representation(path: Path, slot: str) -> None:
    config = written(path, SLOTS[slot], S=FILL.get(slot, SECRET))
    assert any(SECRET in secret for secret in config.secrets())
    assert SECRET not in f"{config!r} {config} {config.alerts!r} {config.alerts}"


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("fault", ["databse: x", "web: {port: x}", "rules: [nosuch]"])
def test_a_secret_shows_in_no_error(path: Path, slot: str, fault: str) -> None:
    assert SECRET not in refused(path, f"{SLOTS[slot]}{fault}\n", S=FILL.get(slot, SECRET))


@pytest.mark.parametrize(
    "channel",
    [
        "{type: slack, webhook_url: '${S}'}",
        "{type: slack, webhook_ur: '${S}'}",
        "{type: apprise, url: '${S}'}",
        "{type: email, host: h, sender: a@b.example, recipients: [c@d.example], password: '${S}'}",
        "{type: console, url: '${S}'}",
        "{type: slack, webhook_url: ['${S}']}",
    ],
)
def test_a_secret_that_is_itself_wrong_shows_in_no_error(path: Path, channel: str) -> None:
    assert SECRET not in refused(path, f"alerts: {{channels: {{c: {channel}}}}}\n", S=SECRET)


def test_keys_of_every_level_have_a_nearest_name(path: Path) -> None:
    text = (
        "rulez: []\n"
        "crawler: {dely: 1s, poll_every: {mxa: 1h}}\n"
        "sources: [{idd: a}]\n"
        "alerts: {chanels: {}, routes: [{mod: digest}]}\n"
        "web: {prot: 1}\n"
    )
    told = refused(path, text)
    pairs = {"rulez": "rules", "crawler.dely": "delay", "crawler.poll_every.mxa": "max"}
    pairs |= {"sources[0].idd": "id", "alerts.chanels": "channels"}
    pairs |= {"alerts.routes[0].mod": "mode", "web.prot": "port"}
    for wrong, right in pairs.items():
        assert f"{wrong}: unknown key; did you mean '{right}'?" in told


def test_no_message_speaks_of_the_program(path: Path) -> None:
    text = (
        "database: 5\ncrawler: [1]\nsources: {a: b}\nrules: {a: 1}\n"
        "alerts: {max_age: [], channels: {a: 5, b: {}, c: {type: 5}}, routes: [5]}\nweb: x\n"
    )
    told = refused(path, text)
    for jargon in ("Input", "tuple", "dict", "instance", "discriminator", "Settings", "Traceback"):
        assert jargon not in told, told
    assert len(told.splitlines()) >= 9


def test_an_outlet_of_one_s_own_may_be_named_in_a_route(path: Path) -> None:
    source = (
        "sources: [{id: mine, name: M, url: 'https://m.example/', language: ar, country: DZ, "
        "tags: [own], sections: ['https://m.example/n'], article_url: '/n/.+'}]\n"
    )
    route = "alerts: {channels: {c: {type: console}}, routes: [{channels: [c], outlets: [%s]}]}\n"
    assert written(path, source + route % "mine").source("mine").article_url == "/n/.+"
    assert "did you mean 'mine'" in refused(path, source + route % "mien")


def test_a_rule_pack_is_found_beside_the_file_and_in_the_package(path: Path) -> None:
    config = written(path, f"rules: [matcher/rules/defence_cooperation.yaml]\n{CHANNEL}")
    assert Path(config.rules[0]).is_file()
    (path.parent / "mine.yaml").write_text("id: mine\nrequire: '@dz'\n", "utf-8")
    assert written(path, "rules: [mine.yaml]\n").rules == (str(path.parent / "mine.yaml"),)


def test_telling_since_a_date_changes_only_what_is_told(path: Path) -> None:
    config = written(path, CHANNEL)
    later = config.telling_since("2d")
    assert 47 < later.alerts.max_age.total_seconds() / 3600 < 49
    assert config.alerts.max_age.total_seconds() == 24 * 3600
    assert later.sources == config.sources
