"""An article that its outlet edits: seen, read again, judged again, told once; or left alone."""

from __future__ import annotations

from datetime import timedelta

from crawler_stage import NOW, InProcess, Stage, fresh, item, local_press, page, rss, source
from storage_promises import rows

from alerts.planning import Planner
from alerts.settings import AlertSettings
from crawler.ports import WorkerCrashError
from domain.article import Article, Document, Judged
from domain.asking import ArticleQuery, SearchTerm, TextQuery
from domain.match import Evidence, Match, Verdict
from domain.source import Source
from marsad.pipeline import NewsDesk
from marsad.tracing import trace
from storage import Store

URL = "https://tell.example/a"
DULL = "Le ministre a visité mardi une école de la wilaya et parlé aux élèves. " * 5
HOT = DULL + "Il a reçu une délégation militaire italienne. "


async def test_a_list_that_says_something_else_has_the_page_read_again():
    async with local_press() as press, Stage() as stage:
        press.pages |= {
            "/feed": rss(item("/a/1", "Un"), item("/a/2", "Deux")),
            "/a/1": page("Un"),
            "/a/2": page("Deux"),
        }
        state = (await stage.visit(source(press))).state
        press.pages |= {"/feed": rss(item("/a/1", "Un, édité"), item("/a/2", "Deux"))}
        state = (await stage.visit(source(press), state)).state
        assert [a.title for a in stage.desk.revisions] == ["Un, édité"]
        assert press.paths().count("/a/1") == 2
        assert press.paths().count("/a/2") == 1
        for number in range(5):  # one that changes each time is not believed for ever
            press.pages |= {"/feed": rss(item("/a/1", f"Un, {number}"))}
            state = (await stage.visit(source(press), state)).state
        assert press.paths().count("/a/1") == 4


async def test_a_feed_with_whole_texts_tells_of_an_edit_without_a_fetch():
    async with local_press() as press, Stage() as stage:
        for text in ("Le texte entier de la nouvelle. ", "Le texte corrigé de la nouvelle. "):
            extra = f"<content:encoded>{text * 40}</content:encoded>"
            press.pages["/feed"] = rss(item("/a/1", "Un", extra=extra))
            outlet = source(press)
            state = stage.desk.reports[-1].state if stage.desk.reports else fresh(outlet)
            await stage.visit(outlet, state)
        [article] = stage.desk.revisions
        assert "corrigé" in article.text
        assert press.paths() == ["/feed", "/feed"]


class Judge(InProcess):
    """Holds that a text with "italienne" in it is a hit."""

    async def call(self, function, /, *args, **kwargs):
        if function is trace:
            raise WorkerCrashError("no trace here")  # the title must serve
        document: Document = args[0]
        verdict = Verdict(id=document.id, language="fr", matches=self._matches(document.text))
        return Judged(document=document, verdict=verdict)

    def _matches(self, text: str) -> tuple[Match, ...]:
        start = text.find("italienne")
        if start < 0:
            return ()
        proof = Evidence(start=start, end=start + 9, text="italienne", field="text", concept="@IT")
        match = Match(rule="r", score=0.9, threshold=0.5, partners=("IT",), evidence=(proof,))
        return (match,)


def desk_of(store: Store, woken: list[int]) -> NewsDesk:
    alerts = AlertSettings.model_validate(
        {"channels": {"desk": {"type": "console"}}, "routes": [{"channels": ["desk"]}]}
    )
    outlet = Source(
        id="tell", name="Tell", url="https://tell.example/", language="fr", country="DZ"
    )
    store.sync_sources([outlet], NOW)
    return NewsDesk(
        store,
        Judge(),
        Planner(alerts),
        {"tell": outlet},
        lambda: NOW,
        wake=lambda: woken.append(1),
        failpoint=lambda _: None,
    )


def article(text: str, title: str = "Une visite", **facts) -> Article:
    values = {"published_at": NOW - timedelta(hours=1), "first_seen": NOW, "listed": "x"} | facts
    return Article(url=URL, source_id="tell", title=title, text=text, language="und", **values)


async def test_b11_an_edit_is_a_new_version_judged_and_told_once(store: Store):
    woken: list[int] = []
    desk = desk_of(store, woken)
    await desk.file([article(DULL)], None)
    assert rows(store, "SELECT count(*) FROM hits") == [(0,)]
    assert await desk.revise(article(HOT, listed="y", section="Défense"))
    found = "SELECT title, text, version, section, listed FROM articles"
    assert rows(store, found) == [("Une visite", HOT, 2, "Défense", "y")]
    assert rows(store, "SELECT version, text FROM article_versions") == [(1, DULL)]
    assert rows(store, "SELECT partners FROM v_hits") == [("IT",)]
    assert rows(store, "SELECT start_offset FROM evidence") == [(HOT.index("italienne"),)]
    assert rows(store, "SELECT count(*) FROM deliveries") == [(1,)]
    assert await desk.revise(article("Précision : elle dura une heure. " + HOT, listed="z"))
    assert rows(store, "SELECT count(*) FROM deliveries") == [(1,)]  # told already
    offset = HOT.index("italienne") + len("Précision : elle dura une heure. ")
    assert rows(store, "SELECT start_offset FROM evidence") == [(offset,)]
    assert len(woken) == 1
    assert rows(store, "SELECT version FROM articles") == [(3,)]


async def test_an_edit_that_takes_the_proof_away_takes_the_hit_away(store: Store):
    desk = desk_of(store, [])
    await desk.file([article(HOT)], None)
    assert await desk.revise(article(DULL))
    assert rows(store, "SELECT count(*) FROM hits") == [(0,)]
    assert rows(store, "SELECT kind FROM v_hit_history") == [("lost",)]


async def test_other_spelling_and_a_teaser_are_no_version(store: Store):
    desk = desk_of(store, [])
    await desk.file([article(HOT)], None)
    assert not await desk.revise(article(HOT.replace("délégation", "delegation"), "Une  visite"))
    assert not await desk.revise(article("Un résumé tout autre.", text_from="summary"))
    assert rows(store, "SELECT text, version, checks FROM articles") == [(HOT, 1, 2)]
    assert rows(store, "SELECT count(*) FROM article_versions") == [(0,)]
    known = await desk.known([URL, "https://tell.example/none"])
    assert [(k, v.checks) for k, v in known.items()] == [(URL, 2)]


async def test_the_words_of_the_new_version_are_found_and_those_of_the_old_are_not(store: Store):
    desk = desk_of(store, [])
    await desk.file([article(DULL.replace("école", "caserne"))], None)
    await desk.revise(article(HOT))
    for word, count in (("caserne", 0), ("italienne", 1)):
        phrase = SearchTerm(source=word, phrases=((word,),))
        query = ArticleQuery(text=TextQuery(source=word, groups=((phrase,),)))
        assert len(store.search(query)) == count, word
    assert store.check() == []
