"""`make reliability`: runs every test that docs/reliability.md names, and writes what was seen.

A test says what it saw by ``record_property("seen", ...)``; of every other one the number of
cases that held stands there.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "reliability.md"
_NAMED = re.compile(r"`(test_\w+)`")
_WHEN = re.compile(r"^Seen on.*$", re.MULTILINE)


@dataclass(slots=True)
class Record:
    """How the cases of one test went, and what they said they saw."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    said: dict[str, None] = field(default_factory=dict)


class Watcher:
    """A plug-in that keeps a record of every test by its name."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = defaultdict(Record)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.rpartition("::")[2].partition("[")[0]
        record = self.records[name]
        if report.failed:
            record.failed += 1
        elif report.skipped:
            record.skipped += 1
        elif report.when == "call":
            record.passed += 1
            record.said |= {str(v): None for k, v in report.user_properties if k == "seen"}


def main() -> int:
    """Run, write, and return pytest's exit code."""
    text = DOCUMENT.read_text(encoding="utf-8")
    names = dict.fromkeys(_NAMED.findall(text))
    files = sorted(str(path) for path in (ROOT / "tests").rglob("test_*.py") if _has(path, names))
    watcher = Watcher()
    chosen = ["-q", "-k", " or ".join(names), *sys.argv[1:], *files]
    code = pytest.main(chosen, plugins=[watcher])
    if watcher.records:
        DOCUMENT.write_text(filled(text, watcher.records), encoding="utf-8")
    return int(code)


def filled(text: str, records: dict[str, Record]) -> str:
    """Return the document with its last column written anew."""
    cores = os.cpu_count()
    when = (
        f"Seen on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {cores} cores."
    )
    lines = [_row(line, records) for line in text.split("\n")]
    return _WHEN.sub(when, "\n".join(lines), count=1)


def _row(line: str, records: dict[str, Record]) -> str:
    names = _NAMED.findall(line)
    if not line.startswith("|") or not names or not all(name in records for name in names):
        return line  # a part of the table may be run
    head, _, _ = line.rstrip().rstrip("|").rpartition("|")
    return f"{head}| {_seen([records[name] for name in names])} |"


def _seen(records: list[Record]) -> str:
    passed = sum(record.passed for record in records)
    failed = sum(record.failed for record in records)
    skipped = sum(record.skipped for record in records)
    words = [f"{passed} held"] if passed else []
    words += [f"**{failed} failed**"] if failed else []
    words += [f"{skipped} skipped"] if skipped else []
    said = [one for record in records for one in record.said]
    return "; ".join([", ".join(words) or "not run", *said])


def _has(path: Path, names: dict[str, None]) -> bool:
    text = path.read_text(encoding="utf-8")
    return any(f"def {name}(" in text for name in names)


if __name__ == "__main__":
    sys.exit(main())
