"""Small web servers on loopback: one an outlet, and what each answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

from marsad.demo.feeds import write_feed
from marsad.demo.outlets import Outlet
from marsad.demo.pages import PageMaker, quoted

LOOPBACK = "127.0.0.1"
ROBOTS = "User-agent: *\nDisallow: /admin/\nDisallow: /wp-admin/\nDisallow: /recherche\n"
_DEAD = "<html><body><h1>Error establishing a database connection</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a path answers."""

    body: bytes
    content_type: str
    status: int = 200

    @property
    def etag(self) -> str:
        """A strong validator of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    replies: Mapping[str, Reply]
    asked: list[str]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        """Answer from the table, or 304 to whoever has the page already."""
        self.server.asked.append(self.path)
        unknown = Reply(body=b"<h1>404</h1>", content_type="text/html", status=404)
        reply = self.server.replies.get(self.path, unknown)
        is_known = self.headers.get("If-None-Match") == reply.etag
        self.send_response(304 if is_known else reply.status)
        self.send_header("ETag", reply.etag)
        if not is_known:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if not is_known:
            self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the demonstration's output is for people."""


@dataclass(slots=True)
class Site:
    """One outlet's web site. Use it as a context manager; its port is chosen by the system."""

    outlet: Outlet
    base: str = ""
    asked: list[str] = field(default_factory=list)  # paths, in the order of the requests
    _server: _Server | None = None

    def __enter__(self) -> Self:
        """Begin to serve."""
        server = _Server((LOOPBACK, 0), _Handler)
        self.base = f"http://{LOOPBACK}:{server.server_address[1]}"
        server.replies = site_map(self.outlet, self.base)
        server.asked = self.asked
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._server = server
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def site_map(outlet: Outlet, base: str) -> dict[str, Reply]:
    """Return every path of an outlet's site with its answer."""
    robots = Reply(body=ROBOTS.encode(), content_type="text/plain")
    if outlet.feed_kind == "dead":
        dead = Reply(body=_DEAD.encode(), content_type="text/html", status=500)
        return {"/robots.txt": robots, "/": dead, outlet.feed_path: dead}
    maker = PageMaker(outlet, base)
    # Old servers leave the charset to the page.
    html = "text/html" if outlet.charset != "utf-8" else "text/html; charset=utf-8"
    feed = write_feed(outlet, base, maker.link)
    pages = {
        quoted(outlet.path_of(story)): _encoded(maker.article(story), outlet.charset, html)
        for story in outlet.stories
    }
    return {
        "/robots.txt": robots,
        "/": _encoded(maker.front(), outlet.charset, html),
        outlet.feed_path: Reply(body=feed, content_type="application/xml"),
        **pages,
    }


def _encoded(text: str, charset: str, content_type: str) -> Reply:
    return Reply(body=text.encode(charset, "xmlcharrefreplace"), content_type=content_type)
