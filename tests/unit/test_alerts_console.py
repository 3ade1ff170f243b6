"""The console channel: alerts as text, whatever the terminal."""

from __future__ import annotations

import io

from alerting import arabic, delivery, notice

from alerts.channels.console import ConsoleChannel
from alerts.messages import Composer
from domain.notice import SendOutcome, SendResult


def stream(encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def written(out: io.TextIOWrapper) -> str:
    out.seek(0)
    return out.read()


async def send(out: io.TextIOWrapper, *told: object) -> SendOutcome:
    channel = ConsoleChannel("console", Composer(), out)
    deliveries = [delivery(n, t) for n, t in enumerate(told, 1)]  # type: ignore[arg-type]
    return await channel.send(deliveries, digest=len(deliveries) > 1)


async def test_an_alert_is_text():
    out = stream()
    assert await send(out, notice()) == SendOutcome(result=SendResult.ACCEPTED)
    said = written(out)
    assert "Exercice naval algéro-italien n° 1" in said
    assert "[exercice naval conjoint]" in said
    assert "https://paper.example/1?a=1&b=2" in said


async def test_a_terminal_is_not_steered_by_a_page():
    out = stream()
    await send(out, notice(title="\x1b]0;owned\x07\x9b31m\rover"))
    assert not set("\x1b\x07\x9b\r") & set(written(out))


async def test_a_terminal_without_arabic_still_gets_its_alert():
    out = stream("ascii")
    assert (await send(out, arabic(), notice(2))).result is SendResult.ACCEPTED
    assert "M-" in written(out)


async def test_a_closed_pipe_keeps_the_queue():
    out = stream()
    out.close()
    outcome = await send(out, notice())
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)
