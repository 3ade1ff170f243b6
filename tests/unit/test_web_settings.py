"""The page's part of the configuration: what is open, and what must be guarded."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigError
from marsad.config import load_config


def load(tmp_path: Path, web: str):
    path = tmp_path / "config.yaml"
    path.write_text(f"crawler: {{include: []}}\nweb: {web}\n", encoding="utf-8")
    return load_config(path, {"TOKEN": "from-the-environment"})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.3.2.1"])
def test_loopback_needs_nobody_to_say_who_he_is(tmp_path: Path, host: str):
    config = load(tmp_path, f'{{host: "{host}"}}')
    assert (config.web.host, config.web.port, config.web.is_guarded) == (host, 8040, False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "desk.example"])
def test_any_other_address_needs_a_token_or_a_user(tmp_path: Path, host: str):
    with pytest.raises(ConfigError, match=r"config.yaml:2:.*set web.token or web.users"):
        load(tmp_path, f'{{host: "{host}"}}')
    for guard in ("token: '${TOKEN}'", "users: {amina: a-long-password}"):
        assert load(tmp_path, f'{{host: "{host}", {guard}}}').web.is_guarded


@pytest.mark.parametrize(
    "web", ["{token: short}", "{users: {amina: short}}", "{users: {'a:b': a-long-password}}"]
)
def test_a_guard_that_guards_nothing_is_refused(tmp_path: Path, web: str):
    with pytest.raises(ConfigError):
        load(tmp_path, web)


def test_secrets_are_kept_out_of_logs_and_errors(tmp_path: Path):
    config = load(tmp_path, "{token: '${TOKEN}', users: {amina: a-long-password}}")
    assert {"from-the-environment", "a-long-password"} <= set(config.secrets())
    assert "from-the-environment" not in repr(config.web)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "{host: 0.0.0.0, prot: 1, token: '${TOKEN}'}")
    assert "from-the-environment" not in str(caught.value)
    assert "did you mean 'port'?" in str(caught.value)
