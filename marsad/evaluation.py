"""How good a rule is: as it ships, cross-validated by story, and on what was kept aside.

Weights that were learnt on the documents they are measured on flatter themselves. So each
document is judged once more by weights learnt without its story, and the three tenths of the
stories that rule writers never read are reported apart.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.match import Verdict
from marsad.scoring import Count, Scores

if TYPE_CHECKING:
    from matcher.judge import Explanation, Matcher
    from matcher.learn import Example, Labelled

RESAMPLES = 1000
SHOWN = 4  # clauses that a miss names
SEED = 20231204


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledItem:
    """A labelled document and the file it came from. ``item`` is the line's object."""

    item: dict[str, Any]
    labelled: Labelled
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What an evaluation says. The learnt parts are None where nothing could be learnt."""

    as_shipped: Scores
    cross_validated: Scores | None = None
    kept_aside: Scores | None = None
    f1_interval: Mapping[str, tuple[float, float]] | None = None  # 95 %, by group

    def as_json(self) -> dict[str, Any]:
        """Return the evaluation in its public form: as shipped at the top, the rest beside."""
        answer = self.as_shipped.as_json()
        for name in ("cross_validated", "kept_aside"):
            scores: Scores | None = getattr(self, name)
            answer[name] = None if scores is None else scores.as_json()
        intervals = self.f1_interval or {}
        answer["f1_interval"] = {k: [round(v, 4) for v in pair] for k, pair in intervals.items()}
        return answer


def labelled_item(item: dict[str, Any], document: Any, file: str) -> LabelledItem:
    """Return a checked line of a corpus as a labelled document.

    A document without ``story`` is a story of its own.
    """
    from matcher.learn import Labelled  # noqa: PLC0415 - numpy, only where it is needed

    partners, activities = (
        None if item.get(name) is None else frozenset(item[name])
        for name in ("partners", "activities")
    )
    labelled = Labelled(
        document=document,
        is_match=bool(item["label"]),
        story=str(item.get("story") or item.get("id") or f"{document.title}\n{document.text}"),
        is_borderline=bool(item.get("borderline")),
        partners=partners,
        activities=activities,
    )
    return LabelledItem(item=item, labelled=labelled, file=file)


def evaluate(
    matcher: Matcher, items: Sequence[LabelledItem], *, rule: str | None, is_learning: bool
) -> Evaluation:
    """Measure ``matcher`` on ``items``.

    ``rule``: count this rule's matches only, and learn its weights; None: any rule's count,
    and the first rule's weights are learnt. ``is_learning``: cross-validate too.
    """
    shipped = Scores()
    for each in items:
        verdict = _of_rule(matcher.judge(each.labelled.document), rule)
        shipped.add(each.item, verdict, each.file)
    explain_misses(matcher, items, shipped)
    if not is_learning or not _is_learnable(items):
        return Evaluation(as_shipped=shipped)
    chosen = next(r for r in matcher.rules if rule is None or r.id == rule)
    return _learnt(matcher.with_rules([chosen]), items, shipped)


def _is_learnable(items: Sequence[LabelledItem]) -> bool:
    from matcher.learn import FEWEST  # noqa: PLC0415

    right = {i.labelled.story for i in items if i.labelled.is_match}
    wrong = {i.labelled.story for i in items if not i.labelled.is_match}
    return min(len(right), len(wrong)) >= FEWEST


def _learnt(matcher: Matcher, items: Sequence[LabelledItem], shipped: Scores) -> Evaluation:
    from matcher.learn import FOLDS, fold_of, is_kept_aside  # noqa: PLC0415

    folds = [fold_of(i.labelled.story) for i in items]
    crossed: dict[int, Verdict] = {}
    for fold in range(FOLDS):
        train = [i for i, f in zip(items, folds, strict=True) if f != fold]
        judge = _taught(matcher, train)
        for number, f in enumerate(folds):
            if f == fold:
                crossed[number] = judge.judge(items[number].labelled.document)
    aside = [i for i in items if is_kept_aside(i.labelled.story)]
    developed = [i for i in items if not is_kept_aside(i.labelled.story)]
    judge = _taught(matcher, developed)
    unseen = [judge.judge(i.labelled.document) for i in aside]
    verdicts = [crossed[n] for n in range(len(items))]
    return Evaluation(
        as_shipped=shipped,
        cross_validated=_counted(items, verdicts),
        kept_aside=_counted(aside, unseen) if aside else None,
        f1_interval=intervals(items, verdicts),
    )


def _taught(matcher: Matcher, items: Sequence[LabelledItem]) -> Matcher:
    from matcher.learn import examples, relearn  # noqa: PLC0415

    rule = matcher.rules[0]
    found: dict[str, list[Example]] = examples(matcher, rule, [i.labelled for i in items])
    return matcher.with_rules([relearn(rule, found)])


def _counted(items: Sequence[LabelledItem], verdicts: Sequence[Verdict]) -> Scores:
    scores = Scores()
    for each, verdict in zip(items, verdicts, strict=True):
        scores.add(each.item, verdict, each.file)
    return scores


def _of_rule(verdict: Verdict, rule: str | None) -> Verdict:
    if rule is None:
        return verdict
    matches = tuple(m for m in verdict.matches if m.rule == rule)
    return Verdict(id=verdict.id, language=verdict.language, matches=matches)


def intervals(
    items: Sequence[LabelledItem], verdicts: Sequence[Verdict], times: int = RESAMPLES
) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of F1, by group, when stories are drawn again with replacement."""
    drawn = random.Random(SEED)  # noqa: S311 - statistics, no secret
    found: dict[str, list[float]] = defaultdict(list)
    by_story: dict[str, list[tuple[str, bool, bool, bool]]] = defaultdict(list)
    for each, verdict in zip(items, verdicts, strict=True):
        labelled = each.labelled
        language = str(each.item.get("language") or verdict.language)
        answer = (language, labelled.is_match, verdict.is_match, labelled.is_borderline)
        by_story[labelled.story].append(answer)
    stories = sorted(by_story)
    for _ in range(times):
        sample = (a for s in drawn.choices(stories, k=len(stories)) for a in by_story[s])
        for group, value in _f1_of(sample).items():
            found[group].append(value)
    return {group: _middle(values) for group, values in sorted(found.items())}


def _f1_of(answers: Iterable[tuple[str, bool, bool, bool]]) -> dict[str, float]:
    counts: dict[str, Count] = defaultdict(Count)
    for language, label, said, is_borderline in answers:
        groups = ["all"] if is_borderline else ["all", "clear", f"clear/{language}"]
        for group in groups:
            counts[group].add(label=label, said=said)
    return {group: count.f1 for group, count in counts.items() if count.f1 is not None}


def _middle(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    last = len(ordered) - 1
    return ordered[round(0.025 * last)], ordered[round(0.975 * last)]


def explain_misses(matcher: Matcher, items: Sequence[LabelledItem], scores: Scores) -> None:
    """Add to each miss why the rules decided so: the clauses that moved the score most."""
    from matcher.learn import is_kept_aside  # noqa: PLC0415

    by_id = {(i.item.get("id"), i.file): i.labelled for i in items}
    for miss in scores.misses:
        labelled = by_id[miss["id"], miss["file"]]
        miss["kept_aside"] = is_kept_aside(labelled.story)
        miss.update(because(matcher.explain(labelled.document)))


def because(explanation: Explanation) -> dict[str, Any]:
    """Return the score of the rule that came closest and what moved it most."""
    closest = max(explanation.rules, key=lambda r: (r.is_required, r.score), default=None)
    if closest is None:
        return {"because": []}
    if not closest.is_required:
        return {"because": [f"{closest.rule.id}: what it requires is not there"]}
    moved = sorted(closest.held, key=lambda c: -abs(c.weight))[:SHOWN]
    return {
        "score": round(closest.score, 4),
        "because": [f"{clause.weight:+.2f} {clause.name}" for clause in moved]
        or [f"{closest.rule.id}: no clause holds"],
    }
