"""The calendar as cyclic pairs."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.data.time.calendar import calendar_features
from unrolled.data.time.grid import Step

HOUR, WEEKDAY, YEARDAY = ((f"{name}_sin", f"{name}_cos") for name in ("hour", "weekday", "yearday"))


@pytest.mark.parametrize(
    ("step", "names"),
    [
        ("1min", (*HOUR, *WEEKDAY, *YEARDAY)),
        ("1h", (*HOUR, *WEEKDAY, *YEARDAY)),
        ("1D", (*WEEKDAY, *YEARDAY)),
        ("1W", YEARDAY),
        ("1MS", YEARDAY),
        ("1QS", YEARDAY),
        ("1YS", ()),
        (1, ()),
    ],
)
def test_only_cycles_that_the_step_moves_through(step: str | int, names: tuple[str, ...]) -> None:
    times = np.arange("2013-01-01", "2013-03-01", dtype="M8[h]").astype("M8[us]")
    got, features = calendar_features(times, Step.parse(step))
    assert got == names
    assert features.shape == (len(times), len(names))
    assert features.dtype == np.float32


def test_each_pair_lies_on_the_circle_and_comes_round() -> None:
    times = np.arange("2012-01-01", "2014-01-01", dtype="M8[h]").astype("M8[us]")
    _, features = calendar_features(times, Step.parse("1h"))
    pairs = features.reshape(len(times), 3, 2)
    np.testing.assert_allclose((pairs**2).sum(-1), 1, atol=1e-6)
    np.testing.assert_array_equal(pairs[24:, 0], pairs[:-24, 0])
    np.testing.assert_array_equal(pairs[168:, 1], pairs[:-168, 1])
    # 2012 has 366 days: the day of the year comes round in both kinds of year.
    np.testing.assert_allclose(pairs[0, 2], [0, 1], atol=1e-7)
    np.testing.assert_allclose(pairs[366 * 24, 2], [0, 1], atol=1e-7)
    assert len(np.unique(pairs[:, 2], axis=0)) > 366


@pytest.mark.parametrize(
    ("time", "pair", "turn"),
    [
        ("2013-01-01T06:00", 0, 0.25),
        ("2013-01-01T12:30", 0, 12.5 / 24),
        ("2013-01-07T09:00", 1, 0),  # a Monday
        ("2013-01-13T00:00", 1, 6 / 7),
        ("1969-12-29T00:00", 1, 0),  # a Monday before 1970
        ("2012-12-31T00:00", 2, 365 / 366),
        ("1969-12-31T23:00", 2, 364 / 365),
    ],
)
def test_the_place_in_the_cycle(time: str, pair: int, turn: float) -> None:
    _, features = calendar_features(np.array([time], "M8[us]"), Step.parse("1h"))
    expected = [np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)]
    np.testing.assert_allclose(features[0, 2 * pair : 2 * pair + 2], expected, atol=1e-6)
