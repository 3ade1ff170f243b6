"""Every promise of docs/reliability.md is held by tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

from reliability import Record, _row

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(test_\w+)`", TEXT)


def test_every_test_that_is_named_is_there():
    sources = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^\s*(?:async )?def (test_\w+)", sources, re.MULTILINE))
    assert len(NAMED) > 50
    assert [name for name in NAMED if name not in there] == []


FAULTS = [
    f"{kind}{n}"
    for kind, most in zip("NBKF", (15, 16, 16, 4), strict=True)
    for n in range(1, most + 1)
]


def test_every_fault_of_the_catalogue_has_a_row_and_a_test_of_its_number():
    rows = [line for line in TEXT.splitlines() if re.match(r"\| [NBKF]\d", line)]
    named = {fault: [row for row in rows if fault in row.split("|")[1].split()] for fault in FAULTS}
    assert [fault for fault, of in named.items() if not of] == []
    tests = " ".join(NAMED)
    assert [f for f in FAULTS if not re.search(rf"test_(?:[nbkf]\d+_)*{f.lower()}_", tests)] == []


def test_make_runs_exactly_these_and_writes_what_was_seen():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "tests/reliability.py" in makefile
    torn = Record(passed=2, failed=1, said={"cut after 1.0 s": None})
    row = "| N3 | a body that drips | cut | `test_n3_x`, `test_y` | old |"
    assert _row(row, {"test_n3_x": torn}) == row
    assert _row(row, {"test_n3_x": torn, "test_y": Record()}) == (
        "| N3 | a body that drips | cut | `test_n3_x`, `test_y` "
        "| 2 held, **1 failed**; cut after 1.0 s |"
    )
