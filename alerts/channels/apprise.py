"""Any other service, through Apprise."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any

import apprise

from alerts.channel_settings import AppriseSettings
from alerts.cleaning import one_line
from alerts.guarding import Guard, RefusedAddressError
from alerts.messages import Composer
from alerts.secrets import Redactor
from alerts.threads import in_thread
from domain.notice import Delivery, SendOutcome, SendResult

# Services read markup of their own in a text: no page may call everybody in a room.
_DISARMED = str.maketrans({"@": "＠", "<": "‹", ">": "›", "`": "ˋ", "*": "∗", "_": "ˍ", "~": "∼"})
_LINK = re.compile(r"https?://\S+")
_LONGEST_TITLE = 120
_AMPERSAND = 4  # characters by which &amp; is longer
_LONGEST = 30_000  # characters, where a service names no limit
_NARROWER = {"NotifyNtfy": 1300}  # 4096 bytes, beyond which a text becomes an attachment


class AppriseChannel:
    """Sends text to one Apprise URL. Apprise says only whether it worked."""

    def __init__(
        self, name: str, settings: AppriseSettings, composer: Composer, guard: Guard | None = None
    ) -> None:
        self.name = name
        self.gap = 1.0
        self._composer = composer
        self._guard = guard or Guard()
        url = settings.url.get_secret_value()
        self._redact = Redactor(url, hides_host=True)
        # Apprise logs addresses with their tokens; what it says that we need is its answer.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        self._target = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False))
        self._is_known = self._target.add(url)
        for service in self._target:
            # A redirected post arrives as a question without its words, and that counts as sent.
            service.redirects = False
        self._longest = min((longest_text(service) for service in self._target), default=_LONGEST)

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``."""
        del digest  # the number of deliveries decides the form
        if not self._is_known:
            return _retry("Apprise knows no service for this URL", is_wide=True)
        title, body = self._words(deliveries)
        try:
            is_sent = await in_thread(self._notify, title, body)
        except RefusedAddressError:
            reason = "its host is in a private network; allow_private_networks: true allows it"
            return _retry(reason, is_wide=True)
        except Exception as error:  # noqa: BLE001 - a plug-in of Apprise may raise anything
            return _retry(self._redact(f"{type(error).__name__}: {error}"))
        if is_sent:
            return SendOutcome(result=SendResult.ACCEPTED)
        return _retry("the service did not accept it; possibly sent")

    def _notify(self, title: str, body: str) -> bool:
        """Send, unless a host is in a private network. Apprise looks the name up once more."""
        for service in self._target:
            for host in dialled_hosts(service):
                _look_at(self._guard, host)
        text = apprise.NotifyFormat.TEXT
        return bool(self._target.notify(body=body, title=title, body_format=text))

    def _words(self, deliveries: Sequence[Delivery]) -> tuple[str, str]:
        room = self._longest - _LONGEST_TITLE - 2  # a service without titles puts it on top
        text = self._composer.text(deliveries, max(room, 40))
        escaped = _AMPERSAND * text.count("&")  # which a service may write as &amp;
        if len(text) + escaped > room:
            text = self._composer.text(deliveries, max(room - escaped, 40))
        title, _, body = text.partition("\n")
        return one_line(disarmed(title), _LONGEST_TITLE), disarmed(body).strip()

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""


def disarmed(text: str) -> str:
    """Return ``text`` without what any service might read as markup or as a call to people.

    The result is as long, and holds nothing but ampersands that a service would escape.
    """
    parts = []
    position = 0
    for link in _LINK.finditer(text):
        parts.append(text[position : link.start()].translate(_DISARMED))
        parts.append(link[0].replace("@", "%40"))
        position = link.end()
    parts.append(text[position:].translate(_DISARMED))
    return "".join(parts)


def longest_text(service: Any) -> int:
    """Return how many characters a service of Apprise takes in one message."""
    named = getattr(service, "body_maxlen", None)
    longest = named if isinstance(named, int) and named > 0 else _LONGEST
    return min(longest, _NARROWER.get(type(service).__name__, _LONGEST), _LONGEST)


def dialled_hosts(service: Any) -> Iterator[str]:
    """Yield the hosts that the URL itself names; what is a token is none, and is not looked up."""
    tokens = getattr(service, "template_tokens", {})
    host = getattr(service, "smtp_host", None) or getattr(service, "host", None)
    if "host" in tokens and isinstance(host, str) and host:
        yield host


def _look_at(guard: Guard, host: str) -> None:
    try:
        guard.addresses(host, 443)
    except RefusedAddressError:
        raise
    except (OSError, UnicodeError):
        pass  # a proxy may know it; otherwise the service is not reached


def _retry(reason: str, *, is_wide: bool = False) -> SendOutcome:
    return SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=is_wide)
