"""One request, one answer: what Scrapy gives and raises, in our own words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.web._newclient import (  # the package exports two of the three
    RequestNotSent,
    RequestTransmissionFailed,
    ResponseNeverReceived,
)

from crawler.freshness import fresh_for
from crawler.impostors import is_barrier
from crawler.middleware import SKIP_ROBOTS, RobotsForbidsError, TooManyRedirectsError
from crawler.pacing import retry_after
from crawler.ports import HoldShelf, no_step
from crawler.robots import MAX_BYTES
from crawler.urls import host_of
from domain.errors import FetchError, LeaseLostError, MarsadError
from domain.health import Impostor
from domain.page import Page
from domain.source import Validators, VisitOutcome

if TYPE_CHECKING:
    from scrapy.http import Response

    from crawler.addresses import GuardedResolver
    from crawler.spider import PressSpider

_TLS_SIGNS = ("certificate", "ssl", "tls")
_PASSING_STATUSES = frozenset({408, 500, 502, 503, 504, 520, 521, 522, 524})
_NEVER_LONGER = 3600.0  # seconds; a request waits its turn, but a lost one must not wait for ever
_MAX_HELD = 10_000
_LONGEST_ROBOTS = 4 * MAX_BYTES  # of which MAX_BYTES are read; nobody needs more to say no
_TLS_ADVICE = " (verify_certificate: false in its entry reads it all the same)"
_NO_ANSWER = (CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError)
_IS_DOWN = 3  # requests in a row without an answer
_DOWN_FOR = timedelta(minutes=2)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer of a server: a body, or "not modified"."""

    url: str  # after redirects
    body: bytes
    content_type: str
    is_not_modified: bool = False
    is_complete: bool = True  # False: the connection's end was the only sign of the body's end
    etag: str | None = None
    last_modified: str | None = None
    fresh_for: timedelta | None = None
    moved_to: str | None = None  # where permanent redirects led from the address asked
    page: Page | None = None  # the answer as it came, for the archive


class CrawlEndedError(Exception):
    """The one crawl is over though it should not be: a fault of ours, not of a server."""


class RefusedError(FetchError):
    """The answer is no use. ``outcome`` says whose fault it is; no answer, no ``status``."""

    def __init__(
        self,
        message: str,
        *,
        url: str,
        outcome: VisitOutcome,
        status: int | None = None,
        wait: timedelta | None = None,
        is_passing: bool = False,
        impostor: Impostor | None = None,
    ) -> None:
        super().__init__(message, url=url)
        self.outcome = outcome
        self.status = status
        self.wait = wait  # Retry-After
        self.is_passing = is_passing  # worth another try in a moment
        self.impostor = impostor  # what came in place of what was asked


class Fetcher(Protocol):
    """What a visit needs of the network."""

    async def fetch(
        self, url: str, *, max_bytes: int, validators: Validators | None = None
    ) -> Fetched:
        """Return the answer of ``url``. Raises RefusedError."""

    async def recall(self) -> None:
        """Learn which hosts asked to be left alone."""


class ScrapyFetcher:
    """Fetches through the one crawl."""

    def __init__(
        self,
        *,
        resolver: GuardedResolver,
        clock: Callable[[], datetime],
        holds: HoldShelf | None = None,
        failpoint: Callable[[str], None] = no_step,
    ) -> None:
        self._holds = holds
        self._failpoint = failpoint
        self.crawl: asyncio.Task[None] | None = None
        self._held: dict[str, datetime] = {}  # hosts that asked to wait, and until when
        # hosts that did not answer: how often in a row, and until when they are left alone
        self._silent: dict[str, tuple[int, datetime]] = {}
        self._resolver = resolver
        self._clock = clock
        self.spider: PressSpider | None = None  # set once the crawl is open

    async def fetch(
        self, url: str, *, max_bytes: int, validators: Validators | None = None
    ) -> Fetched:
        """Return the answer of ``url``. Raises RefusedError."""
        self._respect(url)
        headers = conditional_headers(validators)
        host = urlsplit(url).netloc
        try:
            self._failpoint("before-fetch")
            response = await self._ask(url, headers, {"download_maxsize": max_bytes})
            self._failpoint("after-fetch")
        except (CrawlEndedError, LeaseLostError):
            raise
        except Exception as error:
            self._note_silence(host, error)
            raise self._refused(error, url) from error
        self._silent.pop(host, None)
        try:
            return self._judge(response, url, asked=bool(headers))
        except RefusedError as error:
            if error.wait is not None:
                await self._hold(response, error.wait)
            raise

    def _respect(self, url: str) -> None:
        """Refuse to ask a host that asked to be left alone, on whoever's behalf it was."""
        host, now = urlsplit(url).netloc, self._clock()
        failures, down_until = self._silent.get(host, (0, now))
        if failures >= _IS_DOWN:
            if now < down_until <= now + _DOWN_FOR:
                reason = f"{host} does not answer"
                raise RefusedError(reason, url=url, outcome=VisitOutcome.NETWORK)
            self._silent[host] = _IS_DOWN - 1, now  # one more try
        until = self._held.get(host_of(url))
        if until is None:
            return
        if until <= now:
            del self._held[host_of(url)]
            return
        raise RefusedError(
            f"{host} asked to wait until {until:%H:%M} UTC",
            url=url,
            outcome=VisitOutcome.HTTP,
            wait=until - now,
        )

    def _note_silence(self, host: str, error: Exception) -> None:
        """Leave a host that does not answer alone for minutes: others wait behind it else."""
        if not isinstance(error, _NO_ANSWER) or len(self._silent) >= _MAX_HELD:
            return
        count, _ = self._silent.get(host, (0, self._clock()))
        self._silent[host] = count + 1, self._clock() + _DOWN_FOR

    async def robots(self, url: str) -> tuple[int, bytes]:
        """Return status and body of a robots.txt; status 0 when the host cannot be reached."""
        meta = {SKIP_ROBOTS: True, "download_maxsize": _LONGEST_ROBOTS}
        try:
            response = await self._ask(url, {}, meta)
        except TooManyRedirectsError:
            return 404, b""  # RFC 9309: may be taken for a file that is not there
        except LeaseLostError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the file could not be had
            _log.info("robots.txt of %s could not be had: %s", url, self._refused(error, url))
            return 0, b""
        if 300 <= response.status < 400:
            return 404, b""  # it leads out of the web, or nowhere
        return response.status, response.body

    async def _ask(self, url: str, headers: dict[str, str], meta: dict[str, Any]) -> Response:
        """Return the answer. A connection that was kept and is found closed is no answer yet."""
        try:
            return await self._ask_once(url, headers, meta)
        except Exception as error:
            if not is_lost(error):
                raise
        return await self._ask_once(url, headers, meta)

    async def _ask_once(self, url: str, headers: dict[str, str], meta: dict[str, Any]) -> Response:
        if self.spider is None or self.crawl is None:
            raise RuntimeError("the crawl is not open")
        request = Request(url, headers=headers, meta=meta)
        answer = self.spider.download(request)
        answer.add_done_callback(_looked_at)
        either: set[asyncio.Future[Any]] = {answer, self.crawl}
        await asyncio.wait(either, timeout=_NEVER_LONGER, return_when=asyncio.FIRST_COMPLETED)
        if self.crawl.done() or not answer.done():
            raise CrawlEndedError("the crawl has ended" if self.crawl.done() else "no answer came")
        return answer.result()

    def _judge(self, response: Response, url: str, *, asked: bool) -> Fetched:
        status = response.status
        if status == 304 and asked:
            return Fetched(
                url=response.url,
                body=b"",
                content_type="",
                is_not_modified=True,
                fresh_for=_freshness(response, self._clock()),
                moved_to=_moved_to(response),
            )
        if not 200 <= status < 300:
            wait = retry_after(_header(response, "Retry-After"), self._clock())
            impostor = _barrier(response)
            raise RefusedError(
                f"HTTP {status}" + (f" ({impostor})" if impostor else ""),
                url=url,
                outcome=VisitOutcome.HTTP,
                status=status,
                wait=wait,
                is_passing=status in _PASSING_STATUSES and wait is None and not impostor,
                impostor=impostor,
            )
        return Fetched(
            url=response.url,
            body=response.body,
            content_type=_header(response, "Content-Type") or "",
            is_complete="partial" not in response.flags,
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            fresh_for=_freshness(response, self._clock()),
            moved_to=_moved_to(response),
            page=_page(response, self._clock()),
        )

    async def recall(self) -> None:
        """Take over what hosts asked for before this program was started."""
        if self._holds is not None:
            self._held |= await self._holds.holds()

    async def _hold(self, response: Response, wait: timedelta) -> None:
        """Remember for how long the host wants no request, also across a restart."""
        host, until = host_of(response.url), self._clock() + wait
        if len(self._held) >= _MAX_HELD:
            return
        self._held[host] = until
        if self._holds is not None:
            try:
                await self._holds.hold(host, until)
            except MarsadError as error:
                _log.warning("that %s asked to wait is not kept: %s", host, error)

    def _refused(self, error: Exception, url: str) -> RefusedError:
        if isinstance(error, RobotsForbidsError):
            outcome = VisitOutcome.NETWORK if error.is_down else VisitOutcome.ROBOTS
            return RefusedError(str(error), url=url, outcome=outcome)
        known = self._resolver.refusal_of(urlsplit(url).hostname or "")
        if isinstance(error, CannotResolveHostError) and known is None:
            known = "a redirect led to a name or address that cannot be dialled"
        reason = known if isinstance(error, CannotResolveHostError) else explain(error)
        return RefusedError(
            reason or "failed",
            url=url,
            outcome=VisitOutcome.NETWORK,
            is_passing=isinstance(error, DownloadTimeoutError | ResponseDataLossError),
        )


def _looked_at(answer: asyncio.Future[Response]) -> None:
    """Whoever asked may be gone: an error is theirs all the same, and nobody else's."""
    if not answer.cancelled():
        answer.exception()


def conditional_headers(validators: Validators | None) -> dict[str, str]:
    """Return the headers that ask for a body only if it changed."""
    if validators is None:
        return {}
    pairs = (
        ("If-None-Match", validators.etag),
        ("If-Modified-Since", validators.last_modified),
    )
    return {name: value for name, value in pairs if value}


def is_lost(error: Exception) -> bool:
    """Whether the connection ended before any of the answer came."""
    cause = error.__cause__ or error
    if isinstance(cause, RequestNotSent | RequestTransmissionFailed):
        return True
    return isinstance(cause, ResponseNeverReceived) and all(
        reason.check(ConnectionDone, ConnectionLost) for reason in cause.reasons
    )


def explain(error: Exception) -> str:
    """Return why a download failed, in one line for an operator."""
    if isinstance(error, DownloadTimeoutError):
        return "timed out"
    if isinstance(error, DownloadConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ResponseDataLossError):
        return "the body was cut short"
    if isinstance(error, DownloadCancelledError):
        return "the body is larger than allowed"
    if isinstance(error, UnsupportedURLSchemeError):
        return "only http and https addresses are fetched"
    text = " ".join(_chain(error).split())
    if "Mismatch(" in text:
        return f"TLS: the certificate is another host's{_TLS_ADVICE}"
    if "DOWNLOAD_MAXSIZE" in text or "bytes decompressed so far" in text:
        return "the body is larger than allowed when decompressed"
    if any(sign in text.lower() for sign in _TLS_SIGNS):
        return f"TLS: {text}"[:300] + _TLS_ADVICE
    return text[:300] or type(error).__name__


def _chain(error: Exception) -> str:
    """Return the innermost reasons: Twisted wraps them twice."""
    cause: Any = error.__cause__ or error
    reasons = getattr(cause, "reasons", None)
    if reasons:
        return "; ".join(dict.fromkeys(str(r.value) or type(r.value).__name__ for r in reasons))
    return str(cause) or type(cause).__name__


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1").strip() or None if value else None


def _page(response: Response, now: datetime) -> Page:
    headers = (
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    )
    return Page(
        url=response.url,
        status=response.status,
        headers=tuple(headers),
        body=response.body,
        fetched_at=now,
    )


def _barrier(response: Response) -> Impostor | None:
    """Return what an answer that is no success hides behind, if it is known to hide."""
    if response.headers.get("cf-mitigated") == b"challenge":
        return Impostor.CHALLENGE
    return is_barrier(response.body, _header(response, "Content-Type") or "")


def _moved_to(response: Response) -> str | None:
    """Return where permanent redirects led, up to the first that is not; None: nowhere."""
    reasons = response.meta.get("redirect_reasons", ())
    lasting = list(takewhile(lambda reason: reason in (301, 308), reasons))
    stops = [*response.meta.get("redirect_urls", ()), response.url]
    return str(stops[len(lasting)]) if lasting else None


def _freshness(response: Response, now: datetime) -> timedelta | None:
    names = ("Cache-Control", "Expires", "Date")
    return fresh_for(*(_header(response, name) for name in names), now=now)
