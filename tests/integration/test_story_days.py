"""``story_days``: how far apart two articles of one story may be, from the file to the rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from storage_stage import NOW, article, source

from domain.article import Document
from domain.filing import Filing
from marsad.config import load_config
from marsad.stores import open_store
from matcher.judge import Matcher
from matcher.stories.trace import Tracer

TITLE = "Exercice naval algéro-italien au large d'Alger"
TEXT = (
    "Les forces navales algériennes et la marine italienne ont mené un exercice naval conjoint "
    "au large d'Alger, indique le ministère de la Défense nationale. La frégate italienne avait "
    "fait escale la veille au port d'Alger dans le cadre de la coopération militaire bilatérale."
)


@pytest.mark.parametrize(("said", "stories"), [("", 1), ("story_days: 2\n", 2)])
def test_a_reprint_of_four_days_later_is_of_the_story_or_not(
    tmp_path: Path, said: str, stories: int
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"crawler: {{include: []}}\n{said}", "utf-8")
    config = load_config(path, {})
    matcher = Matcher.load(config.rules)
    document = Document(id="1", title=TITLE, text=TEXT)
    verdict = matcher.judge(document)
    trace = Tracer(matcher).trace(document, verdict.matches)
    first = article(1, title=TITLE, text=TEXT)
    later = NOW + timedelta(days=4)
    again = replace(first, url="https://aps.example/2", first_seen=later, published_at=later)
    with open_store(config.database, story_days=config.story_days) as store:
        store.sync_sources([source()], NOW)
        for told in (first, again):
            filing = Filing(article=told, matches=verdict.matches, trace=trace)
            store.file([filing], None, told.first_seen)
        assert len(list(store.query("SELECT story_id FROM v_stories").rows)) == stories
