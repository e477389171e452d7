"""Numbers in the sentences about a forecaster: few digits, and no per cent beyond twice."""

from __future__ import annotations

import pytest

from unrolled.tasks.forecasting.page_scores import Comparison
from unrolled.tasks.forecasting.scores import ordinal
from unrolled.tasks.forecasting.verdict import verdict

NONE = {"sizes": None, "count": 1, "better": 1}


def said(own: float, other: float) -> str:
    rows = [{"name": name, "mae": mae} for name, mae in (("GRU", own), ("naive", other))]
    return verdict(rows, NONE, {"network": 1.0})


@pytest.mark.parametrize(
    ("own", "other", "words"),
    [
        (1.0, 1.002, "1.00: about as good as naive (1.00)"),
        (0.76, 1.0, "0.760: 24.0% below naive (1.00)"),
        (1.5, 1.0, "1.50: 50.0% above naive (1.00)"),
        (361.88, 1.0, "362: 362 times naive (1.00)"),
        (2.5, 1.0, "2.50: 2.50 times naive (1.00)"),
        (1e-8, 1.0, "1e-08: less than 0.1% of naive (1.00)"),
        (1 / 3, 2 / 3 * 1e30, "0.333: less than 0.1% of naive (6.67e+29)"),
        (1234567.8901, 1234567.0, "1,234,568: about as good as naive (1,234,567)"),
        (0.1 + 0.2, 0.3, "0.300: about as good as naive (0.300)"),
    ],
)
def test_a_verdict_has_few_digits(own: float, other: float, words: str) -> None:
    assert words in said(own, other)


@pytest.mark.parametrize(
    ("own", "other", "words"),
    [
        (1.05, 1.0, "(5\u00a0% more)"),
        (2.0, 1.0, "(100\u00a0% more)"),
        (361.88, 1.0, "(362 times as much)"),
        (1.0, 0.0, "(far more)"),
    ],
)
def test_the_page_says_how_much_worse_it_is(own: float, other: float, words: str) -> None:
    assert words in Comparison("GRU", own, "naive", other).sentence()


def test_places_in_a_row() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 1_111)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "1,111th"]
    )
