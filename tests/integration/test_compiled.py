"""What was compiled before: the same verdicts, never stale, and no harm when it is broken."""

from __future__ import annotations

import fcntl
import gc
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.article import Document
from domain.errors import ConfigError
from marsad import judging
from marsad.compiled import known_rules, load_compiled, note_rules
from matcher.judge import Matcher
from matcher.rules import Rule

RULE = "id: words\nrequire: alpha OR @FR\nclauses:\n  - {when: alpha, weight: 9}\n"
TEXT = "Le mot alpha est dit à Paris par la France le 4 décembre 2023."


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache")}


def kept(environment: dict[str, str]) -> list[Path]:
    return sorted((Path(environment["XDG_CACHE_HOME"]) / "marsad").glob("*.compiled"))


def rule_file(folder: Path, text: str = RULE) -> str:
    path = folder / "words.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_judges_as_what_is_compiled_now(environment: dict[str, str]) -> None:
    first = load_compiled(["defence-cooperation"], environment)
    again = load_compiled(["defence-cooperation"], environment)
    fresh = Matcher.load(["defence-cooperation"])
    assert again is not first
    assert len(kept(environment)) == 1
    for text in (
        "Le général Saïd Chanegriha a reçu à Alger le chef d'état-major italien, mardi.",
        "بحث وزير الدفاع الجزائري مع نظيره الإيطالي التعاون العسكري بين البلدين.",
        "Le football est un sport.",
    ):
        document = Document(text=text)
        assert again.judge(document) == fresh.judge(document)
        assert again.explain(document).verdict == fresh.judge(document)
    assert again.versions == fresh.versions


def test_a_changed_rule_is_compiled_anew(tmp_path: Path, environment: dict[str, str]) -> None:
    document = Document(text=TEXT, language="fr")
    assert load_compiled([rule_file(tmp_path)], environment).judge(document).is_match
    changed = rule_file(
        tmp_path, RULE.replace("weight: 9", "weight: 9}\n  - {when: mot, weight: -99")
    )
    assert not load_compiled([changed], environment).judge(document).is_match
    assert len(kept(environment)) == 2
    with pytest.raises(ConfigError):
        load_compiled([rule_file(tmp_path, "id: words\nrequire: alpha AND\n")], environment)


def test_of_several_that_start_at_once_one_compiles(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load, compiled = Matcher.load, []

    def counted(rules: Sequence[str]) -> Matcher:
        compiled.append(rules)
        return load(rules)

    monkeypatch.setattr(Matcher, "load", counted)
    rules = [rule_file(tmp_path)]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: load_compiled(rules, environment), range(3)))
    assert len(compiled) == 1
    assert all(each.judge(Document(text=TEXT)).is_match for each in found)


def test_one_that_is_suspended_while_it_compiles_is_not_waited_for_for_ever(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marsad.compiled._PATIENCE", 0.1)
    folder = tmp_path / "cache" / "marsad"
    folder.mkdir(parents=True, mode=0o700)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert load_compiled([rule_file(tmp_path)], environment).judge(Document(text=TEXT)).is_match


def test_a_rule_edited_while_it_is_compiled_is_not_kept_under_its_old_name(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Matcher.load

    def edited(rules: Sequence[str]) -> Matcher:
        rule_file(tmp_path, RULE.replace("9", "-9"))
        return load(rules)

    with monkeypatch.context() as patch:
        patch.setattr(Matcher, "load", edited)
        load_compiled([rule_file(tmp_path)], environment)
    assert kept(environment) == []
    assert load_compiled([rule_file(tmp_path)], environment).judge(Document(text=TEXT)).is_match


def test_a_worker_process_takes_what_was_compiled(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [rule_file(tmp_path)]
    load_compiled(rules, environment)
    monkeypatch.setenv("XDG_CACHE_HOME", environment["XDG_CACHE_HOME"])
    monkeypatch.setattr(Matcher, "load", None)
    monkeypatch.setattr(judging, "_state", [])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    judging.start_worker(rules)
    gc.unfreeze()
    assert judging.judge([Document(text=TEXT)])[0].is_match


def test_half_a_file_is_compiled_anew(tmp_path: Path, environment: dict[str, str]) -> None:
    rules = [rule_file(tmp_path)]
    load_compiled(rules, environment)
    (path,) = kept(environment)
    whole = path.read_bytes()
    for broken in (b"", whole[: len(whole) // 2], b"nonsense"):
        path.write_bytes(broken)
        assert load_compiled(rules, environment).judge(Document(text=TEXT)).is_match
        assert len(path.read_bytes()) > len(whole) // 2


def test_a_folder_that_others_may_write_is_not_read(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    folder = tmp_path / "cache" / "marsad"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    assert load_compiled([rule_file(tmp_path)], environment).judge(Document(text=TEXT)).is_match
    assert kept(environment) == []


@pytest.mark.parametrize("environment", [{}, {"XDG_CACHE_HOME": "/dev/null"}, {"HOME": "."}])
def test_without_a_folder_nothing_is_kept(tmp_path: Path, environment: dict[str, str]) -> None:
    found = load_compiled([rule_file(tmp_path)], environment)
    assert isinstance(found.rules[0], Rule)


def test_the_oldest_go(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marsad.compiled._KEPT", 2)
    first, *others = (RULE.replace("9", str(weight)) for weight in range(2, 5))
    load_compiled([rule_file(tmp_path, first)], environment)
    (oldest,) = kept(environment)
    for other in others:
        load_compiled([rule_file(tmp_path, other)], environment)
    assert len(kept(environment)) == 2
    assert oldest not in kept(environment)


def test_the_rules_of_a_configuration_are_known_until_it_changes(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("rules: [a]\ndatabase: ${PLACE}\n", encoding="utf-8")
    assert known_rules(path, environment) is None
    note_rules(path, environment, ("a", "b"))
    assert known_rules(path, environment) == ("a", "b")
    assert known_rules(path, environment | {"PLACE": "sqlite:///x"}) is None
    path.write_text("rules: [b]\ndatabase: ${PLACE}\n", encoding="utf-8")
    assert known_rules(path, environment) is None
