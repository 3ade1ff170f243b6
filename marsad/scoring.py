"""Precision, recall and F1 of verdicts against labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from domain.match import Verdict


@dataclass(slots=True)
class Count:
    """True and false positives, false negatives, true negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def add(self, *, label: bool, said: bool) -> None:
        """Count one answer."""
        name = ("t" if label == said else "f") + ("p" if said else "n")
        setattr(self, name, getattr(self, name) + 1)

    def add_sets(self, wanted: set[str], found: set[str]) -> None:
        """Count a set of values against another."""
        self.tp += len(wanted & found)
        self.fp += len(found - wanted)
        self.fn += len(wanted - found)

    @property
    def precision(self) -> float | None:
        """Share of what was said that is right; None when nothing was said."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        """Share of what is right that was said; None when nothing is."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two; None when there was nothing to find or say."""
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else None

    def as_json(self) -> dict[str, Any]:
        """Return counts and measures, rounded to four places."""
        measures = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        rounded = {k: None if v is None else round(v, 4) for k, v in measures.items()}
        counts = {"tp": self.tp, "fp": self.fp, "fn": self.fn, "tn": self.tn}
        return {**rounded, **counts}


@dataclass(slots=True)
class Scores:
    """Everything that an evaluation says."""

    detection: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    facets: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    misses: list[dict[str, Any]] = field(default_factory=list)

    def add(self, item: dict[str, Any], verdict: Verdict, file: str) -> None:
        """Count one labelled document. Groups: clear and all items, by language and file."""
        label, said = bool(item["label"]), verdict.is_match
        is_borderline = bool(item.get("borderline"))
        language = str(item.get("language") or verdict.language)
        groups = ["all", f"all/{language}", f"all/file {file}", f"all/file {file}/{language}"]
        if is_borderline:
            groups.append("borderline")
        else:
            groups += [g.replace("all", "clear", 1) for g in groups]
        for group in groups:
            self.detection[group].add(label=label, said=said)
        if label != said:
            self.misses.append(
                {
                    "id": item.get("id"),
                    "file": file,
                    "language": language,
                    "label": int(label),
                    "borderline": is_borderline,
                    "score": max((m.score for m in verdict.matches), default=None),
                    "title": item.get("title") or str(item["text"])[:80],
                }
            )
        if label and said:
            self._add_facets(item, verdict, language)

    def _add_facets(self, item: dict[str, Any], verdict: Verdict, language: str) -> None:
        """Facets are measured on positives that were found: the rest is detection's fault."""
        for name in ("partners", "activities", "persons"):
            if isinstance(item.get(name), list):
                found = {v for m in verdict.matches for v in getattr(m, name)}
                for key in (name, f"{name}/{language}"):
                    self.facets[key].add_sets(set(item[name]), found)
        if isinstance(item.get("dates"), list):
            wanted = {f"{d['from']}..{d['to']}" for d in item["dates"]}
            days = {f"{d.first}..{d.last}" for m in verdict.matches for d in m.dates}
            self.facets["dates"].add_sets(wanted, days)

    def as_json(self) -> dict[str, Any]:
        """Return the evaluation in its public form."""
        return {
            "detection": {k: c.as_json() for k, c in sorted(self.detection.items())},
            "facets": {k: c.as_json() for k, c in sorted(self.facets.items())},
            "misses": self.misses,
        }


def wrong_labels(item: dict[str, Any]) -> str:
    """Say what of a document's labels cannot be counted; nothing when all can."""
    if item.get("label") not in (0, 1):
        return "label must be 0 or 1"
    for name in ("partners", "activities", "persons"):
        values = item.get(name)
        if values is not None and not _is_list_of(values, str):
            return f"{name} must be a list of strings"
    days = item.get("dates")
    if days is None:
        return ""
    is_whole = _is_list_of(days, dict) and all({"from", "to"} <= set(day) for day in days)
    return "" if is_whole else 'dates must be a list of {"from": ..., "to": ...}'


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(v, kind) for v in value)


def rows(counts: dict[str, Count]) -> Iterable[tuple[str, str, str, str, int, int, int]]:
    """Return table rows: group, precision, recall, F1, tp, fp, fn."""
    for name, count in sorted(counts.items()):
        measures = (count.precision, count.recall, count.f1)
        shown = ["–" if m is None else f"{m:.3f}" for m in measures]
        yield (name, shown[0], shown[1], shown[2], count.tp, count.fp, count.fn)
