"""Full text: one call, two databases, the matcher's own folding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text as sql
from storage_stage import NOW, article, match, proof

from domain.article import Folded
from domain.asking import ArticleQuery, HitQuery
from domain.filing import Filing
from marsad.folding import MatcherFolding
from matcher.searching import parse_search
from storage import Store, fulltext

TEXTS = {
    "fr": ("Visite à l'ÉTAT-MAJOR", "Une délégation de la Marine est arrivée au port d'Alger."),
    "ar": ("زيارة", "استقبل الفريق أول شنڨريحة وفدا وبالجزائر العاصمة جرى التعاون العسكري."),
    "en": ("Sport", "The marine club of Algiers won; the delegation was happy, happy, happy."),
}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url, folding=MatcherFolding()) as opened:
        filings = [
            Filing(article=article(key, title=title, text=text, language=key))
            for key, (title, text) in TEXTS.items()
        ]
        opened.file(filings, None, NOW)
        yield opened


def found(store: Store, words: str, **facts: object) -> list[str]:
    query = ArticleQuery(text=parse_search(words), **facts)  # type: ignore[arg-type]
    return [row.url.rsplit("/", 1)[-1] for row in store.search(query)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("etat-major", ["fr"]),
        ("الجزائر", ["ar"]),
        ("شنقريحة", ["ar"]),
        ('"تعاون عسكري"', ["ar"]),
        ('"عسكري تعاون"', []),
        ("marine", ["en", "fr"]),
        ("marine -club", ["fr"]),
        ("delega*", ["en", "fr"]),
        ("delegation port", ["fr"]),
        ("port OR club", ["en", "fr"]),
        ('"port d\'Alger"', ["fr"]),
        ("alger", ["fr"]),  # a whole word, not the beginning of Algiers
        ("nothing", []),
        ("col:umn NEAR(a b) \" ' ; DROP TABLE articles --", []),
    ],
)
def test_what_is_typed_finds_what_is_meant(store: Store, words: str, expected: list[str]) -> None:
    assert sorted(found(store, words)) == expected


def test_the_best_come_first_and_a_title_counts_more(store: Store) -> None:
    more = [
        Filing(article=article("a", title="Rien", text="gazoduc " + "mot " * 300)),
        Filing(article=article("b", title="Gazoduc", text="mot " * 300)),
    ]
    store.file(more, None, NOW)
    assert found(store, "gazoduc") == ["b", "a"]
    rows = store.search(ArticleQuery(text=parse_search("gazoduc")))
    assert rows[0].rank > rows[1].rank


def test_filters_and_limit(store: Store) -> None:
    assert found(store, "marine", languages=("fr",)) == ["fr"]
    assert found(store, "marine", outlets=("nobody",)) == []
    assert len(found(store, "marine", limit=1)) == 1


def test_dates_find_what_was_filed_in_any_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = timedelta(days=1)
    ages = (0, 900, 3, 901, None, 2)  # days; None: undated, seen now
    many = [
        Filing(
            article=article(
                f"d{number}",
                text="gazoduc " * (number + 1),
                published_at=None if age is None else NOW - age * day,
            )
        )
        for number, age in enumerate(ages)
    ]
    store.file(many, None, NOW)
    asked = partial(found, store, "gazoduc")
    monkeypatch.setattr(fulltext, "RANKED", 2)  # the newest two of those that are sought
    assert sorted(asked(since=NOW - 4 * day)) == ["d4", "d5"]
    assert sorted(asked(until=NOW - 800 * day)) == ["d1", "d3"]
    assert sorted(asked(since=NOW - 4 * day, until=NOW - day)) == ["d2", "d5"]
    assert sorted(asked(since=NOW - 4 * day, limit=None)) == ["d0", "d2", "d4", "d5"]
    assert asked(since=NOW + day) == []
    assert asked(until=NOW - 1000 * day) == []


def test_parts_of_the_index_of_words_become_one(store: Store) -> None:
    for number in range(6):
        one = article(f"p{number}", text=f"gazoduc mot{number} " * 200)
        store.file([Filing(article=one)], None, NOW)
    store.gather_statistics()
    assert len(found(store, "gazoduc")) == 6
    assert found(store, "mot3") == ["p3"]
    assert store.check() == []
    with store._database.write() as connection:
        assert fulltext.merge(connection) is False


def test_hits_are_filtered_by_words(store: Store) -> None:
    text = "Zone : la coopération militaire avance à Béchar."
    one = Filing(article=article(9, text=text), matches=(match(evidence=(proof(text),)),))
    store.file([one], None, NOW)
    assert [h.url[-1] for h in store.hits(HitQuery(text=parse_search("bechar")))] == ["9"]
    assert list(store.hits(HitQuery(text=parse_search("bechar -zone")))) == []
    row = store.search(ArticleQuery(text=parse_search("bechar")))[0]
    assert row.hit_id is not None


def test_words_that_were_folded_elsewhere_are_taken_as_they_are(store: Store) -> None:
    ours = Folded(title="brought", text="along", version=MatcherFolding.version)
    filings = [
        Filing(article=article("taken", title="Titre", text="Texte"), folded=ours),
        Filing(article=article("older", title="Titre"), folded=replace(ours, version=1)),
        # stored otherwise than it came, it would never be found again to be taken out
        Filing(article=article("nul", title="Titre", text="Te\0xte"), folded=ours),
    ]
    store.file(filings, None, NOW)
    assert found(store, "brought along") == ["taken"]
    assert sorted(found(store, "titre")) == ["nul", "older"]


@dataclass(frozen=True)
class Reversed:
    version: int = 99

    def __call__(self, text: str) -> str:
        return " ".join(w[::-1] for w in text.casefold().split())


def test_another_folding_makes_the_index_anew(store: Store, database_url: str) -> None:
    with Store.open(database_url, folding=Reversed()) as other:
        assert found(other, "marine") == []
        assert sorted(found(other, "eniram")) == ["en", "fr"]
    with Store.open(database_url, folding=MatcherFolding()) as back:
        assert sorted(found(back, "marine")) == ["en", "fr"]


def test_articles_older_than_the_index_are_caught_up_once(store: Store, database_url: str) -> None:
    with store._database.write() as connection:
        gone = "'delete-all'"
        if store._database.is_sqlite:
            connection.execute(sql(f"INSERT INTO article_words(article_words) VALUES ({gone})"))
        else:
            connection.execute(sql("DELETE FROM article_words"))
        connection.execute(sql("DELETE FROM fulltext_state"))
    assert found(store, "marine") == []
    for _ in range(2):
        with Store.open(database_url, folding=MatcherFolding()) as again:
            assert sorted(found(again, "marine")) == ["en", "fr"]


def test_a_text_beyond_what_one_vector_holds_is_stored_and_found(store: Store) -> None:
    long = " ".join(f"mot{n}" for n in range(200_000))
    store.file([Filing(article=article("long", text=f"{long} fin"))], None, NOW)
    assert found(store, "mot7") == ["long"]
