"""Odd texts: a verdict, never an exception, and in time that grows with their length only."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from domain.article import Document
from matcher.judge import Matcher
from matcher.scan import MOST_HITS
from matcher.sentences import sentences

LARGE = 5_000_000  # characters
NEWS = (
    "Le général Saïd Chanegriha a reçu à Alger le chef d'état-major américain pour parler de "
    "coopération militaire, le 4 décembre 2023. "
)
ARABIC = "استقبل الفريق أول السعيد شنقريحة قائد القوات البحرية الإيطالية لبحث التعاون العسكري. "
SECONDS = 30  # CPU; what is linear takes a tenth of it, what is quadratic takes hours


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.load(["defence-cooperation"])


def filled(text: str, before: str = "") -> str:
    return (before + text * (LARGE // len(text)))[:LARGE]


LARGE_TEXTS = {
    "line breaks": filled("\n", NEWS),
    "line breaks of Windows": filled("\r\n", NEWS),
    "blanks": filled(" ", NEWS),
    "full stops": filled(".", NEWS) + "a",
    "one word": filled("a", NEWS),
    "one Arabic word": filled("ا", ARABIC),
    "glued Arabic words": filled("ةا", ARABIC),
    "names": filled("Algérie France défense armée général "),
    "unsure names": filled("Alger et Rabat, Tunis, général Zahi. ", NEWS),
    "hits": filled(NEWS),
    "hits in Arabic": filled(ARABIC),
    "hits and pointers": filled("Lire aussi : Algérie\n\n" + NEWS),
    "dates": filled("4 décembre 2023, ", NEWS),
    "people": filled("général Ali Akroum, ", NEWS),
    "combining marks": filled("\u0301", NEWS),
    "control characters": filled("\x00\x07\x1b", NEWS),
    "bidirectional marks": filled("\u202e\u2066", NEWS),
}


@pytest.mark.parametrize("name", LARGE_TEXTS)
def test_five_megabytes_take_seconds(matcher: Matcher, name: str) -> None:
    text = LARGE_TEXTS[name]
    begin = time.process_time()
    verdict = matcher.judge(Document(text=text))
    assert time.process_time() - begin < SECONDS
    assert verdict.is_match
    for match in verdict.matches:
        assert all(text[e.start : e.end] == e.text for e in match.evidence)


@pytest.mark.parametrize(
    "repeated",
    ["\n", "\n ", ". ", ".", '."', "M. ", "a.\n", "    "],
)
def test_sentences_are_found_in_linear_time(repeated: str) -> None:
    def cost(length: int) -> float:
        begin = time.process_time()
        sentences(repeated * length + "a")
        return time.process_time() - begin

    assert cost(400_000) < 4 * cost(100_000) * 3  # quadratic: 16 times


def test_a_text_of_nothing_but_names_is_judged_by_its_beginning(matcher: Matcher) -> None:
    text = filled("Algérie ")
    explained = matcher.explain(Document(title="Rien", text=text + NEWS, language="fr"))
    reading = explained.reading
    assert len(reading.mentions) == MOST_HITS
    assert reading.judged_to == reading.body_start + len("Algérie ") * MOST_HITS - 1
    assert matcher.explain(Document(text=NEWS * 20, language="fr")).reading.judged_to is None


def test_what_names_nothing_is_read_to_its_end(matcher: Matcher) -> None:
    text = filled("Lorem ipsum dolor sit amet. ") + "\n\n" + NEWS
    (match,) = matcher.judge(Document(text=text, language="fr")).matches
    assert match.partners == ("US",)
    assert all(e.start >= text.index(NEWS) for e in match.evidence)


@pytest.mark.parametrize("text", ["a", "t", "xyz", "Rzgar Bkx", "12 m"])
def test_latin_letters_are_never_arabic(matcher: Matcher, text: str) -> None:
    assert matcher.judge(Document(text=text)).language in ("fr", "en", "und")


SHAPES: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "blank": lambda _: " \n\t ",
    "controls": "\x00\x01\x1b[31m".join,
    "half a surrogate pair": "\ud83d".join,
    "mixed scripts": lambda t: t + "日本 Россия Ελλάδα देश 🇩🇿 " + t,
    "right to left": lambda t: "\u202e" + t + "\u2069\u2066",
    "no end": lambda t: t.replace(" ", ""),
    "reversed": lambda t: t[::-1],
}


@pytest.mark.parametrize("title", SHAPES)
@pytest.mark.parametrize("text", SHAPES)
def test_every_shape_gets_a_verdict(matcher: Matcher, title: str, text: str) -> None:
    for told in (NEWS, ARABIC):
        document = Document(title=SHAPES[title](told), text=SHAPES[text](told))
        verdict = matcher.judge(document)
        assert verdict.language in ("fr", "ar", "en", "und")
        assert matcher.explain(document).verdict == verdict
        for e in (e for match in verdict.matches for e in match.evidence):
            field = document.title if e.field == "title" else document.text
            assert field[e.start : e.end] == e.text


@pytest.mark.parametrize(
    "text",
    [
        "日本とアルジェリアは協力協定に署名した。両国の国防相が会談した。",
        "Министр обороны Алжира прибыл в Москву для переговоров о военном сотрудничестве.",
        "Ο υπουργός Άμυνας της Αλγερίας συναντήθηκε με τον ομόλογό του στην Αθήνα.",
        "وزیر دفاع الجزایر با همتای ایرانی خود در تهران دیدار و درباره همکاری گفتگو کرد که است",
        "Der algerische Verteidigungsminister ist mit der Delegation in Berlin und das Treffen war",
        "El ministro de Defensa de Argelia se reunió en Madrid con los jefes del Estado Mayor por",
        "12 34 56 78 !!! ???",
        "🇩🇿🤝🇺🇸",
    ],
)
def test_another_language_is_und(matcher: Matcher, text: str) -> None:
    assert matcher.judge(Document(text=text)).language == "und"
