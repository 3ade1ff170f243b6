"""A program in the peers' environment, asked line by line, so that it takes turns with us."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

SCRIPTS = Path(__file__).with_name("peers")


class Peer:
    """Starts ``script`` with ``words``; the first line that it writes is its version."""

    def __init__(self, python: Path, script: str, *words: str | Path) -> None:
        command = [str(python), str(SCRIPTS / script), *map(str, words)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.version = self._answer()

    def ask(self, line: str) -> str:
        """Return the line that answers ``line``."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it ended: there is no answer either
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            self.close()
            raise SystemExit("the peer ended; its message is above")
        return line

    def close(self) -> None:
        """End the peer."""
        self._process.communicate()
