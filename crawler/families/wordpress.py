"""WordPress: half of the Algerian press.

Markup seen in themes of this press: plain entry-content, tagDiv Newspaper (td-), TieLabs Sahifa
and Jannah (tie-), PenciDesign, Publisher, and themes of one house only. A feed goes back in time
with ``?paged=N``, on every site that does not forbid it.
"""

from __future__ import annotations

from crawler.families.base import Family
from domain.source import Selectors

# One path segment of several words, after a date or a section if any; never a listing.
ARTICLE_URL = (
    r"^https?://[^/]+/"
    r"(?!(?:[^/]+/)*(?:category|categorie|tag|tags|author|auteur|writer|page|feed|comments|search"
    r"|newspaper|pdf|member|salat_horaire|wp-content|wp-json|wp-login\.php|wp-admin|contact[^/]*"
    r"|a-propos|about-us|privacy-policy|politique-de-confidentialite|mentions-legales)(?:/|$))"
    r"(?:[a-z]{2}/)?(?:\d{4}/\d{1,2}/(?:\d{1,2}/)?)?(?:[^/?#]+/){0,2}"
    r"(?:[^/?#-]+(?:-[^/?#-]+){3,}(?:\.html)?/?|\?p=\d+)$"
)

WORDPRESS = Family(
    id="wordpress",
    title="WordPress",
    signs=("/wp-content/", "/wp-includes/", "wp-json", 'content="WordPress'),
    feeds=("feed/",),
    sitemaps=("news-sitemap.xml", "sitemap_index.xml"),
    archives=("feed/?paged={page}", "{date:%Y/%m/%d}/"),
    article_url=ARTICLE_URL,
    next_page="{url}page/{n}/",
    selectors=Selectors(
        text=".entry-content, .td-post-content, .post-content, .article__content"
        ", .penci-entry-content, .single-content, .the-content, .post-inner .entry"
        ", .elementor-widget-theme-post-content",
        title="h1.entry-title, h1.post-title, h1.single-post__entry-title, article h1",
        author=".td-post-author-name a, .author.vcard a, a[rel~=author], .entry-author-name",
        date="time.entry-date[datetime], time[datetime], .posted-date, .tie-date"
        ", .entry__meta-date",
        section="a[rel~=category], .td-crumb-container a:last-of-type, .cat-links a",
        drop=(
            ".sharedaddy",
            ".jp-relatedposts",
            ".yarpp",
            ".yarpp-related",
            ".addtoany_share_save_container",
            ".heateor_sss_sharing_container",
            ".td-post-sharing",
            ".td-a-rec",
            ".tptn_counter",
            ".share-post",
            ".check-also-box",
            ".fb-comments",
            ".wp-block-embed",
            ".poll",
            ".wp-polls",
            ".inline-related-post",
            ".post-bottom-meta",
            "#comments",
        ),
    ),
)
