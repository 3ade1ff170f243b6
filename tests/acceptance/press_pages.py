"""Six designs of article pages, with all that stands around an article on the web."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from random import Random

from press_words import headline, paragraph, sentence

WORDS = {
    "fr": (
        "Accueil",
        "Lire aussi",
        "Partager",
        "commentaires",
        "Les plus lus",
        "Répondre",
        "Publicité",
    ),
    "en": ("Home", "Read also", "Share", "comments", "Most read", "Reply", "Advertisement"),
    "ar": ("الرئيسية", "اقرأ أيضا", "شارك", "تعليقات", "الأكثر قراءة", "رد", "إعلان"),
}
COOKIES = {
    "fr": "Ce site utilise des cookies pour mesurer son audience. En continuant vous acceptez nos "
    "conditions et notre politique de confidentialité.",
    "en": "This site uses cookies to measure its audience. By going on you accept our terms and our "
    "privacy policy.",
    "ar": "يستخدم هذا الموقع ملفات تعريف الارتباط لقياس عدد الزوار. بمواصلة التصفح فإنك توافق على شروطنا.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article as its author wrote it."""

    path: str
    title: str
    paragraphs: tuple[str, ...]
    author: str
    published: str  # ISO 8601
    language: str


class Clutter:
    """What stands around: never the same twice, in the words of the same language."""

    def __init__(self, rng: Random, language: str) -> None:
        self._rng = rng
        self.language = language
        self.home, self.also, self.share, self.comments, self.popular, self.reply, self.advert = (
            WORDS[language]
        )

    def navigation(self) -> str:
        links = "".join(
            f"<li><a href='/rubrique/{n}'>{escape(headline(self._rng, self.language)[:18])}</a></li>"
            for n in range(24)
        )
        return f"<ul><li><a href='/'>{self.home}</a></li>{links}</ul>"

    def teasers(self, count: int, *, words: bool) -> str:
        return "".join(
            f"<li class='related-item'><a href='/autre/{n}-{self._rng.randint(100, 999)}.html'>"
            f"<img src='/t/{n}.jpg' alt=''><h4>{escape(headline(self._rng, self.language))}</h4></a>"
            + (f"<p>{escape(sentence(self._rng, self.language))}</p>" if words else "")
            + "</li>"
            for n in range(count)
        )

    def teaser_title(self) -> str:
        return headline(self._rng, self.language)

    def comment_list(self, count: int) -> str:
        return "".join(
            f"<li class='comment' id='comment-{n}'><div class='comment-author'>Lecteur {n}</div>"
            f"<div class='comment-content'><p>{escape(paragraph(self._rng, self.language, 2))}</p></div>"
            f"<a class='comment-reply-link' href='#r{n}'>{self.reply}</a></li>"
            for n in range(count)
        )

    def banner(self) -> str:
        return (
            f"<div id='cookie-banner' class='cookie-notice' role='dialog'><p>{COOKIES[self.language]}</p>"
            "<button>OK</button></div>"
        )

    def sharing(self) -> str:
        names = "".join(
            f"<a href='https://share.example/{n}'>{n}</a> " for n in ("Facebook", "X", "WhatsApp")
        )
        return f"<div class='share-buttons social-share'><span>{self.share}</span> {names}</div>"


def _head(story: Story, charset: str, *, extra: str = "") -> str:
    return (
        f"<head><meta charset='{charset}'><title>{escape(story.title)} | Le Journal</title>"
        f"<meta property='og:title' content='{escape(story.title)}'>{extra}</head>"
    )


def _html(story: Story) -> str:
    rtl = " dir='rtl'" if story.language == "ar" else ""
    return f"<!DOCTYPE html><html lang='{story.language}'{rtl}>"


def _paragraphs(story: Story) -> str:
    return "".join(f"<p>{escape(text)}</p>\n" for text in story.paragraphs)


def semantic(story: Story, clutter: Clutter, charset: str) -> str:
    facts = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "datePublished": story.published,
        "author": {"@type": "Person", "name": story.author},
    }
    data = f"<script type='application/ld+json'>{json.dumps(facts)}</script>"
    return (
        f"{_html(story)}{_head(story, charset, extra=data)}<body><header><nav>{clutter.navigation()}</nav>"
        f"</header>{clutter.banner()}<main><article><header><h1>{escape(story.title)}</h1>"
        f"<p class='byline'>{story.author}</p></header>{_paragraphs(story)}{clutter.sharing()}</article>"
        f"<aside><h3>{clutter.popular}</h3><ul>{clutter.teasers(8, words=True)}</ul></aside>"
        f"<section id='comments' class='comments-area'><h3>5 {clutter.comments}</h3><ol>"
        f"{clutter.comment_list(5)}</ol></section></main><footer><p>© Le Journal</p></footer></body></html>"
    )


def wordpress(story: Story, clutter: Clutter, charset: str) -> str:
    middle = len(story.paragraphs) // 2
    inside = (
        f"<div class='jp-relatedposts related-posts'><h3>{clutter.also}</h3><ul>"
        f"{clutter.teasers(3, words=False)}</ul></div>"
    )
    texts = [f"<p class='wp-block-paragraph'>{escape(p)}</p>" for p in story.paragraphs]
    texts.insert(middle, inside)
    return (
        f"{_html(story)}{_head(story, charset)}<body class='single post'><div id='page'>"
        f"<div id='masthead'><div class='main-navigation'>{clutter.navigation()}</div></div>"
        f"<div id='primary' class='content-area'><div class='post type-post hentry'>"
        f"<h1 class='entry-title'>{escape(story.title)}</h1><div class='entry-meta'>"
        f"<time datetime='{story.published}'>{story.published[:10]}</time> {story.author}</div>"
        f"<div class='entry-content'>{''.join(texts)}{clutter.sharing()}</div></div>"
        f"<div id='comments' class='comments-area'><h2>4 {clutter.comments}</h2><ol class='comment-list'>"
        f"{clutter.comment_list(4)}</ol></div></div><div id='secondary' class='widget-area sidebar'>"
        f"<h2>{clutter.popular}</h2><ul>{clutter.teasers(10, words=True)}</ul></div>"
        f"<div id='colophon' class='site-footer'>© Le Journal</div></div>{clutter.banner()}</body></html>"
    )


def tables(story: Story, clutter: Clutter, charset: str) -> str:
    text = "<br><br>\n".join(escape(p) for p in story.paragraphs)
    return (
        f"{_html(story)}{_head(story, charset)}<body bgcolor='#ffffff'><table width='100%'><tr>"
        f"<td colspan='3'>{clutter.navigation()}</td></tr><tr><td width='20%' valign='top'><b>"
        f"{clutter.popular}</b><ul>{clutter.teasers(6, words=False)}</ul></td><td valign='top'>"
        f"<font size='5'><b>{escape(story.title)}</b></font><br><font size='1'>{story.author}, "
        f"{story.published[:10]}</font><br><br><font size='2'>{text}</font></td>"
        f"<td width='20%' valign='top'><b>{clutter.advert}</b></td></tr><tr><td colspan='3' "
        f"align='center'>© Le Journal</td></tr></table></body></html>"
    )


def joomla(story: Story, clutter: Clutter, charset: str) -> str:
    first, *rest = story.paragraphs
    body = "".join(f"<p>{escape(p)}</p>" for p in rest)
    return (
        f"{_html(story)}{_head(story, charset)}<body><div id='sp-menu'>{clutter.navigation()}</div>"
        f"<div id='k2Container' class='itemView'><div class='itemHeader'><h2 class='itemTitle'>"
        f"{escape(story.title)}</h2><span class='itemAuthor'>{story.author}</span><span "
        f"class='itemDateCreated'>{story.published[:10]}</span></div><div class='itemToolbar'>"
        f"{clutter.sharing()}</div><div class='itemBody'><div class='itemIntroText'><p>{escape(first)}"
        f"</p></div><div class='itemFullText'>{body}</div></div><div class='itemRelated'><h3>"
        f"{clutter.also}</h3><ul>{clutter.teasers(5, words=True)}</ul></div><div class='itemComments'>"
        f"<h3>{clutter.comments}</h3><ul class='itemCommentsList'>{clutter.comment_list(3)}</ul></div>"
        f"</div><div id='sp-footer'>© Le Journal</div>{clutter.banner()}</body></html>"
    )


def drupal(story: Story, clutter: Clutter, charset: str) -> str:
    texts = [f"<p>{escape(p)}</p>" for p in story.paragraphs]
    texts.insert(
        2,
        f"<p class='read-also'><strong>{clutter.also} :</strong> <a href='/autre/9.html'>"
        f"{escape(clutter.teaser_title())}</a></p>",
    )
    return (
        f"{_html(story)}{_head(story, charset)}<body class='path-node'>{clutter.banner()}"
        f"<div class='region region-navigation'>{clutter.navigation()}</div><div class='region "
        f"region-content'><div class='node node--type-article'><h1 class='page-title'>"
        f"{escape(story.title)}</h1><div class='node__meta'>{story.author} - {story.published[:10]}</div>"
        f"<div class='field field--name-body field--type-text-with-summary'>{''.join(texts)}</div>"
        f"</div></div><div class='region region-sidebar-second'><div class='block'><h2>{clutter.popular}"
        f"</h2><ul>{clutter.teasers(9, words=True)}</ul></div></div><div class='region region-footer'>"
        f"<p>© Le Journal</p></div></body></html>"
    )


def modern(story: Story, clutter: Clutter, charset: str) -> str:
    blocks = "".join(
        f"<div class='css-{n:x}'><div class='css-a1'><p class='css-p9'>{escape(text)}</p></div></div>"
        for n, text in enumerate(story.paragraphs)
    )
    return (
        f"{_html(story)}{_head(story, charset)}<body><div id='__app'><div class='topbar'>"
        f"{clutter.navigation()}</div><div class='layout'><div class='main-col'><h1>{escape(story.title)}"
        f"</h1><div class='meta'><span>{story.author}</span><time>{story.published[:10]}</time></div>"
        f"<figure><img src='/i.jpg' alt=''></figure><div class='article-body'>{blocks}</div>"
        f"{clutter.sharing()}<div class='newsletter-box'><p>Newsletter</p><input type='email'></div>"
        f"<div class='more-stories'><h3>{clutter.also}</h3><ul>{clutter.teasers(6, words=True)}</ul></div>"
        f"<div class='comments'><ul>{clutter.comment_list(6)}</ul></div></div></div>"
        f"<div class='footer'>© Le Journal</div></div>{clutter.banner()}</body></html>"
    )


LAYOUTS: tuple[Callable[[Story, Clutter, str], str], ...] = (
    semantic,
    wordpress,
    tables,
    joomla,
    drupal,
    modern,
)
