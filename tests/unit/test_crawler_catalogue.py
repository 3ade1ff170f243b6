from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from crawler.catalogue import included, load_catalogue
from domain.errors import ConfigError

SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[3] / "shared"))


def test_the_bundled_catalogue_is_sound():
    sources = load_catalogue()
    algerian = included(sources, ["dz"])
    assert len(algerian) >= 14
    assert {source.country for source in algerian} == {"DZ"}
    assert {source.language for source in algerian} == {"fr", "ar", "en"}
    assert all(source.feeds for source in sources)
    assert included(sources, []) == ()


@pytest.mark.shared
def test_no_feed_of_the_catalogue_is_invented():
    survey = SHARED / "sources.yaml"
    if not survey.exists():
        pytest.skip("no sources.yaml beside the checkout")
    outlets = yaml.safe_load(survey.read_text(encoding="utf-8"))["outlets"]
    seen = {
        feed["url"]
        for outlet in outlets
        for feed in outlet.get("feeds") or ()
        if feed["confidence"] in ("high", "medium")
    }
    listed = {feed for source in load_catalogue() for feed in source.feeds}
    assert listed <= seen


def test_every_mistake_is_told_with_its_line(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(
        "- id: one\n"
        "  name: One\n"
        "  url: https://one.dz/\n"
        "  language: french\n"
        "  country: DZ\n"
        "  feed: [https://one.dz/feed]\n"
        "- {id: two, name: Two, url: one.dz, language: fr, country: DZ}\n"
        "- {id: three, name: 3, language: fr, country: DZ, sections: ['https://x.dz/']}\n"
        "- {id: four, name: Four, url: 'https://4.dz/', language: fr, country: DZ}\n"
        "- {id: four, name: F, url: 'https://4.dz', language: fr, country: DZ, article_url: '('}\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_catalogue(file)
    told = [(fault.line, fault.path, fault.message) for fault in caught.value.faults]
    assert told[0] == (4, "[0].language", "'french' is not fr, ar or en")
    assert told[1] == (6, "[0].feed", "unknown key; did you mean feeds?")
    assert (7, "[1].url", "must be an http(s) URL") in told
    assert (8, "[2]", "url is missing") in told
    assert any(line == 8 and "article_url" in message for line, _, message in told)
    assert any(line == 10 and "regular expression" in message for line, _, message in told)


@pytest.mark.parametrize("text", ["{", "a: 1", "- 3", "- {id: [x]}"])
def test_a_broken_file_is_a_config_error(tmp_path, text):
    file = tmp_path / "catalogue.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        load_catalogue(file)
    with pytest.raises(ConfigError):
        load_catalogue(tmp_path / "absent.yaml")
