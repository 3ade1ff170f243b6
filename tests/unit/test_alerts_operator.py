from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

from sinks import mail_server, web_hook

from alerts.channels.console import ConsoleChannel
from alerts.guarding import Guard
from alerts.operator import (
    OperatorComposer,
    body,
    is_everywhere,
    operator_channels,
    ripe,
    subject,
    tell,
)
from alerts.settings import AlertSettings
from domain.health import HealthChange, HealthNotice, HealthState
from domain.notice import SendResult

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PATIENCE = timedelta(minutes=30)


def change(ident: str, state: HealthState, *, ago: float = 60, **facts) -> HealthChange:
    given = {
        "source_id": ident,
        "name": ident.upper(),
        "at": NOW - timedelta(minutes=ago),
        "before": HealthState.OK,
        "state": state,
        "reason": "HTTP 503",
        "next_try": NOW + timedelta(hours=1),
    }
    return HealthChange(**{**given, **facts})


FAILS = change("tsa", HealthState.FAILING)
HEALS = change("aps", HealthState.OK, before=HealthState.SILENT, ago=1)


def test_a_trouble_is_told_when_it_lasted_and_takes_the_others_along():
    young = change("awras", HealthState.GONE, ago=5)
    assert ripe([], 9, NOW, PATIENCE) is None
    assert ripe([young], 9, NOW, PATIENCE) is None
    notice = ripe([HEALS, young, FAILS], 9, NOW, PATIENCE)
    assert [c.source_id for c in notice.changes] == ["tsa", "awras", "aps"]
    assert ripe([HEALS], 9, NOW, PATIENCE).recoveries == (HEALS,)


def test_the_words_say_what_since_when_why_and_what_next():
    notice = HealthNotice(changes=(FAILS, HEALS), sources=9)
    assert subject(notice) == "[marsad] 1 source in trouble, 1 recovered"
    text = body(notice)
    assert "- TSA (tsa): failing since 2026-11-25 11:00 UTC: HTTP 503; next try 2026-1" in text
    assert "- APS (aps): ok since 2026-11-25 11:59 UTC, was silent" in text
    assert "network" not in text


def test_when_almost_all_fail_the_network_is_suspected_and_the_list_is_bounded():
    many = tuple(change(f"s{n}", HealthState.FAILING) for n in range(60))
    notice = HealthNotice(changes=many, sources=68)
    assert is_everywhere(notice)
    assert "this machine's own network" in body(notice)
    assert "- and 20 more" in body(notice)
    assert len(body(notice).splitlines()) < 50


def test_words_of_strangers_add_no_line_and_no_markup():
    evil = change(
        "x", HealthState.FAILING, name="A\r\nBcc: b@c.example", reason="<!channel>\n\x1b[2J"
    )
    notice = HealthNotice(changes=(evil,), sources=9)
    assert len(body(notice).splitlines()) == 2
    assert "\x1b" not in body(notice)
    assert "<!channel>" not in OperatorComposer(notice).slack(())["text"]


def settings(**channels) -> AlertSettings:
    return AlertSettings.model_validate({"channels": channels})


def test_the_marked_channels_are_the_operators_else_the_first():
    plain = settings(a={"type": "console"}, b={"type": "console"}).channels
    assert operator_channels(plain) == ["a"]
    marked = settings(a={"type": "console"}, b={"type": "console", "operator": True}).channels
    assert operator_channels(marked) == ["b"]
    assert operator_channels({}) == []


async def test_a_notice_goes_out_by_mail_slack_and_console():
    notice = HealthNotice(changes=(FAILS, HEALS), sources=9)
    async with mail_server() as mailbox, web_hook() as hook:
        mail = {
            "type": "email",
            "host": "127.0.0.1",
            "port": mailbox.port,
            "sender": "m@desk.example",
            "recipients": ["op@desk.example"],
        }
        given = settings(mail=mail, slack={"type": "slack", "webhook_url": hook.url})
        for name, channel in given.channels.items():
            outcome = await tell(name, channel, notice, lambda: NOW, Guard(allow_private=True))
            assert outcome.result is SendResult.ACCEPTED
        [message] = mailbox.mails
        assert message["Subject"] == subject(notice)
        assert "HTTP 503" in message.get_content()
        assert "1 source in trouble" in str(hook.payloads[0])
    stream = StringIO()
    await ConsoleChannel("c", OperatorComposer(notice), stream).send((), digest=False)
    assert "TSA (tsa)" in stream.getvalue()


async def test_a_channel_that_is_down_says_so():
    mail = {
        "type": "email",
        "host": "127.0.0.1",
        "port": 1,
        "sender": "m@desk.example",
        "recipients": ["op@desk.example"],
    }
    channel = settings(mail=mail).channels["mail"]
    notice = HealthNotice(changes=(FAILS,), sources=9)
    outcome = await tell("mail", channel, notice, lambda: NOW)
    assert outcome.result is SendResult.RETRY
