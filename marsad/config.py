"""config.yaml, read strictly: every fault at once, before anything opens."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from copy import copy
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from alerts.settings import AlertSettings
from crawler.catalogue import included, load_catalogue
from crawler.settings import CrawlSettings
from domain.errors import ConfigError, Fault
from domain.source import Source
from marsad import yamlfile
from marsad.clock import read_moment, utc_now
from marsad.yamlfile import KeyPath, YamlFile

DEFAULT_DATABASE = "sqlite:///marsad.db"
_SQLITE = "sqlite:///"


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

    @field_validator("url", "feeds", "sitemaps", "sections")
    @classmethod
    def _are_addresses(cls, value: Any) -> Any:
        for address in (value,) if isinstance(value, str) else value:
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"{address!r} is no http(s) address")
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
        if self.sections and not self.article_url:
            raise ValueError("sections need article_url, which says which links are articles")
        return self

    def source(self) -> Source:
        """Return the outlet in the words that every room speaks."""
        return Source(**self.model_dump())


class WebSettings(BaseModel):
    """Where the page is served. Accepted now, served by a later version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8040, ge=1, le=65535)


class RootSettings(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str = DEFAULT_DATABASE
    crawler: CrawlSettings = CrawlSettings()
    sources: tuple[SourceSettings, ...] = ()
    rules: tuple[str, ...] = ("defence-cooperation",)
    alerts: AlertSettings = AlertSettings()
    web: WebSettings | None = None


class Config:
    """A checked configuration with its catalogue applied and its paths resolved."""

    def __init__(self, settings: RootSettings, folder: Path, database: str | None = None) -> None:
        self.crawler = settings.crawler
        self.alerts = settings.alerts
        self.web = settings.web
        self.database = database or _absolute_database(settings.database, folder)
        self.rules: tuple[str, ...] = tuple(_absolute_rule(r, folder) for r in settings.rules)
        self.sources = _sources(settings)

    def telling_since(self, text: str) -> Config:
        """Return the configuration telling nothing published before ``text``, a date or an age."""
        since = read_moment(text, utc_now())
        age = max(utc_now() - since, timedelta(seconds=1))
        changed = copy(self)
        changed.alerts = self.alerts.model_copy(update={"max_age": age})
        return changed

    def secrets(self) -> list[str]:
        """Return every secret value, for the logs to leave out."""
        found: list[str] = []
        for channel in self.alerts.channels.values():
            for value in channel.__dict__.values():
                if isinstance(value, SecretStr):
                    found.append(value.get_secret_value())
        password = urlsplit(self.database).password
        return [*found, password] if password else found

    def source(self, ident: str) -> Source:
        """Return a source by id. Raises KeyError with the nearest known id."""
        for source in self.sources:
            if source.id == ident:
                return source
        known = [s.id for s in self.sources]
        raise KeyError(f"no source {ident!r}{_nearest(ident, known)}")


def load_config(
    path: Path, environment: Mapping[str, str], *, database: str | None = None
) -> Config:
    """Read and check ``path``. Raises ConfigError with every fault, each with its place."""
    file = yamlfile.load(path, environment)
    try:
        settings = RootSettings.model_validate(file.value)
    except ValidationError as error:
        raise ConfigError(list(_faults(file, error))) from None
    faults = list(_references(file, settings))
    if faults:
        raise ConfigError(faults)
    return Config(settings, path.resolve().parent, database)


def _sources(settings: RootSettings) -> tuple[Source, ...]:
    chosen = {s.id: s for s in included(load_catalogue(), settings.crawler.include)}
    chosen |= {s.id: s.source() for s in settings.sources}
    return tuple(chosen.values())


def _absolute_database(url: str, folder: Path) -> str:
    """A relative SQLite path is taken from the config file's folder."""
    if not url.startswith(_SQLITE) or url.startswith(f"{_SQLITE}/") or url == _SQLITE:
        return url
    return f"{_SQLITE}{folder / url.removeprefix(_SQLITE)}"


def _absolute_rule(rule: str, folder: Path) -> str:
    """A rule is a bundled pack's id, or a path from the config file's folder."""
    if not rule.endswith((".yaml", ".yml")):
        return rule
    here = folder / rule
    # `matcher/rules/x.yaml` names the bundled file wherever the configuration lies.
    bundled = Path(__file__).resolve().parent.parent / rule
    return str(here if here.exists() or not bundled.exists() else bundled)


def _references(file: YamlFile, settings: RootSettings) -> Iterator[Fault]:
    """Names that refer to nothing: channels of routes, rules, tags, repeated sources."""
    for route, position, message in settings.alerts.unknown_channels():
        yield file.fault(("alerts", "routes", route, "channels", position), message)
    rules = _rule_ids(settings.rules)
    for number, entry in enumerate(settings.alerts.routes):
        for position, rule in enumerate(entry.rules):
            if rules and rule not in rules:
                path: KeyPath = ("alerts", "routes", number, "rules", position)
                yield file.fault(path, f"no rule {rule!r}{_nearest(rule, rules)}")
    seen: dict[str, int] = {}
    for number, source in enumerate(settings.sources):
        if source.id in seen:
            yield file.fault(
                ("sources", number, "id"), f"{source.id!r} is sources[{seen[source.id]}] already"
            )
        seen[source.id] = number
    if settings.crawler.include:
        tags = {t for s in load_catalogue() for t in s.tags}
        for number, tag in enumerate(settings.crawler.include):
            if tag not in tags:
                path = ("crawler", "include", number)
                yield file.fault(path, f"no tag {tag!r} in the catalogue{_nearest(tag, tags)}")
    urls = settings.database.split("://", 1)[0]
    if urls not in ("sqlite", "postgresql+psycopg"):
        yield file.fault(("database",), "must begin with sqlite:/// or postgresql+psycopg://")


def _rule_ids(rules: tuple[str, ...]) -> set[str]:
    """The ids of rules as their file names say; the rule files are checked when they load."""
    return {Path(r).stem.replace("_", "-") for r in rules}


def _faults(file: YamlFile, error: ValidationError) -> Iterator[Fault]:
    for problem in error.errors(include_url=False, include_input=False):
        path = _real_path(problem["loc"], file.value)
        message = str(problem["msg"]).removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            known = _known_keys(path[:-1])
            message = f"unknown key{_nearest(str(path[-1]), known)}"
        elif problem["type"] == "missing":
            message = "is missing"
        yield file.fault(path, message)


def _real_path(location: tuple[int | str, ...], value: Any) -> KeyPath:
    """Leave out what pydantic adds to a path: the tag of a union's member."""
    path: list[str | int] = []
    here = value
    for part in location:
        is_tag = isinstance(here, dict) and part not in here and here.get("type") == part
        if is_tag:
            continue
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
        path.append(part)
    return tuple(path)


def _known_keys(path: KeyPath) -> list[str]:
    """The keys that the settings know at ``path``; for channels, those of every type."""
    keys = set(RootSettings.model_fields)
    model: Any = RootSettings
    for part in path:
        model = _step(model, part)
        if model is None:
            return []
        models = model if isinstance(model, tuple) else (model,)
        keys = {k for m in models for k in getattr(m, "model_fields", {})}
    return sorted(keys)


def _step(model: Any, part: str | int) -> Any:
    """Follow one key of a path to the settings class behind it."""
    if isinstance(part, int):
        return model
    if isinstance(model, tuple):  # the members of a union, reached by a channel's name
        return model
    field = getattr(model, "model_fields", {}).get(part)
    if field is None:
        return _members(model)
    return _members(field.annotation)


def _members(annotation: Any) -> Any:
    """The settings classes inside an annotation such as ``dict[str, A | B]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found: list[Any] = []
    for inner in getattr(annotation, "__args__", ()):
        members = _members(inner)
        found += members if isinstance(members, tuple) else [members] if members else []
    if len(found) == 1:
        return found[0]
    return tuple(found) or None


def _nearest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
