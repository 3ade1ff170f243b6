"""Which hosts a channel may dial, as written and as resolved; and who dials for a proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channel_settings import SlackSettings
from alerts.fitting import fitted
from alerts.guarding import Guard, RefusedAddressError, literal_refusal
from alerts.posting import Poster, PostError
from alerts.settings import AlertSettings
from domain.addresses import refusal


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "[::1]",
        "::ffff:10.0.0.1",
        "169.254.169.254",
        "localhost",
        "LOCALHOST.",
        "db.localhost",
        "10.1.2.3",
        "fe80::1",
        "fd00::1",
    ],
)
def test_an_address_of_a_private_network_is_known_as_it_is_written(host: str):
    assert literal_refusal(host)


@pytest.mark.parametrize("host", ["hooks.slack.com", "8.8.8.8", "2a00:1450::1", "", None, "10.a"])
def test_other_hosts_are_left_to_the_resolver(host: str | None):
    assert literal_refusal(host) is None


@given(st.ip_addresses())
def test_what_is_resolved_is_judged_by_the_same_table(address: object):
    guard = Guard(lookup=lambda name, port: ["8.8.8.8", str(address)])
    if refusal(str(address)):
        with pytest.raises(RefusedAddressError, match="private network"):
            guard.addresses("x.example", 443)
    else:
        assert guard.addresses("x.example", 443) == ["8.8.8.8", str(address)]


@pytest.mark.parametrize(
    ("channel", "section", "crawler", "may"),
    [
        (None, None, False, False),
        (None, None, True, True),
        (None, False, True, False),
        (None, True, False, True),
        (False, True, True, False),
        (True, False, False, True),
    ],
)
def test_the_nearest_word_decides(
    channel: bool | None, section: bool | None, crawler: bool, may: bool
):
    url = "https://10.0.0.1/x"
    slack = {"type": "slack", "webhook_url": url, "allow_private_networks": channel}
    settings = AlertSettings.model_validate(
        {"channels": {"s": slack}, "allow_private_networks": section}
    )
    assert isinstance(settings.channels["s"], SlackSettings)
    assert settings.may_go_private(settings.channels["s"], crawler) is may
    faults = settings.private_channels(crawler)
    assert [fault[:2] for fault in faults] == ([] if may else [("s", "webhook_url")])


class Proxy:
    """Keeps the first line of whatever it is asked, and answers as the far side would."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readline()).decode().strip())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()


async def through(
    url: str, guard: Guard, monkeypatch: pytest.MonkeyPatch, bypass: str = ""
) -> tuple[Proxy, Callable[[], None] | str]:
    proxy = Proxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", bypass)
    monkeypatch.setenv("NO_PROXY", bypass)
    try:
        answer = await Poster(guard, timeout=1).post(url, b"{}", {})
        return proxy, answer.body
    except PostError as error:
        return proxy, str(error)
    finally:
        server.close()


def found(*addresses: str) -> Guard:
    def lookup(name: str, port: int) -> list[str]:
        if not addresses:
            raise OSError("no such name")
        return list(addresses)

    return Guard(lookup=lookup)


async def test_a_proxy_of_the_environment_is_used_though_it_is_private(
    monkeypatch: pytest.MonkeyPatch,
):
    proxy, said = await through("http://hook.example/x", found("8.8.8.8"), monkeypatch)
    assert said == "ok"
    assert proxy.asked == ["POST http://hook.example/x HTTP/1.1"]


async def test_a_name_that_only_the_proxy_knows_is_the_proxys(monkeypatch: pytest.MonkeyPatch):
    proxy, said = await through("http://hook.example/x", found(), monkeypatch)
    assert said == "ok"
    assert len(proxy.asked) == 1


async def test_a_private_target_is_refused_before_a_proxy_hears_of_it(
    monkeypatch: pytest.MonkeyPatch,
):
    for url in ("http://hook.example/x", "https://hook.example/x"):
        proxy, said = await through(url, found("10.0.0.1"), monkeypatch)
        assert "private network" in str(said)
        assert proxy.asked == []


async def test_tls_through_a_proxy_asks_it_for_a_tunnel(monkeypatch: pytest.MonkeyPatch):
    proxy, _ = await through("https://hook.example/x", found("8.8.8.8"), monkeypatch)
    assert proxy.asked[0].startswith("CONNECT hook.example:443")


async def test_a_host_of_no_proxy_is_dialled_directly(monkeypatch: pytest.MonkeyPatch):
    proxy, said = await through(
        "http://hook.example/x", found("10.0.0.1"), monkeypatch, bypass="hook.example"
    )
    assert "private network" in str(said)
    assert proxy.asked == []


@given(st.text(min_size=0, max_size=300), st.integers(40, 200))
def test_a_fitted_text_is_within_its_limit(text: str, limit: int):
    shown = fitted(text, limit)
    assert len(shown.encode("utf-16-le", "surrogatepass")) // 2 <= limit
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 <= limit:
        assert shown == text


def test_the_first_link_is_kept_whole_when_words_are_cut():
    link = "https://paper.example/an/article"
    text = "\n".join(["A headline", "word " * 40, f"Link {link}", "more", f"Other {link}?2"])
    shown = fitted(text, 120).splitlines()
    assert shown[0] == "A headline"
    assert shown[1].endswith("…")
    assert shown[2:] == [f"Link {link}"]
