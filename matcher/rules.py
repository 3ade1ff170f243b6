"""Rules: what is looked for, what counts for and against it, and the facts it yields.

A rule file is YAML; docs/rules.md teaches it. Everything is checked at load: a rule that
could match everything, a cycle of definitions, an unknown name are refused with
their place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from domain.errors import nearest
from domain.match import ACTIVITIES
from matcher import query
from matcher.query import Node, Nothing, QueryError
from matcher.reading import Window
from matcher.yamlnodes import Faults, Reader, read

Resolver = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One thing that counts for (weight > 0) or against (weight < 0)."""

    name: str
    when: Node
    weight: float
    why: str = ""
    fixed: bool = False  # settled by the author: learning leaves the weight alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A logistic sum of clauses: score = 1 / (1 + exp(-(bias + sum of weights)))."""

    bias: float
    clauses: tuple[Clause, ...]
    threshold: float

    def held(self, window: Window) -> list[Clause]:
        """Return the clauses that hold in ``window``; one of weight nought is not asked."""
        return [c for c in self.clauses if c.weight and c.when.holds(window)]

    def score(self, held: Sequence[Clause]) -> float:
        """Return the score, 0..1, of the clauses that hold."""
        total = self.bias + sum(c.weight for c in held)
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A text that the rule must match, or must not."""

    text: str
    matches: bool
    title: str = ""
    language: str | None = None
    partners: tuple[str, ...] | None = None
    activities: tuple[str, ...] | None = None
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A compiled rule."""

    id: str
    title: str
    about: str
    file: str
    require: Node
    scored: Scored
    partners: Scored | None
    activities: Mapping[str, Scored]
    examples: tuple[Example, ...]
    definitions: Mapping[str, str]


_RULE_KEYS = (
    "id title about require bias threshold clauses define partners activities examples".split(" ")
)
_SCORED_KEYS = ("bias", "threshold", "clauses")
_CLAUSE_KEYS = ("name", "when", "weight", "why", "fixed")


def load_rules(
    paths: Sequence[Path], resolver: Callable[[Sequence[str]], Resolver]
) -> tuple[Rule, ...]:
    """Read rule files. Raises ConfigError with all faults.

    ``resolver`` is given every term of every query, so that phrases written in rules join
    the automaton, and returns what gives the mask of one.
    """
    faults = Faults()
    drafts: list[_Draft] = []
    for path in paths:
        reader = read(path, faults)
        if reader is not None:
            drafts.append(_Draft(reader))
    terms = [term for draft in drafts for term in draft.terms()]
    faults.raise_if_any()
    resolve = resolver(terms)
    rules: list[Rule] = []
    for draft in drafts:
        rule = draft.compile(resolve)
        if rule is None:
            continue
        if any(rule.id == other.id for other in rules):
            draft.reader.fault(f"rule {rule.id!r} stands twice")
        rules.append(rule)
    faults.raise_if_any()
    return tuple(rules)


class _Draft:
    """A rule file on its way to a rule."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.keys = reader.mapping(_RULE_KEYS)
        self._named: dict[str, Node] = {}  # definitions that were parsed
        self.definitions: dict[str, Reader] = (
            self.keys["define"].mapping() if "define" in self.keys else {}
        )

    def terms(self) -> list[str]:
        """Every term of every query; faults of syntax are recorded on the way."""
        found: list[str] = []
        for reader in self._queries():
            text = reader.text()
            if text is None:
                continue
            try:
                found += [t for t, _, _ in query.terms(text) if not t.startswith("$")]
            except QueryError as error:
                _place(reader, error)
        return found

    def _queries(self) -> list[Reader]:
        queries = list(self.definitions.values())
        if "require" in self.keys:
            queries.append(self.keys["require"])
        scored = [self.keys]
        if "partners" in self.keys:
            scored.append(self.keys["partners"].mapping(_SCORED_KEYS))
        if "activities" in self.keys:
            for item in self.keys["activities"].mapping(ACTIVITIES).values():
                scored.append(item.mapping(_SCORED_KEYS))
        for keys in scored:
            if "clauses" in keys:
                for clause in keys["clauses"].items():
                    parts = clause.mapping(_CLAUSE_KEYS)
                    if "when" in parts:
                        queries.append(parts["when"])
        return queries

    def compile(self, resolve: Resolver) -> Rule | None:
        keys = self.keys
        for name in ("id", "require"):
            if name not in keys:
                self.reader.fault(f"a rule needs {name!r}")
                return None
        require = self._query(keys["require"], resolve) or Nothing()
        if require.required() is None:
            keys["require"].fault("holds on every document: require at least one term outside NOT")
        activities: dict[str, Scored] = {}
        if "activities" in keys:
            for name, item in keys["activities"].mapping(ACTIVITIES).items():
                activities[name] = self._scored(item.mapping(_SCORED_KEYS), resolve)
        partners = None
        if "partners" in keys:
            partners = self._scored(keys["partners"].mapping(_SCORED_KEYS), resolve)
        return Rule(
            id=keys["id"].text() or "",
            title=(keys["title"].text() if "title" in keys else "") or "",
            about=(keys["about"].text() if "about" in keys else "") or "",
            file=self.reader.file,
            require=require,
            scored=self._scored(keys, resolve),
            partners=partners,
            activities=activities,
            examples=self._examples(),
            definitions={n: r.text() or "" for n, r in self.definitions.items()},
        )

    def _scored(self, keys: Mapping[str, Reader], resolve: Resolver) -> Scored:
        clauses: list[Clause] = []
        if "clauses" in keys:
            for item in keys["clauses"].items():
                clause = self._clause(item, resolve)
                if clause is not None:
                    clauses.append(clause)
        bias = keys["bias"].number() if "bias" in keys else None
        threshold = keys["threshold"].number() if "threshold" in keys else None
        if threshold is not None and not 0 < threshold < 1:
            keys["threshold"].fault("must lie between 0 and 1")
        # Without clauses the requirement alone decides: a score of nearly one.
        return Scored(
            bias=(bias or 0.0) if clauses else 10.0,
            clauses=tuple(clauses),
            threshold=threshold if threshold is not None else 0.5,
        )

    def _clause(self, item: Reader, resolve: Resolver) -> Clause | None:
        parts = item.mapping(_CLAUSE_KEYS)
        for name in ("when", "weight"):
            if name not in parts:
                item.fault(f"a clause needs {name!r}")
                return None
        node = self._query(parts["when"], resolve)
        weight = parts["weight"].number()
        if node is None or weight is None:
            return None
        return Clause(
            name=(parts["name"].text() if "name" in parts else None) or str(node),
            when=node,
            weight=weight,
            why=(parts["why"].text() if "why" in parts else None) or "",
            fixed=bool("fixed" in parts and parts["fixed"].truth()),
        )

    def _query(self, reader: Reader, resolve: Resolver) -> Node | None:
        text = reader.text()
        if text is None:
            return None
        try:
            return self._parse(text, resolve, ())
        except QueryError as error:
            _place(reader, error)
            return None

    def _parse(self, text: str, resolve: Resolver, open_names: tuple[str, ...]) -> Node:
        def named(name: str) -> Node:
            if name in open_names:
                path = " -> ".join((*open_names, name))
                raise ValueError(f"definitions go in a circle: {path}")
            if name not in self.definitions:
                raise ValueError(f"unknown definition ${name}{nearest(name, self.definitions)}")
            if name not in self._named:
                inner = self.definitions[name].text() or ""
                self._named[name] = self._parse(inner, resolve, (*open_names, name))
            return self._named[name]

        return query.parse(text, resolve, named)

    def _examples(self) -> tuple[Example, ...]:
        if "examples" not in self.keys:
            return ()
        found: list[Example] = []
        for item in self.keys["examples"].items():
            keys = item.mapping(("text", "title", "language", "matches", "partners", "activities"))
            if "text" not in keys or "matches" not in keys:
                item.fault("an example needs 'text' and 'matches'")
                continue
            found.append(
                Example(
                    text=keys["text"].text() or "",
                    matches=bool(keys["matches"].truth()),
                    title=(keys["title"].text() if "title" in keys else None) or "",
                    language=keys["language"].text() if "language" in keys else None,
                    partners=keys["partners"].texts() if "partners" in keys else None,
                    activities=keys["activities"].texts() if "activities" in keys else None,
                    file=item.file,
                    line=item.node.start_mark.line + 1,
                )
            )
        return tuple(found)


def _place(reader: Reader, error: QueryError) -> None:
    """Record a query's fault at its place in the file, not at the start of the query."""
    mark = reader.node.start_mark
    style = getattr(reader.node, "style", None)
    if style in ("|", ">"):
        line = mark.line + 1 + error.line
        column = error.column + _indent(reader.file, line)
    elif error.line > 1:
        line, column = mark.line + error.line, error.column
    else:
        line = mark.line + 1
        column = mark.column + error.column + (1 if style in ("'", '"') else 0)
    reader.fault(str(error))
    fault = reader.faults.found.pop()
    reader.faults.found.append(replace(fault, line=line, column=column))


def _indent(file: str, line: int) -> int:
    """The white space before a line of a block, which YAML takes away."""
    text = Path(file).read_text(encoding="utf-8").splitlines()[line - 1]
    return len(text) - len(text.lstrip())


_WILDCARD = re.compile(r"\*")


def phrase_of(term: str) -> tuple[str, bool]:
    """Return a term's phrase without quotes, and whether it ends in a wildcard.

    Raises ValueError when the wildcard stands elsewhere or follows fewer than three letters.
    """
    phrase = term.strip('"')
    if not phrase.strip():
        raise ValueError("an empty phrase matches nothing")
    if "*" not in phrase:
        return phrase, False
    stem = phrase[:-1]
    if not phrase.endswith("*") or _WILDCARD.search(stem):
        raise ValueError(f"{phrase!r}: a wildcard stands at the end of a word only")
    if len(stem.split()[-1] if stem.split() else "") < 3:
        raise ValueError(f"{phrase!r}: a wildcard needs three letters before it")
    return stem, True
