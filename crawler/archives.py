"""Archive addresses: templates that hold a day or a page number.

``{date:%Y-%m-%d}`` stands for a day, written as ``strftime`` does; ``{page}`` for the number of a
page, from 1. A template holds one or both.
"""

from __future__ import annotations

from datetime import date
from string import Formatter

_KNOWN = frozenset({"date", "page"})


def template_problem(template: str) -> str | None:
    """Return what is wrong with a template, or None."""
    try:
        names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError as error:
        return f"no valid template: {error}"
    if not names:
        return "an archive's address needs {date:%Y-%m-%d} or {page}"
    if names - _KNOWN:
        return f"{{{sorted(names - _KNOWN)[0]}}} is unknown; there are {{date:...}} and {{page}}"
    if "date" in names and "%" not in template:
        return "{date} needs its form: {date:%Y-%m-%d}"
    return None


def has_days(template: str) -> bool:
    """Whether the template goes by day."""
    return "{date" in template


def has_pages(template: str) -> bool:
    """Whether the template goes by page number."""
    return "{page" in template


def address(template: str, day: date, page: int = 1) -> str:
    """Return the address of a ``day`` and a ``page``, whichever the template asks for."""
    return template.format(date=day, page=page)
