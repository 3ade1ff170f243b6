"""An outlet in config.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from crawler.archives import template_problem
from crawler.families import FAMILIES, fill
from domain.errors import nearest
from domain.source import Selectors, Source

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class SelectorSettings(BaseModel):
    """CSS selectors of the parts of an outlet's article pages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = ""
    title: str = ""
    author: str = ""
    date: str = ""
    section: str = ""
    drop: tuple[str, ...] = ()


class SourceSettings(BaseModel):
    """An outlet as an operator writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=80)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    url: str
    language: Literal["fr", "ar", "en"]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    tags: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    article_url: str | None = None
    fallback_feeds: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    family: str = ""
    selectors: SelectorSettings = SelectorSettings()
    verify_certificate: bool = True  # false only for an outlet whose certificate is broken

    @field_validator("url", "feeds", "sitemaps", "sections", "fallback_feeds", "archives")
    @classmethod
    def _are_addresses(cls, value: Any) -> Any:
        for address in (value,) if isinstance(value, str) else value:
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"{_without_login(address)!r} is no http(s) address")
        return value

    @field_validator("domains")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if not _HOST.fullmatch(host) or host.startswith("www."):
                raise ValueError(f"{host!r} is no host without www.")
        return value

    @field_validator("family")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value and value not in FAMILIES:
            raise ValueError(f"no family {value!r}{nearest(value, FAMILIES)}")
        return value

    @field_validator("archives")
    @classmethod
    def _are_templates(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for template in value:
            if problem := template_problem(template):
                raise ValueError(problem)
        return value

    @field_validator("article_url")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"is no regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _sections_know_articles(self) -> SourceSettings:
        family = FAMILIES.get(self.family)
        is_known = self.article_url or (family is not None and family.article_url)
        if self.sections and not is_known:
            raise ValueError("sections need article_url, which says which links are articles")
        return self

    def source(self) -> Source:
        """Return the outlet in the words that every room speaks."""
        values = self.model_dump(exclude={"selectors"})
        source = Source(**values, selectors=Selectors(**self.selectors.model_dump()))
        return fill(source, self.model_fields_set)


def _without_login(address: str) -> str:
    """Leave out what stands before an address's @: it may be a password."""
    scheme, separator, rest = address.rpartition("://")
    host = rest.rpartition("@")[2]
    return f"{scheme}{separator}{host}"
