"""Windows: which rows they hold, that they never leak, and that they are gathered, not copied."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from helpers.handmade import make_table, weather_table
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from unrolled.data.columns.roles import Roles
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.split import split
from unrolled.data.table.windows import Windows
from unrolled.errors import DataError, SettingsError


def rows_table(*lengths: int):  # type: ignore[no-untyped-def]
    """A table whose one value is the number of its row."""
    values = {"y": np.arange(float(sum(lengths)))}
    return make_table(values, Roles(target=("y",), past=()), lengths)


def test_a_window_is_the_past_and_the_horizon_of_its_cutoff() -> None:
    values = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    windows = Windows(values, lookback=7, horizon=4, targets=values[:, :1], future=values[:, 1:])
    assert len(windows) == 50 - 7 - 4 + 1
    assert windows.cutoffs.tolist() == list(range(7, 47))
    batch = windows.batch([3, 0, -1])
    for i, c in enumerate((10, 7, 46)):
        np.testing.assert_array_equal(batch.inputs[i], values[c - 7 : c])
        np.testing.assert_array_equal(batch.targets[i], values[c : c + 4, :1])
        assert batch.future is not None
        np.testing.assert_array_equal(batch.future[i], values[c : c + 4, 1:])


@settings(deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(40, 90), min_size=1, max_size=4),
    lookback=st.integers(1, 12),
    horizon=st.integers(1, 6),
    stride=st.integers(1, 5),
)
def test_windows_stay_in_their_series_and_their_part(
    lengths: list[int], lookback: int, horizon: int, stride: int
) -> None:
    table = rows_table(*lengths)
    cut = split(table, 0.2, 0.2, by="rows")
    values = table.columns["y"]
    for part in (cut.train, cut.validation, cut.test):
        windows = Windows(values, lookback=lookback, horizon=horizon, part=part, stride=stride)
        expected = [
            c
            for (start, end), first in zip(part.rows, part.offsets, strict=False)
            for c in range(max(start, first + lookback), end - horizon + 1, stride)
        ]
        assert windows.cutoffs.tolist() == expected
        inputs, _, targets = windows.numpy()
        assert part.mask()[targets.astype(int)].all()
        series = np.searchsorted(part.offsets, inputs[:, :, 0], side="right") - 1
        assert (series == windows.series[:, None]).all()
        assert (np.diff(np.concatenate((inputs, targets), axis=1), axis=1) == 1).all()


def test_the_past_may_reach_into_the_part_before() -> None:
    table = rows_table(100)
    windows = Windows(table, lookback=30, horizon=5, part=split(table, 10, 10, by="rows").test)
    assert windows.batch([0]).inputs[0, :, 0].tolist() == list(range(60, 90))
    assert windows.cutoffs.tolist() == [90, 91, 92, 93, 94, 95]


def test_scrambling_what_comes_later_moves_no_bit() -> None:
    rng = np.random.default_rng(3)
    table = weather_table(rng)
    cut = split(table, 0.2, 0.2, by="rows")
    encoder = TablePreprocessor.fit(table, cut)
    inputs, targets, future = encoder.inputs(table), encoder.targets(table), encoder.future(table)
    parts = (cut.train, cut.validation, cut.test)
    for i, part in enumerate(parts[:-1]):
        later = np.any([p.mask() for p in parts[i + 1 :]], axis=0)
        noise = [np.where(later[:, None], np.float32(1e9), a) for a in (inputs, targets, future)]
        bits = [
            b"".join(
                np.asarray(a).tobytes()
                for a in Windows(x, lookback=9, horizon=3, targets=y, future=z, part=part).numpy()
            )
            for x, y, z in ((inputs, targets, future), noise)
        ]
        assert bits[0] == bits[1]


def test_the_table_is_not_copied_and_a_batch_is_contiguous() -> None:
    values = np.zeros((1000, 8), dtype=np.float32)
    windows = Windows(values, lookback=20, horizon=5, targets=values[:, 2:3])
    assert np.shares_memory(windows.values, values)
    assert np.shares_memory(windows.targets, values)
    batch = windows.batch(np.arange(64))
    assert all(a is not None and a.flags.c_contiguous for a in (batch.inputs, batch.targets))
    assert not np.shares_memory(batch.inputs, values)
    tensors = batch.tensors()
    assert tensors.inputs.data_ptr() == batch.inputs.ctypes.data
    assert len(pickle.dumps(windows)) < 3 * values.nbytes


def test_many_windows_cost_no_memory_for_cutoffs() -> None:
    windows = Windows(np.zeros((100_000, 1), np.float32), lookback=10, horizon=1)
    held = [v.nbytes for v in vars(windows).values() if isinstance(v, np.ndarray)]
    assert sum(held) < 2 * 100_000 * 4 + 1000


def test_three_ways_to_write_the_same_windows() -> None:
    one, two = np.arange(20.0), np.arange(100.0, 115.0)
    a = Windows([one, two], lookback=4, horizon=2)
    b = Windows(
        make_table({"y": np.r_[one, two]}, Roles(target=("y",)), [20, 15]), lookback=4, horizon=2
    )
    c = [Windows(series[:, None], lookback=4, horizon=2) for series in (one, two)]
    np.testing.assert_array_equal(a.numpy().inputs, b.numpy().inputs)
    np.testing.assert_array_equal(a.numpy().targets, np.concatenate([w.numpy().targets for w in c]))
    assert len(a) == 15 + 10


def test_a_table_gives_its_numbers_targets_first() -> None:
    table = weather_table(np.random.default_rng(0))
    windows = Windows(table, lookback=5, horizon=2)
    inputs, _, targets = windows.numpy()
    assert (inputs.shape[2], targets.shape[2]) == (3, 1)
    np.testing.assert_array_equal(
        targets[:, 0, 0], table.columns["temp"][windows.cutoffs].astype(np.float32)
    )


def test_as_a_torch_dataset() -> None:
    values = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    windows = Windows(values, lookback=12, horizon=3, targets=values[:, 0], future=values)
    inputs, future, targets = windows[5]
    assert (inputs.shape, future.shape, targets.shape) == ((12, 2), (3, 2), (3, 1))
    assert inputs.dtype == torch.float32
    for ours, theirs in zip(
        DataLoader(windows, batch_size=50), DataLoader(windows.tensor_dataset(), 50), strict=True
    ):
        for x, y in zip(ours, theirs, strict=True):
            torch.testing.assert_close(x, y, rtol=0, atol=0)
    assert [tuple(t.shape) for t in windows.tensors() if t is not None] == [
        (186, 12, 2),
        (186, 3, 2),
        (186, 3, 1),
    ]
    with pytest.raises(IndexError, match="index 186 of 186 windows"):
        windows[186]
    assert [len(windows[i]) for i in range(186)] == [3] * 186


def test_repr_names_the_axes() -> None:
    windows = Windows(np.zeros((30, 2)), lookback=10, horizon=5)
    assert repr(windows) == (
        "16 windows of the whole part: inputs (10 steps, 2 features), targets (5 steps, 2 targets)"
    )


def test_a_series_that_is_too_short_is_named_with_its_rows() -> None:
    table = rows_table(200, 60, 50)
    cut = split(table, 0.1, 0.1, by="rows")

    def refuse(part, lookback: int, horizon: int, message: str) -> None:  # type: ignore[no-untyped-def]
        with pytest.raises(DataError, match=message):
            Windows(table, lookback=lookback, horizon=horizon, part=part)

    refuse(
        cut.train, 45, 10, r"'s1' has in its train part 48 rows, 55 are needed \(lookback 45 \+ hor"
    )
    refuse(cut.train, 45, 10, r"1 more series are too short")
    refuse(cut.validation, 20, 6, r"'s2' has in its validation part 5 rows, 6 .*\(horizon 6\)$")
    with pytest.raises(DataError, match=r"the series has 10 rows, 12 are needed"):
        Windows(np.arange(10.0), lookback=9, horizon=3)


def test_too_little_lies_before_a_later_part() -> None:
    table = rows_table(50)
    cut = split(table, 10, 10, by="rows")
    message = (
        r"validation part 10 rows, 15 are needed \(lookback 35 \+ horizon 10, 30 rows lie before"
    )
    with pytest.raises(DataError, match=message):
        Windows(table, lookback=35, horizon=10, part=cut.validation)
    assert len(Windows(table, lookback=30, horizon=10, part=cut.validation)) == 1


@pytest.mark.parametrize("name", ["lookback", "horizon", "stride"])
@pytest.mark.parametrize("number", [0, -1, 1.5, True, "3"])
def test_settings_must_be_whole_numbers(name: str, number: object) -> None:
    settings = {"lookback": 3, "horizon": 2, "stride": 1, name: number}
    with pytest.raises(SettingsError, match=f"{name} must be a whole number >= 1"):
        Windows(np.arange(30.0), **settings)  # type: ignore[arg-type]


def test_arrays_that_do_not_fit_are_refused() -> None:
    values = np.zeros((30, 2))
    cases: list[tuple[dict[str, Any], str]] = [
        ({"targets": np.zeros(29)}, "values have 30 rows, targets 29"),
        ({"future": np.zeros((31, 1))}, "values have 30 rows, future 31"),
        ({"values": np.zeros((2, 3, 4))}, r"values must be \(rows, features\), .* \(2, 3, 4\)"),
        ({"values": np.array(["a", "b"])}, "values must hold numbers"),
        ({"values": []}, "values is an empty list"),
        (
            {"values": [np.zeros((9, 2)), np.zeros((9, 3))]},
            r"values\[1\] has 3 features, values\[0\]",
        ),
        ({"part": split(rows_table(40)).train}, "train part was cut from 40 rows, got 30"),
    ]
    for given_, message in cases:
        with pytest.raises(DataError, match=message):
            Windows(**{"values": values, "lookback": 3, "horizon": 2, **given_})
