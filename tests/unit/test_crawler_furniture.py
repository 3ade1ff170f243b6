"""Lines of outlets that are no part of any article, and sentences that only look like them."""

from __future__ import annotations

import pytest

from crawler.extraction import extract_page
from crawler.furniture import without_furniture
from domain.source import Selectors

BODY = [f"Le ministre a indiqué mardi, au point {n}, que les travaux avancent." for n in range(6)]


@pytest.mark.parametrize(
    "line",
    [
        "Lire aussi : Le général reçoit l'ambassadeur d'Italie",
        "À lire aussi: Accord de défense avec la Russie",
        "Lire également: un exercice naval avec la Turquie",
        "Sur le même sujet",
        "Articles similaires",
        "Read also: Navy exercise with Spain",
        "You may also like",
        "إقرأ أيضا: الفريق شنقريحة يستقبل وفدا إيطاليا",
        "اقرأ أيضًا.. مناورات مع روسيا",
        "مواضيع ذات صلة",
        "0 commentaire",
        "12 Comments",
        "Comments comments",
        "Aucun commentaire",
        "Leave a Reply",
        "3 تعليقات",
        "اترك تعليقا",
        "1 254 vues".replace(" 254", "254"),
        "Partager",
        "Partager sur Facebook",
        "شارك على فيسبوك",
        "Facebook Twitter WhatsApp",
        "Facebook | X | LinkedIn",
        "Suivez-nous sur Telegram pour ne rien manquer",
        "تابعونا على فيسبوك",
        "{{ key }}: {{ error[0] }}",
        "Check Also",
    ],
)
def test_a_line_of_the_outlet_goes_wherever_it_stands(line: str):
    assert without_furniture("\n\n".join([*BODY[:3], line, *BODY[3:]])).split("\n\n") == BODY


@pytest.mark.parametrize(
    "line",
    [
        "The post Le ministre à Oran appeared first on Algérie Patriotique.",
        "L'article Le ministre à Oran est apparu en premier sur DIA.",
        "Cet article Le ministre à Oran a été publié en premier sur Awras.",
        "ظهرت المقالة الوزير في وهران أولاً على أوراس.",
        "Tags : Algérie, Défense",
        "© 2026 El Watan",
        "Tous droits réservés",
        "جميع الحقوق محفوظة",
    ],
)
def test_a_signature_goes_from_the_end(line: str):
    assert without_furniture("\n\n".join([*BODY, line])).split("\n\n") == BODY


@pytest.mark.parametrize(
    "line",
    [
        "Partager les fruits de la croissance est le but de la réforme, a dit le ministre.",
        "Voir la mer depuis les hauteurs d'Alger reste un plaisir des habitants.",
        "The post office in Oran reopened on Tuesday after works of two years.",
        "Follow the money: that is what the judges of the financial court did.",
        "3 vues s'opposent au sein de la commission.",
        "Share prices rose on Tuesday.",
        "شارك وزير الدفاع في أشغال القمة الإفريقية.",
        "Deux commentaires du ministre ont retenu l'attention.",
    ],
)
def test_a_sentence_that_begins_so_stays(line: str):
    parts = [*BODY[:3], line, *BODY[3:], line]
    assert without_furniture("\n\n".join(parts)).split("\n\n") == parts


def markup(body: str, head: str = "") -> bytes:
    top = f"<meta charset=utf-8><title>T</title>{head}"
    return f"<html><head>{top}</head><body>{body}</body></html>".encode()


def test_what_an_outlet_drops_is_dropped_and_its_text_stands_in_where_none_is_found():
    prose = "".join(f"<p>{part}</p>" for part in BODY)
    poll = "<p class='poll'>Que pensez-vous de la visite du ministre italien à Alger hier ?</p>"
    page = extract_page(
        markup(f"<article>{prose}{poll}</article>"),
        "https://x.dz/a",
        "",
        Selectors(drop=(".poll",)),
    )
    assert page.text.split("\n\n") == BODY
    odd = "<aside>" + "".join(f"<p class=t>{part}</p>" for part in BODY) + "</aside>"
    found = extract_page(markup(odd), "https://x.dz/a", "", Selectors(text=".t"))
    assert (found.how, found.text.split("\n\n")) == ("selectors", BODY)


def test_what_a_page_says_of_itself_is_kept():
    head = """<link rel=canonical href='/un-titre'><meta property='og:image' content='/i.jpg'>
    <script type='application/ld+json'>{"@type": "NewsArticle", "headline": "Un titre",
    "datePublished": "2026-11-24T09:00:00+01:00", "dateModified": "2026-11-24T12:30:00+01:00",
    "articleSection": ["Actualité", "Défense"], "author": {"name": "Nadia B."}}</script>"""
    prose = "".join(f"<p>{part}</p>" for part in BODY)
    page = extract_page(markup(f"<article>{prose}</article>", head), "https://x.dz/un-titre?a=1")
    assert page.section == "Actualité"
    assert page.modified_at is not None
    assert page.modified_at.isoformat() == "2026-11-24T11:30:00+00:00"
    assert (page.image, page.canonical_url) == ("https://x.dz/i.jpg", "https://x.dz/un-titre")
    assert page.authors == ("Nadia B.",)


def test_selectors_say_what_the_page_does_not_declare():
    prose = "".join(f"<p>{part}</p>" for part in BODY)
    body = (
        "<div class='crumb'><a>Accueil</a><a class=s>Nation</a></div><h2 class=t>Un vrai titre"
        "</h2><span class=by>Par Nadia B.</span><i class=d>24-11-2026 | 10:15</i>"
        f"<article>{prose}</article>"
    )
    css = Selectors(title=".t", author=".by", date=".d", section=".crumb .s")
    page = extract_page(markup(body), "https://x.dz/a", "", css)
    assert (page.title, page.authors, page.section) == ("Un vrai titre", ("Nadia B.",), "Nation")
    assert page.published_at is not None
    assert f"{page.published_at:%Y-%m-%d %H:%M}" == "2026-11-24 09:15"
