"""The command line. Every command says what went wrong in one line a person can act on."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from typing import Any

from domain.errors import ConfigError, MarsadError, UsageError
from marsad.commands.context import Context
from marsad.commands.matching import match_one
from marsad.commands.plain import plain_call
from marsad.garbage import look_rarely
from marsad.secrecy import keep_private


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 failed, 2 wrong usage or invalid configuration."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _speak_utf8()
    keep_private()
    # NumPy would start a thread a processor for algebra, which none here needs, and these wait by
    # spinning: a third of what a short command takes. Before NumPy is imported, here or in workers.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        plain = plain_call(given, os.environ)
        code = _run_app(given) if plain is None else _match(*plain)
    except (ConfigError, UsageError) as error:
        _complain(error, given)
        sys.exit(2)
    except MarsadError as error:
        _complain(error, given)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away, as `| head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the outermost line: a person gets one sentence
        if _is_usage(error):
            _show_usage(error)
            sys.exit(2)
        _complain(error, given)
        sys.exit(1)
    if plain is not None and arguments is None:
        os._exit(code)  # to take apart all that was read costs a tenth of so short a command
    sys.exit(code)


def _run_app(given: Sequence[str]) -> int:
    look_rarely()  # before the imports: they make much, and all of it stays
    from marsad.commands.app import run_app  # noqa: PLC0415 - imports Typer, Rich, pydantic

    code = run_app(given)
    return code if isinstance(code, int) else 0


def _match(shared: Mapping[str, Any], own: Mapping[str, Any]) -> int:
    context = Context(
        config_path=shared["config"],
        database=shared["database"],
        is_verbose=shared["verbose"],
        environment=dict(os.environ),
    )
    code = match_one(context, **own)
    sys.stdout.flush()
    return code


def _speak_utf8() -> None:
    """Write UTF-8 whatever the locale: JSON is nothing else, and Arabic fits nowhere else."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(encoding="utf-8")


def _is_usage(error: Exception) -> bool:
    return hasattr(error, "exit_code") and hasattr(error, "format_message")


def _show_usage(error: Exception) -> None:
    if not error.format_message():  # type: ignore[attr-defined]
        return  # the help was shown already
    print(f"marsad: {error.format_message()}", file=sys.stderr)  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    if context is not None:
        print(f"see '{context.command_path} --help'", file=sys.stderr)


def _complain(error: Exception, arguments: Sequence[str]) -> None:
    if "-v" in arguments or "--verbose" in arguments:
        import traceback  # noqa: PLC0415 - only where asked for

        traceback.print_exception(error)
    text = str(error) or type(error).__name__
    if not isinstance(error, ConfigError):
        text = " ".join(text.split())
    print("\n".join(f"marsad: {line}" for line in text.splitlines()), file=sys.stderr)


if __name__ == "__main__":
    main()
