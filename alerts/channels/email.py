"""E-mail over SMTP. Whether the mail is believed (SPF, DKIM, DMARC) is the relay's job."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import aiosmtplib

from alerts.channel_settings import EmailSettings
from alerts.messages import Composer
from alerts.secrets import Redactor, login_forms
from alerts.threads import in_thread
from domain.notice import Delivery, SendOutcome, SendResult

TIMEOUT = 30.0  # seconds for each exchange with the server
_FINAL = range(500, 600)
_LOGIN = (530, 534, 535, 538)  # a login is asked for, or not taken: our configuration
_TOO_BIG = 552


class EmailChannel:
    """Sends one mail a message, over a connection of its own.

    ``tls`` decides which certificates are believed; the system's authorities if None.
    """

    def __init__(
        self,
        name: str,
        settings: EmailSettings,
        composer: Composer,
        clock: Callable[[], datetime],
        *,
        tls: ssl.SSLContext | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.name = name
        self.gap = 0.0
        self._settings = settings
        self._composer = composer
        self._clock = clock
        self._tls = tls
        self._timeout = timeout
        self._password = settings.password.get_secret_value() if settings.password else None
        forms = login_forms(settings.username or "", self._password) if self._password else ()
        self._redact = Redactor(self._password, *forms)

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``. Accepted is what the server said after the last byte."""
        del digest  # the number of deliveries decides the form
        # In a thread: a digest of thousands takes a second, and asks for the week's figures.
        now = self._clock()
        message = await in_thread(self._composer.email, deliveries, self._settings, now)
        try:
            refused = await self._post(message.as_bytes())
        except (TimeoutError, aiosmtplib.SMTPException, OSError, ValueError) as error:
            return self._outcome(error)
        receipt = str(message["Message-ID"])
        if refused:
            said = "; ".join(f"{a}: {code} {words}" for a, (code, words) in refused.items())
            reason = self._redact(f"refused for {said}")
            return SendOutcome(result=SendResult.ACCEPTED, reason=reason, receipt=receipt)
        return SendOutcome(result=SendResult.ACCEPTED, receipt=receipt)

    async def _post(self, content: bytes) -> Mapping[str, tuple[int, str]]:
        """Hand the mail over; return the recipients that were refused though others were not."""
        settings = self._settings
        refused, _ = await aiosmtplib.send(
            content,
            sender=settings.sender,
            recipients=list(settings.recipients),
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=self._password,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._tls,
            timeout=self._timeout,
        )
        return refused

    def _outcome(self, error: Exception) -> SendOutcome:
        """Read a failure: 4yz is tried again, 5yz is final, login and TLS are the channel's."""
        reason = self._redact(f"{self._settings.host}:{self._settings.port}: {_words(error)}")
        result, is_wide = verdict(error)
        return SendOutcome(result=result, reason=reason, channel_wide=is_wide)

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""


def verdict(error: Exception) -> tuple[SendResult, bool]:
    """Return what a failure means for the message, and whether the channel itself is at fault."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = {refusal.code for refusal in error.recipients}
        if codes & set(_LOGIN):
            return SendResult.RETRY, True
        return (SendResult.REFUSED if codes <= set(_FINAL) else SendResult.RETRY), False
    if isinstance(error, aiosmtplib.SMTPConnectError | aiosmtplib.SMTPHeloError):
        return SendResult.RETRY, True
    if isinstance(error, aiosmtplib.SMTPResponseException):
        # Only what is said of this very mail is final: a sender is the same in every mail, and
        # a login, a greeting or an upgrade that fails is our configuration or their trouble.
        is_login = isinstance(error, aiosmtplib.SMTPAuthenticationError) or error.code in _LOGIN
        if is_login or error.code not in _FINAL:
            return SendResult.RETRY, is_login
        is_of_mail = isinstance(error, aiosmtplib.SMTPDataError) or error.code == _TOO_BIG
        return (SendResult.REFUSED, False) if is_of_mail else (SendResult.RETRY, True)
    # A link that broke: maybe under this very mail, so that the others must not wait for it.
    return SendResult.RETRY, not isinstance(error, ConnectionError | TimeoutError)


def _words(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return "; ".join(f"{r.recipient}: {r.code} {r.message}" for r in error.recipients)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    if isinstance(error, aiosmtplib.SMTPServerDisconnected | aiosmtplib.SMTPReadTimeoutError):
        return f"{error}; possibly sent"
    return str(error) or type(error).__name__
