"""config.yaml, read strictly: every fault at once, before anything opens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from alerts.channel_settings import STANDARD_OUTPUT, FileSettings
from alerts.settings import AlertSettings
from crawler.catalogue import included
from crawler.settings import CrawlSettings
from domain.errors import ConfigError, Fault, nearest
from domain.source import Source
from domain.story import MOST_STORY_DAYS, STORY_DAYS
from marsad import yamlfile
from marsad.clock import read_moment, utc_now
from marsad.cluster.settings import ClusterSettings
from marsad.faultwords import say
from marsad.keeping import KeepSettings
from marsad.references import broken_references, catalogue, rule_location
from marsad.source_settings import SourceSettings
from marsad.web.settings import WebSettings
from marsad.yamlfile import KeyPath, YamlFile

DEFAULT_DATABASE = "sqlite:///marsad.db"
_SQLITE = "sqlite:///"
_PASSWORD = re.compile(r"://[^/@:]*:([^/@]+)@")


class RootSettings(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str = DEFAULT_DATABASE
    archive: bool | Annotated[str, Field(min_length=1)] = True
    crawler: CrawlSettings = CrawlSettings()
    sources: tuple[SourceSettings, ...] = ()
    rules: tuple[str, ...] = ("defence-cooperation",)
    alerts: AlertSettings = AlertSettings()
    web: WebSettings | None = None
    keep: KeepSettings = KeepSettings()
    story_days: int = Field(default=STORY_DAYS, ge=1, le=MOST_STORY_DAYS)
    cluster: ClusterSettings | None = None

    @field_validator("database")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if not re.match(r"sqlite:///.|postgresql\+psycopg://.", value):
            raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
        return value


class Config:
    """A checked configuration with its catalogue applied and its paths resolved."""

    def __init__(self, settings: RootSettings, folder: Path, database: str | None = None) -> None:
        self.crawler = settings.crawler
        self.alerts = _in_folder(settings.alerts, folder)
        self.web = settings.web
        self.keep = settings.keep
        self.story_days = settings.story_days
        self.cluster = settings.cluster
        self.database = database or _absolute_database(settings.database, folder)
        self.archive = _archive_folder(settings.archive, self.database, folder)
        self.rules: tuple[str, ...] = tuple(rule_location(r, folder) for r in settings.rules)
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
        for channel in (*self.alerts.channels.values(), self.alerts.heartbeat):
            for value in () if channel is None else channel.__dict__.values():
                if isinstance(value, SecretStr):
                    found += _told_apart(value.get_secret_value())
        found += self.web.secrets() if self.web is not None else ()
        password = _PASSWORD.search(self.database)
        return [*found, *({password[1], unquote(password[1])} if password else ())]

    def source(self, ident: str) -> Source:
        """Return a source by id. Raises KeyError with the nearest known id."""
        for source in self.sources:
            if source.id == ident:
                return source
        known = [s.id for s in self.sources]
        raise KeyError(f"no source {ident!r}{nearest(ident, known)}")


def load_config(
    path: Path, environment: Mapping[str, str], *, database: str | None = None
) -> Config:
    """Read and check ``path``. Raises ConfigError with every fault, each with its place."""
    file = yamlfile.load(path, environment)
    faults = list(file.faults)
    try:
        settings = RootSettings.model_validate(file.value)
        doubtful: set[str] = set()
    except ValidationError as error:
        faults += _faults(file, error)
        settings, doubtful = _sound_part(file.value)
    faults += broken_references(file, settings, doubtful)
    if faults:
        raise ConfigError(_in_order(faults))
    return Config(settings, path.resolve().parent, database)


def _sound_part(value: Any) -> tuple[RootSettings, set[str]]:
    """Return the settings of those sections that stand by themselves, and the other names."""
    sound: dict[str, Any] = {}
    doubtful: set[str] = set()
    for key, section in value.items() if isinstance(value, dict) else ():
        try:
            RootSettings.model_validate({key: section})
            sound[key] = section
        except ValidationError:
            doubtful.add(key)
    return RootSettings.model_validate(sound), doubtful


def _in_order(faults: Sequence[Fault]) -> list[Fault]:
    """Order faults as they stand in the file; of several at one key the first says why."""
    first: dict[str, Fault] = {}
    for fault in faults:
        first.setdefault(fault.path, fault)
    return sorted(first.values(), key=lambda f: (f.line or 0, f.column or 0))


def _told_apart(secret: str) -> set[str]:
    """A secret address also shows without its host: that part is kept out of the logs too."""
    path = secret.partition("://")[2].partition("/")[2]
    return {secret, path} if len(path) >= 8 else {secret}


def _sources(settings: RootSettings) -> tuple[Source, ...]:
    chosen = {s.id: s for s in included(catalogue(), settings.crawler.include)}
    chosen |= {s.id: s.source() for s in settings.sources}
    return tuple(chosen.values())


def _absolute_database(url: str, folder: Path) -> str:
    """A relative SQLite path is taken from the config file's folder."""
    if not url.startswith(_SQLITE) or url.startswith(f"{_SQLITE}/"):
        return url
    return f"{_SQLITE}{folder / url.removeprefix(_SQLITE)}"


def _in_folder(alerts: AlertSettings, folder: Path) -> AlertSettings:
    """A channel's relative path is taken from the config file's folder."""
    channels = {
        name: channel.model_copy(update={"path": str(folder / channel.path)})
        if isinstance(channel, FileSettings) and channel.path != STANDARD_OUTPUT
        else channel
        for name, channel in alerts.channels.items()
    }
    return alerts.model_copy(update={"channels": channels})


def _archive_folder(wanted: bool | str, database: str, folder: Path) -> Path | None:
    """Return where hits' pages are kept: beside the database unless told otherwise; None: off."""
    if wanted is False:
        return None
    if isinstance(wanted, str):
        return folder / wanted
    is_file = database.startswith(_SQLITE)
    return (Path(database.removeprefix(_SQLITE)).parent if is_file else folder) / "archive"


def _faults(file: YamlFile, error: ValidationError) -> Iterator[Fault]:
    for problem in error.errors(include_url=False, include_input=False):
        path = _real_path(problem["loc"], file.value)
        if problem["type"] == "extra_forbidden":
            message = f"unknown key{nearest(str(path[-1]), _known_keys(path[:-1]))}"
        else:
            message = say(problem, _value_at(path, file.value))
        if problem["type"] == "union_tag_invalid":
            path = (*path, "type")
        yield file.fault(path, message)


def _value_at(path: KeyPath, value: Any) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


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
        fields = [f for m in models for f in getattr(m, "model_fields", {}).items()]
        keys = {field.alias or key for key, field in fields}
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
