"""What pip-audit's report says, a line a weakness; who could not be asked about is counted."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def lines(packages: list[dict[str, Any]]) -> tuple[list[str], bool]:
    """Return what to say of the packages of a report, and whether one has a known weakness."""
    found = [
        f"{package['name']} {package['version']}: {weakness['id']}, mended in "
        f"{', '.join(weakness['fix_versions']) or 'nothing yet'}"
        for package in packages
        for weakness in package.get("vulns", ())
    ]
    asked = sum("skip_reason" not in package for package in packages)
    if not asked:
        return ["nobody could be asked for advisories: run it again on a network"], False
    unasked = (
        f"; of {len(packages) - asked} nothing could be learnt" if asked < len(packages) else ""
    )
    return [*found, f"{asked} packages asked about, {len(found)} known weaknesses{unasked}"], bool(
        found
    )


def main() -> int:
    """Print the report at the path given; return 1 when a weakness is known."""
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    said, is_weak = lines(json.loads(text)["dependencies"] if text.strip() else [])
    for line in said:
        print(f"audit: {line}")
    return int(is_weak)


if __name__ == "__main__":
    sys.exit(main())
