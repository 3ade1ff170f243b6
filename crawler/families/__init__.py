"""Publishing systems that outlets share, one small file each.

An outlet names its family, and what its entry leaves open is taken from there: a new WordPress
paper is five lines of data. Code is needed only where a system hides something, as APS hides the
date in the address.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from crawler.families.aps import APS
from crawler.families.base import Family
from crawler.families.drupal import DRUPAL
from crawler.families.joomla import JOOMLA_K2
from crawler.families.vendor import VENDOR
from crawler.families.wordpress import WORDPRESS
from domain.source import Selectors, Source

FAMILIES = {family.id: family for family in (WORDPRESS, VENDOR, JOOMLA_K2, DRUPAL, APS)}

_WAYS = ("feeds", "sitemaps", "archives")
_RECOGNISED = (JOOMLA_K2, DRUPAL, VENDOR, WORDPRESS)  # the rarer sign first
_LOOKED_AT = 200_000  # characters of a page

__all__ = ["FAMILIES", "Family", "fill", "recognise", "selectors_of"]


def fill(source: Source, given: Collection[str]) -> Source:
    """Return ``source`` with what its family knows in the fields that are not ``given``.

    A field that was given empty stays empty: that says that the usual address is dead.
    """
    family = FAMILIES.get(source.family)
    if family is None:
        return source
    home = source.url if source.url.endswith("/") else f"{source.url}/"
    found: dict[str, Any] = {
        name: tuple(f"{home}{path}" for path in getattr(family, name))
        for name in _WAYS
        if name not in given
    }
    if "article_url" not in given and family.article_url:
        found["article_url"] = family.article_url
        if "sections" not in given:
            found["sections"] = (source.url,)  # the front page lists what is new
    return replace(source, **found)


def selectors_of(source: Source) -> Selectors:
    """Return the selectors of an outlet's pages, its own before those of its family."""
    family = FAMILIES.get(source.family)
    return merged(source.selectors, family.selectors) if family is not None else source.selectors


def merged(own: Selectors, common: Selectors) -> Selectors:
    """Return ``own`` with the gaps filled from ``common``; what either drops is dropped."""
    return Selectors(
        text=own.text or common.text,
        title=own.title or common.title,
        author=own.author or common.author,
        date=own.date or common.date,
        section=own.section or common.section,
        drop=tuple(dict.fromkeys((*own.drop, *common.drop))),
    )


def recognise(markup: str) -> Family | None:
    """Return the family that a page's markup gives away, or None."""
    seen = markup[:_LOOKED_AT]
    for family in _RECOGNISED:
        if any(sign in seen for sign in family.signs):
            return family
    return None
