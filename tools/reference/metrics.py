"""What ``/metrics`` answers, asked of the page itself over an empty store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import cast

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from marsad.stores import open_store
from marsad.web.desk import Desk
from marsad.web.health import HealthPages
from tools.reference.tables import code, table

_HEAD = """\
# Metrics

`GET /metrics` of the page, in Prometheus' text format. Written by `make docs` from what it answers.
[Monitoring](../monitoring.md) connects Prometheus and Grafana; [Incidents](../incidents.md) says
what to do when an alert fires. Counts of articles, hits and stories may be half a minute old.

"""
_OF_THE_PROCESS = "process_"


def families() -> list[Metric]:
    """Return every metric of the page over an empty store."""
    return sorted(
        text_string_to_metric_families(_answer()),
        key=lambda f: (f.name.startswith(_OF_THE_PROCESS), f.name),
    )


def _answer() -> str:
    with TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'empty.db'}")
        try:
            desk = SimpleNamespace(
                store=store, clock=lambda: datetime.now(UTC), is_collecting=False
            )
            scope = {"type": "http", "method": "GET", "path": "/metrics", "headers": []}
            answer = HealthPages(cast(Desk, desk)).metrics(Request(scope))
            return bytes(answer.body).decode()
        finally:
            store.close()


def page() -> str:
    """Return the page."""
    rows = []
    for family in families():
        labels = sorted({label for sample in family.samples for label in sample.labels})
        values = {
            label: [code(s.labels[label]) for s in family.samples if label in s.labels]
            for label in labels
            if label == "state"
        }
        shown = "; ".join(
            f"{code(name)}: {', '.join(values[name])}" if name in values else code(name)
            for name in labels
        )
        name = family.samples[0].name
        rows.append([code(name), family.type, family.documentation, shown])
    return _HEAD + table(("metric", "kind", "meaning", "labels"), rows)
