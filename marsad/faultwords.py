"""What pydantic found, in the words of a person who writes YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from domain.errors import nearest

_LIST = "must be a list"
_MAPPING = "must be a mapping of keys and values"
_INTEGER = "must be a whole number"
_NUMBER = "must be a number"
_BOOLEAN = "must be true or false"
_BY_TYPE = {
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "string_type": "must be text; put it in quotes",
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_from_float": _INTEGER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "missing": "is missing",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "union_tag_not_found": "type is missing",
}
_SUBJECT = re.compile(r"^[A-Z]\w+ should ")
_QUOTED = re.compile(r"'([^']*)'")


def say(problem: Mapping[str, Any], value: Any) -> str:
    """Return the message of an error of pydantic; ``value`` is what stands in the file."""
    kind = str(problem["type"])
    if value is None and kind.endswith("_type"):
        return "is empty; fill it in or leave it out"
    if kind == "union_tag_invalid":
        known = _QUOTED.findall(str(problem["ctx"]["expected_tags"]))
        tag = str(problem["ctx"]["tag"])
        return f"no type {tag!r}: {', '.join(known)}{nearest(tag, known)}"
    if kind == "literal_error":
        expected = str(problem["ctx"]["expected"])
        close = nearest(value, _QUOTED.findall(expected)) if isinstance(value, str) else ""
        return f"must be {expected}{close}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return _BY_TYPE.get(kind) or _SUBJECT.sub("must ", message)
