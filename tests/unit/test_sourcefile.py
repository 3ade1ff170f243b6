"""Sources written into a configuration file: a case a way in which people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from marsad.sourcefile import EditError, with_sources, write_sources

NEW = [{"id": "x", "feeds": ["https://x.example/feed"]}]
OLD = "  - id: a"
FLOW = "  - {id: a,\n     b: c}"
LONG = "  - id: |\n      long\n"
TWO = "  - id: x\n    feeds: ['https://x.example/feed']\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"sources:\n{TWO}"),
        ("# words only\n", f"# words only\nsources:\n{TWO}"),
        ("a: 1", f"a: 1\n\nsources:\n{TWO}"),
        ("sources: []   # none\n# - id: z\na: 1\n", f"sources:   # none\n{TWO}# - id: z\na: 1\n"),
        ("sources:\n\na: 1\n", f"sources:\n{TWO}\na: 1\n"),
        ("sources: # mine\na: 1\n", f"sources: # mine\n{TWO}a: 1\n"),
        ("sources: null\na: 1\n", f"sources:\n{TWO}a: 1\n"),
        ("sources: ~", f"sources:\n{TWO}"),
        (f"sources:\n{OLD}   # one\n\n# b\na: 1", f"sources:\n{OLD}   # one\n{TWO}\n# b\na: 1"),
        (f"sources:\n{FLOW} # end", f"sources:\n{FLOW} # end\n{TWO}"),
        (f"sources:\n{LONG}b: 1\n", f"sources:\n{LONG}{TWO}b: 1\n"),
        (
            f"sources:\n{OLD}\n".replace("\n", "\r\n"),
            f"sources:\n{OLD}\n{TWO}".replace("\n", "\r\n"),
        ),
        (
            "sources:\n- id: a\n",
            "sources:\n- id: a\n- id: x\n  feeds: ['https://x.example/feed']\n",
        ),
    ],
)
def test_a_source_goes_to_the_end_of_the_list_and_nothing_else_moves(before: str, after: str):
    assert with_sources(before, NEW) == after


@pytest.mark.parametrize("text", ["{a: 1}", "sources: [{id: a}]", "sources: {}", "- a"])
def test_a_file_without_a_place_for_lines_is_left_to_people(text: str):
    with pytest.raises(EditError, match="by hand"):
        with_sources(text, NEW)


def test_what_would_not_be_valid_is_not_written(tmp_path: Path):
    path = tmp_path / "config.yaml"
    path.write_text("sources: []\n", "utf-8")
    path.chmod(0o640)
    with pytest.raises(EditError, match=r"config\.yaml: the result would not be valid.*name"):
        write_sources(path, NEW, {})
    assert path.read_text("utf-8") == "sources: []\n"
    assert [p.name for p in tmp_path.iterdir()] == ["config.yaml"]


def test_mode_and_link_of_the_file_stay(tmp_path: Path):
    real, link = tmp_path / "real.yaml", tmp_path / "config.yaml"
    real.write_text("crawler: {include: []}\n", "utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    whole = {"id": "x", "name": "X", "url": "https://x.example/", "language": "fr"}
    write_sources(link, [whole | {"country": "DZ"}], {})
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "- id: x" in real.read_text("utf-8")
