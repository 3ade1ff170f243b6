"""What docs/pacing.svg shows: a month of press, found at half the delay of fixed polling."""

from __future__ import annotations

import importlib.util
import statistics
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks/pacing.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_pacing", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_articles_are_found_in_half_the_time_of_fixed_polling(benchmark):
    ours, alike, each = benchmark.simulate(3, every=4)
    assert abs(alike.requests - ours.requests) <= 0.01 * ours.requests
    assert ours.median <= 0.5 * alike.median
    assert ours.median <= 0.6 * each.median  # even where the sources share out the visits alike
    assert statistics.mean(ours.delays) < 0.75 * statistics.mean(each.delays)
    assert ours.at(0.99) < 1.5 * each.at(0.99)  # not at the cost of the last ones
    assert len(ours.delays) > 3000


def test_the_plot_is_of_these_figures(benchmark):
    figures = tuple(
        benchmark.Figures(name=name, requests=10, delays=[1.0, 2.0 * n, 3.0 * n])
        for n, name in enumerate(("one", "two", "three"), 1)
    )
    drawn = benchmark.plot(figures)
    assert drawn.startswith("<svg")
    assert "two: median 4 min, 10 requests" in drawn
    assert drawn.count("<polyline") == 3
