"""How the work is cut into hosts, and a channel's pace that outlives the program."""

from __future__ import annotations

import pytest

from alerts.pace import ChannelPace, FloodGate, FloodPolicy
from crawler.domains import host_key
from domain.source import Source
from marsad.cluster.settings import ClusterSettings
from marsad.cluster.worker import by_host


def source(ident: str, url: str, **ways: tuple[str, ...]) -> Source:
    return Source(id=ident, name=ident, url=url, language="fr", country="DZ", **ways)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.elwatan-dz.com/feed", "elwatan-dz.com"),
        ("https://ar.elwatan-dz.com/", "elwatan-dz.com"),
        ("http://one.blogspot.com/", "one.blogspot.com"),
        ("http://127.0.1.7:8000/feed", "127.0.1.7"),
        ("http://127.0.1.7:8001/feed", "127.0.1.7"),
        ("http://press:8000/feed", "press"),
    ],
)
def test_what_is_visited_by_one_at_a_time(url: str, key: str):
    assert host_key(url) == key


def test_sources_of_one_owner_are_one_piece_of_work():
    found = by_host(
        [
            source("fr", "https://www.paper.dz/", feeds=("https://www.paper.dz/feed",)),
            source("ar", "https://ar.paper.dz/"),
            source("far", "https://far.dz/", feeds=("https://feeds.example.com/far",)),
        ]
    )
    assert found == {"paper.dz": ("fr", "ar"), "example.com": ("far",)}


def test_a_flood_goes_on_where_another_program_left_it():
    policy = FloodPolicy(burst=2, every=20.0)
    first = FloodGate(policy)
    for _ in range(3):
        first.count(100.0)
    kept = first.note(ChannelPace(), ahead=1_000_000.0)
    second = FloodGate(policy)
    second.recall(kept, ahead=1_000_090.0)  # another clock: it reads 10 at the first one's 100
    assert second.is_flooded(10.0)
    assert second.wait(10.0) == first.wait(100.0) == 20.0
    assert second.wait(25.0) == 5.0
    fresh = FloodGate(policy)
    fresh.recall(ChannelPace(), ahead=0.0)
    assert not fresh.is_flooded(0.0)


def test_a_cluster_needs_no_setting():
    assert ClusterSettings() == ClusterSettings.model_validate({})
