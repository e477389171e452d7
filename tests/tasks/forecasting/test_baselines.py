"""The forecasts that need no training, and what is carried forward for them."""

import numpy as np
import pytest

from unrolled.data.fill import carry_forward
from unrolled.tasks.forecasting.baselines import naive, seasonal_naive

OFFSETS = np.array([0, 5, 9])
VALUES = np.array([np.nan, 1, np.nan, np.nan, 2, np.nan, 5, np.nan, 6])


def test_the_last_known_value_is_carried_forward_within_a_series() -> None:
    expected = [np.nan, 1, 1, 1, 2, np.nan, 5, 5, 6]
    np.testing.assert_array_equal(carry_forward(VALUES, OFFSETS), expected)
    both = carry_forward(np.stack([VALUES, -VALUES], axis=1), OFFSETS)
    np.testing.assert_array_equal(both, np.stack([expected, np.negative(expected)], axis=1))


@pytest.mark.parametrize("cut", range(1, 9))
def test_nothing_is_carried_backward(cut: int) -> None:
    scrambled = VALUES.copy()
    scrambled[cut:] = 99
    np.testing.assert_array_equal(
        carry_forward(VALUES, OFFSETS)[:cut], carry_forward(scrambled, OFFSETS)[:cut]
    )


def test_naive_repeats_the_value_before_the_cutoff() -> None:
    known = np.arange(20.0).reshape(10, 2)
    forecast = naive(known, np.array([1, 10]), 3)
    assert forecast.shape == (2, 3, 2)
    np.testing.assert_array_equal(forecast[1], np.tile(known[9], (3, 1)))


def test_seasonal_naive_is_the_newest_known_value_of_the_same_hour() -> None:
    hours = np.arange(96.0)[:, None]
    cutoffs, begins = np.array([48, 50]), np.zeros(2, int)
    forecast = seasonal_naive(hours, cutoffs, 30, 24, begins)[..., 0]
    steps = cutoffs[:, None] + np.arange(30)
    assert (forecast % 24 == steps % 24).all()
    assert (forecast < cutoffs[:, None]).all(), "looks at the future"
    assert (forecast >= cutoffs[:, None] - 24).all(), "an older season than the newest"
    # Without a whole season behind it, the first row of the series stands in.
    assert seasonal_naive(hours, np.array([30]), 1, 24, np.array([20]))[0, 0, 0] == 20
