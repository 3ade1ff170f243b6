"""Names in config.yaml that refer to something: channels, rules, outlets, tags, activities."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import yaml

from alerts.guarding import literal_refusal
from alerts.reach import out_of_reach, unreachable
from alerts.routing import route_name
from crawler.catalogue import included, load_catalogue
from domain.errors import Fault, nearest
from domain.match import ACTIVITIES
from domain.source import Source
from marsad.yamlfile import KeyPath, YamlFile

if TYPE_CHECKING:
    from marsad.config import RootSettings

_PACKAGE = Path(__file__).resolve().parent.parent
_BUNDLED = _PACKAGE / "matcher" / "rules"
_LANGUAGES = ("fr", "ar", "en", "und")
_PARTNERS = ("countries.yaml", "alliances.yaml")  # of the lexicon: who can be a partner
HOME = "DZ"


@cache
def catalogue() -> tuple[Source, ...]:
    """Return the bundled catalogue, read once a process: it is a part of the program."""
    return load_catalogue()


@cache
def partners() -> frozenset[str]:
    """Return the id of every state and body that a verdict can name as a partner.

    Only the two files that hold them are read: the whole lexicon takes a second.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    folder = _PACKAGE / "matcher" / "lexicon"
    files = [(folder / name).read_text(encoding="utf-8") for name in _PARTNERS]
    entities = [e for text in files for e in yaml.load(text, loader)["entities"]]  # noqa: S506
    return frozenset(e["id"] for e in entities) - {HOME}


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
    if any(route.partners for route in settings.alerts.routes):
        known["partners"] = partners()
    broken = list(_routes(file, settings, known))
    yield from broken
    if not broken and not {"sources", "crawler", "rules"} & set(doubtful) and not faults:
        yield from _dead_routes(file, settings, rules)


def _dead_routes(file: YamlFile, settings: RootSettings, rules: Collection[str]) -> Iterator[Fault]:
    """Yield each route that can never match, whatever the press writes."""
    routes = settings.alerts.routes
    tags_of: dict[str, Collection[str]]
    tags_of = {s.id: s.tags for s in included(catalogue(), settings.crawler.include)}
    tags_of |= {s.id: s.tags for s in settings.sources}
    for number, route in enumerate(routes):
        found = out_of_reach(route, tags_of) if tags_of else None
        if found is not None:
            yield file.fault(("alerts", "routes", number, found[0]), found[1])
    for number, why in unreachable(routes, {"rules": rules, "languages": _LANGUAGES}):
        yield file.fault(("alerts", "routes", number), why)


def _routes(
    file: YamlFile, settings: RootSettings, known: dict[str, Collection[str]]
) -> Iterator[Fault]:
    words = {"rules": "rule", "outlets": "source", "tags": "tag"}
    words |= {"activities": "activity", "languages": "language", "partners": "partner"}
    for section, number, position, message in settings.alerts.unknown_channels():
        yield file.fault(("alerts", section, number, "channels", position), message)
    named: dict[str, int] = {}
    for number, route in enumerate(settings.alerts.routes):
        first = named.setdefault(route_name(route, number), number)
        if first != number:
            place: KeyPath = ("alerts", "routes", number, "name")
            yield file.fault(place, f"{route.name!r} is the name of routes[{first}] already")
    heartbeat = settings.alerts.heartbeat
    daily = heartbeat.daily if heartbeat else None
    if daily and daily.channel and daily.channel not in settings.alerts.channels:
        message = f"no channel {daily.channel!r}{nearest(daily.channel, settings.alerts.channels)}"
        yield file.fault(("alerts", "heartbeat", "daily", "channel"), message)
    default = settings.crawler.allow_private_networks
    if heartbeat and heartbeat.url and not settings.alerts.may_go_private(heartbeat, default):
        reason = literal_refusal(urlsplit(heartbeat.url.get_secret_value()).hostname)
        if reason:
            message = f"{reason}; allow_private_networks: true in heartbeat allows it"
            yield file.fault(("alerts", "heartbeat", "url"), message)
    for channel, address, message in settings.alerts.private_channels(default):
        yield file.fault(("alerts", "channels", channel, address), message)
    for number, entry in enumerate(settings.alerts.routes):
        for key, names in known.items():
            for position, name in enumerate(getattr(entry, key)):
                if name not in names:
                    place = ("alerts", "routes", number, key, position)
                    why = f"no {words[key]} {name!r}{nearest(name, names)}"
                    if (key, name) == ("partners", HOME):
                        why = "can never match: DZ is at home, partners are abroad"
                    yield file.fault(place, why)


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


def rule_ids(locations: Sequence[str]) -> set[str]:
    """Return the ids of rules by where they lie, as a configuration has them."""
    packs = [loc for loc in locations if not loc.endswith((".yaml", ".yml"))]
    files = [loc for loc in locations if loc.endswith((".yaml", ".yml"))]
    return set(packs).union(*(_rule_id(Path(file)) for file in files))


def _rule_id(path: Path) -> set[str]:
    """The id that a rule file gives itself; what else is in it is checked when it is loaded."""
    try:
        root = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        root = None
    ident = root.get("id") if isinstance(root, dict) else None
    return {ident if isinstance(ident, str) else path.stem.replace("_", "-")}
