"""Whether this commit can be released: ``make release-check``.

The version stands in one place and the changelog speaks of it; source and wheel are built from the
last commit, the wheel from the source, so that the source is whole; the wheel is installed into an
empty environment, and ``marsad demo`` run from elsewhere. ``--final`` also wants a date beside the
version in the changelog.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
_BUILD = "import sys; from setuptools import build_meta as b; b.build_{}(sys.argv[1])"
_STATED = re.compile(r"""__version__|^version\s*=\s*["']\d""", re.MULTILINE)
_PINNED = re.compile(r"^([A-Za-z0-9._-]+==[^ \\]+)( ; [^\\]+)?", re.MULTILINE)
_LEAST_HITS = 10  # of the demonstration


T = TypeVar("T")


class NotReadyError(Exception):
    """Why this commit cannot be released."""


def version_faults(root: Path, *, is_final: bool) -> Iterator[str]:
    """Yield what is wrong with the version and the changelog."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["version"]
    for path in sorted(p for room in root.glob("*/__init__.py") for p in room.parent.rglob("*.py")):
        if _STATED.search(path.read_text(encoding="utf-8")) and "tools" not in path.parts:
            yield f"{path.relative_to(root)} states a version; pyproject.toml alone may"
    log = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+) ?([^\n]*)\n(.*?)(?=^## |\Z)", log, re.MULTILINE | re.DOTALL)
    if newest is None or newest[1] != version:
        yield f"CHANGELOG.md does not begin with {version}"
    elif not re.search(r"^- ", newest[3], re.MULTILINE):
        yield f"CHANGELOG.md says nothing of {version}"
    elif is_final and not re.fullmatch(r"\(\d{4}-\d\d-\d\d\)", newest[2]):
        yield f"CHANGELOG.md has no date beside {version}"


def _require_version(is_final: bool) -> None:
    faults = list(version_faults(ROOT, is_final=is_final))
    if faults:
        raise NotReadyError("; ".join(faults))


def _run(*command: str, folder: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotReadyError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def build(place: Path) -> Path:
    """Build the source of the last commit, and the wheel of that source; return the wheel."""
    tree, dist = place / "tree", place / "dist"
    tree.mkdir()
    archive = place / "tree.tar"
    _run("git", "archive", "--output", str(archive), "HEAD", folder=ROOT)
    _unpack(archive, tree)
    _run(sys.executable, "-c", _BUILD.format("sdist"), str(dist), folder=tree)
    (source,) = dist.glob("*.tar.gz")
    _unpack(source, place / "source")
    (unpacked,) = (place / "source").iterdir()
    _run(sys.executable, "-c", _BUILD.format("wheel"), str(dist), folder=unpacked)
    (wheel,) = dist.glob("*.whl")
    _require_whole(wheel, tree)
    return wheel


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")


def _require_whole(wheel: Path, tree: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
    rooms = {name.partition("/")[0] for name in held}
    files = {str(p.relative_to(tree)) for r in rooms for p in (tree / r).rglob("*") if p.is_file()}
    if files != held:
        raise NotReadyError(f"the wheel differs from the tree: {sorted(files ^ held)[:10]}")


def install(wheel: Path, place: Path) -> Path:
    """Install the wheel into an empty environment, with the libraries of the lock."""
    pins = _PINNED.findall((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    constraints = place / "constraints.txt"
    constraints.write_text("\n".join(f"{pin}{marker}" for pin, marker in pins), encoding="utf-8")
    venv = place / "environment"
    _run(sys.executable, "-m", "venv", str(venv), folder=place)
    pip = (str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet")
    _run(*pip, "--constraint", str(constraints), str(wheel), folder=place)
    return venv


def try_it(venv: Path, place: Path) -> None:
    """Run the demonstration with what was installed, far from the checkout."""
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    path = f"{venv / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin"
    environment = {"PATH": path, "HOME": str(elsewhere), "LANG": "C.UTF-8"}
    where = ("python", "-c", "import marsad; print(marsad.__file__)")
    found = _run(
        str(venv / "bin" / where[0]), *where[1:], folder=elsewhere, environment=environment
    )
    if not found.startswith(str(venv)):
        raise NotReadyError(f"marsad comes from {found}")
    marsad = str(venv / "bin" / "marsad")
    _run(marsad, "demo", folder=elsewhere, environment=environment)
    asked = ("--config", "marsad-demo/config.yaml", "hits", "--format", "json", "--limit", "0")
    hits = json.loads(_run(marsad, *asked, folder=elsewhere, environment=environment))
    if len(hits) < _LEAST_HITS:
        raise NotReadyError(f"the demonstration found {len(hits)} hits")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check everything; print what was done and how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--final", action="store_true", help="want a date in the changelog")
    is_final = parser.parse_args(arguments).final
    with tempfile.TemporaryDirectory(prefix="marsad-release-") as name:
        place = Path(name)
        try:
            _timed("version and changelog", lambda: _require_version(is_final))
            wheel = _timed("source and wheel are built and whole", lambda: build(place))
            venv = _timed("installed into an empty environment", lambda: install(wheel, place))
            _timed("marsad demo runs elsewhere", lambda: try_it(venv, place))
        except NotReadyError as error:
            print(f"not ready: {error}", file=sys.stderr)
            return 1
    return 0


def _timed(what: str, work: Callable[[], T]) -> T:
    began = time.monotonic()
    result = work()
    print(f"{time.monotonic() - began:8.1f}s  {what}", flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
