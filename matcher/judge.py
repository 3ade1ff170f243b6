"""The judge: a document in, a verdict out. One object, built once and used for years."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.article import Document
from domain.errors import ConfigError, Fault, nearest
from domain.match import Match, Verdict
from matcher.concepts import Concepts
from matcher.facts import Facts
from matcher.language import identify
from matcher.lexicon import Lexicon, load_lexicon
from matcher.reading import Reading, Window
from matcher.resolve import Resolver
from matcher.rules import Clause, Rule, load_rules
from matcher.scan import Mention, Scanner
from matcher.text import normalise

_HERE = Path(__file__).parent
LEXICON = _HERE / "lexicon"
RULES = _HERE / "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReading:
    """How one rule took a document: what it required, which clauses held, the score."""

    rule: Rule
    is_required: bool  # what the rule requires is there
    held: tuple[Clause, ...]
    score: float

    @property
    def is_match(self) -> bool:
        """Whether the rule holds."""
        return self.is_required and self.score >= self.rule.scored.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A verdict with everything that led to it."""

    verdict: Verdict
    reading: Reading
    rules: tuple[RuleReading, ...]
    partners: dict[str, dict[str, list[Clause]]]  # by rule
    activities: dict[str, dict[str, list[Clause]]]


def rule_path(name: str | Path) -> Path:
    """Return the file of a rule pack: a path, or the id of a bundled pack.

    Raises ConfigError naming the nearest bundled pack when there is neither.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return path
    bundled = {p.stem.replace("_", "-"): p for p in RULES.glob("*.yaml")}
    found = bundled.get(str(name).replace("_", "-"))
    if found is not None:
        return found
    message = f"no rule file or bundled rule pack{nearest(str(name), bundled)}"
    fault = Fault(file=str(name), line=None, column=None, path="", message=message)
    raise ConfigError([fault])


class Matcher:
    """Judges documents by rules. Thread-safe after it is built: judging changes nothing."""

    def __init__(self, concepts: Concepts, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.concepts = concepts
        self._scanner = Scanner(concepts.forms, concepts.names)
        self._resolver = Resolver(concepts)
        self._facts = Facts(concepts)
        self._required = [rule.require.required() or 0 for rule in self.rules]
        self._any_required = 0
        for mask in self._required:
            self._any_required |= mask

    @classmethod
    def load(cls, rules: Sequence[str | Path], lexicon: Lexicon | None = None) -> Matcher:
        """Build from rule files or ids of bundled packs. Raises ConfigError with all faults."""
        concepts = Concepts(lexicon or load_lexicon(LEXICON))

        def resolver(terms: Sequence[str]):  # type: ignore[no-untyped-def]
            concepts.add_phrases(terms)
            return concepts.mask

        compiled = load_rules([rule_path(name) for name in rules], resolver)
        return cls(concepts, compiled)

    def read(self, document: Document) -> Reading:
        """Scan a document: every mention that counts."""
        language = document.language or identify(document.text, document.title)
        reading = Reading(document, language, normalise(Reading.join(document)))
        found = self._scanner.scan(reading.text, language)
        reading.mentions = self._resolver.resolve(reading, found)
        return reading

    def judge(self, document: Document) -> Verdict:
        """Return the verdict of ``document``. Never raises for what a document holds."""
        reading = self.read(document)
        matches = [
            self._match(reading, taken) for taken in self._candidates(reading) if taken.is_match
        ]
        return Verdict(id=document.id, language=reading.language, matches=tuple(matches))

    def explain(self, document: Document) -> Explanation:
        """Judge and keep the whole account, for rules that hold and rules that do not."""
        reading = self.read(document)
        taken = tuple(
            self._take(rule, reading, is_required=rule.require.holds(reading.whole))
            for rule in self.rules
        )
        verdict = Verdict(
            id=document.id,
            language=reading.language,
            matches=tuple(self._match(reading, t) for t in taken if t.is_match),
        )
        return Explanation(
            verdict=verdict,
            reading=reading,
            rules=taken,
            partners={t.rule.id: self._facts.partners(reading, t.rule) for t in taken},
            activities={t.rule.id: self._facts.activities(reading, t.rule) for t in taken},
        )

    def _candidates(self, reading: Reading) -> Iterable[RuleReading]:
        """Ask only those rules of which a required term is there."""
        mask = reading.whole.mask
        if not mask & self._any_required:
            return
        for rule, required in zip(self.rules, self._required, strict=True):
            if mask & required and rule.require.holds(reading.whole):
                yield self._take(rule, reading, is_required=True)

    def _take(self, rule: Rule, reading: Reading, *, is_required: bool) -> RuleReading:
        held = tuple(rule.scored.held(reading.whole))
        return RuleReading(
            rule=rule,
            is_required=is_required,
            held=held,
            score=rule.scored.score(held),
        )

    def _match(self, reading: Reading, taken: RuleReading) -> Match:
        rule, facts = taken.rule, self._facts
        partners = facts.partners(reading, rule)
        activities = facts.activities(reading, rule)
        proving = self._proof(reading.whole, taken, activities)
        numbers = {reading.sentence_at(reading.text.start(m.start)) for m in proving}
        return Match(
            rule=rule.id,
            score=round(taken.score, 4),
            threshold=rule.scored.threshold,
            partners=tuple(sorted(partners)),
            activities=tuple(activities),
            persons=tuple(facts.persons(reading)),
            organisations=tuple(facts.named(reading, "organisation", numbers)),
            equipment=tuple(facts.named(reading, "equipment", numbers)),
            places=tuple(facts.places(reading, numbers)),
            dates=facts.dates(reading, proving),
            evidence=facts.evidence(reading, proving),
        )

    @staticmethod
    def _proof(
        window: Window,
        taken: RuleReading,
        activities: dict[str, list[Clause]],
    ) -> list[Mention]:
        """The mentions behind what is required and everything that counted for it."""
        proving = taken.rule.require.witnesses(window) if not taken.held else []
        groups = [taken.held, *activities.values()]
        for clause in (c for group in groups for c in group if c.weight > 0):
            proving += clause.when.witnesses(window)
        if not proving:
            proving = taken.rule.require.witnesses(window)
        return proving
