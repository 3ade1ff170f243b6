"""What the terms of a rule stand for, in so many words: for people who read a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from matcher.concepts import Concepts
from matcher.lexicon import Form
from matcher.query import Node, Term
from matcher.rules import Rule
from matcher.text import printed_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """One term of a rule: how many concepts it stands for, and every form that is sought.

    ``words`` are as matching sees them: small letters without accents, sorted.
    """

    term: str
    concepts: int
    languages: tuple[tuple[str, int], ...]  # fr, ar, en or any, and how many forms
    words: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many forms are sought."""
        return len(self.words)


def vocabulary(rule: Rule, concepts: Concepts) -> tuple[Vocabulary, ...]:
    """Return what each term of ``rule`` stands for, sorted by term."""
    forms: dict[str, list[Form]] = {}
    for form in concepts.forms:
        forms.setdefault(form.concept, []).append(form)
    terms = {term.name: term for node in _queries(rule) for term in _terms(node)}
    found = []
    for name, term in sorted(terms.items()):
        named = [concepts.names[n] for n in _bits(term.mask)]
        sought = [form for concept in named for form in forms.get(concept, ())]
        languages = Counter(form.language for form in sought)
        words = {printed_form(f.data) + ("*" if f.is_prefix else "") for f in sought}
        found.append(
            Vocabulary(
                term=name,
                concepts=len(named),
                languages=tuple(sorted(languages.items())),
                words=tuple(sorted(words)),
            )
        )
    return tuple(found)


def _queries(rule: Rule) -> Iterator[Node]:
    yield rule.require
    parts = [rule.scored, *rule.activities.values()]
    for part in [*parts, rule.partners] if rule.partners else parts:
        for clause in part.clauses:
            yield clause.when


def _terms(node: Node) -> Iterator[Term]:
    if isinstance(node, Term):
        yield node
    for part in node.parts():
        yield from _terms(part)


def _bits(mask: int) -> Iterable[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
