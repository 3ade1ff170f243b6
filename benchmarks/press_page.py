"""The page of an article as a newspaper's WordPress prints it: 75 KB, of which 2 or 3 KB are text.

Around the article stands what stands around articles: a head full of declarations, menus, a
ticker, share buttons, cards of other articles, comments, a newsletter, lists at the side, a
footer, styles and scripts. All of it comes from a seed, in the language of the article.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from domain.article import Document

_SIZES = ((300, 200), (768, 512), (1024, 683), (1536, 1024))
_STYLE_RULES, _SCRIPT_NUMBERS = 120, 500
_NETWORKS = ("facebook", "x-twitter", "whatsapp", "telegram", "linkedin", "email")

_PAGE = """<!DOCTYPE html>
<html lang="{language}" dir="{direction}" class="no-js">
<head>{head}</head>
<body class="post-template-default single single-post postid-{number} single-format-standard">
<div id="page" class="site">
<header id="masthead" class="site-header">
<div class="top-bar"><ul class="social">{social}</ul></div>
<nav id="site-navigation" class="main-navigation">
<ul id="primary-menu" class="menu">{menu}</ul></nav>
<div class="ticker"><ul>{ticker}</ul></div></header>
<div class="cookie-notice" role="dialog"><p>{aside}</p><button type="button">OK</button></div>
<div id="content" class="site-content"><main id="main" class="site-main">
<article id="post-{number}" class="post-{number} post type-post status-publish hentry">
<header class="entry-header"><span class="cat-links"><a href="/category/1/">{category}</a></span>
<h1 class="entry-title">{title}</h1>
<div class="entry-meta"><span class="author vcard"><a href="/author/redaction/">{author}</a></span>
<time class="entry-date published" datetime="{when}">{day}</time></div>
<div class="share">{shares}</div></header>
<figure class="post-thumbnail">{image}<figcaption>{caption}</figcaption></figure>
<div class="entry-content">{body}</div>
<footer class="entry-footer"><span class="tags-links">{tags}</span>
<div class="share share-bottom">{shares}</div></footer></article>
<section class="related-posts"><h3>{heading}</h3><div class="grid">{related}</div></section>
<div id="comments" class="comments-area"><ol class="comment-list">{comments}</ol>
<form id="commentform" action="/wp-comments-post.php" method="post">
<textarea id="comment" name="comment" cols="45" rows="8" required></textarea>
<input id="author" name="author" type="text" size="30"><input type="submit" value="OK"></form></div>
</main><aside id="secondary" class="widget-area"><section class="widget widget_newsletter">
<form action="/newsletter"><p>{aside}</p><input type="email" name="mail"></form></section>
{widgets}</aside></div>
<footer id="colophon" class="site-footer">{columns}<p class="legal">{aside}</p></footer></div>
{scripts}</body></html>
"""
_HEAD = """<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} - Journal</title><meta name="description" content="{teaser}">
{properties}<script type="application/ld+json">{about}</script>{links}{style}"""
_ENTRY = (
    '<li id="menu-item-{n}" class="menu-item menu-item-type-taxonomy'
    ' menu-item-object-category menu-item-{n}"><a href="/category/{n}/">{title}</a></li>'
)
_IMAGE = (
    '<img width="300" height="200" src="/wp-content/uploads/{n}-300x200.jpg"'
    ' class="attachment-medium size-medium wp-post-image" alt="" decoding="async" loading="lazy"'
    ' srcset="{sources}" sizes="(max-width: 300px) 100vw, 300px">'
)
_CARD = (
    '<div class="post-card post-{n} type-post status-publish has-post-thumbnail">'
    '<a class="post-thumb" href="/r{n}/" aria-hidden="true" tabindex="-1">{image}</a>'
    '<div class="post-card-meta"><span class="cat">{short}</span>'
    '<time datetime="{when}">{day}</time></div>'
    '<h3 class="post-card-title"><a href="/r{n}/" rel="bookmark">{title}</a></h3></div>'
)
_COMMENT = (
    '<li id="comment-{n}" class="comment even thread-even depth-1"><div class="comment-author">'
    '<b class="fn">{short}</b></div><time datetime="{when}">{day}</time>'
    '<div class="comment-content"><p>{title}</p></div>'
    '<div class="reply"><a rel="nofollow" class="comment-reply-link" href="#respond">{icon}</a>'
    "</div></li>"
)
_WIDGET = (
    '<section id="recent-posts-{n}" class="widget widget_recent_entries">'
    '<h2 class="widget-title">{short}</h2><ul>{rows}</ul></section>'
)
_ROW = (
    '<li class="widget-post"><a href="/w{n}/">{image}<span class="post-title">{title}</span></a>'
    '<span class="post-date">{day}</span></li>'
)
_SHARE = (
    '<a class="share-{name}" href="https://social.example/{name}?u={n}" rel="nofollow noopener"'
    ' target="_blank">{icon}<span class="screen-reader-text">{name}</span></a>'
)
_ICON = (
    '<svg class="icon icon-{name}" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 2a10 10 0 1'
    ' 0 0 20 10 10 0 0 0 0-20zm1 15h-2v-6h2zm0-8h-2V7h2z"/></svg>'
)


class Newspaper:
    """Prints pages. ``titles`` are, by language, what its other articles are called: 60 or more."""

    def __init__(self, titles: Mapping[str, Sequence[str]], chance: random.Random) -> None:
        self._titles = {name: [escape(t[:70]) for t in many] for name, many in titles.items()}
        self._chance = chance
        rules = (
            f".c{n} .in{n}{{margin:0 {n % 9}px;color:#{n * 97 % 4096:03x};padding:{n % 5}px}}"
            for n in range(_STYLE_RULES)
        )
        self._style = f"<style id='theme-inline-css'>{''.join(rules)}</style>"

    def page(self, article: Document, language: str, number: int) -> str:
        """Return the markup of ``article``, the outlet's ``number``-th."""
        titles = self._chance.sample(self._titles[language], 60)
        when = (article.published_at or datetime.now(UTC)).isoformat()
        day = when[:10]

        def many(template: str, chosen: Sequence[str]) -> str:
            same = {"when": when, "day": day, "icon": _icon("up")}
            return "".join(
                template.format(n=n, title=t, short=t[:16], image=_image(n), **same)
                for n, t in enumerate(chosen)
            )

        shares = "".join(_SHARE.format(name=s, n=number, icon=_icon(s)) for s in _NETWORKS)
        widgets = (
            _WIDGET.format(n=w, short=titles[w][:16], rows=many(_ROW, titles[w * 10 : w * 10 + 10]))
            for w in range(3)
        )
        columns = (
            f'<div class="footer-{c}"><ul>{many(_ENTRY, [t[:24] for t in titles[c::4]])}</ul></div>'
            for c in range(4)
        )
        return _PAGE.format(
            language=language,
            direction="rtl" if language == "ar" else "ltr",
            head=self._head(article, when, language, number),
            number=number,
            when=when,
            day=day,
            social="".join(f'<li><a href="/to/{s}">{_icon(s)}</a></li>' for s in _NETWORKS),
            menu=many(_ENTRY, [t[:24] for t in titles[:40]]),
            ticker=many('<li><a href="/t{n}/">{title}</a></li>', titles[:8]),
            aside=titles[0],
            category=titles[1][:16],
            title=escape(article.title),
            author=titles[2][:16],
            shares=shares,
            image=_image(number),
            caption=titles[3],
            body="".join(f"<p>{escape(p)}</p>\n" for p in article.text.split("\n\n")),
            tags=many('<a href="/tag/{n}/" rel="tag">{short}</a> ', titles[:6]),
            heading=titles[5][:24],
            related=many(_CARD, titles[40:54]),
            comments=many(_COMMENT, titles[20:28]),
            widgets="".join(widgets),
            columns="".join(columns),
            scripts=self._scripts(),
        )

    def _head(self, article: Document, when: str, language: str, number: int) -> str:
        image = f"https://press.example/wp-content/uploads/{number}-1024x683.jpg"
        title, teaser = escape(article.title), escape(article.text[:150])
        about = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": article.title,
            "datePublished": when,
            "dateModified": when,
            "inLanguage": language,
            "image": [image],
            "publisher": {"@type": "NewsMediaOrganization", "name": "Journal"},
        }
        properties = {
            "og:type": "article",
            "og:locale": language,
            "og:title": title,
            "og:description": teaser,
            "og:site_name": "Journal",
            "og:image": image,
            "article:published_time": when,
            "article:modified_time": when,
        }
        sheets = (
            f'<link rel="stylesheet" id="s{n}-css" href="/wp-content/p{n}/style.min.css?ver=6.{n}">'
            for n in range(10)
        )
        declared = (f'<meta property="{k}" content="{v}">' for k, v in properties.items())
        return _HEAD.format(
            title=title,
            teaser=teaser,
            properties="".join(declared),
            about=json.dumps(about, ensure_ascii=False),
            links="".join(sheets),
            style=self._style,
        )

    def _scripts(self) -> str:
        numbers = ",".join(str(self._chance.randrange(10**6)) for _ in range(_SCRIPT_NUMBERS))
        linked = (
            f'<script src="/wp-content/p{n}/main.min.js?ver=6.{n}" defer></script>'
            for n in range(8)
        )
        return f"<script>var theme={{ids:[{numbers}]}};</script>{''.join(linked)}"


def _icon(name: str) -> str:
    return _ICON.format(name=name)


def _image(number: int) -> str:
    sources = ", ".join(f"/wp-content/uploads/{number}-{w}x{h}.jpg {w}w" for w, h in _SIZES)
    return _IMAGE.format(n=number, sources=sources)
