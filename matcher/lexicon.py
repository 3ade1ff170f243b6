"""The lexicon: every phrase the matcher knows, and what it stands for.

Data is ``lexicon/*.yaml``. A file holds ``entities`` (things with an id: countries,
alliances, organisations, persons, equipment, exercises, places) or ``families`` (phrases
with one meaning: ``port_call``, ``negative_sport``). Rules refer to an entity as
``@id``, to a class of entities as ``@class`` and to a family as ``#family``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import nearest
from matcher.notation import NotationError, expand
from matcher.text import match_form, match_forms

if TYPE_CHECKING:
    from matcher.yamlnodes import Faults, Reader

LANGUAGES = ("fr", "ar", "en", "any")
_QAF, _FA = match_form("ق"), match_form("ف")
_SHORTEST_WITH_VEH = 5  # letters
KINDS = (
    "country",
    "alliance",
    "organisation",
    "person",
    "equipment",
    "exercise",
    "place",
    "outlet",
    "lookalike",  # holds the name of a country and is none: it hides the country inside it
)


class FormKind(IntEnum):
    """How a form stands for its concept; lower is surer."""

    NAME = 0  # counts alone
    ADJECTIVE = 1  # a demonym
    COMPOUND = 2  # the first half of algéro-américain
    METONYM = 3  # Washington: counts where it acts
    SURNAME = 4  # counts after the full name or beside a title
    WEAK = 5  # needs a second cue in the same sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One expanded phrase in match form. ``language`` is fr, ar, en or any."""

    data: bytes
    concept: str
    kind: FormKind
    language: str
    capitals: bool = False  # counts in capitals only
    is_prefix: bool = False  # a rule's wildcard: any ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A thing with an id."""

    id: str
    kind: str
    country: str | None = None
    classes: tuple[str, ...] = ()
    label: tuple[tuple[str, str], ...] = ()
    partners: tuple[str, ...] = ()  # what an exercise or dialogue implies
    activities: tuple[str, ...] = ()
    algeria: str = "unknown"  # role in an exercise

    @property
    def concept(self) -> str:
        """The name by which rules and evidence call it."""
        return f"@{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Every entity and family, and every form that stands for one."""

    entities: dict[str, Entity]
    families: dict[str, str]  # id -> one line about it
    cues: frozenset[str]  # families beside which a weak form counts
    forms: tuple[Form, ...]


_FORM_KEYS = {
    "phrases": (FormKind.NAME, False),
    "adjectives": (FormKind.ADJECTIVE, False),
    "compounds": (FormKind.COMPOUND, False),
    "metonyms": (FormKind.METONYM, False),
    "distinctive_surnames": (FormKind.NAME, False),
    "surnames": (FormKind.SURNAME, False),
    "weak": (FormKind.WEAK, False),
    "capitals": (FormKind.NAME, True),
    "weak_capitals": (FormKind.WEAK, True),
}
_ENTITY_KEYS = (
    "id",
    "kind",
    "country",
    "classes",
    "label",
    "roles",
    "partners",
    "activities",
    "algeria",
    "note",
    *_FORM_KEYS,
)
_FAMILY_KEYS = ("about", "note", "cue", "phrases", "capitals", "weak", "weak_capitals")


def load_lexicon(folder: Path) -> Lexicon:
    """Read every ``*.yaml`` of ``folder``. Raises ConfigError with all faults."""
    from matcher.yamlnodes import Faults, read  # noqa: PLC0415 - imports YAML: for loading only

    faults = Faults()
    builder = _Builder(faults)
    files = sorted(folder.glob("*.yaml"))
    if not files:
        faults.add(str(folder), None, "", "holds no lexicon file (*.yaml)")
    for path in files:
        reader = read(path, faults)
        if reader is not None:
            builder.file(reader)
    builder.resolve()
    faults.raise_if_any()
    return Lexicon(
        entities=builder.entities,
        families=builder.families,
        cues=frozenset(builder.cues),
        forms=tuple(builder.forms.values()),
    )


class _Builder:
    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.entities: dict[str, Entity] = {}
        self.families: dict[str, str] = {}
        self.cues: set[str] = set()
        self.forms: dict[tuple[bytes, str, str, bool], Form] = {}
        self._written: list[tuple[str, Reader, str, FormKind, str, bool]] = []

    def file(self, reader: Reader) -> None:
        keys = reader.mapping(("entities", "families"))
        if "entities" in keys:
            for item in keys["entities"].items():
                self.entity(item)
        if "families" in keys:
            for name, item in keys["families"].mapping().items():
                self.family(name, item)

    def entity(self, reader: Reader) -> None:
        keys = reader.mapping(_ENTITY_KEYS)
        ident = (keys["id"].text() if "id" in keys else None) or ""
        kind = (keys["kind"].text() if "kind" in keys else None) or ""
        if not ident:
            reader.fault("an entity needs an id")
            return
        if kind not in KINDS:
            reader.fault(f"kind {kind!r} is none of {', '.join(KINDS)}{nearest(kind, KINDS)}")
        if ident in self.entities:
            reader.fault(f"entity {ident!r} stands twice")
            return
        self.entities[ident] = _entity(ident, kind, keys)
        for key, (form_kind, capitals) in _FORM_KEYS.items():
            if key in keys:
                self.phrases(keys[key], f"@{ident}", form_kind, capitals)

    def family(self, name: str, reader: Reader) -> None:
        keys = reader.mapping(_FAMILY_KEYS)
        if name in self.families:
            reader.fault(f"family {name!r} stands twice")
            return
        self.families[name] = (keys["about"].text() if "about" in keys else "") or ""
        if "cue" in keys and keys["cue"].truth():
            self.cues.add(name)
        for key, (form_kind, capitals) in _FORM_KEYS.items():
            if key in keys:
                self.phrases(keys[key], f"#{name}", form_kind, capitals)

    def phrases(self, reader: Reader, concept: str, kind: FormKind, capitals: bool) -> None:
        if reader.is_list:
            self.forms_of(reader, concept, kind, "any", capitals)
            return
        for language, forms in reader.mapping(LANGUAGES).items():
            self.forms_of(forms, concept, kind, language, capitals)

    def forms_of(
        self, reader: Reader, concept: str, kind: FormKind, language: str, capitals: bool
    ) -> None:
        for item in reader.items():
            written = item.text()
            if written is None:
                continue
            try:
                variants = expand(written)
            except NotationError as error:
                item.fault(str(error))
                continue
            self._written += [(v, item, concept, kind, language, capitals) for v in variants]

    def resolve(self) -> None:
        """Normalise all forms in one pass: one by one costs thirty times as much."""
        folded = match_forms([written[0] for written in self._written])
        for data, (_, item, concept, kind, language, capitals) in zip(
            folded, self._written, strict=True
        ):
            if not data:
                item.fault("has a form without a letter")
                continue
            for spelling in self.spellings(data, concept):
                self.add(
                    Form(
                        data=spelling,
                        concept=concept,
                        kind=kind,
                        language=language,
                        capitals=capitals,
                    )
                )

    def spellings(self, data: bytes, concept: str) -> tuple[bytes, ...]:
        """A name with qaf for g may stand with veh, which is folded to fa: ڤايد صالح."""
        entity = self.entities.get(concept[1:])
        is_name = entity is not None and entity.kind in ("person", "place")
        if is_name and _QAF in data and len(data) >= _SHORTEST_WITH_VEH:
            return (data, data.replace(_QAF, _FA, 1))
        return (data,)

    def add(self, form: Form) -> None:
        """Keep the surest kind when a concept lists a form twice."""
        key = (form.data, form.concept, form.language, form.capitals)
        known = self.forms.get(key)
        if known is None or form.kind < known.kind:
            self.forms[key] = form


def _entity(ident: str, kind: str, keys: dict[str, Reader]) -> Entity:
    def texts(name: str) -> tuple[str, ...]:
        return keys[name].texts() if name in keys else ()

    country = keys["country"].text() if "country" in keys else None
    if country in ("null", "", "~"):
        country = None
    label = _first_phrases(keys)
    if "label" in keys:
        label |= {k: r.text() or "" for k, r in keys["label"].mapping(LANGUAGES).items()}
    return Entity(
        id=ident,
        kind=kind,
        country=country,
        classes=texts("classes"),
        label=tuple(label.items()),
        partners=texts("partners"),
        activities=texts("activities"),
        algeria=(keys["algeria"].text() if "algeria" in keys else None) or "unknown",
    )


def _first_phrases(keys: dict[str, Reader]) -> dict[str, str]:
    """Return what an entity is called where it has no label: its first phrase as it is written.

    Reads without complaint: what is wrong with phrases is said where they are compiled.
    """
    node = keys["phrases"].node if "phrases" in keys else None
    found: dict[str, str] = {}
    import yaml  # noqa: PLC0415 - for loading only

    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        first = value.value[0] if isinstance(value, yaml.SequenceNode) and value.value else None
        phrase = first.value if isinstance(first, yaml.ScalarNode) else "["
        if key.value in LANGUAGES and not set("[]|*") & set(phrase):
            found[key.value] = phrase
    return found
