"""Logs: one event a line, nothing forged, nothing secret. And failpoints."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from command_line import kept_process

from crawler.jobs import read_and_judge, read_page
from domain.errors import UsageError
from marsad.failpoints import SteppedWorkers, make_failpoint
from marsad.logs import configure


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    with kept_process():
        yield io.StringIO()
    structlog.reset_defaults()


def test_a_title_forges_no_line_and_steers_no_terminal(stream: io.StringIO):
    configure(is_verbose=False, stream=stream)
    logging.getLogger("marsad.x").info("title %s", 'a\r\n{"event": "forged"}\x1b[2J\u202e\u2028b')
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)["event"]
    assert event.startswith("title a")
    assert all(c.isprintable() for c in event)


def test_secrets_and_their_pieces_are_left_out(stream: io.StringIO):
    configure(
        is_verbose=True, secrets=["https://h.example/T0/B0/token", "hunter2", ""], stream=stream
    )
    try:
        raise OSError("cannot reach https://h.example/T0/B0/token as hunter2")
    except OSError:
        logging.getLogger("marsad.x").exception("failed with hunter2")
    assert "token" not in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
    assert "OSError" in stream.getvalue()


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
def test_no_level_tells_a_secret_in_words_or_tracebacks(stream: io.StringIO, level: str):
    token = "T0B0-a-token-of-the-desk"
    configure(is_verbose=True, secrets=[token], stream=stream)
    log, number = logging.getLogger("marsad.x"), logging.getLevelNamesMapping()[level]
    log.log(number, "posting to %s", f"https://h.example/{token}")
    try:
        raise ValueError(f"no answer from {token}")
    except ValueError:
        log.log(number, "failed", exc_info=True)
    assert stream.getvalue().count("\n") == 2
    assert stream.getvalue().count("[secret]") == 2
    assert token not in stream.getvalue()


@pytest.mark.parametrize("is_verbose", [False, True])
def test_a_fault_of_a_library_is_told_in_a_line_unless_asked_for(
    stream: io.StringIO, is_verbose: bool
):
    configure(is_verbose=is_verbose, secrets=["hunter2"], stream=stream)
    for name in ("procrastinate.worker", "marsad.x"):
        try:
            raise ConnectionError("the server at hunter2\nclosed the connection")
        except ConnectionError:
            logging.getLogger(name).exception("a task failed")
    library, ours = (json.loads(line) for line in stream.getvalue().splitlines())
    whole = "ConnectionError: the server at [secret] closed the connection"
    assert ("exception" in library) == is_verbose
    assert library["event"] == ("a task failed" if is_verbose else f"a task failed: {whole}")
    assert "Traceback" in ours["exception"]
    assert "hunter2" not in stream.getvalue()


def test_a_secret_inside_another_leaves_no_rest_of_it(stream: io.StringIO):
    secrets = ["T0", "h.example", "https://h.example/T0/B0/token"]
    configure(is_verbose=False, secrets=secrets, stream=stream)
    logging.getLogger("marsad.x").info("posted to https://h.example/T0/B0/token by T0")
    assert json.loads(stream.getvalue())["event"] == "posted to [secret] by [secret]"


def test_half_a_character_breaks_no_line(stream: io.StringIO):
    configure(is_verbose=False, stream=stream)
    logging.getLogger("marsad.x").info("title \ud800")
    json.loads(stream.getvalue().encode())


def test_fields_stand_by_themselves_in_a_line_of_json(stream: io.StringIO):
    configure(is_verbose=False, stream=stream)
    logging.getLogger("marsad.x").warning("مقال %d", 3)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["logger"]) == ("مقال 3", "warning", "marsad.x")
    assert line["timestamp"].endswith("Z")
    assert "مقال" in stream.getvalue()


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "apprise"])
def test_clients_that_print_addresses_say_nothing_below_a_warning(stream: io.StringIO, name: str):
    configure(is_verbose=True, stream=stream)
    logging.getLogger(name).debug("POST /services/T0/B0/token")
    assert stream.getvalue() == ""


def test_without_the_variable_a_failpoint_is_nothing():
    make_failpoint({})("after-send")


def test_a_step_that_is_none_is_refused():
    with pytest.raises(UsageError, match="did you mean 'after-send'"):
        make_failpoint({"MARSAD_FAILPOINT": "after-sent"})
    with pytest.raises(UsageError):
        make_failpoint({"MARSAD_FAILPOINT": "after-send:x"})


def test_a_failpoint_counts_its_own_step(monkeypatch: pytest.MonkeyPatch):
    killed: list[int] = []
    monkeypatch.setattr("os.kill", lambda pid, _: killed.append(pid))
    reach = make_failpoint({"MARSAD_FAILPOINT": "after-send:2"})
    for step in ("before-send", "after-send", "before-send"):
        reach(step)
    assert killed == []
    reach("after-send")
    assert len(killed) == 1


class Silent:
    async def call(self, function, /, *args, **kwargs):
        del function, args, kwargs


async def test_a_call_that_reads_and_judges_passes_the_steps_of_both():
    steps: list[str] = []
    workers = SteppedWorkers(Silent(), steps.append)  # type: ignore[arg-type]
    await workers.call(read_page, b"", "", "")
    await workers.call(read_and_judge, b"", "", "", None, None)  # type: ignore[arg-type]
    assert steps[:2] == ["before-extract", "after-extract"]
    assert steps[2:] == ["before-extract", "after-extract", "before-judge", "after-judge"]
