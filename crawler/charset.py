"""Bytes to text, for feeds and pages whose labels cannot be trusted.

Order of belief: a byte order mark; UTF-8 when the bytes are valid UTF-8 (other encodings
practically never are by accident); then the HTTP header, then the document's own
declaration, unless both are denied by the bytes: windows-1256 is often labelled utf-8 or
latin-1, and shows as long runs of high bytes that no western text has.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})"""
    rb"""|<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""",
    re.IGNORECASE,
)
_HEADER = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_HIGH_RUN = re.compile(rb"[\x80-\xff]{3,}")
_HIGH = re.compile(rb"[\x80-\xff]")
_WESTERN = frozenset({"utf-8", "ascii", "cp1252", "iso8859-15"})
_MOJIBAKE_RUN = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
    "(?:[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122])*"
)
_MOJIBAKE_SIGNS = ("Ø", "Ù", "Ã", "Â", "â€")
_HEAD_BYTES = 8192
_TOLERATED_DAMAGE = 0.02  # share of high bytes that may be broken in what is still UTF-8


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of ``body`` and the name of the encoding that was used. Never raises."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    wide = _wide_without_mark(body)
    if wide:
        return body.decode(wide, "replace"), wide
    if body.isascii():
        return _decode_ascii(body, content_type)
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if _is_damaged_utf8(body, error):
            return body.decode("utf-8", "replace"), "utf-8"
    name = _single_byte(body, _labels(body, content_type))
    return body.decode(name, "replace"), name


def repair_mojibake(text: str) -> str:
    """Undo UTF-8 that somebody read as latin-1 and encoded again (``Ø§Ù„`` for ``ال``)."""
    if text.isascii() or not any(sign in text for sign in _MOJIBAKE_SIGNS):
        return text
    return _MOJIBAKE_RUN.sub(_reread, text)


def _reread(match: re.Match[str]) -> str:
    run = match.group()
    raw = bytearray()
    for letter in run:
        try:
            raw += letter.encode("latin-1" if ord(letter) < 0x100 else "cp1252")
        except UnicodeEncodeError:
            return run
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return run


def _wide_without_mark(body: bytes) -> str | None:
    if body[:4] in (b"<\0?\0", b"<\0r\0", b"<\0f\0", b"<\0!\0", b"{\0\n\0", b'{\0"\0'):
        return "utf-16-le"
    return "utf-16-be" if body[:4] in (b"\0<\0?", b"\0<\0r", b"\0<\0f", b"\0<\0!") else None


def _labels(body: bytes, content_type: str) -> list[str]:
    """Return the codec names that the header and the document give, in order of belief."""
    found = []
    header = _HEADER.search(content_type)
    if header:
        found.append(header[1])
    declared = _DECLARED.search(body[:_HEAD_BYTES])
    if declared:
        found.append((declared[1] or declared[2]).decode("ascii"))
    return [name for label in found if (name := _codec(label))]


def _codec(label: str) -> str | None:
    try:
        b"a".decode(label)  # base64, zlib and the like are codecs too, and refuse this
        name = codecs.lookup(label).name
    except (LookupError, UnicodeError):
        return None
    return "cp1252" if name == "iso8859-1" else name  # what the web means by latin-1


def _decode_ascii(body: bytes, content_type: str) -> tuple[str, str]:
    for name in _labels(body, content_type) if b"\x1b" in body else ():
        if name.startswith("iso2022"):
            return body.decode(name, "replace"), name
    return body.decode("ascii"), "ascii"


def _is_damaged_utf8(body: bytes, error: UnicodeDecodeError) -> bool:
    """Whether this is UTF-8 with a few broken letters, e.g. cut in mid-letter."""
    if error.start >= len(body) - 4:
        return len(_HIGH.findall(body[: error.start])) > 8  # only the end is broken
    broken = body.decode("utf-8", "replace").count("\ufffd")
    return broken <= _TOLERATED_DAMAGE * len(_HIGH.findall(body))


def _single_byte(body: bytes, labels: list[str]) -> str:
    for name in labels:
        if name not in _WESTERN and _decodes(body, name):
            return name
    high = len(_HIGH.findall(body))
    in_runs = sum(len(run) for run in _HIGH_RUN.findall(body))
    if in_runs > high / 2:
        return "cp1256"
    return "cp1252"


def _decodes(body: bytes, name: str) -> bool:
    try:
        body.decode(name)
    except (UnicodeDecodeError, LookupError):
        return False
    return True
