"""Small rooms: what is longer than the house likes is listed with a reason, and grows no more."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("domain", "crawler", "matcher", "storage", "alerts", "marsad", "tools")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 40
LISTED = yaml.safe_load((Path(__file__).parent / "sizes.yaml").read_text("utf-8"))
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def long_files() -> dict[str, int]:
    counted = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    return {name: lines for name, lines in counted.items() if lines > MOST_LINES}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def long_functions() -> dict[str, int]:
    found = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    found[f"{name_of(path)}: {node.name}"] = lines
    return found


def faults(found: dict[str, int], listed: dict[str, dict[str, object]]) -> dict[str, str]:
    wrong = {}
    for name, lines in found.items():
        if name not in listed:
            wrong[name] = f"{lines} lines; split it, or list it in sizes.yaml with a reason"
        elif lines > int(str(listed[name]["lines"])):
            wrong[name] = f"{lines} lines; it may have {listed[name]['lines']}"
    return wrong | {name: "is long no more" for name in listed if name not in found}


def test_no_file_grows_unnoticed():
    assert faults(long_files(), LISTED["files"]) == {}


def test_no_function_grows_unnoticed():
    assert faults(long_functions(), LISTED["functions"]) == {}


def test_each_has_a_reason():
    for entries in LISTED.values():
        assert all(len(str(entry["why"])) > 20 for entry in entries.values())


def test_a_fault_is_seen():
    listed: dict[str, dict[str, object]] = {"a": {"lines": 50}, "gone": {"lines": 60}}
    assert set(faults({"a": 51, "b": 41}, listed)) == {"a", "b", "gone"}
    assert faults({"a": 50}, {"a": {"lines": 50}}) == {}


def test_no_import_contract_has_an_exception():
    """One would stand in ``ignore_imports``: it wants a reason beside it, and a line here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    assert len(contracts) >= 6
    assert [c["name"] for c in contracts if c.get("ignore_imports")] == []
