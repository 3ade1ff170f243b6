"""The files for containers and systemd: what they name is there, and the image's steps work."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from marsad.config import load_config

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
PACKAGES = ("domain", "crawler", "matcher", "storage", "alerts", "marsad")


def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MARSAD_")} | more
    return subprocess.run(
        command,
        cwd=more.get("HOME", ROOT),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_image_copies_what_is_there_and_every_package():
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    }
    assert all((ROOT / name).exists() for name in copied)
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")} - {
        "tests",
        "benchmarks",
        "tools",
    }
    assert packages <= copied


def test_the_image_runs_as_nobody_in_particular():
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER marsad$", last, re.MULTILINE)
    assert 'ENTRYPOINT ["marsad"]' in last


@pytest.mark.parametrize("name", ["compose.yaml", "compose.cluster.yaml"])
def test_services_gain_no_privilege(name: str):
    services = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))["services"]
    ours = [s for s in services.values() if "build" in s]
    assert ours
    for service in ours:
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert not source.startswith(".") or (DEPLOY / source).exists()


def test_the_clusters_configuration_is_sound():
    config = load_config(DEPLOY / "config.cluster.yaml", {})
    assert config.cluster is not None
    assert config.database.startswith("postgresql")


@pytest.mark.parametrize("name", ["marsad.service", "marsad-worker@.service"])
def test_units_run_without_privileges_under_a_watchdog(name: str):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "systemd" / name)
    service = unit["Service"]
    wanted = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "User": "marsad"}
    assert wanted.items() <= dict(service).items()
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"].removesuffix("s")) >= 60
    verify = shutil.which("systemd-analyze")
    if verify:
        assert "Unknown" not in run(verify, "verify", str(DEPLOY / "systemd" / name)).stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as the Dockerfile builds it, from a copy: building writes beside the files."""
    folder = tmp_path_factory.mktemp("wheel")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / "src" / package)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "src" / name)
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    built = run(
        *(sys.executable, "-m", "pip", "wheel", *options, "-w", str(folder / "dist")),
        str(folder / "src"),
    )
    assert built.returncode == 0, built.stderr
    (found,) = (folder / "dist").glob("*.whl")
    return found


def test_the_wheel_has_every_file_of_the_rooms(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    files = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(files) > 300
    assert sorted(files - held) == []


def test_the_images_steps_give_a_marsad_that_works(wheel: Path, tmp_path: Path):
    """Run what was built away from the checkout.

    The libraries are those of this environment: installing them is what made it.
    """
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    shutil.copy(ROOT / "config.yaml", tmp_path / "config.yaml")
    told = {"PYTHONPATH": str(installed), "HOME": str(tmp_path)}
    where = run(sys.executable, "-c", "import marsad; print(marsad.__file__)", **told)
    assert where.stdout.startswith(str(installed))
    for command in (["rules", "test"], ["db", "upgrade"], ["doctor"], ["sources", "list"]):
        done = run(sys.executable, "-m", "marsad.cli", *command, **told)
        assert done.returncode == 0, (command, done.stderr)
