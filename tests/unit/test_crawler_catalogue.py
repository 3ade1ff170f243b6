from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from crawler.catalogue import load_catalogue, load_outlets
from crawler.families import FAMILIES
from domain.errors import ConfigError

SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[3] / "shared"))


@pytest.mark.shared
def test_no_address_of_the_catalogue_is_invented():
    """Every feed was seen in use and not dead, or is the usual one of the outlet's system."""
    survey = SHARED / "sources.yaml"
    if not survey.exists():
        pytest.skip("no sources.yaml beside the checkout")
    outlets = yaml.safe_load(survey.read_text(encoding="utf-8"))["outlets"]
    feeds = [feed for outlet in outlets for feed in outlet.get("feeds") or ()]
    seen = {feed["url"] for feed in feeds if feed["status"] != "dead"}
    dead = {feed["url"] for feed in feeds if feed["status"] == "dead"}
    usual = {f"{s.url}{path}" for s in load_catalogue() if s.family for path in _usual(s.family)}
    listed = {feed for s in load_catalogue() for feed in (*s.feeds, *s.fallback_feeds)}
    assert listed - seen <= usual
    assert not listed & dead


def _usual(family: str) -> tuple[str, ...]:
    return FAMILIES[family].feeds


def test_a_family_fills_what_an_entry_leaves_open(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(
        "- {id: new, name: New, url: 'https://new.dz', language: fr, country: DZ,"
        " family: wordpress}\n"
        "- {id: dead, name: Dead, url: 'https://dead.dz/', language: ar, country: DZ,"
        " family: wordpress, feeds: [], sections: ['https://dead.dz/politique/']}\n",
        encoding="utf-8",
    )
    new, dead = load_catalogue(file)
    assert new.feeds == ("https://new.dz/feed/",)
    assert new.sections == ("https://new.dz",)
    assert new.article_url == FAMILIES["wordpress"].article_url
    assert dead.feeds == ()
    assert dead.sections == ("https://dead.dz/politique/",)
    assert dead.article_url == new.article_url


def test_an_outlet_known_by_name_only_is_no_source(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(
        "- {id: x, name: X, language: fr, country: DZ, confidence: none}\n", encoding="utf-8"
    )
    assert load_catalogue(file) == ()
    assert [outlet.source.id for outlet in load_outlets(file)] == ["x"]


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
        "- {id: four, name: F, url: 'https://4.dz', language: fr, country: DZ, article_url: '('}\n"
        "- id: five\n"
        "  name: Five\n"
        "  url: https://5.dz/\n"
        "  language: ar\n"
        "  country: DZ\n"
        "  domains: [www.5.dz]\n"
        "  family: wordpres\n"
        "  archives: ['https://5.dz/{day}', 'https://5.dz/{page', 'https://5.dz/']\n"
        "  selectors: {txt: p, drop: p}\n"
        "  names: [a]\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_catalogue(file)
    told = [(fault.line, fault.path, fault.message) for fault in caught.value.faults]
    assert told[0] == (4, "[0].language", "'french' is not fr, ar or en")
    assert told[1] == (6, "[0].feed", "unknown key; did you mean 'feeds'?")
    assert (7, "[1].url", "must be an http(s) URL") in told
    assert (8, "[2]", "url is missing") in told
    assert any(line == 8 and "article_url" in message for line, _, message in told)
    words = {path: message for _, path, message in told if path.startswith("[5]")}
    assert words["[5].domains[0]"] == "'www.5.dz' is not a host without www."
    assert words["[5].family"].startswith("'wordpres' is not one of wordpress")
    assert "{day} is unknown" in words["[5].archives[0]"]
    assert "no valid template" in words["[5].archives[1]"]
    assert "needs" in words["[5].archives[2]"]
    assert words["[5].selectors.txt"] == "unknown key; did you mean 'text'?"
    assert words["[5].selectors.drop"] == "must be a list"
    assert words["[5].names"] == "must be a mapping"
    assert any(line == 10 and "regular expression" in message for line, _, message in told)


@pytest.mark.parametrize("text", ["{", "a: 1", "- 3", "- {id: [x]}"])
def test_a_broken_file_is_a_config_error(tmp_path, text):
    file = tmp_path / "catalogue.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        load_catalogue(file)
    with pytest.raises(ConfigError):
        load_catalogue(tmp_path / "absent.yaml")
