"""Rules and lexicon compiled before, kept on disk: a command starts in a fraction of the time.

A file is named by a hash of all that it was made from (rules, lexicon, the code that reads
them, the interpreter), so a change of any of these makes another and nothing is ever stale.
What cannot be read or written is compiled as if there were no such file. Of processes that
want the same at one moment the first compiles, the others wait and read.
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import os
import pickle
import re
import stat
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matcher.judge import Matcher

_KEPT = 8  # files; those unused for longest are removed when another is written
_PATIENCE = 20.0  # seconds; whoever compiles for longer is suspended
_ROOT = Path(__file__).resolve().parent.parent
_SUFFIX = ".compiled"
_NOTE = ".rules"
_LAST = ".last"
_VARIABLE = re.compile(r"\$\{(\w+)")


def load_compiled(rules: Sequence[str], environment: Mapping[str, str]) -> Matcher:
    """Return the matcher of ``rules``, for judging only. Raises ConfigError with all faults."""
    from matcher.judge import Matcher, rule_path  # noqa: PLC0415 - slow to import

    paths = [rule_path(name) for name in rules]
    path = _place(paths, environment)
    if path is None:
        return Matcher.load(rules)
    found = _read(path)
    if isinstance(found, Matcher):
        return found
    with _one_at_a_time(path.parent):
        found = _read(path)  # of whoever was first
        if not isinstance(found, Matcher):
            found = Matcher.load(rules)
            if path.stem == _digest(paths):  # nobody edited a rule in between
                _write(path, found)
    return found


def is_compiled(rules: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether ``load_compiled`` would find a file, or could keep none. Raises as it does."""
    from matcher.judge import rule_path  # noqa: PLC0415 - slow to import

    path = _place([rule_path(name) for name in rules], environment)
    return path is None or path.exists()


def rules_key(rules: Sequence[str]) -> str:
    """Return what names the matcher of ``rules``: another one once a rule or the code changed.

    Raises ConfigError for a rule that is not there, OSError for one that cannot be read.
    """
    from matcher.judge import rule_path  # noqa: PLC0415 - slow to import

    return _digest([rule_path(name) for name in rules])


def _place(paths: Sequence[Path], environment: Mapping[str, str]) -> Path | None:
    """Return the file of what is compiled from ``paths``; None where it cannot be kept."""
    folder = _folder(environment)
    if folder is None or not all(path.is_file() for path in paths):
        return None
    return folder / f"{_digest(paths)}{_SUFFIX}"


def last_rules(config: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the rules that a configuration named when it was read last; they may have changed."""
    path = _last(config, environment)
    try:
        return () if path is None else tuple(path.read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return ()


def note_last(config: Path, environment: Mapping[str, str], rules: Sequence[str]) -> None:
    """Keep the rules that a configuration names, for whoever wants to begin before it is read."""
    path = _last(config, environment)
    is_news = path is not None and tuple(rules) != last_rules(config, environment)
    if path is not None and is_news and not any("\n" in rule for rule in rules):
        _replace(path, "\n".join(rules).encode())


def _last(config: Path, environment: Mapping[str, str]) -> Path | None:
    folder = _folder(environment)
    name = hashlib.sha256(str(config.absolute()).encode()).hexdigest()[:32]
    return None if folder is None else folder / f"{name}{_LAST}"


def known_rules(config: Path, environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the rules of a configuration that was read before and is the same; else None."""
    path = _noted(config, environment)
    try:
        return None if path is None else tuple(path.read_text("utf-8").splitlines()) or None
    except (OSError, UnicodeDecodeError):
        return None


def note_rules(config: Path, environment: Mapping[str, str], rules: Sequence[str]) -> None:
    """Keep the rules of a configuration in which no fault was found."""
    path = _noted(config, environment)
    if path is not None and not any("\n" in rule for rule in rules):
        _replace(path, "\n".join(rules).encode())


def _noted(config: Path, environment: Mapping[str, str]) -> Path | None:
    """Return the note for a configuration as it is now: its text, what it takes from outside."""
    folder = _folder(environment)
    try:
        text = config.read_bytes()
    except OSError:
        return None
    if folder is None:
        return None
    digest = hashlib.sha256(f"{sys.version}\0{config.absolute()}\0".encode())
    digest.update(text)
    for name in sorted(set(_VARIABLE.findall(text.decode("utf-8", "replace")))):
        digest.update(f"\0{name}={environment.get(name)}".encode())
    _add(digest, _sources("domain", "crawler", "alerts", "marsad"))
    return folder / f"{digest.hexdigest()[:32]}{_NOTE}"


def _folder(environment: Mapping[str, str]) -> Path | None:
    """Return the user's cache folder, made when absent; None unless it is the user's alone.

    What is read from it runs as code does, so nobody else may write there.
    """
    home = environment.get("HOME")
    base = environment.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else "")
    if not base or not Path(base).is_absolute():
        return None
    folder = Path(base) / "marsad"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    is_shared = bool(stat.S_IMODE(status.st_mode) & (stat.S_IWGRP | stat.S_IWOTH))
    return None if is_shared or status.st_uid != os.getuid() else folder


def _digest(paths: Sequence[Path]) -> str:
    """Return a hash of everything that a compiled matcher is made from."""
    digest = hashlib.sha256(f"{sys.version} {sys.platform}".encode())
    for path in paths:
        digest.update(f"\0{path}\0".encode())
        digest.update(path.read_bytes())
    _add(digest, _sources("domain", "matcher"))
    for name in ("daachorse", "numpy"):  # what is kept holds objects of theirs
        digest.update("\0".join(_releases(name)).encode())
    return digest.hexdigest()[:32]


def _add(digest: hashlib._Hash, paths: Iterable[Path]) -> None:
    for path in paths:
        digest.update(f"\0{path.relative_to(_ROOT)}\0".encode())
        digest.update(path.read_bytes())


def _sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        for pattern in ("**/*.py", "**/*.yaml", "**/*.lark"):
            yield from sorted((_ROOT / room).glob(pattern))


def _releases(name: str) -> list[str]:
    """Return the names of a package's metadata folders, which hold its version."""
    return sorted(
        str(found) for entry in sys.path for found in Path(entry).glob(f"{name}-*.dist-info")
    )


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let one process compile; after ``_PATIENCE`` seconds all the same."""
    try:
        file = (folder / "lock").open("w")
    except OSError:  # a full disk, a folder that is read only
        yield
        return
    with file:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                time.sleep(0.02)
        yield


def _read(path: Path) -> object:
    was_on = gc.isenabled()
    gc.disable()  # all of it stays
    try:
        data = path.read_bytes()
        os.utime(path)
        return pickle.loads(data)  # noqa: S301 - a folder that only the user writes
    except Exception:  # noqa: BLE001 - half a file, another machine's: compiled anew
        return None
    finally:
        if was_on:
            gc.enable()


def _write(path: Path, matcher: Matcher) -> None:
    try:
        data = pickle.dumps(matcher, pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError):
        return
    _replace(path, data)


def _replace(path: Path, data: bytes) -> None:
    """Write beside, then rename: a reader sees a whole file or none. Older ones go."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        Path(file.name).replace(path)
        kept = sorted(path.parent.glob(f"*{path.suffix}"), key=lambda p: -p.stat().st_mtime)
        for old in kept[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return  # a full disk slows the next start and harms nothing
