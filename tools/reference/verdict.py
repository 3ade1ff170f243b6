"""The verdict's shape: one that is made up, written as the program writes them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from domain.match import ACTIVITIES, EventDate, Evidence, Match, Verdict
from marsad.verdicts import verdict_json
from tools.reference.tables import code, table

_HEAD = """\
# The verdict

What `marsad match --json` and `marsad match --jsonl` say of a document. Written by `make docs`
with the program's own writer; the document here is made up.

"""
_MEANINGS = {
    "id": "the caller's own, or null",
    "language": "`fr`, `ar`, `en`, or `und` where it is none of the three",
    "matched": "whether any rule holds",
    "matches": "one entry a rule that holds; empty where none does",
    "matches[].rule": "the rule's id",
    "matches[].score": "0 to 1; at or above `threshold`",
    "matches[].threshold": "from where the rule holds",
    "matches[].partners": "ISO 3166-1 alpha-2 codes of the foreign countries that cooperate, and"
    " ids of alliances (`nato`, `eu`, `african-union`, `un`, ...); never `DZ`; a country that is"
    " only mentioned is none",
    "matches[].activities": f"of {', '.join(code(a) for a in ACTIVITIES)}",
    "matches[].persons": "ids of the lexicon, or made from the name where it holds none",
    "matches[].organisations": "ids of the lexicon",
    "matches[].equipment": "ids of the lexicon",
    "matches[].places": "ids of the lexicon",
    "matches[].dates": "days of the event, from the text",
    "matches[].dates[].from": "the first day",
    "matches[].dates[].to": "the last day; the same for one day",
    "matches[].evidence": "the words that prove it",
    "matches[].evidence[].start": "where they begin, in Unicode code points of the field as given",
    "matches[].evidence[].end": "where they end: `field[start:end] == text`, always",
    "matches[].evidence[].text": "the words themselves",
    "matches[].evidence[].field": "`title` or `text`",
    "matches[].evidence[].concept": "what they stand for: `#family` or `@entity`",
}
_TEXT = "La coopération militaire entre l'Algérie et les États-Unis"
_WORDS = "coopération militaire"


def sample() -> dict[str, Any]:
    """Return a verdict of one match that has every fact."""
    start = _TEXT.index(_WORDS)
    evidence = Evidence(
        start=start,
        end=start + len(_WORDS),
        text=_WORDS,
        field="text",
        concept="#cooperation_military",
    )
    match = Match(
        rule="defence-cooperation",
        score=0.93,
        threshold=0.5,
        partners=("US",),
        activities=("dialogue", "agreement"),
        persons=("said-chanegriha",),
        organisations=("africom", "anp"),
        equipment=("c-130",),
        places=("washington",),
        dates=(EventDate(first=date(2023, 12, 4), last=date(2023, 12, 6)),),
        evidence=(evidence,),
    )
    return verdict_json(Verdict(id="a-1", language="fr", matches=(match,)))


def page() -> str:
    """Return the page. Raises KeyError for a field that has no meaning yet."""
    shown = sample()
    fields = table(("field", "meaning"), ([code(p), _MEANINGS[p]] for p in _paths(shown, "")))
    written = json.dumps(shown, ensure_ascii=False, indent=1)
    return f"{_HEAD}```json\n{written}\n```\n\n## Fields\n\n{fields}{_TAIL}"


def _paths(value: Any, path: str) -> list[str]:
    found = []
    for key, inner in value.items():
        here = f"{path}.{key}".removeprefix(".")
        found.append(here)
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            found += _paths(inner[0], f"{here}[]")
    return found


_TAIL = """
## Lines in, lines out

`marsad match --jsonl` reads `{"id", "text", "title"?, "language"?, "published_at"?, "url"?}` a line
and writes a verdict a line, in the same order. A bad line gives an error in its place, the rest
goes on, and the exit code is 1 in the end:

```json
{"id": "a-2", "line": 2, "error": "text is missing"}
```
"""
