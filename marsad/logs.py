"""Logs: one event a line, on standard error; no secret, no control character passes."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog

# Line breaks and terminal escapes in a title or a server's answer must not forge log lines.
_CONTROL = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
# Chatty; and clients of the web write secret addresses out, in parts that no filter knows.
_NOISY = (
    *("alembic", "apprise", "apscheduler", "filelock", "htmldate", "procrastinate", "scrapy"),
    *("sqlalchemy", "trafilatura", "twisted", "urllib3"),
)


def configure(
    *,
    is_verbose: bool,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Send every log record to ``stream`` (standard error): JSON, or columns on a terminal.

    ``NO_COLOR`` in the environment takes the columns' colours away.
    """
    out = stream or sys.stderr
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=not environment.get("NO_COLOR"), pad_event_to=0)
        if out.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *([] if is_verbose else [_in_a_line]),
            structlog.processors.format_exc_info,
            # The longest first: a secret inside another must not leave the rest of it standing.
            _cleaner(sorted(filter(None, secrets), key=len, reverse=True)),
            renderer,
        ],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if is_verbose else logging.INFO)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.INFO if is_verbose else logging.ERROR)


def _in_a_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """Say in a line what a library shows with its insides; a fault of marsad's keeps them."""
    given = event.get("exc_info")
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException) and str(event.get("logger")).partition(".")[0] in _NOISY:
        del event["exc_info"]
        words = " ".join(str(error).split())
        event["event"] = f"{event['event']}: {type(error).__name__}: {words}"
    return event


def _cleaner(secrets: list[str]) -> Callable[[Any, str, MutableMapping[str, Any]], dict[str, Any]]:
    def clean(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        return {key: _clean(value, secrets) for key, value in event.items()}

    return clean


def _clean(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, bool | int | float | None):
        return value
    text = str(value)
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return _CONTROL.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
