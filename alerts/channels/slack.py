"""Slack incoming webhooks: about one message a second, and only "ok" means accepted."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from email.message import Message
from http.client import HTTPException, HTTPResponse, InvalidURL
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from slack_sdk.http_retry import RetryHandler
from slack_sdk.webhook import WebhookClient, WebhookResponse

from alerts.messages import Composer
from alerts.secrets import Redactor
from alerts.settings import SlackSettings
from alerts.threads import in_thread
from domain.notice import Delivery, SendOutcome, SendResult

TIMEOUT = 20  # seconds
_GONE = (401, 403, 404, 410)  # the webhook, not the message, is at fault
_UNSAID_WAIT = 30.0  # seconds that a 429 without Retry-After asks for
_MOST_BYTES = 64 * 1024  # of an answer; a good one has two
_NO_RETRIES: list[RetryHandler] = []  # retrying is the dispatcher's, over restarts


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 - urllib's signature
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow nothing: a redirect of a webhook would carry the alert to somebody else."""


class _Client(WebhookClient):
    """Slack's client without redirects, without endless answers, without a log.

    The client logs every address it posts to, at a level that nobody has to switch on.
    """

    def __init__(self, url: str, timeout: int) -> None:
        silence = logging.Logger("silence", logging.CRITICAL + 1)
        super().__init__(url, timeout=timeout, logger=silence, retry_handlers=_NO_RETRIES)
        proxies = [ProxyHandler({"http": self.proxy, "https": self.proxy})] if self.proxy else []
        self._opener = build_opener(_NoRedirect, *proxies)

    def _perform_http_request_internal(self, url: str, req: Request) -> WebhookResponse:
        try:
            with self._opener.open(req, timeout=self.timeout) as answer:
                return _response(url, answer.status, answer, answer.headers)
        except HTTPError as error:
            with error:
                return _response(url, error.code, error, error.headers)


def _response(
    url: str, status: int, answer: HTTPResponse | HTTPError, headers: Message
) -> WebhookResponse:
    body = answer.read(_MOST_BYTES).decode("utf-8", "replace")
    return WebhookResponse(url=url, status_code=status, body=body, headers=dict(headers.items()))


class SlackChannel:
    """Posts to one webhook, whose URL never leaves this object."""

    def __init__(
        self, name: str, settings: SlackSettings, composer: Composer, timeout: int = TIMEOUT
    ) -> None:
        self.name = name
        self.gap = 1.0
        self._composer = composer
        url = settings.webhook_url.get_secret_value()
        self._redact = Redactor(url)
        self._client = _Client(url, timeout)

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``."""
        del digest  # the number of deliveries decides the form
        payload = self._composer.slack(deliveries)
        try:
            answer = await in_thread(self._client.send_dict, payload)
        except URLError as error:  # nothing was sent: not reached, or not trusted
            return self._retry(f"not reached: {error.reason}", channel_wide=True)
        except InvalidURL as error:
            return self._retry(f"no address to post to: {error}", channel_wide=True)
        except TimeoutError:
            # Nobody knows whether it arrived: the reference line tells the two apart.
            return self._retry("timed out; possibly sent")
        except (HTTPException, OSError, ValueError) as error:
            return self._retry(f"{type(error).__name__}: {error}; possibly sent")
        return self._outcome(answer)

    def _outcome(self, answer: WebhookResponse) -> SendOutcome:
        status, body = answer.status_code, str(answer.body)
        if status == 200 and body.strip() == "ok":
            return SendOutcome(result=SendResult.ACCEPTED)
        words = self._redact(body, 120)
        reason = f"HTTP {status}: {words}" if words else f"HTTP {status}"
        if status == 429:
            return self._retry(reason, after=_seconds(answer.headers))
        if status in _GONE or 300 <= status < 400:
            return self._retry(reason, channel_wide=True)
        if status in (400, 413):
            return SendOutcome(result=SendResult.REFUSED, reason=reason)
        return self._retry(reason)

    def _retry(
        self, reason: str, *, after: float | None = None, channel_wide: bool = False
    ) -> SendOutcome:
        return SendOutcome(
            result=SendResult.RETRY,
            reason=self._redact(reason),
            retry_after=after,
            channel_wide=channel_wide,
        )

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""


def _seconds(headers: Mapping[str, Any]) -> float:
    """Read Retry-After, which Slack gives in seconds. Absurd values are the dispatcher's to cap."""
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                return max(1.0, float(value))
            except ValueError:
                break
    return _UNSAID_WAIT
