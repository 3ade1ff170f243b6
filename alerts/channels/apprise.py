"""Any other service, through Apprise."""

from __future__ import annotations

from collections.abc import Sequence

import apprise

from alerts.cleaning import one_line
from alerts.messages import Composer
from alerts.settings import AppriseSettings
from alerts.threads import in_thread
from domain.notice import Delivery, SendOutcome, SendResult


class AppriseChannel:
    """Sends text to one Apprise URL. Apprise says only whether it worked."""

    def __init__(self, name: str, settings: AppriseSettings, composer: Composer) -> None:
        self.name = name
        self.gap = 1.0
        self._composer = composer
        self._url = settings.url
        self._target = apprise.Apprise()
        self._is_known = self._target.add(settings.url.get_secret_value())

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``."""
        del digest
        if not self._is_known:
            reason = "Apprise knows no service for this URL"
            return SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=True)
        title = one_line(self._composer.cards(deliveries[:1])[0].title, 120)
        text = self._composer.text(deliveries)
        try:
            is_sent = await in_thread(
                self._target.notify, body=text, title=title, body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001 - a plug-in of Apprise may raise anything
            reason = one_line(str(error).replace(self._url.get_secret_value(), "[url]"))
            return SendOutcome(result=SendResult.RETRY, reason=reason)
        if is_sent:
            return SendOutcome(result=SendResult.ACCEPTED)
        return SendOutcome(result=SendResult.RETRY, reason="the service did not accept it")

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""
