"""Slack's incoming webhooks: about one message a second, and only "ok" means accepted."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import SecretStr

from alerts.answers import JSON_UTF8, refused, unanswered
from alerts.channel_settings import SlackSettings
from alerts.messages import Composer
from alerts.posting import Poster, PostError
from alerts.secrets import Redactor
from domain.notice import Delivery, SendOutcome, SendResult


class SlackChannel:
    """Posts to one webhook, whose URL never leaves this object."""

    def __init__(
        self, name: str, settings: SlackSettings, composer: Composer, poster: Poster
    ) -> None:
        self.name = name
        self.gap = 1.0
        self._composer = composer
        self._poster = poster
        self._url = settings.webhook_url or SecretStr("")
        self._redact = Redactor(self._url.get_secret_value())

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``."""
        del digest  # the number of deliveries decides the form
        payload = json.dumps(self._composer.slack(deliveries)).encode()
        try:
            answer = await self._poster.post(self._url.get_secret_value(), payload, JSON_UTF8)
        except PostError as error:
            return unanswered(error, self._redact)
        if answer.status == 200 and answer.body.strip() == "ok":
            return SendOutcome(result=SendResult.ACCEPTED)
        return refused(answer, self._redact)

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""
