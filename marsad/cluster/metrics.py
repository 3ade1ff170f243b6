"""What one worker did and does, for Prometheus: ``marsad worker --metrics HOST:PORT``.

What stands in the store (sources, messages that wait) is told by ``marsad web``, once for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)

from domain.errors import UsageError, WebError

_LAGS = (0.5, 1, 2, 5, 10, 30, 60, 300, 1800)  # seconds
_MOST_PORT = 65_535


class WorkerMetrics:
    """The figures of one worker, counted whether anybody asks or not."""

    def __init__(self) -> None:
        self.registry = of = CollectorRegistry()
        ProcessCollector(registry=of)
        self.visits = Counter(
            "marsad_worker_visits",
            "Visits of sources that ended, by outcome.",
            ["outcome"],
            registry=of,
        )
        self.lag = Histogram(
            "marsad_worker_visit_lag_seconds",
            "From when a visit was due to when it began.",
            buckets=_LAGS,
            registry=of,
        )
        self.hosts = Gauge("marsad_worker_hosts", "Hosts that are being visited.", registry=of)
        self.lost = Counter(
            "marsad_worker_leases_lost", "Visits given up: another worker took over.", registry=of
        )
        self.taken_back = Counter(
            "marsad_worker_jobs_taken_back",
            "Jobs of dead workers ended here.",
            registry=of,
        )
        self.duties = Counter(
            "marsad_worker_duties", "Turns at a periodic duty taken here.", ["duty"], registry=of
        )
        self.chunks = Counter(
            "marsad_worker_rematch_chunks", "Chunks of a rematch taken up.", registry=of
        )
        self.articles = Gauge(
            "marsad_worker_articles", "Articles filed since it began.", registry=of
        )
        self.hits = Gauge("marsad_worker_hits", "Hits filed since it began.", registry=of)

    def follow(self, articles: Callable[[], float], hits: Callable[[], float]) -> None:
        """Take what was filed from whoever counts it."""
        self.articles.set_function(articles)
        self.hits.set_function(hits)


@contextmanager
def serving(metrics: WorkerMetrics, address: str | None) -> Iterator[None]:
    """Answer at ``address`` (HOST:PORT) with the figures; None: nobody asks.

    Raises UsageError for what is no address, WebError where it is not to be had.
    """
    if address is None:
        yield
        return
    host, port = _parts(address)
    try:
        server, thread = start_http_server(port, host, metrics.registry)
    except OSError as error:
        raise WebError(f"--metrics {address}: {error.strerror or error}") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _parts(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) <= _MOST_PORT:
        raise UsageError(f"--metrics {address}: expected HOST:PORT, as 127.0.0.1:9150")
    return host.strip("[]"), int(port)
