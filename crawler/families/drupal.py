"""Drupal: the public radio. One story has a node number in each language."""

from __future__ import annotations

from crawler.families.base import Family
from domain.source import Selectors

DRUPAL = Family(
    id="drupal",
    title="Drupal",
    signs=('content="Drupal', "data-drupal-selector", "/sites/default/files/", "drupalSettings"),
    feeds=("rss.xml",),
    sitemaps=("sitemap.xml",),
    article_url=r"/node/\d+$",
    next_page="{url}?page={n}",
    first_page=0,
    selectors=Selectors(
        text=".field--name-body, .field-name-body, .node__content .text-formatted",
        title="h1.page-title, h1.title, h1.page-header",
        author=".field--name-field-author, .node__submitted .username, .submitted .username",
        date=".field--name-created, .node__submitted, .submitted",
        section=".field--name-field-category a, .field--name-field-rubrique a",
        drop=(
            ".node__links",
            ".field--name-field-tags",
            ".comment-wrapper",
            ".view-related",
            ".social-sharing",
            ".tabs",
        ),
    ),
)
