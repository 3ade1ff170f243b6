"""Alert rules and the dashboard: read as Prometheus would, about metrics that marsad has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from tools.reference.metrics import families

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "marsad.json").read_text("utf-8"))
SECTIONS = dict(
    re.findall(
        r"^## (\w+)\n(.*?)(?=^## |\Z)",
        (ROOT / "docs" / "incidents.md").read_text("utf-8"),
        re.DOTALL | re.MULTILINE,
    )
)
GIVEN = {"up": {"job", "instance"}}  # Prometheus' own
SCRAPED = {"job", "instance"}  # labels that Prometheus adds
ASKED = [(rule["alert"], rule["expr"]) for rule in RULES] + [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]
]


@pytest.fixture(scope="module")
def known() -> dict[str, dict[str, set[str]]]:
    """Each metric with its labels and their values."""
    found: dict[str, dict[str, set[str]]] = {}
    for family in families():
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


def selectors(expression: str) -> Iterator[Any]:
    found: list[Any] = []

    def visit(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    yield from found


@pytest.mark.parametrize(("name", "expression"), ASKED)
def test_an_expression_asks_for_what_is_there(known: Any, name: str, expression: str):
    asked = list(selectors(expression))
    assert asked
    for selector in asked:
        labels = {} if selector.name in GIVEN else known[selector.name]
        for matcher in selector.matchers.matchers:
            if matcher.name in SCRAPED:
                continue
            values = matcher.value.split("|")
            assert labels[matcher.name].issuperset(values), (selector.name, values)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r["alert"])
def test_an_alert_says_what_to_do(rule: dict[str, Any]):
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Marsad[A-Z]\w+", rule["alert"])
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook"] == f"docs/incidents.md#{rule['alert'].lower()}"
    if "for" in rule:
        promql_parser.parse_duration(rule["for"])
    for part in ("**Means.**", "**Look.**", "**Do.**"):
        assert part in SECTIONS[rule["alert"]]


def test_no_section_is_left_of_an_alert_that_is_gone():
    assert list(SECTIONS) == [rule["alert"] for rule in RULES]


def test_rules_hold_where_promtool_is_at_hand():
    """Where it is not, the tests above stand alone; its own cases are in alerts.test.yaml."""
    cases = yaml.safe_load((PROMETHEUS / "alerts.test.yaml").read_text("utf-8"))
    tried = {case["alertname"] for test in cases["tests"] for case in test["alert_rule_test"]}
    assert tried <= {rule["alert"] for rule in RULES}
    promtool = shutil.which("promtool")
    if promtool:
        command = [promtool, "test", "rules", "alerts.test.yaml"]
        done = subprocess.run(
            command, cwd=PROMETHEUS, capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 0, done.stdout


def test_the_dashboard_is_one_that_grafana_imports():
    assert {"title", "uid", "schemaVersion", "templating", "panels", "time"} <= set(DASHBOARD)
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    variables = {v["name"] for v in DASHBOARD["templating"]["list"]}
    for panel in panels:
        used = re.findall(r"\$\{?(\w+)", json.dumps([panel["datasource"], panel["targets"]]))
        assert set(used) <= variables
        assert panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)


def test_no_two_panels_lie_on_each_other():
    for one, two in combinations([p["gridPos"] for p in DASHBOARD["panels"]], 2):
        is_apart = (
            one["x"] + one["w"] <= two["x"]
            or two["x"] + two["w"] <= one["x"]
            or one["y"] + one["h"] <= two["y"]
            or two["y"] + two["h"] <= one["y"]
        )
        assert is_apart
    assert max(p["gridPos"]["x"] + p["gridPos"]["w"] for p in DASHBOARD["panels"]) <= 24


def test_prometheus_asks_where_the_page_is():
    config = yaml.safe_load((PROMETHEUS / "prometheus.yaml").read_text("utf-8"))
    (job,) = config["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["127.0.0.1:8040"]}]
    assert all((PROMETHEUS / name).is_file() for name in config["rule_files"])


def test_logs_are_rotated_as_logrotate_reads_it():
    logrotate = shutil.which("logrotate") or "/usr/sbin/logrotate"
    text = (ROOT / "deploy" / "logrotate" / "marsad").read_text("utf-8")
    assert text.count("{") == text.count("}") == 2
    if Path(logrotate).exists():
        command = [logrotate, "--debug", str(ROOT / "deploy" / "logrotate" / "marsad")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert "error:" not in done.stderr, done.stderr
