"""What is asked quickly answers as what is asked plainly: indexes, columns, bounds."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.article import Document
from matcher.asking import Shown, cost_of, query_of
from matcher.bounds import concepts_of, loosened
from matcher.building import build
from matcher.columns import WHOLE, columns_of
from matcher.index import Needs, RuleIndex, needs
from matcher.judge import Matcher
from matcher.query import AllOf, AnyOf, Candidate, Counted, Near, Node, Not, Term
from matcher.reading import Reading, Window
from matcher.rules import Clause, Scored
from matcher.scan import Mention
from matcher.syntax import read_query

RULE = """
id: words
require: alpha OR beta OR gamma OR delta OR @DZ OR @FR OR @US
clauses:
  - {when: alpha, weight: 1}
"""
WORDS = "alpha beta gamma delta Algérie Paris français américain الجزائر فرنسا mot . \n \n\n".split(
    " "
)
TERMS = ("alpha", "beta", "gamma", "delta", "@DZ", "@FR", "@country", "@foreign")

texts = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    path = Path(tmp_path_factory.mktemp("rules")) / "words.yaml"
    path.write_text(RULE, encoding="utf-8")
    return Matcher.load([path])


@pytest.fixture(scope="module")
def pack() -> Matcher:
    return Matcher.load(["defence-cooperation"])


def _scoped(child: Node, name: str) -> Node:
    query = f"{name}@DZ" if name.endswith(":") else f"{name}(@DZ)"
    scope = build(read_query(query), lambda _: 0, {}.__getitem__)
    return type(scope)(scope.name, child)  # type: ignore[attr-defined,call-arg]


def queries(masks: dict[str, int]) -> st.SearchStrategy[Node]:
    terms = st.sampled_from([Term(name, mask) for name, mask in masks.items()])
    leaves: st.SearchStrategy[Node] = terms | st.sampled_from([Candidate("@it"), Candidate("@its")])

    def grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        scopes = ["SENTENCE", "PARAGRAPH", "TITLE:", "LEAD:", "HEAD:", "TEXT:"]
        return st.one_of(
            several.map(AllOf),
            several.map(AnyOf),
            inner.map(Not),
            st.builds(_scoped, inner, st.sampled_from(scopes)),
            st.builds(Near, inner, inner, st.integers(0, 4), st.booleans()),
            st.builds(Counted, st.sampled_from(["ATLEAST", "DISTINCT"]), inner, st.integers(1, 3)),
        )

    return st.recursive(leaves, grown, max_leaves=8)


def window_of(matcher: Matcher, title: str, text: str, *, has_candidate: bool) -> Window:
    whole = matcher.read(Document(title=title, text=text, language="fr")).whole
    if not has_candidate:
        return whole
    masks = (matcher.concepts.mask("@FR"), matcher.concepts.mask("@US"))
    return Window(whole.mask, whole.mentions, whole.reading, masks)


SHARED_FIXTURE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=150,
    deadline=None,
)


@SHARED_FIXTURE
@given(st.data(), texts, texts, st.booleans())
def test_columns_answer_as_nodes(
    matcher: Matcher, data: st.DataObject, title: str, text: str, has_candidate: bool
) -> None:
    query = data.draw(queries({name: matcher.concepts.mask(name) for name in TERMS}))
    window = window_of(matcher, title, text, has_candidate=has_candidate)
    asked = query_of(query)
    assert bool(asked.ask(columns_of(window), WHOLE)) == query.holds(window)
    shown = Shown(columns_of(window))
    asked.show(shown, WHOLE)
    assert set(map(id, shown.all())) == set(map(id, query.witnesses(window)))


@SHARED_FIXTURE
@given(st.data(), texts, texts)
def test_what_holds_has_all_it_needs(
    matcher: Matcher, data: st.DataObject, title: str, text: str
) -> None:
    query = data.draw(queries({name: matcher.concepts.mask(name) for name in TERMS}))
    window = window_of(matcher, title, text, has_candidate=True)
    bits = Needs([query])
    missing = bits.missing(window.mask)
    if query.holds(window):
        assert all(window.mask & mask for mask in needs(query))
        assert not bits.of[0] & missing
        masks = needs(query)
        assert not masks or RuleIndex([query]).candidates(window.mask) == [0]
    if bits.absence[0] & missing:
        assert query.holds(window)


@SHARED_FIXTURE
@given(st.data(), texts, texts)
def test_a_threshold_said_to_be_out_of_reach_is_never_reached(
    matcher: Matcher, data: st.DataObject, title: str, text: str
) -> None:
    asked = queries({name: matcher.concepts.mask(name) for name in TERMS})
    weights = st.floats(-2, 2)
    drawn = data.draw(st.lists(st.tuples(asked, weights), max_size=6))
    clauses = tuple(Clause(name="", when=when, weight=weight) for when, weight in drawn)
    scored = Scored(bias=data.draw(weights), clauses=clauses, threshold=0.6)
    window = window_of(matcher, title, text, has_candidate=True)
    held = [c for c in clauses if c.when.holds(window)]
    reached = scored.reached(window)  # first: the columns are not made yet
    assert reached == held or (reached is None and scored.score(held) < scored.threshold)
    assert scored.held(window) == held
    scored.prepare_bound()
    if scored.score(held) >= scored.threshold:
        assert scored.may_reach(window)
        assert scored.gate.can_reach(window.mask)
        assert scored.gate.can_reach(window.mask | matcher.concepts.mask("@country"))
        assert all(window.mask & mask for mask in scored.gate.indispensable())


@SHARED_FIXTURE
@given(st.data(), texts, texts)
def test_what_is_settled_by_mentions_stays_so_when_some_do_not_count(
    matcher: Matcher, data: st.DataObject, title: str, text: str
) -> None:
    query = data.draw(queries({name: matcher.concepts.mask(name) for name in TERMS}))
    whole = window_of(matcher, title, text, has_candidate=False)
    kept = [m for m in whole.mentions if data.draw(st.booleans())]
    reading = whole.reading
    some = Reading(reading.document, reading.language, reading.text, kept).whole
    bound = loosened(query)
    if bound is not None and query.holds(some):
        assert bound.holds(whole)
        assert query_of(bound).ask(columns_of(whole), WHOLE)
    if bound is not None:  # what it does not ask for makes no difference
        concerned = [m for m in whole.mentions if concepts_of(query) >> m.concept & 1]
        alone = Reading(reading.document, reading.language, reading.text, concerned).whole
        assert bound.holds(alone) == bound.holds(whole)
    for weight in (2.0, -2.0):
        clauses = (Clause(name="", when=query, weight=weight),)
        scored = Scored(bias=-weight / 2, clauses=clauses, threshold=0.5)
        scored.prepare_bound()
        reaches = scored.score(scored.held(some)) >= scored.threshold
        assert scored.may_reach(whole) or not reaches


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        ("alpha AND TITLE:(beta NEAR/3 gamma)", "(alpha AND TITLE:(beta NEAR/3 gamma))"),
        ("ATLEAST/2(alpha)", "SEVERAL/2(alpha)"),
        ("DISTINCT/2(alpha OR beta)", "DISTINCT/2((alpha OR beta))"),
        ("alpha AND NOT beta", "None"),
        ("SENTENCE(alpha AND beta)", "None"),
    ],
)
def test_a_bound_asks_for_no_sentence_and_no_absence(query: str, bound: str) -> None:
    asked = build(read_query(query), lambda _: 1, {}.__getitem__)
    assert str(loosened(asked)) == bound


def test_of_mentions_that_overlap_each_may_be_the_one_that_counts(matcher: Matcher) -> None:
    whole = window_of(matcher, "", "alpha beta", has_candidate=False)
    one, two = whole.mentions
    longer = Mention(one.start, two.end, one.concept, one.kind)
    found = [longer, *whole.mentions]
    every = Reading(whole.reading.document, "fr", whole.reading.text, found).whole
    query = Counted("ATLEAST", Term("", one_mask := every.mask), 2)
    assert one_mask
    assert not query.holds(every)
    assert query.holds(whole)
    bound = loosened(query)
    assert bound is not None
    assert bound.holds(every)


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 0.97, 1.0])
def test_no_sum_below_the_bar_scores_the_threshold(threshold: float) -> None:
    scored = Scored(bias=0, clauses=(), threshold=threshold)
    for total in (x / 50 for x in range(-4000, 4000)):
        if Scored(bias=total, clauses=(), threshold=threshold).score(()) >= threshold:
            assert scored.gate.is_within(total)
    assert scored.gate.is_within(-5) == (threshold == 0)


def test_rules_are_found_by_what_their_thresholds_need_too(matcher: Matcher) -> None:
    mask = matcher.concepts.mask
    require = [Term("", mask("@foreign")), Term("", mask("alpha")), Term("", mask("alpha"))]
    index = RuleIndex(require, [[], [mask("beta")], [mask("beta"), mask("gamma")]])
    assert index.candidates(mask("@FR")) == [0]
    assert index.candidates(mask("@FR") | mask("alpha")) == [0]
    assert index.candidates(mask("@US") | mask("alpha") | mask("beta")) == [0, 1]
    assert index.candidates(mask("alpha") | mask("beta") | mask("gamma")) == [1, 2]
    alone = RuleIndex(require[1:2], [[mask("beta")]])
    assert alone.candidates(mask("alpha")) == []
    assert alone.candidates(mask("alpha") | mask("beta")) == [0]


def test_a_text_out_of_reach_by_what_is_hit_is_not_resolved(tmp_path: Path) -> None:
    path = tmp_path / "title.yaml"
    path.write_text(
        "id: title\nrequire: alpha\nbias: -1\nclauses:\n"
        "  - {when: 'TITLE:alpha AND ATLEAST/2(beta)', weight: 2}\n",
        encoding="utf-8",
    )
    judge = Matcher.load([path])
    resolved: list[str] = []
    resolve = judge._resolver.resolve

    def noted(reading: Reading, mentions: list[Mention]) -> list[Mention]:
        resolved.append(reading.document.title)
        return resolve(reading, mentions)

    judge._resolver.resolve = noted  # type: ignore[method-assign]
    texts = {"un alpha": "beta, puis beta", "alpha": "beta", "mot": "alpha, beta et beta"}
    documents = [Document(title=title, text=text) for title, text in texts.items()]
    assert [len(judge.judge(document).matches) for document in documents] == [1, 0, 0]
    assert resolved == ["un alpha"]


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("alpha AND NOT ATLEAST/2(beta)", 0),
        ("alpha OR TITLE:(beta AND gamma)", 1),
        ("TITLE:alpha AND HEAD:beta", 2),
        ("alpha AND NOT SENTENCE(beta AND gamma)", 2),
    ],
)
def test_what_asks_for_sentences_is_asked_last(query: str, cost: int) -> None:
    asked = build(read_query(query), lambda _: 1, {}.__getitem__)
    assert cost_of(asked) == cost
    bare = build(read_query("beta"), lambda _: 1, {}.__getitem__)
    clauses = tuple(Clause(name="", when=when, weight=1) for when in (asked, bare))
    assert Scored(bias=0, clauses=clauses, threshold=0.6).order == ([1, 0] if cost else [0, 1])


def test_a_text_that_falls_short_by_its_words_is_not_set_in_sentences(matcher: Matcher) -> None:
    rule = "SENTENCE(alpha AND beta)", "ATLEAST/2(alpha)"
    clauses = tuple(
        Clause(name="", when=build(read_query(q), matcher.concepts.mask, {}.__getitem__), weight=1)
        for q in rule
    )
    scored = Scored(bias=-1.5, clauses=clauses, threshold=0.5)
    short, enough = (
        matcher.read(Document(text=text, language="en")).whole
        for text in ("alpha and beta.", "alpha and alpha and beta.")
    )
    assert scored.reached(short) is None
    assert "sentence_starts" not in short.reading.__dict__
    assert scored.reached(enough) == list(clauses)
    assert "sentence_starts" in enough.reading.__dict__


def plain(matcher: Matcher, document: Document) -> list[tuple[str, float]]:
    """The rules that hold and their scores, every clause of every rule asked of its node."""
    whole = matcher.read(document).whole
    found = []
    for rule in matcher.rules:
        held = [c for c in rule.scored.clauses if c.when.holds(whole)]
        score = rule.scored.score(held)
        if rule.require.holds(whole) and score >= rule.scored.threshold:
            found.append((rule.id, round(score, 4)))
    return found


NEWS = (
    "Alger l’Algérie algérien Washington américaine militaire « coopération militaire » général "
    "Chanegriha frégate accord signé visite exercice ANP armée الجزائر الجيش التعاون العسكري "
    "أمريكا فرنسا وبالجزائر زيارة اتفاق . . . \n\n ، football match économie US"
).split(" ")


@SHARED_FIXTURE
@given(st.lists(st.sampled_from(NEWS), max_size=60), st.sampled_from(["fr", "ar", "en", "und"]))
def test_the_verdict_is_that_of_every_clause_asked(
    pack: Matcher, words: list[str], language: str
) -> None:
    text = " ".join(words)
    document = Document(title=text[:60], text=text, language=language)
    matches = pack.judge(document).matches
    assert [(m.rule, m.score) for m in matches] == plain(pack, document)


def test_a_rule_that_is_not_prepared_is_judged_without_a_bound(pack: Matcher) -> None:
    cold = pickle.loads(pickle.dumps(pack))
    assert cold.rules[0].scored.bound is None
    assert pack.rules[0].scored.bound is not None
    text = "Le ministre italien de la Défense a signé à Alger un accord de coopération militaire."
    document = Document(text=text, language="fr")
    assert cold.judge(document) == pack.judge(document)
    assert pack.judge(document).matches
    assert cold.unpacked().rules[0].scored.bound is not None
