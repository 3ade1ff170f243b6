"""How well articles find their stories, what placing one costs, and a peer beside it.

    python -m benchmarks.stories CORPUS.jsonl ... [--peers .venv-peers/bin/python] [--quality]

Quality: every dated article of the corpus is filed in order of publication through a store of
its own, and the stories that it ends up with are compared with the labelled ones: B-cubed
precision, recall and F1; pairs across two languages apart. Twice: as dated, and with each story
moved, whole, onto one fortnight, where the calendar alone tells nothing apart. What is kept
aside (three tenths of the stories) took no part in learning the weights.

Speed: finding and placing one article among 1,000, 10,000 and 100,000 of one week, on SQLite.
Near-duplicates: our sketch beside datasketch's MinHash and LSH, CPU of one document each way.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import Table, func, insert, select

from benchmarks.figures import keep
from benchmarks.story_corpus import Labelled, on_one_calendar, read
from domain.article import Article
from domain.filing import Filing
from domain.match import Match
from domain.story import Trace
from marsad.placing import StoryPlacing
from matcher.judge import Matcher
from matcher.stories.sketch import LOOKED_UP, sketch
from storage import tables, traces
from storage.store import Store

SIZES = (1_000, 10_000, 100_000)
ARRIVALS = 200
COPIES = {"light": 0.05, "heavy": 0.18}  # share of words changed
Stories = Mapping[str, int]


@contextmanager
def a_store() -> Iterator[Store]:
    """A SQLite store of its own, gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(f"sqlite:///{folder}/bench.db", placer=StoryPlacing()) as store,
    ):
        yield store


def filing(each: Labelled) -> Filing:
    """An article as its desk files it; a match of no rule stands for whatever made it a hit."""
    trace = each.trace
    match = Match(
        rule="any", score=1, threshold=0, partners=trace.partners, activities=trace.activities
    )
    article = Article(
        url=f"https://press.example/{each.id}",
        source_id="press",
        title=each.id,
        text=".",
        language=trace.language,
        first_seen=each.published,
        published_at=each.published,
    )
    return Filing(article=article, matches=(match,), trace=trace)


def placed(articles: Sequence[Labelled]) -> Stories:
    """File each article by itself, in order; return the story of each in the end."""
    with a_store() as store:
        for each in articles:
            store.file([filing(each)], None, each.published)
        found = list(store.query("SELECT title, story_id FROM v_hits").rows)
        return {str(row[0]): int(str(row[1])) for row in found}


def b_cubed(articles: Sequence[Labelled], stories: Stories) -> dict[str, float]:
    """Return Bagga and Baldwin's precision, recall and F1, each article counting alike."""
    labelled, found = defaultdict(set), defaultdict(set)
    for each in articles:
        labelled[each.story].add(each.id)
        found[stories[each.id]].add(each.id)
    precision = recall = 0.0
    for each in articles:
        right = len(labelled[each.story] & found[stories[each.id]])
        precision += right / len(found[stories[each.id]]) / len(articles)
        recall += right / len(labelled[each.story]) / len(articles)
    return {"precision": precision, "recall": recall, "f1": _f1(precision, recall)}


def across_languages(articles: Sequence[Labelled], stories: Stories) -> dict[str, float]:
    """Return precision, recall and F1 of the pairs whose languages differ."""
    both = said = told = 0
    for number, one in enumerate(articles):
        for other in articles[number + 1 :]:
            if one.trace.language != other.trace.language:
                is_one, is_said = one.story == other.story, stories[one.id] == stories[other.id]
                both += is_one and is_said
                said += is_said
                told += is_one
    precision, recall = both / max(said, 1), both / max(told, 1)
    return {"precision": precision, "recall": recall, "f1": _f1(precision, recall)}


def _f1(precision: float, recall: float) -> float:
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def quality(articles: Sequence[Labelled]) -> dict[str, dict[str, dict[str, float]]]:
    """Return every figure of the stories: by calendar, by part of the corpus."""
    parts: dict[str, Callable[[Labelled], bool]] = {
        "all": lambda each: each.id != "",
        "events": lambda each: each.id.startswith("p"),
        "developed": lambda each: not each.is_kept_aside,
        "kept_aside": lambda each: each.is_kept_aside,
        "kept_aside_events": lambda each: each.is_kept_aside and each.id.startswith("p"),
    }
    figures = {}
    for name, calendar in (("as_dated", articles), ("one_fortnight", on_one_calendar(articles))):
        stories = placed(calendar)
        figures[name] = {
            part: b_cubed([each for each in calendar if belongs(each)], stories)
            for part, belongs in parts.items()
        }
        events = [each for each in calendar if parts["events"](each)]
        aside = [each for each in calendar if parts["kept_aside_events"](each)]
        figures[name]["across_languages"] = across_languages(events, stories)
        figures[name]["kept_aside_across_languages"] = across_languages(aside, stories)
    return figures


def filled(store: Store, articles: Sequence[Labelled], count: int, begin: date) -> None:
    """Fill a store with ``count`` traced articles of one week, each a story, quickly."""
    chance = random.Random(count)
    moment = articles[0].published
    varied = [traces.written(_varied(each, chance)) for each in articles]
    with store._database.write() as connection:
        given = connection.scalar(select(func.max(tables.articles.c.article_id))) or 0
        rows: dict[Table, list[dict[str, object]]] = defaultdict(list)
        for number in range(given + 1, count + 1):
            article = filing(replace(articles[0], id=f"f{number}")).article
            names = ("url", "title", "text", "language", "published_at", "first_seen")
            row = {n: getattr(article, n) for n in (*names, "authors", "text_from", "note")}
            rows[tables.articles].append(row | {"article_id": number, "outlet": "press"})
            story = {"title": "x", "title_key": "", "first_seen": moment, "last_seen": moment}
            rows[tables.stories].append(story | {"story_id": number})
            rows[tables.story_articles].append({"article_id": number, "story_id": number})
            on = begin.toordinal() + chance.randrange(7)
            trace = {"article_id": number, "day": on, "trace": chance.choice(varied)}
            rows[tables.story_traces].append(trace)
            keys = _some_own(chance.choice(articles).trace.keys, chance)
            rows[tables.story_keys] += [{"key": k, "day": on, "article_id": number} for k in keys]
        for table, many in rows.items():
            connection.execute(insert(table), many)


def _some_own(keys: Sequence[int], chance: random.Random) -> set[int]:
    return {k if chance.random() < 0.3 else chance.getrandbits(62) for k in keys}


def _varied(each: Labelled, chance: random.Random) -> Trace:
    """Another article in the manner of one, with a wording of its own."""
    return replace(each.trace, sketch=tuple(sorted(chance.getrandbits(62) for _ in range(96))))


def speed(articles: Sequence[Labelled]) -> dict[int, dict[str, float]]:
    """Return wall and CPU milliseconds of finding and placing one article, by store size."""
    costs = {}
    begin, placer = date(2026, 3, 2), StoryPlacing()
    with a_store() as store:
        store.file([filing(articles[0])], None, articles[0].published)
        for size in SIZES:
            filled(store, articles, size, begin)
            with store._database.read() as connection:
                wall, cpu = time.perf_counter(), time.process_time()
                for number in range(ARRIVALS):
                    trace = articles[number % len(articles)].trace
                    members = traces.alike(connection, 0, date(2026, 3, 5), trace, placer.window)
                    placer.place(trace, date(2026, 3, 5), members)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            costs[size] = {"wall_ms": wall / ARRIVALS * 1e3, "cpu_ms": cpu / ARRIVALS * 1e3}
    return costs


def near_texts(count: int = 300) -> list[dict[str, list[str]]]:
    """Texts of some 400 words with edited copies: light, cut, padded, heavy."""
    chance = random.Random(7)
    vocabulary = [f"word{n}" for n in range(20_000)]
    words = [[chance.choice(vocabulary) for _ in range(400)] for _ in range(count)]
    found = []
    for text in words:
        copies = {
            name: [chance.choice(vocabulary) if chance.random() < share else w for w in text]
            for name, share in COPIES.items()
        }
        padding = [chance.choice(vocabulary) for _ in range(133)]
        found.append({"text": text, "cut": text[:280], "pad": text + padding, **copies})
    return found


def ours_near(texts: Sequence[dict[str, list[str]]]) -> dict[str, float]:
    """Return CPU microseconds a document (sketch, index, look up) and recall by kind of copy."""
    begin = time.process_time()
    index: dict[int, list[int]] = defaultdict(list)
    for number, each in enumerate(texts):
        for key in sketch(" ".join(each["text"]).encode())[:LOOKED_UP]:
            index[key].append(number)
    found: dict[str, int] = defaultdict(int)
    kinds = [kind for kind in texts[0] if kind != "text"]
    for number, each in enumerate(texts):
        for kind in kinds:
            looked_up = sketch(" ".join(each[kind]).encode())[:LOOKED_UP]
            found[kind] += any(number in index.get(key, ()) for key in looked_up)
    cpu = time.process_time() - begin
    documents = len(texts) * (1 + len(kinds))
    return {"us": cpu / documents * 1e6, **{k: found[k] / len(texts) for k in kinds}}


def their_near(python: Path, texts: Sequence[dict[str, list[str]]]) -> dict[str, float] | None:
    """Return the same of datasketch, in an environment of its own; None where there is none."""
    if not python.exists():
        return None
    script = Path(__file__).parent / "peers" / "datasketch_near.py"
    given = json.dumps(texts)
    done = subprocess.run([python, script], input=given, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", nargs="+", type=Path)
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"))
    parser.add_argument("--near", action="store_true", help="only what near-duplicates cost")
    parser.add_argument("--quality", action="store_true", help="the figures of quality only")
    options = parser.parse_args()
    if options.near:
        near(options.peers)
        return
    articles = read(options.corpus, Matcher.load(["defence-cooperation"]))
    print("| calendar | part | precision | recall | F1 |\n|---|---|---|---|---|")
    for calendar, parts in quality(articles).items():
        for part, figure in parts.items():
            numbers = " | ".join(f"{value:.3f}" for value in figure.values())
            print(f"| {calendar} | {part} | {numbers} |")
    if options.quality:
        return
    print("\n| recent articles | wall, ms | CPU, ms |\n|---|---|---|")
    for size, cost in speed(articles).items():
        print(f"| {size:,} | {cost['wall_ms']:.2f} | {cost['cpu_ms']:.2f} |")
    near(options.peers)


def near(peers: Path, rounds: int = 5) -> None:
    """Print what near-duplicates cost and find, beside datasketch where it is installed."""
    texts = near_texts()
    print("\n| near-duplicates | CPU, us a document | recall of copies |\n|---|---|---|")
    rows = {"marsad": ours_near(texts), "datasketch": their_near(peers, texts)}
    for name, row in rows.items():
        if row is not None:
            kinds = ("light", "cut", "pad", "heavy")
            recalls = ", ".join(f"{kind} {row[kind]:.3f}" for kind in kinds)
            print(f"| {name} | {row['us']:.0f} | {recalls} |")
    ours, theirs = rows["marsad"], rows["datasketch"]
    if ours is None or theirs is None:
        return
    ratios = [ours["us"] / theirs["us"]]
    for _ in range(rounds - 1):
        again = their_near(peers, texts)
        assert again is not None
        ratios.append(ours_near(texts)["us"] / again["us"])
    kinds = [kind for kind in ours if kind != "us"]
    worst = min(ours[kind] - theirs[kind] for kind in kinds)
    keep("near", {"cpu": ratios, "recall": [worst]})


if __name__ == "__main__":
    main()
