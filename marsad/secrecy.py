"""Files that others on the machine must not read: what marsad makes, and what holds a secret."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_OTHERS = 0o077  # group and world


def keep_private() -> None:
    """Let nobody else read what this process makes: database, archive, copies, exports."""
    os.umask(os.umask(_OTHERS) | _OTHERS)


def exposed(path: Path, secrets: Iterable[str]) -> str | None:
    """Say, in a line without any secret, that others may read one in the file at ``path``.

    A file that takes its secrets from the environment holds none.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if not mode & _OTHERS or not any(secret and secret in text for secret in secrets):
        return None
    return f"{path} holds a secret and others may read it: chmod 600, or take it from ${{NAME}}"
