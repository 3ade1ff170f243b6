"""What a server gave in place of a feed or an article: a challenge, a login, a parked domain.

Judged by the page's own machinery (scripts, forms, the notices of registrars), not by words that
an article may use as well.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from itertools import islice

import daachorse

from crawler.charset import decode
from domain.health import Impostor

LOOKED_AT = 200_000  # bytes
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title)\b", re.IGNORECASE)
_XML = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf|channel|urlset|sitemapindex)\b", re.IGNORECASE)
_HEAD = 16_384
# What only the machinery of a challenge or of a parking place writes, in lower case. One
# automaton looks for all of it at once: an alternation of as many words, whatever their case,
# took two thirds of the time that an article page takes.
_CHALLENGE_SIGNS = (
    *("/cdn-cgi/challenge-platform", "__cf_chl_", "cf-browser-verification"),
    *("window._cf_chl_opt", "cf-challenge-running", "jschl-answer", "jschl_answer"),
    "_incapsula_resource",
    *(f"id={q}challenge-{part}" for q in "'\"" for part in ("form", "running", "error-text")),
    *("ddos-guard.net/check", "ddos-guard.net/.well-known", "/.well-known/ddos-guard"),
    *("geo.captcha-delivery.com", "sgcaptcha", "/.sucuri", "sucuri_cloudproxy_js"),
    *("awswafcookiedomainlist", "/_guard/", "px-captcha", "perimeterx", "anubis_challenge"),
    "within.website/x/cmd/anubis",
)
_PARKED_SIGNS = (
    *("parkingcrew.net", "sedoparking.com", "bodis.com", "parklogic.com", "above.com/marketplace"),
    *("dan.com/buy-domain", "hugedomains.com", "afternic.com/forsale", "parking-lander"),
    *("img1.wsimg.com/parking", "data-adblockkey=", "/park.js", "cdn.sedo.com"),
    *("domainmarket.com", "uniregistry.com/buy"),
)
_PARKING = "parking"  # no sign by itself: _PARKED_AT says where it is one
# No signs either: what _FOR_SALE needs, spelt with letters that have no second lower case.
_DOMAIN_WORDS = ("doma", "النطاق")
_SIGNS = (*_CHALLENGE_SIGNS, *_PARKED_SIGNS, _PARKING, *_DOMAIN_WORDS)
_FIND = daachorse.DoubleArrayAhoCorasick([sign.encode() for sign in _SIGNS]).find_overlapping
_CHALLENGE_TITLE = re.compile(
    r"<title>\s*(?:just a moment\s*(?:\.\.\.|…)?|attention required!?\s*\|\s*cloudflare"
    r"|ddos-guard|access denied\s*\|[^<]{0,80}cloudflare[^<]{0,80}"
    r"|un instant\s*(?:\.\.\.|…)|checking your browser[^<]{0,80}|لحظة\s*(?:\.\.\.|…)?)\s*</title>",
    re.IGNORECASE,
)
_PARKED_AT = re.compile(
    r"namecheap\.com/[^\"']{0,40}parking|ovh[^\"']{0,20}/parking|gandi\.net/[^\"']{0,30}parking",
    re.IGNORECASE,
)
_PARKED_TITLE = re.compile(
    r"<title>[^<]{0,120}(?:domain (?:is|may be) for sale|domain name for sale|buy this domain"
    r"|domain parked|parked domain|this domain has expired|domain expired"
    r"|ce domaine est (?:à|a) vendre|nom de domaine (?:à|a) vendre|domaine (?:parqué|expiré)"
    r"|account suspended|compte suspendu|النطاق للبيع|اسم النطاق للبيع|الحساب موقوف)",
    re.IGNORECASE,
)
_FOR_SALE = re.compile(
    r"\bdomain(?: name)?s?\b.{0,80}\b(?:for sale|is parked|has expired|expired)\b|buy this domain"
    r"|\bdomaine\b.{0,80}(?:à vendre|a vendre|expiré|parqué)|النطاق.{0,40}(?:للبيع|منتهي)",
    re.IGNORECASE | re.DOTALL,
)
_HIDDEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<[^>]{0,2000}>")
_LITTLE = 1200  # characters of visible text
_PASSWORD = re.compile(r"<input\b[^>]{0,300}\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_LOGIN_TITLE = re.compile(
    r"<title>[^<]{0,120}(?:log ?in|sign ?in|connexion|se connecter|identification"
    r"|authentification|تسجيل الدخول|captive portal|portail captif|wi-?fi)[^<]{0,120}</title>",
    re.IGNORECASE,
)
_LINKS = re.compile(r"<a\b[^>]{0,500}\bhref", re.IGNORECASE)
_FEW_LINKS, _MANY_LINKS = 15, 25


def recognise(body: bytes, content_type: str = "") -> Impostor | None:
    """Return what HTML page ``body`` is, or None when it is no HTML at all."""
    text, raw = _read(body, content_type)
    if not _is_html(text):
        return None
    links = _count_links(text)
    barrier = _barrier(text, raw, links)
    if barrier is not None:
        return barrier
    if _LOGIN_TITLE.search(text) or (_PASSWORD.search(text) and links < _FEW_LINKS):
        return Impostor.LOGIN
    return Impostor.HOME if links >= _MANY_LINKS else Impostor.PAGE


def is_barrier(
    body: bytes, content_type: str = "", decoded: tuple[str, str] | None = None
) -> Impostor | None:
    """Return what stands before an article page: a challenge or a parked domain, else None.

    A login is no barrier here: many article pages carry a form for subscribers. ``decoded`` is
    what ``decode`` makes of the first ``LOOKED_AT`` bytes of ``body``, where the caller has that.
    """
    text, raw = _read(body, content_type, decoded)
    return _barrier(text, raw, _count_links(text)) if _is_html(text) else None


def _read(
    body: bytes, content_type: str, decoded: tuple[str, str] | None = None
) -> tuple[str, bytes]:
    """Return the text that is looked at, and the same as UTF-8."""
    head = body[:LOOKED_AT]
    text, encoding = decoded or decode(head, content_type)
    # All signs are ASCII, which broken letters and a byte order mark leave alone.
    return text, head if encoding in ("utf-8", "ascii") else text.encode("utf-8", "replace")


def _is_html(text: str) -> bool:
    return bool(_HTML.search(text[:4096])) and not _XML.search(text[:_HEAD])


def _count_links(text: str) -> int:
    """Return how many links a page has, at most ``_MANY_LINKS``."""
    return sum(1 for _ in islice(_LINKS.finditer(text), _MANY_LINKS))


def _barrier(text: str, raw: bytes, links: int) -> Impostor | None:
    signs = {_SIGNS[number] for _, _, number in _FIND(raw.lower())}
    if not signs.isdisjoint(_CHALLENGE_SIGNS) or _CHALLENGE_TITLE.search(text):
        return Impostor.CHALLENGE
    if links < _MANY_LINKS and (_is_parked(text, signs) or _says_for_sale(text, signs)):
        return Impostor.PARKED
    return None


def _is_parked(text: str, signs: AbstractSet[str]) -> bool:
    """Whether a page has the machinery of those who let domains."""
    if any(sign in _PARKED_SIGNS for sign in signs) or _PARKED_TITLE.search(text):
        return True
    return _PARKING in signs and bool(_PARKED_AT.search(text))


def _says_for_sale(text: str, signs: AbstractSet[str]) -> bool:
    """Whether a page that says little else offers its domain."""
    if signs.isdisjoint(_DOMAIN_WORDS):
        return False
    visible = _TAGS.sub(" ", _HIDDEN.sub(" ", text))
    return len(" ".join(visible.split())) < _LITTLE and bool(_FOR_SALE.search(visible))
