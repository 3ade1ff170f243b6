"""The cheap extractor: paragraphs where text is dense and links are few.

One walk over the tree collects blocks of text with the share of each that is link text.
Every block that reads like prose votes for its ancestors, the nearest most; the element
with most votes holds the article. Meant to be checked by a second extractor, not alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.blocks import clean

_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s "
    "samp small span strike strong sub sup time tt u var wbr".split()
)
_DROPPED = [
    *"script style noscript template iframe object embed svg math button select textarea".split(),
    *"nav footer aside form figcaption canvas audio video dialog menu".split(),
]
_UNLIKELY = re.compile(
    r"comment|respond|disqus|related|recommend|share|sharing|social|sidebar|promo|newsletter"
    r"|subscri|breadcrumb|byline|author-?(?:bio|box|info)|tags?-?(?:list|links|cloud)|\btags\b"
    r"|read-?(?:more|also|next)|lire-?aussi|outbrain|taboola|advert|banner|cookie|popup|modal"
    r"|caption|credit|copyright|footer|toolbar|pagination|most-?read|trending|teaser|widget"
    r"|signup|login|paywall-?message|post-?meta|entry-?meta|article-?meta|rating",
    re.IGNORECASE,
)
_LIKELY = re.compile(
    r"article|post-?(?:content|body)|entry-?content|story|main|body|content", re.IGNORECASE
)
_LEAD = re.compile(
    r"intro|lead(?!er|ing|s\b)|chap(?:o|eau)|stand-?first|excerpt|summary|abstract", re.IGNORECASE
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PROSE = 50  # characters from which a block can be prose
_MAX_LINK_SHARE = 0.45
_REACH = (1.0, 0.55, 0.3, 0.15)  # what a block's vote is worth to its ancestors, nearest first


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
    """Blocks of a page and, for every element by its number, the parent's number."""

    def __init__(self, root: LexborNode) -> None:
        self.blocks: list[_Block] = []
        self.parents: dict[int, int] = {}
        self.nodes: dict[int, LexborNode] = {}
        self._unlikely: dict[int, bool] = {}
        self._walk(root)

    def _walk(self, root: LexborNode) -> None:
        homes: dict[int, int] = {}
        links: set[int] = set()
        block, is_parted = _Block(root.mem_id), False
        for node in root.traverse(include_text=True):
            tag, me = node.tag, node.mem_id
            parent = node.parent
            up = parent.mem_id if parent is not None else 0
            if tag == "-text":
                home = homes.get(up, up)
                text = node.text_content or ""
                if text.isspace():  # half of all texts: they part blocks, and begin none
                    is_parted = is_parted or home != block.owner
                    block.pieces.append(" ")
                    continue
                if is_parted or home != block.owner:
                    self._close(block)
                    block, is_parted = _Block(home), False
                block.pieces.append(text.replace("\n", " "))
                if up in links:
                    block.linked += len(text.strip())
                continue
            if tag == "br":
                block.pieces.append("\n")
                continue
            self.parents[me] = up
            if tag == "a" or up in links:
                links.add(me)
            if tag in _INLINE:
                homes[me] = homes.get(up, up)
            else:
                homes[me] = me
                self.nodes[me] = node
        self._close(block)

    def _close(self, block: _Block) -> None:
        block.text = clean("".join(block.pieces))
        if block.text:
            self.blocks.append(block)

    def ancestors(self, element: int) -> list[int]:
        path = []
        while element in self.parents:
            path.append(element)
            element = self.parents[element]
        return path

    def is_unlikely(self, element: int) -> bool:
        """Whether the element's class or id says that it is not the article."""
        known = self._unlikely.get(element)
        if known is None:
            known = self._unlikely[element] = _names_unlikely(self.nodes.get(element))
        return known


def _names_unlikely(node: LexborNode | None) -> bool:
    if node is None or node.tag in ("body", "html", "article", "main"):
        return False
    names = _names(node)
    return bool(names) and bool(_UNLIKELY.search(names)) and not _LIKELY.search(names)


def _names(node: LexborNode) -> str:
    attributes = node.attributes
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}".strip()


def dense_text(tree: LexborHTMLParser) -> list[str]:
    """Return the paragraphs of the article that ``tree`` seems to hold, maybe none.

    Changes ``tree``: furniture is dropped from it.
    """
    tree.strip_tags(_DROPPED)
    if tree.body is None:
        return []
    page = _Page(tree.body)
    best = _elect(page)
    if best is None:
        return []
    homes = {best, *_leads(page, best)}
    belonging = (b for b in page.blocks if any(_belongs(page, b, home) for home in homes))
    return _trim(list(belonging))


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
        if not is_named or page.is_unlikely(node.mem_id):
            break
        found.append(node.mem_id)
        node = node.prev
    return found


def _elect(page: _Page) -> int | None:
    votes: dict[int, float] = defaultdict(float)
    for block in page.blocks:
        if len(block.text) < _PROSE or block.link_share > _MAX_LINK_SHARE:
            continue
        path = page.ancestors(block.owner)
        if any(page.is_unlikely(element) for element in path):
            continue
        node = page.nodes.get(block.owner)
        if node is not None and node.tag in ("p", "blockquote", "pre", "li"):
            path = path[1:]
        weight = len(block.text) ** 0.8 * (1 - block.link_share)
        for worth, element in zip(_REACH, path, strict=False):
            votes[element] += weight * worth
    return max(votes, key=lambda element: votes[element], default=None)


def _belongs(page: _Page, block: _Block, best: int) -> bool:
    path = page.ancestors(block.owner)
    if best not in path:
        return False
    if any(page.is_unlikely(element) for element in path[: path.index(best)]):
        return False
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
