"""The judge: a document in, a verdict out. One object, built once and used for years."""

from __future__ import annotations

import gc
import hashlib
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domain.article import Document
from domain.errors import ConfigError, Fault, nearest
from domain.match import Match, Verdict
from matcher.concepts import Concepts
from matcher.facts import Facts
from matcher.index import RuleIndex
from matcher.joined import JoinedWords
from matcher.language import name_language
from matcher.lexicon import Lexicon, load_lexicon
from matcher.packing import missing, unpacked
from matcher.reading import Reading, Window
from matcher.resolve import Resolver
from matcher.rules import Clause, Rule
from matcher.scan import MOST_HITS, Hit, Mention, Scanner
from matcher.sieve import sieve_of
from matcher.text import MatchText, normalise

_HERE = Path(__file__).parent
LEXICON = _HERE / "lexicon"
RULES = _HERE / "rules"
_FEW = 4  # so many times fewer forms are worth an automaton of their own
_PACKED = frozenset({"rules", "concepts", "facts", "_resolver"})


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


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector still: all that loading makes stays, and a third of its time
    would go into looking for what does not."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _versions(rules: Sequence[Rule]) -> dict[str, str]:
    """Return a digest for each rule: of its file, the bundled lexicon and the dates' words."""
    common = hashlib.sha256()
    for folder in (LEXICON, _HERE / "dates"):
        for path in sorted(folder.glob("*.yaml")):
            common.update(path.read_bytes())
    found = {}
    for rule in rules:
        digest = common.copy()
        digest.update(Path(rule.file).read_bytes())
        found[rule.id] = digest.hexdigest()[:12]
    return found


class Matcher:
    """Judges documents by rules. Thread-safe after it is built: judging changes nothing."""

    def __init__(
        self, concepts: Concepts, rules: Sequence[Rule], versions: Mapping[str, str] | None = None
    ) -> None:
        self.rules = tuple(rules)
        self.versions = dict(versions or {})  # by rule: changes with its file and the lexicon
        self.concepts = concepts
        self._scanner = Scanner(concepts.forms, concepts.names)
        self._resolver = Resolver(concepts)
        self._joined = JoinedWords(concepts.arabic_names())
        self.facts = Facts(concepts)
        self._ask(self.rules)
        self._sieve = sieve_of(concepts, self._index.needs)
        self._asked = self._asked_alone()

    def with_rules(self, rules: Sequence[Rule]) -> Matcher:
        """Return a matcher that asks other rules; they must come of this one's (weights apart)."""
        other = Matcher.__new__(Matcher)
        other.__dict__ |= self.unpacked().__dict__
        other.rules = tuple(rules)
        other._ask(rules)
        return other

    def _ask(self, rules: Sequence[Rule]) -> None:
        gates = [rule.scored.gate for rule in rules]
        more = [gate.indispensable() for gate in gates]
        # Where no single need tells that a threshold is out of reach, all of them may together.
        self._gates = {n: gate for n, gate in enumerate(gates) if not more[n]}
        self._index = RuleIndex([rule.require for rule in rules], more)

    def _asked_alone(self) -> Scanner:
        """Return what finds the concepts that rules ask for, where they are few: else all."""
        from matcher.bounds import concepts_of  # noqa: PLC0415 - what is compiled has them

        mask = 0
        for rule in self.rules:
            for node in (rule.require, *(clause.when for clause in rule.scored.clauses)):
                mask |= concepts_of(node)
        forms = [f for f in self.concepts.forms if mask >> self.concepts.numbers[f.concept] & 1]
        is_few = len(forms) * _FEW <= len(self.concepts.forms)
        return Scanner(forms, self.concepts.names) if is_few else self._scanner

    def __getstate__(self) -> dict[str, object]:
        """Pack what a text is asked for only where a rule may hold.

        The lexicon's forms are left out: the automaton holds them, judging asks no other.
        """
        concepts = copy(self.concepts)
        concepts.forms = []
        concepts.lexicon = replace(concepts.lexicon, forms=())
        facts = self.facts.with_concepts(concepts)
        later = {"rules": self.rules, "concepts": concepts, "facts": facts}
        packed = pickle.dumps(later | {"_resolver": self._resolver}, pickle.HIGHEST_PROTOCOL)
        now = {k: v for k, v in self.__dict__.items() if k not in _PACKED}
        return now | {"packed": packed}

    def __getattr__(self, name: str) -> Any:
        """Unpack when the first text needs it."""
        return unpacked(self).__dict__[name] if name in _PACKED else missing(name)

    def unpacked(self) -> Matcher:
        """Return this matcher whole, for a process that lasts or has children to share it."""
        unpacked(self._scanner)
        whole = unpacked(self)
        for rule in whole.rules:
            rule.prepare()
        return whole

    @classmethod
    def load(cls, rules: Sequence[str | Path], lexicon: Lexicon | None = None) -> Matcher:
        """Build from rule files or ids of bundled packs. Raises ConfigError with all faults."""
        from matcher.rulefile import load_rules  # noqa: PLC0415 - imports the parsers

        with _uncollected():
            concepts = Concepts(lexicon or load_lexicon(LEXICON))

            def resolver(terms: Sequence[str]):  # type: ignore[no-untyped-def]
                concepts.add_phrases(terms)
                return concepts.mask

            compiled = load_rules([rule_path(name) for name in rules], resolver)
            versions = _versions(compiled) if lexicon is None else None
            return cls(concepts, compiled, versions).unpacked()

    def read(self, document: Document) -> Reading:
        """Scan a document: every mention that counts."""
        reading = Reading(document, *self._folded(document))
        return self._resolved(reading, self._scanner.hits(reading.text))

    def judge(self, document: Document, form: MatchText | None = None) -> Verdict:
        """Return the verdict of ``document``. Never raises for what a document holds.

        ``form`` is what ``Reading.join`` makes of it, folded, where the caller has that.
        """
        language, text = self._folded(document, form)
        matches: tuple[Match, ...] = ()
        # Most texts end at the sieve, and most others at their hits: nothing was resolved, no
        # sentence was looked for.
        if self._sieve is None or self._sieve.lets_through(text.data):
            reading = Reading(document, language, text)
            hits = self._asked.hits(text)
            rules = self._within_reach(reading, hits)
            if rules:
                is_all = self._asked is self._scanner
                self._resolved(reading, hits if is_all else self._scanner.hits(text))
                matches = tuple(self._matches(reading, rules))
        return Verdict(id=document.id, language=language, matches=matches)

    def explain(self, document: Document) -> Explanation:
        """Judge and keep the whole account, for rules that hold and rules that do not."""
        reading = self.read(document)
        taken = tuple(
            self._taken(
                rule,
                rule.scored.held(reading.whole),
                is_required=rule.require.holds(reading.whole),
            )
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
            partners={t.rule.id: self.facts.partners(reading, t.rule) for t in taken},
            activities={t.rule.id: self.facts.activities(reading, t.rule) for t in taken},
        )

    def _folded(self, document: Document, form: MatchText | None = None) -> tuple[str, MatchText]:
        form = form or normalise(Reading.join(document))
        language = document.language or name_language(form, document.text, document.title)
        return language, self._joined.split(form) if language == "ar" else form

    def _resolved(self, reading: Reading, hits: Sequence[Hit]) -> Reading:
        reading.print_plainly()
        found = self._scanner.mentions(reading.text, reading.language, hits)
        reading.mentions = self._resolver.resolve(reading, found)
        if len(hits) >= MOST_HITS:
            reading.judged_to = reading.text.start(hits[-1][1] - 1)
        return reading

    def _within_reach(self, reading: Reading, hits: Sequence[Hit]) -> list[Rule]:
        """The rules that may hold by what is hit, then by what of it stands where words begin,
        then by where it stands, whichever of it counts."""
        scanner = self._asked
        # A sieve has told as much already.
        if self._sieve is None and not self._candidates(scanner.mask(hits)):
            return []
        hits = scanner.whole_words(reading.text.data, hits)
        rules = self._candidates(scanner.mask(hits))
        bounds = [rule.scored.bound for rule in rules]
        if None in bounds:
            return rules
        asked = 0
        for bound in bounds:
            asked |= bound.concepts if bound else 0
        hits = scanner.of_concepts(asked, hits)
        found = scanner.mentions(reading.text, reading.language, hits, as_printed=False)
        found.sort(key=lambda m: (m.start, -m.end))
        whole = Reading(reading.document, reading.language, reading.text, found).whole
        return [rule for rule in rules if rule.scored.may_reach(whole)]

    def _candidates(self, mask: int) -> list[Rule]:
        """The rules that a text with no other concepts than those of ``mask`` can match."""
        gates = self._gates
        found = self._index.candidates(mask)
        return [self.rules[n] for n in found if n not in gates or gates[n].can_reach(mask)]

    def _matches(self, reading: Reading, rules: Sequence[Rule]) -> Iterator[Match]:
        whole = reading.whole
        for rule in rules:
            held = rule.scored.reached(whole) if rule.require.holds(whole) else None
            if held is not None:
                taken = self._taken(rule, held, is_required=True)
                if taken.is_match:
                    yield self._match(reading, taken)

    @staticmethod
    def _taken(rule: Rule, held: Sequence[Clause], *, is_required: bool) -> RuleReading:
        return RuleReading(
            rule=rule,
            is_required=is_required,
            held=tuple(held),
            score=rule.scored.score(held),
        )

    def _match(self, reading: Reading, taken: RuleReading) -> Match:
        rule, facts = taken.rule, self.facts
        partners = facts.partners(reading, rule)
        activities = facts.activities(reading, rule)
        proving = self._proof(reading.whole, taken, activities)
        numbers = {reading.sentence_at(reading.text.start(m.start)) for m in proving}
        return Match(
            rule=rule.id,
            rule_version=self.versions.get(rule.id, ""),
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
        rule = taken.rule
        parts = [(rule.scored, taken.held)]
        parts += [(rule.activities[name], tuple(held)) for name, held in activities.items()]
        found = [m for part, held in parts for m in part.witnesses(window, held)]
        if not taken.held or not found:
            found += rule.require.witnesses(window)
        return list({id(m): m for m in found}.values())
