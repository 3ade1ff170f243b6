"""HTML to paragraphs of plain text.

Text nodes are grouped by their nearest block ancestor: when it changes, a paragraph ends.
That needs no end tags, so broken markup costs nothing.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data dfn del em font i ins kbd label mark nobr q s "
    "samp small span strike strong sub sup time tt u var wbr -text".split()
)
_SILENT = frozenset(
    "script style noscript template head title iframe object embed svg math button select option "
    "textarea input form canvas audio video map".split()
)
# C0 and C1 controls but tab and line ends, lone surrogates, noncharacters, and bidi
# overrides and isolates: no database column or terminal wants them (ZWNJ and ZWJ stay).
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_UNWANTED_SPACES = "\x0b\x0c\x1c\x1d\x1e\x1f"  # those of them that str.split parts words at
_SPACES = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")  # leaves a lone blank alone: it is everywhere
_LINE = re.compile(r" *\n *")
_PARAGRAPH = re.compile(r"\n{3,}")
_MARKUP_LEFT = re.compile(
    r"<\s*/?\s*(?:br|p|div|span|a|b|i|em|strong|img|h[1-6]|ul|ol|li|u|font)\b[^<>]*>"
    r"|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8}\d?);",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]{1,2000}>")
_MAX_PASSES = 3
# Deeper nesting is an attack or a fault: parsers take quadratic time over it.
_MAX_NESTING = 2000
# Tags that do not nest: void ones, those that close themselves, and the leaves of drawings.
_FLAT = (
    r"(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|dt|dd|td|th|tr"
    r"|option|path|circle|rect|line|polygon|polyline|ellipse|use|stop)\b"
)
_OPENED = re.compile(rf"<(?!{_FLAT})[a-z]", re.IGNORECASE)
_CLOSED = re.compile(rf"</(?!{_FLAT})[a-z]", re.IGNORECASE)
_EITHER = re.compile(rf"<(/?)(?!{_FLAT})[a-z]", re.IGNORECASE)


def clean(text: str) -> str:
    """Remove what no text needs, and fold white space: single blanks, lines, blank lines."""
    if text.isprintable() and "  " not in text:
        return text.strip()  # no control, no odd blank: nine texts of ten
    if "\n" not in text and "\r" not in text:
        line = " ".join(text.split())
        if line.isprintable() and not any(mark in text for mark in _UNWANTED_SPACES):
            return line
    text = _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _LINE.sub("\n", _SPACES.sub(" ", text))
    return _PARAGRAPH.sub("\n\n", text).strip()


def one_line(text: str, limit: int) -> str:
    """Return clean text on one line, cut before the letter that would exceed ``limit``."""
    line = " ".join(clean(text).split())
    if len(line) <= limit:
        return line
    cut = limit - 1
    while cut > 0 and unicodedata.combining(line[cut]):
        cut -= 1
    return line[:cut].rstrip() + "…"


def plain_title(markup: str, limit: int = 500) -> str:
    """Return a title as plain text: tags dropped, entities resolved however often escaped."""
    text = markup
    for _ in range(_MAX_PASSES):
        if "&" not in text and "<" not in text:
            break
        text = html.unescape(_TAG.sub(lambda m: _keep_math(m.group()), text))
    return one_line(text, limit)


def _keep_math(tag: str) -> str:
    return " " if re.match(r"</?[a-zA-Z!]", tag) else tag


def plain_text(markup: str) -> str:
    """Return the text of an HTML fragment, paragraphs separated by a blank line.

    Markup that was escaped twice (``&amp;lt;BR&amp;gt;``) is read again.
    """
    if not _MARKUP_LEFT.search(markup):
        return clean(markup)
    text = _read(markup)
    for _ in range(_MAX_PASSES - 1):
        if not _MARKUP_LEFT.search(text):
            break
        # in text that was read once, a line end is one; in markup it is a blank
        text = _read(text.replace("\n", "<br>"))
    return text


def is_too_deep(markup: str, *, is_xml: bool = False) -> bool:
    """Whether tags nest deeper than in any article: such markup is refused, not parsed.

    A slash at the end closes a tag in XML; in HTML it means nothing.
    """
    tags = markup.count("<")
    if tags <= _MAX_NESTING or tags - markup.count("</") <= _MAX_NESTING:
        return False  # so few tags open: no need to look at which
    opened = len(_OPENED.findall(markup))
    closed = len(_CLOSED.findall(markup)) + (markup.count("/>") if is_xml else 0)
    return opened - closed > _MAX_NESTING or (
        opened > _MAX_NESTING and _deepest(markup) > _MAX_NESTING
    )


def _deepest(markup: str) -> int:
    """Longest run of opening tags that no closing tag interrupts, a cheap bound of depth."""
    longest = run = 0
    for match in _EITHER.finditer(markup):
        run = 0 if match[1] else run + 1
        longest = max(longest, run)
    return longest


def _read(markup: str) -> str:
    if "<" not in markup:
        return clean(html.unescape(markup))
    if is_too_deep(markup):
        return clean(_TAG.sub(" ", markup))
    tree = LexborHTMLParser(markup)
    body = tree.body or tree.root
    return "\n\n".join(paragraphs(body)) if body is not None else ""


def paragraphs(root: LexborNode, silent: frozenset[str] = _SILENT) -> list[str]:
    """Return the paragraphs under ``root``, clean, without empty ones."""
    return [text for text in map(clean, _blocks(root, silent)) if text]


def _blocks(root: LexborNode, silent: frozenset[str]) -> Iterable[str]:
    pieces: list[str] = []
    owner: int | None = None
    homes: dict[int, int] = {}
    muted: set[int] = set()
    for node in root.traverse(include_text=True):
        name, parent = node.tag, node.parent
        up = parent.mem_id if parent is not None else 0
        if name in silent or up in muted:
            muted.add(node.mem_id)
        elif name == "br":
            pieces.append("\n")
        elif name == "-text":
            home = homes.get(up, up)
            if home != owner and pieces:
                yield "".join(pieces)
                pieces = []
            owner = home
            pieces.append((node.text_content or "").replace("\n", " "))
        elif name in _INLINE and node.mem_id != root.mem_id:
            homes[node.mem_id] = homes.get(up, up)
        else:
            homes[node.mem_id] = node.mem_id
    yield "".join(pieces)
