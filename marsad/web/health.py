"""Well or not: ``/healthz`` for a watchdog, ``/metrics`` for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.errors import StoreError
from domain.health import HealthState
from domain.looking import Counts, Figures
from domain.notice import DeliveryState
from marsad.web.desk import Desk, program_version
from marsad.web.keeping import Kept

COUNTED = timedelta(seconds=30)  # how old counts may be
OVERDUE = timedelta(minutes=30)  # a daemon that leaves due sources so long has stopped working


class HealthPages:
    """Answers watchdogs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counts = Kept(desk.store.looks.counts, desk.clock, COUNTED)

    def healthz(self, request: Request) -> Response:
        """Answer 200, or 503 with what is wrong."""
        del request
        try:
            figures = self._desk.store.looks.figures(self._desk.clock())
        except StoreError as error:
            problems = [str(error)]
        else:
            problems = list(self._problems(figures))
        body = {"status": "failing" if problems else "ok", "problems": problems}
        return JSONResponse(body, 503 if problems else 200)

    def _problems(self, figures: Figures) -> Iterator[str]:
        """A page beside a store that nobody fills says so of the store only."""
        due, now = figures.oldest_due, self._desk.clock()
        if self._desk.is_collecting and due is not None and now - due > OVERDUE:
            yield f"sources are due since {due:%Y-%m-%d %H:%M} UTC and nobody visits them"
        waiting = figures.waiting_since
        if self._desk.is_collecting and waiting is not None and now - waiting > OVERDUE:
            yield f"messages wait to be sent since {waiting:%Y-%m-%d %H:%M} UTC"

    def metrics(self, request: Request) -> Response:
        """Answer in Prometheus' text format."""
        del request
        now = self._desk.clock()
        registry = CollectorRegistry()
        figures = self._desk.store.looks.figures(now)
        registry.register(_Stored(figures, self._counts(), now))
        ProcessCollector(registry=registry)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Stored(Collector):
    """The store's figures as metrics."""

    def __init__(self, figures: Figures, counts: Counts, now: datetime) -> None:
        self._figures, self._counts, self._now = figures, counts, now

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        figures, counts = self._figures, self._counts
        yield InfoMetricFamily("marsad", "The program.", {"version": program_version()})
        states = dict.fromkeys(map(str, HealthState), 0) | dict(figures.sources)
        yield _labelled("marsad_sources", "Sources by state.", "state", states)
        yield GaugeMetricFamily("marsad_articles", "Articles stored.", counts.articles)
        yield GaugeMetricFamily("marsad_hits", "Hits stored.", counts.hits)
        yield GaugeMetricFamily("marsad_stories", "Stories stored.", counts.stories)
        states = dict.fromkeys(map(str, DeliveryState), 0) | dict(figures.deliveries)
        yield _labelled("marsad_deliveries", "Deliveries by state.", "state", states)
        waiting = figures.waiting_since
        lag = 0.0 if waiting is None else (self._now - waiting).total_seconds()
        yield GaugeMetricFamily(
            "marsad_delivery_lag_seconds", "How long the oldest message that is due waits.", lag
        )
        for name, words, moment in (
            ("successful_poll", "Last successful visit of any source.", figures.last_success),
            ("article", "When the newest article was first seen.", figures.last_article),
            ("hit", "When the newest hit was judged.", figures.last_hit),
        ):
            stamp = 0.0 if moment is None else moment.timestamp()
            yield GaugeMetricFamily(f"marsad_last_{name}_timestamp_seconds", words, stamp)


def _labelled(name: str, words: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
