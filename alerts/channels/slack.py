"""Slack incoming webhooks: about one message a second, and only "ok" means accepted."""

from __future__ import annotations

from collections.abc import Sequence
from http.client import HTTPException
from urllib.error import URLError

from slack_sdk.http_retry import RetryHandler
from slack_sdk.webhook import WebhookClient, WebhookResponse

from alerts.cleaning import one_line
from alerts.messages import Composer
from alerts.settings import SlackSettings
from alerts.threads import in_thread
from domain.notice import Delivery, SendOutcome, SendResult

TIMEOUT = 20  # seconds
_GONE = (403, 404, 410)  # the webhook, not the message, is at fault
_NO_RETRIES: list[RetryHandler] = []  # retrying is the dispatcher's, over restarts


class SlackChannel:
    """Posts to one webhook, whose URL never leaves this object."""

    def __init__(self, name: str, settings: SlackSettings, composer: Composer) -> None:
        self.name = name
        self.gap = 1.0
        self._composer = composer
        self._url = settings.webhook_url
        self._client = WebhookClient(
            settings.webhook_url.get_secret_value(), timeout=TIMEOUT, retry_handlers=_NO_RETRIES
        )

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``."""
        del digest
        payload = self._composer.slack(deliveries)
        try:
            answer = await in_thread(self._client.send_dict, payload)
        except TimeoutError:
            # Nobody knows whether it arrived: the reference line tells the two apart.
            return _retry("timed out; possibly sent")
        except (URLError, HTTPException, OSError, ValueError) as error:
            return _retry(self._without_secret(f"{type(error).__name__}: {error}"))
        return self._outcome(answer)

    def _outcome(self, answer: WebhookResponse) -> SendOutcome:
        status = answer.status_code
        body = one_line(self._without_secret(str(answer.body)), 120)
        if status == 200 and body.strip() == "ok":
            return SendOutcome(result=SendResult.ACCEPTED)
        reason = f"HTTP {status}: {body}" if body else f"HTTP {status}"
        if status == 429:
            return _retry(reason, after=_seconds(answer.headers))
        if status in _GONE:
            return _retry(reason, channel_wide=True)
        if status == 400:
            return SendOutcome(result=SendResult.REFUSED, reason=reason)
        return _retry(reason)

    def _without_secret(self, text: str) -> str:
        return text.replace(self._url.get_secret_value(), "[webhook]")

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""


def _seconds(headers: dict[str, list[str]] | dict[str, str]) -> float | None:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            first = value[0] if isinstance(value, list) else value
            try:
                return max(1.0, float(first))
            except ValueError:
                return None
    return None


def _retry(reason: str, *, after: float | None = None, channel_wide: bool = False) -> SendOutcome:
    return SendOutcome(
        result=SendResult.RETRY, reason=reason, retry_after=after, channel_wide=channel_wide
    )
