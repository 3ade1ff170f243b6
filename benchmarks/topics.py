"""What the generated press is watched for: a lexicon of any size and rules of any number."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmarks.press import Phrase
from matcher.lexicon import Entity, Form, FormKind, Lexicon
from matcher.text import match_forms

FAMILY = 20  # phrases of one family
TOPICS = 100  # families that rules ask for: those of the smallest list, so that all lists have them
RARE = TOPICS // 2  # the first of them are subjects; the others acts, of any words
PARTNERS = 24  # phrases of the smallest list that name a foreign country each

_HOME = {"fr": "Algérie", "en": "Algeria", "ar": "الجزائر"}


def lexicon(phrases: Sequence[Phrase]) -> Lexicon:
    """Return a lexicon of ``phrases``: Algeria, a few partners, families of twenty."""
    home = Entity(id="DZ", kind="country")
    entities = {"DZ": home}
    families: dict[str, str] = {}
    named: list[tuple[str, str, str]] = [(home.concept, lang, w) for lang, w in _HOME.items()]
    for number, phrase in enumerate(phrases):
        if number < PARTNERS:
            entity = Entity(id=f"p{number}", kind="country")
            entities[entity.id] = entity
            named.append((entity.concept, "any", phrase.text))
            continue
        family = f"f{number // FAMILY}"
        families.setdefault(family, "")
        named.append((f"#{family}", "any", phrase.text))
    folded = match_forms([text for _, _, text in named])
    forms = [
        Form(data=data, concept=concept, kind=FormKind.NAME, language=language)
        for data, (concept, language, _) in zip(folded, named, strict=True)
    ]
    return Lexicon(entities=entities, families=families, cues=frozenset(), forms=tuple(forms))


def topics(number: int) -> list[str]:
    """Return the families that rule ``number`` is about: two topics, two acts, one against."""
    chance = random.Random(number)
    chosen = chance.sample(range(2, RARE), 2) + chance.sample(range(RARE, TOPICS), 3)
    return [f"#f{i}" for i in chosen]


def inner(number: int, phrases: Sequence[Phrase]) -> dict[str, list[str]]:
    """Return phrases that make an article an event of rule ``number``, by language."""
    topic, _, act, *_ = (int(name[2:]) for name in topics(number))
    partner = phrases[number % PARTNERS].text
    found: dict[str, list[str]] = {}
    for language, home in _HOME.items():
        told = [
            next((p.text for p in group if p.language == language), group[0].text)
            for group in (phrases[i * FAMILY : (i + 1) * FAMILY] for i in (topic, act))
        ]
        found[language] = [*told, partner, home]
    return found


def _rule(number: int) -> dict[str, object]:
    first, second, act, deed, against = topics(number)
    beside = f"SENTENCE({first} AND ({act} OR {deed}))"
    return {
        "id": f"topic-{number}",
        "define": {"topic": f"{first} OR {second}", "act": f"{act} OR {deed}"},
        "require": "$topic AND (@foreign OR $act)",
        "bias": -3,
        "threshold": 0.5,
        "clauses": [
            {"when": when, "weight": weight}
            for when, weight in (
                ("SENTENCE(($topic) AND ($act))", 1.8),
                ("SENTENCE(($topic) AND @foreign AND @DZ)", 1.2),
                ("HEAD:(($topic) AND ($act))", 0.8),
                ("PARAGRAPH(($topic) AND @foreign)", 0.6),
                ("TITLE:($topic)", 0.9),
                (f"({first}) NEAR/5 ({act})", 0.4),
                (f"{second} BEFORE/8 @foreign", 0.3),
                ("ATLEAST/2($topic)", 0.5),
                (f"NOT ({act} OR {deed})", -1.1),
                ("NOT HEAD:(@DZ)", -0.4),
                (f"ATLEAST/2({against})", -1.5),
                (f"TITLE:{against} AND NOT LEAD:@DZ", -0.7),
            )
        ],
        "partners": {
            "bias": -1,
            "threshold": 0.5,
            "clauses": [
                {"when": "TITLE:@it", "weight": 1.2},
                {"when": "SENTENCE(@it AND @DZ)", "weight": 1.4},
                {"when": f"SENTENCE(@it AND ({act}))", "weight": 0.8},
                {"when": "NOT HEAD:@it", "weight": -0.6},
                {"when": "SENTENCE(@it AND DISTINCT/3(@foreign))", "weight": -0.5},
            ],
        },
        "activities": {
            name: {"bias": -1, "threshold": 0.5, "clauses": [{"when": when, "weight": 2}]}
            for name, when in (("dialogue", f"SENTENCE({act})"), ("visit", deed), ("other", beside))
        },
    }


def write_rules(folder: Path, count: int) -> list[Path]:
    """Write ``count`` rules into ``folder``, a file each."""
    paths = [folder / f"topic-{number}.yaml" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_text(yaml.safe_dump(_rule(number), sort_keys=False), encoding="utf-8")
    return paths
