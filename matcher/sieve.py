"""Most texts told from those that a rule may hold for, by a few of the patterns.

Each rule has sets of concepts of each of which a text must mention one (matcher/index.py). It
is enough to look for one set of each rule, the one that texts name least often: where none of
their patterns stands, no rule can hold. These patterns are some hundreds, where all are tens
of thousands, and their automaton stays in the processor's cache. Only texts in which it finds
one are scanned for everything, so that no answer changes.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

import daachorse

from matcher.bits import numbers_of
from matcher.concepts import HOME, Concepts
from matcher.scan import begins_word, form_pattern
from matcher.text import ARABIC_FIRST

_SHARE = 8  # a sieve has at most one of so many patterns, or it saves too little
_MOST = 1.0  # patterns found in an article on average, or too many articles pass
_ROUNDS = 3  # of choosing anew beside what the other rules have chosen


class Sieve:
    """Whether a text names what a rule cannot do without. Build once, use for years."""

    def __init__(self, patterns: Iterable[bytes]) -> None:
        # An automaton for each script: half as large, and most texts need but one.
        latin, arabic = _by_script(patterns)
        self._latin = daachorse.DoubleArrayAhoCorasick(latin) if latin else None
        self._arabic = daachorse.DoubleArrayAhoCorasick(arabic) if arabic else None
        self._arabic_patterns = arabic

    def lets_through(self, data: bytes) -> bool:
        """Whether a rule may hold for a text of which ``data`` is the match form."""
        if self._latin is not None and self._latin.find_overlapping(data):
            return True
        if self._arabic is None or data.isascii():
            return False
        patterns = self._arabic_patterns
        found = self._arabic.find_overlapping(data)
        return any(begins_word(data, start, patterns[number]) for start, _, number in found)


def _by_script(patterns: Iterable[bytes]) -> tuple[list[bytes], list[bytes]]:
    ordered = sorted(patterns)
    first = bisect_left(ordered, bytes((ARABIC_FIRST,)))
    return ordered[:first], ordered[first:]


def sieve_of(concepts: Concepts, needed: Sequence[Sequence[int]]) -> Sieve | None:
    """Return the sieve for rules that need a concept of each of their masks ``needed``.

    None where it would let most texts through or be nearly as large as the whole. That a text
    names Algeria tells nothing.
    """
    of_concept: dict[int, set[bytes]] = {n: set() for n in _concepts(needed)}
    for form in concepts.forms:
        patterns = of_concept.get(concepts.numbers[form.concept])
        if patterns is not None:
            patterns.add(form_pattern(form))
    costs = {number: _expected(patterns) for number, patterns in of_concept.items()}
    costs[concepts.numbers.get(f"@{HOME}", -1)] = _MOST
    chosen = _rarest(needed, costs)
    sought = set().union(*(of_concept[number] for number in chosen))
    is_small = 0 < len(sought) * _SHARE <= len(concepts.forms)
    return Sieve(sought) if is_small and sum(costs[n] for n in chosen) < _MOST else None


def _concepts(needed: Sequence[Sequence[int]]) -> set[int]:
    every = 0
    for mask in {mask for masks in needed for mask in masks}:
        every |= mask
    return set(numbers_of(every))


def _rarest(needed: Sequence[Sequence[int]], costs: Mapping[int, float]) -> set[int]:
    """Return concepts among which is one whole mask of each rule, cheap when taken together."""
    concepts = {mask: numbers_of(mask) for masks in needed for mask in masks}
    uses = dict.fromkeys(costs, 0)
    choices: dict[int, int] = {}
    for _ in range(_ROUNDS):
        for rule, masks in enumerate(needed):
            for number in concepts.get(choices.get(rule, 0), ()):
                uses[number] -= 1
            choices[rule] = min(
                masks,
                key=lambda mask: sum(costs[n] for n in concepts[mask] if not uses[n]),
                default=0,
            )
            for number in concepts.get(choices[rule], ()):
                uses[number] += 1
    return {number for number, count in uses.items() if count}


def _expected(patterns: Iterable[bytes]) -> float:
    """Return how many of ``patterns`` an article of the press holds, by their lengths alone.

    Of 74,000 names and phrases of the lexicon, those of 2 letters stand in 3 articles of 100,
    those of 4 in 3 of 1,000, of 8 in 7 of 10,000, of 16 in 15 of 100,000.
    """
    return sum(0.2 * math.pow(len(pattern.strip()), -2.5) for pattern in patterns)
