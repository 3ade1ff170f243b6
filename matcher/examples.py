"""The examples that a rule carries: what it must match, and what it must not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.errors import nearest
from domain.match import ACTIVITIES
from matcher.rules import Example
from matcher.yamlnodes import Reader

_LANGUAGES = ("fr", "ar", "en")
_KEYS = ("text", "title", "language", "partners", "activities")
_ANSWERS = {"must": True, "must_not": False}


def read_examples(reader: Reader | None, resolve: Callable[[str], int]) -> tuple[Example, ...]:
    """Read ``must`` and ``must_not``, lists of texts; or one list whose items say ``matches``.

    An item is a text, or a mapping with a title and the facts it must yield. ``resolve``
    raises ValueError for a partner that is not known. Faults are recorded.
    """
    if reader is None:
        return ()
    found: list[Example | None] = []
    if reader.is_list:
        for item in reader.items():
            keys = item.mapping((*_KEYS, "matches"))
            if "text" not in keys or "matches" not in keys:
                item.fault("an example needs 'text' and 'matches'")
                continue
            found.append(_example(item, keys, resolve, matches=bool(keys["matches"].truth())))
    else:
        for answer, items in reader.mapping(_ANSWERS).items():
            for item in items.items():
                keys = item.mapping(_KEYS) if item.is_mapping else {"text": item}
                if "text" not in keys:
                    item.fault("an example needs 'text'")
                    continue
                found.append(_example(item, keys, resolve, matches=_ANSWERS[answer]))
    return tuple(e for e in found if e is not None)


def _example(
    item: Reader, keys: Mapping[str, Reader], resolve: Callable[[str], int], *, matches: bool
) -> Example | None:
    text = keys["text"].text()
    if text is None:
        return None
    if not text.strip():
        keys["text"].fault("is empty: an example needs words")
    return Example(
        text=text,
        matches=matches,
        title=(keys["title"].text() if "title" in keys else None) or "",
        language=_language(keys.get("language")),
        partners=_partners(keys.get("partners"), resolve),
        activities=_activities(keys.get("activities")),
        file=item.file,
        line=item.node.start_mark.line + 1,
    )


def _language(reader: Reader | None) -> str | None:
    language = reader.text() if reader is not None else None
    if reader is not None and language is not None and language not in _LANGUAGES:
        reader.fault(f"{language!r} is none of {', '.join(_LANGUAGES)}")
    return language


def _partners(reader: Reader | None, resolve: Callable[[str], int]) -> tuple[str, ...] | None:
    if reader is None:
        return None
    for item in reader.items():
        name = item.text()
        try:
            if name is not None:
                resolve(f"@{name}")
        except ValueError as error:
            item.fault(str(error))
    return reader.texts() if reader.is_list else ()


def _activities(reader: Reader | None) -> tuple[str, ...] | None:
    if reader is None:
        return None
    for item in reader.items():
        name = item.text()
        if name is not None and name not in ACTIVITIES:
            item.fault(f"unknown activity {name!r}{nearest(name, ACTIVITIES)}")
    return reader.texts() if reader.is_list else ()
