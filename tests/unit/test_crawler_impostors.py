from __future__ import annotations

import pytest

from crawler.impostors import is_barrier, recognise
from domain.health import Impostor

LINKS = "".join(f"<a href='/{n}'>Article {n}</a>" for n in range(40))
PAGES = {
    Impostor.CHALLENGE: [
        "<html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt={}"
        "</script></body></html>",
        "<html><body><script src='/cdn-cgi/challenge-platform/h/b/orchestrate/x'></script></body>",
        "<html><head><script src='/_Incapsula_Resource?SWJIYLWA=1'></script></head></html>",
        "<html><title>DDOS-GUARD</title></html>",
        '<html><body><form ID="Challenge-Form" action="/x"></form></body></html>',
        "<html><head><title>لحظة…</title></head><body></body></html>",
    ],
    Impostor.PARKED: [
        "<!doctype html><html><head><script src='https://img.sedoparking.com/x.js'></script></head>",
        "<html><body><h1>Domain for sale</h1></body></html>",
        "<html><body><p>Ce nom de domaine est à vendre.</p></body></html>",
        "<html><title>Account suspended</title><body></body></html>",
        "<html><body><img src='https://www.Namecheap.com/assets/img/domain-PARKING.png'></body>",
        "<html><head><script src='/Park.js'></script></head><body></body></html>",
    ],
    Impostor.LOGIN: [
        "<html><body><form><input name='u'><input type='password' name='p'></form></body></html>",
        "<html><head><title>Portail captif - Wi-Fi</title></head><body>Bienvenue</body></html>",
        "<html><title>تسجيل الدخول</title><body></body></html>",
    ],
    Impostor.HOME: [f"<!doctype html><html><title>Le Journal</title><body>{LINKS}</body></html>"],
    Impostor.PAGE: [
        "<html><body><h1>Maintenance</h1></body></html>",
        "<html><body><a href='https://www.namecheap.com/'>Nom</a> <p>Un parking</p></body></html>",
        f"<html><body><p>{'Le ministre parle de domaines agricoles. ' * 60}</p></body></html>",
    ],
}
CASES = [(kind, page) for kind, pages in PAGES.items() for page in pages]


@pytest.mark.parametrize(("kind", "page"), CASES)
def test_what_came_in_place_of_a_feed_is_recognised(kind, page):
    assert recognise(page.encode()) is kind


def test_a_feed_or_plain_text_is_no_page():
    for body in (b"<?xml version='1.0'?><rss><channel/></rss>", b"", b"{}", b"words"):
        assert recognise(body) is None


def test_an_article_about_domains_and_logins_is_no_barrier():
    article = (
        "<html><head><title>Le marché des domaines .dz</title></head><body><article>"
        + "<p>Un domaine peut être à vendre, dit le registre. Just a moment, cloudflare.</p>" * 30
        + "</article><form><input type='password'></form></body></html>"
    )
    assert is_barrier(article.encode()) is None
