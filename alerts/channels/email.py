"""E-mail over SMTP. Whether the mail is believed (SPF, DKIM, DMARC) is the relay's job."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from datetime import datetime

import aiosmtplib

from alerts.cleaning import one_line
from alerts.messages import Composer
from alerts.settings import EmailSettings
from domain.notice import Delivery, SendOutcome, SendResult

TIMEOUT = 30.0  # seconds for each exchange with the server
_TRANSIENT = range(400, 500)


class EmailChannel:
    """Sends one mail a message, over a connection of its own."""

    def __init__(
        self,
        name: str,
        settings: EmailSettings,
        composer: Composer,
        clock: Callable[[], datetime],
    ) -> None:
        self.name = name
        self.gap = 0.0
        self._settings = settings
        self._composer = composer
        self._clock = clock

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``. Accepted is what the server said after the last byte."""
        del digest
        message = self._composer.email(deliveries, self._settings, self._clock())
        settings = self._settings
        password = settings.password.get_secret_value() if settings.password else None
        try:
            refused, _ = await aiosmtplib.send(
                message.as_bytes(),
                sender=settings.sender,
                recipients=list(settings.recipients),
                hostname=settings.host,
                port=settings.port,
                username=settings.username,
                password=password,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                timeout=TIMEOUT,
            )
        except (TimeoutError, aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            return self._outcome(error, password)
        if refused:
            reason = "refused for " + ", ".join(sorted(refused))
            return SendOutcome(result=SendResult.ACCEPTED, reason=one_line(reason))
        return SendOutcome(result=SendResult.ACCEPTED)

    def _outcome(self, error: BaseException, password: str | None) -> SendOutcome:
        """Read a failure: 4yz is tried again, 5yz is final, login and TLS are the channel's."""
        reason = one_line(f"{self._settings.host}:{self._settings.port}: {_words(error)}", 300)
        if password:
            reason = reason.replace(password, "[secret]")
        if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
            codes = [refusal.code for refusal in error.recipients]
            is_final = all(code not in _TRANSIENT for code in codes)
            return _retry(reason) if not is_final else _refused(reason)
        if isinstance(error, aiosmtplib.SMTPAuthenticationError | ssl.SSLError):
            return _retry(reason, channel_wide=True)
        if isinstance(error, aiosmtplib.SMTPResponseException):
            if error.code in _TRANSIENT:
                return _retry(reason)
            # 530 asks for a login, 535 refuses it: our configuration, not this message.
            if error.code in (530, 534, 535, 538):
                return _retry(reason, channel_wide=True)
            return _refused(reason)
        return _retry(reason, channel_wide=True)

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""


def _words(error: BaseException) -> str:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return "; ".join(f"{r.recipient}: {r.code} {r.message}" for r in error.recipients)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__


def _retry(reason: str, *, channel_wide: bool = False) -> SendOutcome:
    return SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=channel_wide)


def _refused(reason: str) -> SendOutcome:
    return SendOutcome(result=SendResult.REFUSED, reason=reason)
