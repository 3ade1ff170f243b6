"""Names in config.yaml that refer to something: channels, rules, outlets, tags, activities."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from crawler.catalogue import load_catalogue
from domain.errors import Fault, nearest
from domain.match import ACTIVITIES
from domain.source import Source
from marsad.yamlfile import KeyPath, YamlFile

if TYPE_CHECKING:
    from marsad.config import RootSettings

_PACKAGE = Path(__file__).resolve().parent.parent
_BUNDLED = _PACKAGE / "matcher" / "rules"
_LANGUAGES = ("fr", "ar", "en", "und")


@cache
def catalogue() -> tuple[Source, ...]:
    """Return the bundled catalogue, read once a process: it is a part of the program."""
    return load_catalogue()


def rule_location(rule: str, folder: Path) -> str:
    """A rule is a bundled pack's id, or a path from the config file's folder."""
    if not rule.endswith((".yaml", ".yml")):
        return rule
    here = folder / rule
    # `matcher/rules/x.yaml` names the bundled file wherever the configuration lies.
    bundled = _PACKAGE / rule
    return str(here if here.exists() or not bundled.exists() else bundled)


def broken_references(
    file: YamlFile, settings: RootSettings, doubtful: Collection[str]
) -> Iterator[Fault]:
    """Yield every name that refers to nothing.

    ``doubtful`` are the sections that have faults of their own, which ``settings`` lacks:
    what refers to them is not judged.
    """
    bundled = catalogue()
    tags = {t for s in bundled for t in s.tags}
    for number, tag in enumerate(settings.crawler.include):
        if tag not in tags:
            place: KeyPath = ("crawler", "include", number)
            yield file.fault(place, f"no tag {tag!r} in the catalogue{nearest(tag, tags)}")
    yield from _repeated_sources(file, settings)
    rules, faults = _rules(file, settings)
    yield from faults
    known: dict[str, Collection[str]] = {"activities": ACTIVITIES, "languages": _LANGUAGES}
    if not {"rules"} & set(doubtful) and not faults:
        known["rules"] = rules
    if not {"sources", "crawler"} & set(doubtful):
        known["outlets"] = {s.id for s in bundled} | {s.id for s in settings.sources}
        known["tags"] = tags | {t for s in settings.sources for t in s.tags}
    yield from _routes(file, settings, known)


def _routes(
    file: YamlFile, settings: RootSettings, known: dict[str, Collection[str]]
) -> Iterator[Fault]:
    words = {"rules": "rule", "outlets": "source", "tags": "tag"}
    words |= {"activities": "activity", "languages": "language"}
    for route, position, message in settings.alerts.unknown_channels():
        yield file.fault(("alerts", "routes", route, "channels", position), message)
    for number, entry in enumerate(settings.alerts.routes):
        for key, names in known.items():
            for position, name in enumerate(getattr(entry, key)):
                if name not in names:
                    place: KeyPath = ("alerts", "routes", number, key, position)
                    yield file.fault(place, f"no {words[key]} {name!r}{nearest(name, names)}")


def _repeated_sources(file: YamlFile, settings: RootSettings) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for number, source in enumerate(settings.sources):
        if source.id in seen:
            first = f"{source.id!r} is sources[{seen[source.id]}] already"
            yield file.fault(("sources", number, "id"), first)
        seen[source.id] = number


def _rules(file: YamlFile, settings: RootSettings) -> tuple[set[str], list[Fault]]:
    """Return the ids of the rules, and a fault for each pack that is not there."""
    bundled = {p.stem.replace("_", "-") for p in _BUNDLED.glob("*.yaml")}
    ids: set[str] = set()
    faults: list[Fault] = []
    if not settings.rules:
        message = "no rule: nothing would ever be found; name a pack, or leave the key out"
        faults.append(file.fault(("rules",), message))
    for number, rule in enumerate(settings.rules):
        place: KeyPath = ("rules", number)
        if not rule.endswith((".yaml", ".yml")):
            if rule in bundled:
                ids.add(rule)
            else:
                message = f"no bundled rule pack {rule!r}{nearest(rule, bundled)}"
                faults.append(file.fault(place, message))
            continue
        path = Path(rule_location(rule, file.path.resolve().parent))
        if path.is_file():
            ids |= _rule_id(path)
        else:
            faults.append(file.fault(place, f"{path}: no such rule file"))
    return ids, faults


def _rule_id(path: Path) -> set[str]:
    """The id that a rule file gives itself; what else is in it is checked when it is loaded."""
    try:
        root = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        root = None
    ident = root.get("id") if isinstance(root, dict) else None
    return {ident if isinstance(ident, str) else path.stem.replace("_", "-")}
