"""What the daemon holds in memory once it has read a hundred outlets.

    python -m benchmarks.memory [--outlets 100] [--pages 10] [--rounds 1]

The daemon and all its workers, what they share counted once (PSS), after the first pass over
local outlets and ten quiet seconds. The bundled lexicon and rules, whose number of phrases
is printed.
"""

from __future__ import annotations

import argparse
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks.figures import keep
from benchmarks.press_server import served
from benchmarks.whole import ROOT, look, megabytes, settings
from domain.errors import StoreError
from matcher.judge import LEXICON
from matcher.lexicon import load_lexicon
from storage.store import Store

PATIENCE = 300.0  # seconds for the first pass
QUIET = 10.0


def held(port: int, outlets: int, pages: int) -> float:
    """Return the megabytes of a daemon that has read everything."""
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as name:
        folder = Path(name)
        config = settings(port, outlets) | {"web": {"host": "127.0.0.1", "port": free_port()}}
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "marsad.cli", "--config", str(folder / "config.yaml"), "run"],
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("wb"),
            start_new_session=True,
            cwd=ROOT,
        )
        try:
            wait(folder, outlets * pages, process)
            time.sleep(QUIET)
            return sum(map(megabytes, look(process.pid, {})))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(folder: Path, articles: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the store in ``folder`` holds ``articles``."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"the daemon ended: {(folder / 'log').read_text()[-2000:]}")
        time.sleep(1)
        path = folder / "marsad.db"
        if not path.exists():
            continue
        try:
            with Store.open(f"sqlite:///{path}", read_only=True) as store:
                (count,) = next(store.query("SELECT count(*) FROM articles").rows)
        except StoreError:  # the daemon is making it
            continue
        if count >= articles:
            return
    sys.exit(f"fewer than {articles} articles after {PATIENCE:.0f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--outlets", type=int, default=100)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    with served(given.outlets, given.pages) as port:
        values = [held(port, given.outlets, given.pages) for _ in range(given.rounds)]
    phrases = len(load_lexicon(LEXICON).forms)
    print(f"{given.outlets} outlets, {phrases:,} phrases: {max(values):.0f} MB")
    keep("memory", {"megabytes": values})


if __name__ == "__main__":
    main()
