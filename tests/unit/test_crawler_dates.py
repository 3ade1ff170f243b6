from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.dates import read_date

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tue, 08 Sep 2026 10:00:00 +0000", (2026, 9, 8, 10)),
        ("Tue, 08 Sep 2026 10:00:00 +0100", (2026, 9, 8, 9)),
        ("Tue, 08 Sep 2026 10:00:00 GMT", (2026, 9, 8, 10)),
        ("Tue, 08 Sep 2026 10:00:00 -0000", (2026, 9, 8, 10)),
        ("Tue, 08 Sep 2026 10:00:00", (2026, 9, 8, 9)),  # no zone: Algiers
        ("08 Sep 26 10:00:00 EST", (2026, 9, 8, 15)),
        ("2026-09-08T10:00:00Z", (2026, 9, 8, 10)),
        ("2026-09-08T10:00:00+01:00", (2026, 9, 8, 9)),
        ("2026-09-08T10:00:00.123456+0100", (2026, 9, 8, 9)),
        ("2026-09-08 10:00", (2026, 9, 8, 9)),
        ("2026-09-08", (2026, 9, 7, 23)),
        ("14:33 | 08-09-2026", (2026, 9, 8, 13, 33)),  # Le Soir d'Algérie
        ("2018-3-18T11:20:4Z+1", (2018, 3, 18, 10, 20, 4)),  # El Khabar, 2018
        ("2025-12-05T23:00:00Z", (2025, 12, 5, 23)),
        ("05/12/2025", (2025, 12, 4, 23)),
        ("05/12/2025 à 08:30", (2025, 12, 5, 7, 30)),
        ("12 mai 2023 à 10:30", (2023, 5, 12, 9, 30)),
        ("Publié le : 1er août 2024", (2024, 7, 31, 23)),
        ("mar. 5 mars 2024 08h15", (2024, 3, 5, 7, 15)),
        ("Mis à jour le 3 févr. 2025", (2025, 2, 2, 23)),
        ("السبت 12 جويلية 2025 - 14:05", (2025, 7, 12, 13, 5)),
        ("5 أوت 2024 | 10:15 م", (2024, 8, 5, 21, 15)),
        ("12 نونمبر 2024", (2024, 11, 11, 23)),
        ("5 كانون الثاني 2024", (2024, 1, 4, 23)),
        ("٣ سبتمبر ٢٠٢٥", (2025, 9, 2, 23)),
        ("18 ديسمبر 2023", (2023, 12, 17, 23)),
        ("December 4, 2023 3:15 PM", (2023, 12, 4, 14, 15)),
        ("4 Dec 2023", (2023, 12, 3, 23)),
    ],
)
def test_dates_as_the_press_writes_them(text, expected):
    assert read_date(text, now=NOW).value == datetime(*expected, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no date"),
        (None, "no date"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "too old"),
        ("0001-01-01T00:00:00", "date"),
        ("2099-01-01", "future"),
        ("20 ربيع الأول 1446", "not understood"),
        ("20/03/1446", "too old"),
        ("2025-13-45", "not understood"),
        ("32 mai 2023", "not understood"),
        ("il y a 36 min 14 sec", "relative"),
        ("منذ ساعتين", "relative"),
        ("hier à 10h", "relative"),
        ("bientôt", "not understood"),
        ("9" * 400, "no date"),
        ("Mon, 99 Xyz 2024 99:99:99 +9999", "not understood"),
    ],
)
def test_what_cannot_be_a_date_is_absent_with_a_reason(text, reason):
    reading = read_date(text, now=NOW)
    assert reading.value is None
    assert reason in reading.reason


def test_a_clock_that_is_an_hour_fast_is_believed():
    assert read_date("2026-11-25T13:30:00Z", now=NOW).value is not None
