"""The cheap extractor: paragraphs where text is dense and links are few.

One walk over the tree collects blocks of text with the share of each that is link text.
Every block that reads like prose votes for its ancestors, the nearest most; the element
with most votes holds the article. Meant to be checked by a second extractor, not alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import daachorse
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.blocks import clean

_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s "
    "samp small span strike strong sub sup time tt u var wbr".split()
)
# What no reader of main text takes, and what this one does without besides.
_SILENT = [
    *"script style noscript template iframe object svg button select textarea".split(),
    *"nav footer aside figcaption audio video".split(),
]
_DROPPED = "embed math form canvas dialog menu".split()
# What names, in lower case, say that an element is not the article; one automaton looks for all
# of it, which a pattern with as many alternatives takes ten times as long for.
_UNLIKELY = (
    *"comment respond disqus related recommend share sharing social sidebar promo".split(),
    *"newsletter subscri breadcrumb byline outbrain taboola advert banner cookie popup".split(),
    *"modal caption credit copyright footer toolbar pagination trending teaser widget".split(),
    *"signup login rating".split(),
    *(f"author{dash}{part}" for dash in ("", "-") for part in ("bio", "box", "info")),
    *(
        f"tag{many}{dash}{part}"
        for many in ("", "s")
        for dash in ("", "-")
        for part in ("list", "links", "cloud")
    ),
    *(f"read{dash}{part}" for dash in ("", "-") for part in ("more", "also", "next")),
    *(f"{kind}{dash}meta" for dash in ("", "-") for kind in ("post", "entry", "article")),
    *("lireaussi", "lire-aussi", "mostread", "most-read"),
    *("paywallmessage", "paywall-message"),
)
_TAGS = "tags"  # only as a word of its own: _IS_TAGS says where
_IS_TAGS = re.compile(r"\btags\b")
_LIKELY = re.compile(r"article|post-?(?:content|body)|entry-?content|story|main|body|content")
_FIND = daachorse.DoubleArrayAhoCorasick(
    [word.encode() for word in (*_UNLIKELY, _TAGS)]
).find_overlapping
_LEAD = re.compile(r"intro|lead(?!er|ing|s\b)|chap(?:o|eau)|stand-?first|excerpt|summary|abstract")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PROSE = 50  # characters from which a block can be prose
_MAX_LINK_SHARE = 0.45
_REACH = (1.0, 0.55, 0.3, 0.15)  # what a block's vote is worth to its ancestors, nearest first


# Where an element is: the number of the block element that its text belongs to, and whether in a
# link. The element that a text stands in has one.
_Place = tuple[int, bool]
_OUTSIDE: _Place = (0, False)
_SHUT: _Place = (-1, False)  # nothing in it is taken


@dataclass(slots=True)
class _Block:
    owner: int
    pieces: list[str] = field(default_factory=list)
    linked: int = 0  # characters inside links
    text: str = ""

    @property
    def link_share(self) -> float:
        return self.linked / len(self.text) if self.text else 1.0


class _Page:
    """Blocks of a page and, for every element by its number, the parent's number.

    What stands in an element whose class or id says that it is not the article is left out: it
    parts the blocks around it, and is none.
    """

    def __init__(self, root: LexborNode) -> None:
        self.blocks: list[_Block] = []
        self.parents: dict[int, int] = {}
        self.nodes: dict[int, LexborNode] = {}
        self._unlikely: dict[str, bool] = {}  # by class and id: they come again and again
        self._walk(root)

    def _walk(self, root: LexborNode) -> None:
        places: dict[int, _Place] = {}
        block, is_parted = _Block(root.mem_id), False
        for node in root.traverse(include_text=True):
            tag, parent = node.tag, node.parent
            up = parent.mem_id if parent is not None else 0
            place = places.get(up, _OUTSIDE)
            if tag == "-text":
                home, is_linked = place
                if place is _SHUT:
                    is_parted = True
                    continue
                text = node.text_content or ""
                if text.isspace():  # half of all texts: they part blocks, and begin none
                    is_parted = is_parted or home != block.owner
                    block.pieces.append(" ")
                    continue
                if is_parted or home != block.owner:
                    self._close(block)
                    block, is_parted = _Block(home), False
                block.pieces.append(text.replace("\n", " "))
                if is_linked:
                    block.linked += len(text.strip())
            elif tag == "br":
                block.pieces.append("\n")
            elif place is _SHUT:
                places[node.mem_id] = _SHUT
            elif tag is not None and tag != "-comment":
                places[node.mem_id] = self._enter(node, tag, up, place)
        self._close(block)

    def _enter(self, node: LexborNode, tag: str, up: int, place: _Place) -> _Place:
        """Note an element that stands in ``up``, whose place is given; return its own."""
        me = node.mem_id
        if tag in _INLINE:
            self.parents[me] = up
            return (place[0], True) if tag == "a" else place
        if self.is_unlikely(node):
            return _SHUT
        self.parents[me] = up
        self.nodes[me] = node
        return me, place[1]

    def _close(self, block: _Block) -> None:
        block.text = clean("".join(block.pieces))
        if block.text:
            self.blocks.append(block)

    def ancestors(self, element: int, most: int) -> list[int]:
        """Return ``element`` and what it stands in, nearest first, at most so many."""
        path: list[int] = []
        while element in self.parents and len(path) < most:
            path.append(element)
            element = self.parents[element]
        return path

    def is_unlikely(self, node: LexborNode) -> bool:
        """Whether the element's class or id says that it is not the article."""
        names = _names(node)
        if not names or node.tag in ("body", "html", "article", "main"):
            return False
        known = self._unlikely.get(names)
        if known is None:
            known = self._unlikely[names] = _says_unlikely(names)
        return known

    def within(self, homes: Collection[int]) -> Iterator[_Block]:
        """Yield the blocks that stand in one of ``homes``."""
        known = dict.fromkeys(homes, True)
        for block in self.blocks:
            path, element = [], block.owner
            while element not in known and element in self.parents:
                path.append(element)
                element = self.parents[element]
            is_within = known.get(element, False)
            known.update(dict.fromkeys(path, is_within))
            if is_within:
                yield block


def _says_unlikely(names: str) -> bool:
    found = {number for _, _, number in _FIND(names.encode("utf-8", "replace"))}
    is_tags_only = found == {len(_UNLIKELY)}
    if not found or (is_tags_only and not _IS_TAGS.search(names)):
        return False
    return not _LIKELY.search(names)


def _names(node: LexborNode) -> str:
    """Return an element's class and id in lower case, of which patterns are found faster."""
    attributes = node.attributes
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}".strip().lower()


def silence(tree: LexborHTMLParser) -> None:
    """Drop from ``tree`` what is never text of an article: scripts, navigation, asides."""
    tree.strip_tags(_SILENT)


def dense_text(tree: LexborHTMLParser) -> list[str]:
    """Return the paragraphs of the article that ``tree`` seems to hold, maybe none.

    Changes ``tree``: furniture is dropped from it.
    """
    silence(tree)
    tree.strip_tags(_DROPPED)
    if tree.body is None:
        return []
    page = _Page(tree.body)
    best = _elect(page)
    if best is None:
        return []
    homes = {best, *_leads(page, best)}
    return _trim([block for block in page.within(homes) if _belongs(page, block)])


def _leads(page: _Page, best: int) -> list[int]:
    """Return the elements just before ``best`` that hold the article's own beginning.

    Joomla's K2 and its like keep the first paragraph in an element of its own, beside the rest.
    """
    found: list[int] = []
    node = page.nodes[best].prev if best in page.nodes else None
    while node is not None:
        if node.tag == "-text" and not (node.text_content or "").strip():
            node = node.prev
            continue
        is_named = bool(_LEAD.search(_names(node))) if node.tag in ("div", "section") else False
        if not is_named or page.is_unlikely(node):
            break
        found.append(node.mem_id)
        node = node.prev
    return found


def _elect(page: _Page) -> int | None:
    votes: dict[int, float] = defaultdict(float)
    for block in page.blocks:
        if len(block.text) < _PROSE or block.link_share > _MAX_LINK_SHARE:
            continue
        path = page.ancestors(block.owner, len(_REACH) + 1)
        node = page.nodes.get(block.owner)
        if node is not None and node.tag in ("p", "blockquote", "pre", "li"):
            path = path[1:]
        weight = len(block.text) ** 0.8 * (1 - block.link_share)
        for worth, element in zip(_REACH, path, strict=False):
            votes[element] += weight * worth
    return max(votes, key=lambda element: votes[element], default=None)


def _belongs(page: _Page, block: _Block) -> bool:
    node = page.nodes.get(block.owner)
    if node is not None and node.tag in _HEADINGS:
        return block.link_share < 0.5
    return block.link_share <= 0.5 or (len(block.text) > 200 and block.link_share < 0.8)


def _trim(blocks: list[_Block]) -> list[str]:
    """Drop headings and crumbs that stand before the first and after the last prose."""
    prose = [n for n, block in enumerate(blocks) if len(block.text) >= _PROSE]
    if not prose:
        return [block.text for block in blocks]
    return [block.text for block in blocks[prose[0] : prose[-1] + 1]]
