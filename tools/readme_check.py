"""The README followed literally: ``make readme-check``.

Clones the last commit into an empty folder and runs every command of the README's ``sh`` blocks
there, in order, in one environment that begins with nothing but git, make and Python; prints how
long each took. What serves until it is stopped is stopped when it says that it is up. A block
marked ``internet`` or ``long`` is named and left out.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = "README.md"
_BLOCK = re.compile(r"^```sh *(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SERVES = {  # a command that runs until stopped, and the words with which it is up
    "make run": "marsad runs",
    "marsad run": "marsad runs",
    "marsad web": "the page is at",
}
_PATH = "/usr/local/bin:/usr/bin:/bin"
_KEPT = ("PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")  # how packages are reached
_LIMIT = 1800.0  # seconds that one command may take
_TERM_WITHIN = 30.0

Environment = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of the README; ``why_not`` says why it is not run, if it is not."""

    command: str
    why_not: str = ""


def steps(text: str) -> Iterator[Step]:
    """Yield the commands of a README in order, without their remarks."""
    for mark, body in _BLOCK.findall(text):
        for line in body.splitlines():
            command = re.sub(r"(^|\s)#.*$", "", line).strip()
            if command:
                yield Step(command=command, why_not=mark)


def follow(text: str, folder: Path, environment: Mapping[str, str]) -> int:
    """Run every command in ``folder`` and print its time; return how many failed."""
    failed, at_hand = 0, dict(environment)
    for step in steps(text):
        if step.why_not:
            print(f"{'not run':>9}  {step.command}  ({step.why_not})", flush=True)
            continue
        began = time.monotonic()
        code, output, at_hand = _run(step.command, folder, at_hand)
        print(f"{time.monotonic() - began:8.1f}s  {step.command}", flush=True)
        if code:
            failed += 1
            print(f"           exit {code}\n{output[-3000:]}", flush=True)
    return failed


def _run(
    command: str, folder: Path, environment: dict[str, str]
) -> tuple[int, str, dict[str, str]]:
    """Run a command; return exit code, output, and the environment that it leaves."""
    with tempfile.TemporaryDirectory() as place:
        output, left = Path(place) / "output", Path(place) / "environment"
        line = f"{command}\ncode=$?\nenv -0 > {left}\nexit $code"
        with output.open("wb") as out:
            process = subprocess.Popen(
                ["/bin/bash", "-c", line],
                cwd=folder,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            code = _serve(process, output, _SERVES[command]) if command in _SERVES else None
            if code is None:
                code = process.wait(timeout=_LIMIT)
        said = output.read_text(encoding="utf-8", errors="replace")
        given = left.read_bytes().decode().split("\0") if left.exists() else []
        kept = dict(pair.split("=", 1) for pair in given if "=" in pair)
    return code, said, kept or environment


def _serve(process: subprocess.Popen[bytes], output: Path, words: str) -> int:
    """Wait until a server says that it is up, ask it to stop; return 0 if it did both."""
    deadline = time.monotonic() + _LIMIT
    while words not in output.read_text(encoding="utf-8", errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            return process.returncode or 1
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=_TERM_WITHIN)
    return 0


def empty_environment(home: Path) -> dict[str, str]:
    """Return an environment with git, make and Python, and how packages are reached; no more."""
    kept = {k: v for k, v in os.environ.items() if k.upper().startswith(_KEPT)}
    return {"PATH": _PATH, "HOME": str(home), "LANG": "C.UTF-8", **kept}


def main() -> int:
    """Follow the README of the last commit in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="marsad-readme-") as place:
        folder, home = Path(place) / "marsad", Path(place) / "home"
        home.mkdir()
        began = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        print(f"{time.monotonic() - began:8.1f}s  git clone", flush=True)
        text = (folder / README).read_text(encoding="utf-8")
        failed = follow(text, folder, empty_environment(home))
        print(f"{time.monotonic() - began:8.1f}s  in all; {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
