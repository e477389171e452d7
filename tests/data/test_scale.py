"""Scaling: fitted on the marked rows, undone without loss, the same after JSON."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler

from unrolled.data.scale import Scaler
from unrolled.errors import DataError

VALUES = np.random.default_rng(0).normal([3.0, -200.0, 1e4], [1.0, 30.0, 5.0], (500, 3))


def test_equals_the_known_scaler() -> None:
    theirs = StandardScaler().fit(VALUES)
    ours = Scaler.fit(VALUES)
    np.testing.assert_allclose(ours.mean, theirs.mean_, rtol=1e-12)
    np.testing.assert_allclose(ours.transform(VALUES), theirs.transform(VALUES), atol=1e-9)


def test_only_the_marked_rows_count() -> None:
    rows = np.arange(500) < 300
    scrambled = np.where(rows[:, None], VALUES, np.random.default_rng(1).normal(0, 1e6, (500, 3)))
    one, other = Scaler.fit(VALUES, rows), Scaler.fit(scrambled, rows)
    assert one.to_dict() == other.to_dict()
    np.testing.assert_array_equal(one.mean, Scaler.fit(VALUES[:300]).mean)


@settings(deadline=None)
@given(arrays(np.float64, (20, 2), elements=st.floats(-1e6, 1e6)))
def test_inverse_is_exact_to_rounding(values: np.ndarray) -> None:
    scaler = Scaler.fit(values)
    back = scaler.inverse(scaler.transform(values))
    # One rounding of the largest number in each of the four operations.
    np.testing.assert_allclose(back, values, rtol=0, atol=4e-16 * 4 * (np.abs(values).max() + 1))


def test_nan_is_ignored_and_stays() -> None:
    values = np.array([[1.0], [np.nan], [3.0]])
    scaler = Scaler.fit(values)
    assert (scaler.mean[0], scaler.std[0]) == (2.0, 1.0)
    assert np.isnan(scaler.transform(values)[1, 0])


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9 / 3])
def test_a_constant_column_becomes_exactly_zero(constant: float) -> None:
    values = np.full((1000, 1), constant)
    scaler = Scaler.fit(values)
    assert scaler.std[0] == 1.0
    assert (scaler.transform(values) == 0).all()


def test_float32_stays_float32_and_whole_numbers_become_float64() -> None:
    scaler = Scaler.fit(VALUES)
    assert scaler.transform(VALUES.astype(np.float32)).dtype == np.float32
    assert scaler.inverse(np.zeros((2, 3), dtype=np.int64)).dtype == np.float64


def test_columns_may_lie_on_another_axis() -> None:
    scaler = Scaler.fit(VALUES)
    cube = np.random.default_rng(2).normal(size=(4, 3, 5))
    expected = scaler.inverse(cube.swapaxes(1, 2)).swapaxes(1, 2)
    np.testing.assert_array_equal(scaler.inverse(cube, axis=1), expected)
    with pytest.raises(DataError, match=r"expected 3 columns on axis -1, got .* \(4, 3, 5\)"):
        scaler.inverse(cube)


def test_json_keeps_every_bit() -> None:
    scaler = Scaler.fit({"a": VALUES[:, 0], "b": VALUES[:, 2]})
    again = Scaler.from_dict(json.loads(json.dumps(scaler.to_dict())))
    assert again.names == ("a", "b")
    assert (again.mean == scaler.mean).all()
    assert (again.std == scaler.std).all()
    assert "a  mean" in repr(again)


def test_columns_that_cannot_be_scaled_are_named() -> None:
    rows = np.array([True, True, False])
    with pytest.raises(DataError, match="'b' has no value in the training rows"):
        Scaler.fit({"a": np.ones(3), "b": np.array([np.nan, np.nan, 1.0])}, rows)
    with pytest.raises(DataError, match="'a' has inf in the training rows"):
        Scaler.fit({"a": np.array([1.0, np.inf, 1.0])}, rows)
