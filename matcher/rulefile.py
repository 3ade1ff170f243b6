"""Rule files: YAML to compiled rules, every mistake of every file told at once.

A rule that could match everything, a circle of definitions, a name that is not known, a
file too large to have been meant are refused here, with file, line, column and reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from domain.match import ACTIVITIES
from matcher.building import build
from matcher.checks import check_clause, check_reach, check_require
from matcher.definitions import Definitions
from matcher.examples import read_examples
from matcher.query import ACTOR, CANDIDATES, Node, Nothing
from matcher.rules import Clause, Rule, Scored
from matcher.syntax import Parsed, QueryError, at
from matcher.written import parse_at, phrases_at, record
from matcher.yamlnodes import Faults, Reader, read

Resolver = Callable[[str], int]

MOST_CLAUSES = 2_000
MOST_DEFINITIONS = 500
LARGEST_FILE = 2 * 1024 * 1024  # bytes

_ID = re.compile(r"[^\W_][\w.-]*\Z")
_RULE_KEYS = (
    "id title about require bias threshold clauses define partners activities examples".split(" ")
)
_SCORED_KEYS = ("bias", "threshold", "clauses")
_CLAUSE_KEYS = ("name", "when", "weight", "why", "fixed")
_NO_CLAUSES = 10.0  # bias of a rule whose requirement alone decides: a score of nearly one


def load_rules(
    paths: Sequence[Path], resolver: Callable[[Sequence[str]], Resolver]
) -> tuple[Rule, ...]:
    """Read rule files. Raises ConfigError with all faults.

    ``resolver`` is given every phrase of every query, so that phrases written in rules join
    the automaton, and returns what gives the mask of a term.
    """
    faults = Faults()
    readers = [read(path, faults, largest=LARGEST_FILE) for path in paths]
    drafts = [_Draft(reader) for reader in readers if reader is not None]
    resolve = resolver([phrase for draft in drafts for phrase in draft.phrases])
    rules = [rule for rule in (draft.compile(resolve) for draft in drafts) if rule is not None]
    _check_ids(drafts)
    order = {str(path): number for number, path in enumerate(paths)}
    faults.found.sort(key=lambda f: (order[f.file], f.line or 0, f.column or 0))
    faults.raise_if_any()
    return tuple(rules)


def _check_ids(drafts: Sequence[_Draft]) -> None:
    first: dict[str, str] = {}
    for draft in drafts:
        if draft.id in first:
            draft.keys["id"].fault(f"rule {draft.id!r} stands in {first[draft.id]} already")
        elif draft.id:
            first[draft.id] = draft.reader.file


class _Draft:
    """A rule file on its way to a rule."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.keys = reader.mapping(_RULE_KEYS)
        self.id = self._word("id") or ""
        if self.id and not _ID.match(self.id):
            self.keys["id"].fault(f"{self.id!r} is no id: letters, digits, - . and _")
        self.parts = self._scored_parts()
        self.clauses = {part: self._clauses(keys) for part, keys in self.parts.items()}
        self.definitions = Definitions(self._definition_readers())
        self.queries: dict[str, tuple[Reader, Parsed]] = {}  # by path: what can be read
        for query in self._query_readers():
            parsed = parse_at(query)
            if parsed is not None and self.definitions.is_sound(query, parsed):
                self.queries[query.path] = (query, parsed)
        self.phrases = self._phrases()

    def _word(self, name: str) -> str | None:
        if name not in self.keys:
            return None
        text = self.keys[name].text()
        if text is not None and not text.strip():
            self.keys[name].fault("is empty")
        return text

    def _definition_readers(self) -> dict[str, Reader]:
        readers = self.keys["define"].mapping() if "define" in self.keys else {}
        if len(readers) > MOST_DEFINITIONS:
            self.keys["define"].fault(f"has {len(readers)} names: at most {MOST_DEFINITIONS}")
            return {}
        return readers

    def _scored_parts(self) -> dict[str, Mapping[str, Reader]]:
        """The parts that have clauses, by their key path; '' is the rule itself."""
        parts: dict[str, Mapping[str, Reader]] = {"": self.keys}
        if "partners" in self.keys:
            parts["partners"] = self.keys["partners"].mapping(_SCORED_KEYS)
        if "activities" in self.keys:
            for name, item in self.keys["activities"].mapping(ACTIVITIES).items():
                parts[f"activities.{name}"] = item.mapping(_SCORED_KEYS)
        return parts

    def _clauses(self, keys: Mapping[str, Reader]) -> list[tuple[Reader, Mapping[str, Reader]]]:
        if "clauses" not in keys:
            return []
        items = list(keys["clauses"].items())
        if len(items) > MOST_CLAUSES:
            keys["clauses"].fault(f"has {len(items)} clauses: at most {MOST_CLAUSES}")
            return []
        return [(item, item.mapping(_CLAUSE_KEYS)) for item in items]

    def _query_readers(self) -> list[Reader]:
        required = [self.keys["require"]] if "require" in self.keys else []
        clauses = [c for part in self.clauses.values() for _, c in part]
        return required + [c["when"] for c in clauses if "when" in c]

    def _phrases(self) -> list[str]:
        defined = [
            (self.definitions.readers[name], parsed)
            for name, parsed in self.definitions.parsed.items()
        ]
        return [
            phrase
            for reader, parsed in [*defined, *self.queries.values()]
            for phrase in phrases_at(reader, parsed)
        ]

    def compile(self, resolve: Resolver) -> Rule | None:
        """Return the rule, or None when too little of it can be read; faults are recorded."""
        self._build_definitions(resolve)
        for name in ("id", "require"):
            if name not in self.keys:
                self.reader.fault(f"a rule needs {name!r}")
        scored = {name: self._scored(name, resolve) for name in self.parts}
        require: Node = Nothing()
        if "require" in self.keys:
            require = self._node(self.keys["require"], resolve) or require
            check_require(self.keys["require"], require)
        check_reach(self.reader, scored[""])
        return Rule(
            id=self.id,
            title=self._word("title") or "",
            about=self._word("about") or "",
            file=self.reader.file,
            require=require,
            scored=scored[""],
            partners=scored.get("partners"),
            activities={
                n: scored[f"activities.{n}"] for n in ACTIVITIES if f"activities.{n}" in scored
            },
            examples=read_examples(self.keys.get("examples"), resolve),
            definitions=self.definitions.built,
        )

    def _build_definitions(self, resolve: Resolver) -> None:
        """Record every unknown @name and #family, and build the definitions without one."""
        broken = [
            name
            for name, parsed in self.definitions.parsed.items()
            if _has_unknown(self.definitions.readers[name], parsed, resolve)
        ]
        self.definitions.build(resolve, broken)
        for path, (reader, parsed) in list(self.queries.items()):
            if _has_unknown(reader, parsed, resolve):
                del self.queries[path]

    def _node(self, reader: Reader, resolve: Resolver) -> Node | None:
        """Return a query's node; None when it, or what it names, was refused already."""
        if reader.path not in self.queries:
            return None
        _, parsed = self.queries[reader.path]
        built = self.definitions.built
        if any(str(token)[1:] not in built for token in parsed.definitions):
            return None
        try:
            return build(parsed, resolve, built.__getitem__)
        except QueryError:
            return None  # a phrase that cannot be sought

    def _scored(self, part: str, resolve: Resolver) -> Scored:
        keys = self.parts[part]
        clauses = [self._clause(item, parts, part, resolve) for item, parts in self.clauses[part]]
        kept = tuple(c for c in clauses if c is not None)
        bias = keys["bias"].number() if "bias" in keys else None
        threshold = keys["threshold"].number() if "threshold" in keys else None
        if threshold is not None and not 0 < threshold < 1:
            keys["threshold"].fault("must lie between 0 and 1")
        return Scored(
            bias=(bias or 0.0) if clauses else _NO_CLAUSES,
            clauses=kept,
            threshold=threshold if threshold is not None else 0.5,
        )

    def _clause(
        self, item: Reader, parts: Mapping[str, Reader], part: str, resolve: Resolver
    ) -> Clause | None:
        missing = [name for name in ("when", "weight") if name not in parts]
        for name in missing:
            item.fault(f"a clause needs {name!r}")
        if missing:
            return None
        node = self._node(parts["when"], resolve)
        weight = parts["weight"].number()
        if node is None or weight is None:
            return None
        check_clause(parts["when"], node, may_ask_candidate=part == "partners")
        return Clause(
            name=(parts["name"].text() if "name" in parts else None) or str(node),
            when=node,
            weight=weight,
            why=(parts["why"].text() if "why" in parts else None) or "",
            is_fixed=bool("fixed" in parts and parts["fixed"].truth()),
        )


def _has_unknown(reader: Reader, parsed: Parsed, resolve: Resolver) -> bool:
    has_unknown = False
    for token in parsed.terms:
        if token.type != "REFERENCE" or token in (*CANDIDATES, ACTOR):
            continue
        try:
            resolve(str(token))
        except ValueError as error:
            has_unknown = True
            record(reader, at(token, str(error)))
    return has_unknown
