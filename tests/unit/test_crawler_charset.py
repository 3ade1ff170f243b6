from __future__ import annotations

import os
from pathlib import Path

import pytest

from crawler.charset import decode, repair_mojibake
from crawler.feeds import parse_feed

SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[3] / "shared"))
SAMPLES = SHARED / "data/charset-samples/charset_normalizer-3.5.2/data"
ARABIC = "استقبل وزير الدفاع الوطني وفدا عسكريا أمريكيا بالجزائر العاصمة"
FRENCH = "Le général a été reçu à l'état-major : coopération, œuvre, « défense » — août."


@pytest.mark.parametrize(
    "label", ["", "utf-8", "iso-8859-1", "windows-1252", "windows-1256", "nonsense"]
)
def test_windows_1256_comes_out_arabic_whatever_it_is_called(label):
    header = f"text/xml; charset={label}" if label else ""
    assert decode(ARABIC.encode("cp1256"), header)[0] == ARABIC


@pytest.mark.parametrize("label", ["", "utf-8", "iso-8859-1", "windows-1252", "windows-1256"])
def test_utf_8_is_utf_8_whatever_it_is_called(label):
    for text in (ARABIC, FRENCH):
        assert decode(text.encode(), f"text/html; charset={label}")[0] == text


@pytest.mark.parametrize("label", ["", "utf-8", "iso-8859-1"])
def test_windows_1252_comes_out_french(label):
    assert decode(FRENCH.encode("cp1252"), f"text/html; charset={label}")[0] == FRENCH


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings(codec):
    text = f"<?xml version='1.0'?><rss>{ARABIC}</rss>"
    assert decode(text.encode(codec))[0] == text


def test_the_header_beats_the_document_and_both_beat_a_guess():
    body = "<?xml version='1.0' encoding='koi8-r'?><a>привет мир</a>".encode("koi8-r")
    assert "привет" in decode(body)[0]
    assert decode(body, "text/xml; charset=windows-1251")[1] == "cp1251"


def test_a_cut_or_damaged_letter_does_not_change_the_encoding():
    body = (ARABIC * 20).encode()
    assert decode(body[:-1])[1] == "utf-8"
    assert decode(body[:100] + b"\xff" + body[100:])[1] == "utf-8"


def test_codecs_that_are_no_charsets_are_not_believed():
    assert decode("été".encode("latin-1"), "text/html; charset=base64")[0] == "été"


def test_text_that_was_decoded_wrongly_before_us_is_repaired():
    assert repair_mojibake(ARABIC.encode().decode("latin-1")) == ARABIC
    assert repair_mojibake("dÃ©fense de lâ€™Ã‰tat") == "défense de l’État"
    for text in (ARABIC, FRENCH, "ÂGE Ã", "Ångström Øre"):
        assert repair_mojibake(text) == text


@pytest.mark.shared
@pytest.mark.parametrize(
    ("wrong", "right"),
    [("sample-arabic-1.txt", "sample-arabic.txt"), ("sample-french-1.txt", "sample-french.txt")],
)
def test_real_texts_in_a_feed_that_lies_about_its_charset(wrong, right):
    if not SAMPLES.is_dir():
        pytest.skip(f"no {SAMPLES} beside the checkout")
    text = (SAMPLES / right).read_text(encoding="utf-8")
    raw = (SAMPLES / wrong).read_bytes()
    body = (
        b"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><item><title>x</title>"
        b"<link>https://a.dz/1</link><description><![CDATA[" + raw + b"]]></description></item>"
        b"</channel></rss>"
    )
    for header in ("", "application/xml; charset=utf-8", "text/xml; charset=iso-8859-1"):
        [entry] = parse_feed(body, "https://a.dz/feed", header).entries
        assert entry.summary.split()[:30] == text.split()[:30]
