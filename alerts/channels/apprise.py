"""Any other service, through Apprise."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import apprise

from alerts.cleaning import one_line
from alerts.messages import Composer
from alerts.secrets import Redactor
from alerts.settings import AppriseSettings
from alerts.threads import in_thread
from domain.notice import Delivery, SendOutcome, SendResult

# Services read markup of their own in a text: no page may call everybody in a room.
_DISARMED = str.maketrans({"@": "＠", "<": "‹", ">": "›", "`": "ˋ"})
_LINK = re.compile(r"https?://\S+")


class AppriseChannel:
    """Sends text to one Apprise URL. Apprise says only whether it worked."""

    def __init__(self, name: str, settings: AppriseSettings, composer: Composer) -> None:
        self.name = name
        self.gap = 1.0
        self._composer = composer
        url = settings.url.get_secret_value()
        self._redact = Redactor(url, hides_host=True)
        # Apprise logs addresses with their tokens; what it says that we need is its answer.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        # A redirected post arrives as a question without its words, and that counts as sent.
        self._target = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False))
        self._is_known = self._target.add(url)

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``."""
        del digest  # the number of deliveries decides the form
        if not self._is_known:
            reason = "Apprise knows no service for this URL"
            return SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=True)
        title, body = self._words(deliveries)
        try:
            is_sent = await in_thread(
                self._target.notify, body=body, title=title, body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001 - a plug-in of Apprise may raise anything
            reason = self._redact(f"{type(error).__name__}: {error}")
            return SendOutcome(result=SendResult.RETRY, reason=reason)
        if is_sent:
            return SendOutcome(result=SendResult.ACCEPTED)
        return SendOutcome(result=SendResult.RETRY, reason="the service did not accept it")

    def _words(self, deliveries: Sequence[Delivery]) -> tuple[str, str]:
        title, _, body = self._composer.text(deliveries).partition("\n")
        return one_line(disarmed(title), 120), disarmed(body).strip()

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""


def disarmed(text: str) -> str:
    """Return ``text`` without what any service might read as markup or as a call to people."""
    links_kept = _LINK.sub(lambda m: m[0].replace("@", "%40"), text)
    return links_kept.translate(_DISARMED)
