"""Any web server: JSON, signed as the Standard Webhooks specification says.

The receiver computes HMAC-SHA256 over ``id.timestamp.body`` with the shared key, compares it
with ``webhook-signature`` and refuses timestamps that are minutes old. docs/channels.md shows
it in ten lines.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import datetime

from alerts.answers import JSON_UTF8, refused, unanswered
from alerts.channel_settings import WebhookSettings, signing_key
from alerts.messages import Composer
from alerts.posting import Poster, PostError
from alerts.secrets import Redactor
from domain.notice import Delivery, SendOutcome, SendResult

_FINAL = (400, 406, 409, 411, 413, 414, 415, 422, 431)  # said of this very message


class WebhookChannel:
    """Posts signed JSON to one address. A message sent again has the id that it had."""

    def __init__(
        self,
        name: str,
        settings: WebhookSettings,
        composer: Composer,
        poster: Poster,
        clock: Callable[[], datetime],
    ) -> None:
        self.name = name
        self.gap = 0.0
        url, secret = self._url, self._secret = settings.url, settings.secret
        self._composer = composer
        self._poster = poster
        self._clock = clock
        key = base64.b64encode(signing_key(secret.get_secret_value())).decode()
        self._redact = Redactor(url.get_secret_value(), secret.get_secret_value(), key)

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``. Any 2xx accepts."""
        del digest  # the number of deliveries decides the form
        now = self._clock()
        told = self._composer.payload(deliveries)
        body = json.dumps(told, ensure_ascii=False).encode()
        signed = signature_headers(self._secret.get_secret_value(), str(told["id"]), now, body)
        try:
            url = self._url.get_secret_value()
            answer = await self._poster.post(url, body, {**JSON_UTF8, **signed})
        except PostError as error:
            return unanswered(error, self._redact)
        if 200 <= answer.status < 300:
            return SendOutcome(result=SendResult.ACCEPTED)
        return refused(answer, self._redact, final=_FINAL, now=now)

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""


def signature_headers(secret: str, ident: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers that sign ``body``; the timestamp is in whole Unix seconds."""
    stamp = str(int(now.timestamp()))
    content = f"{ident}.{stamp}.".encode() + body
    digest = hmac.new(signing_key(secret), content, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": ident, "webhook-timestamp": stamp, "webhook-signature": signature}
