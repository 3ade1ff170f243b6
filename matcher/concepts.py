"""Concepts numbered: entities, families and the phrases of rules, each one bit of a mask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from domain.errors import nearest
from matcher.lexicon import Entity, Form, FormKind, Lexicon
from matcher.phrases import bare, variants
from matcher.text import ARABIC_FIRST, match_forms

HOME = "DZ"


class Concepts:
    """Gives every concept a number and every name in a query a mask.

    Classes are kinds (``@person``), classes of the lexicon (``@armed_force``), each also
    split by side (``@dz_person``, ``@foreign_person``), ``@dz`` (Algeria, its bodies and
    people) and ``@foreign`` (other countries and alliances).
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.names: list[str] = [e.concept for e in lexicon.entities.values()]
        self.names += [f"#{family}" for family in lexicon.families]
        self.numbers = {name: i for i, name in enumerate(self.names)}
        self.entities: dict[int, Entity] = {
            self.numbers[e.concept]: e for e in lexicon.entities.values()
        }
        self.forms: list[Form] = list(lexicon.forms)
        self._classes = self._class_masks()
        self._sides: dict[tuple[str, str], int] = {}  # (country, kind) -> mask
        for number, entity in self.entities.items():
            if entity.country is not None:
                side = (entity.country, entity.kind)
                self._sides[side] = self._sides.get(side, 0) | 1 << number

    def _class_masks(self) -> dict[str, int]:
        masks: dict[str, int] = {}
        for number, entity in self.entities.items():
            bit = 1 << number
            for name in _classes_of(entity):
                masks[name] = masks.get(name, 0) | bit
        return masks

    def add_phrases(self, phrases: Iterable[str]) -> None:
        """Number the phrases that rules seek, so that the automaton seeks them too.

        Each is one of ``phrases.pieces``: a wildcard at most at its end.
        """
        for phrase in phrases:
            name = _phrase_name(phrase)
            if name in self.numbers:
                continue
            self.numbers[name] = len(self.names)
            self.names.append(name)
            spellings, is_prefix = variants(bare(phrase))
            for data in dict.fromkeys(match_forms(spellings)):
                self.forms.append(
                    Form(
                        data=data,
                        concept=name,
                        kind=FormKind.NAME,
                        language="any",
                        is_prefix=is_prefix,
                    )
                )

    def mask(self, term: str) -> int:
        """Return the mask of ``@entity``, ``@class``, ``#family`` or a phrase.

        Raises ValueError with the nearest known name.
        """
        if term[0] == "#":
            if term in self.numbers:
                return 1 << self.numbers[term]
            families = [n for n in self.names if n[0] == "#"]
            raise ValueError(f"unknown family {term}{nearest(term, families)}")
        if term[0] == "@":
            mask = self._classes.get(term[1:], 0)
            if term in self.numbers:
                mask |= 1 << self.numbers[term]
            if not mask:
                known = [n for n in self.names if n[0] == "@"] + [f"@{c}" for c in self._classes]
                raise ValueError(f"unknown entity or class {term}{nearest(term, known)}")
            return mask
        return 1 << self.numbers[_phrase_name(term)]

    def arabic_names(self) -> Iterator[bytes]:
        """Return the match forms of the names of states and capitals in Arabic letters."""
        states = {e.concept for e in self.entities.values() if e.kind == "country"}
        for form in self.forms:
            is_name = form.kind in (FormKind.NAME, FormKind.METONYM)
            if is_name and form.concept in states and form.data[0] >= ARABIC_FIRST:
                yield form.data

    def class_mask(self, name: str) -> int:
        """Return the mask of a class, empty when the lexicon has none of it."""
        return self._classes.get(name, 0)

    def family_mask(self, family: str) -> int:
        """Return the mask of a family, empty when the lexicon has none of that name."""
        number = self.numbers.get(f"#{family}")
        return 0 if number is None else 1 << number

    def cue_mask(self) -> int:
        """Return the mask of the families beside which an unsure form counts."""
        mask = 0
        for family in self.lexicon.cues:
            mask |= 1 << self.numbers[f"#{family}"]
        return mask

    def side_mask(self, country: str, kinds: Sequence[str]) -> int:
        """Return the mask of entities of ``kinds`` that belong to ``country``."""
        mask = 0
        for kind in kinds:
            mask |= self._sides.get((country, kind), 0)
        return mask


def _phrase_name(phrase: str) -> str:
    return f'"{bare(phrase)}"'


def _classes_of(entity: Entity) -> list[str]:
    kinds = [entity.kind, *entity.classes]
    side = _side_of(entity)
    names = [*kinds, *(f"{side}_{k}" for k in kinds if side)]
    # A news agency tells; it is no side of what it tells.
    tells = "media" in entity.classes
    if side == "dz" and entity.kind in ("country", "organisation", "person") and not tells:
        names.append("dz")
    if side == "foreign" and entity.kind in ("country", "alliance"):
        names.append("foreign")
    return names


# Bodies that stand beside no state: naming one says nothing of who acts with whom.
_SIDELESS = frozenset(("treaty", "treaty_body", "sport", "humanitarian", "armed_group"))


def _side_of(entity: Entity) -> str:
    """Return ``dz``, ``foreign``, or nothing for a treaty or a relief agency of no country."""
    if HOME in (entity.country, entity.id):
        return "dz"
    if not entity.country and _SIDELESS.intersection(entity.classes):
        return ""
    return "foreign"
