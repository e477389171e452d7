"""The numbers a network sees: what becomes what, and that nothing later moves them."""

import dataclasses
import json

import numpy as np
import pytest
from helpers.handmade import make_table, weather_table

from unrolled.data.columns.roles import Roles
from unrolled.data.fill import carry_forward
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.split import split
from unrolled.data.table.table import Table
from unrolled.errors import DataError


@pytest.fixture
def data() -> Table:
    return weather_table(np.random.default_rng(0))


@pytest.fixture
def encoder(data: Table) -> TablePreprocessor:
    return TablePreprocessor.fit(data, split(data))


def replaced(table: Table, **columns: np.ndarray) -> Table:
    return dataclasses.replace(table, columns={**table.columns, **columns})


def test_every_column_becomes_named_features(data: Table, encoder: TablePreprocessor) -> None:
    names = (
        *("temp", "temp missing", "humid", "humid missing"),
        *("sky=fog", "sky=rain", "sky=sun", "sky missing"),
    )
    future = ("price", "city=city0", "city=city1", *encoder.calendar)
    assert encoder.input_names == (*names, *future)
    assert encoder.future_names == future
    assert (encoder.target_names, encoder.target_index) == (("temp",), (0,))
    assert len(encoder.calendar) >= 4
    inputs = encoder.inputs(data)
    assert inputs.shape == (210, len(encoder.input_names))
    assert inputs.dtype == np.float32
    assert not np.isnan(inputs).any()
    np.testing.assert_array_equal(encoder.future(data), inputs[:, len(names) :])


def test_numbers_are_scaled_and_missing_ones_marked(
    data: Table, encoder: TablePreprocessor
) -> None:
    humid, rows = data.columns["humid"], split(data).train_rows()
    missing = np.isnan(humid)
    value, mask = encoder.inputs(data)[:, 2:4].T
    expected = (humid - np.nanmean(humid[rows])) / np.nanstd(humid[rows])
    np.testing.assert_allclose(value[~missing], expected[~missing], rtol=1e-4, atol=1e-6)
    carried = carry_forward(humid, data.offsets)[missing]
    expected = (carried - np.nanmean(humid[rows])) / np.nanstd(humid[rows])
    np.testing.assert_allclose(value[missing], np.nan_to_num(expected), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(mask, missing)


def test_categories_are_one_hot(data: Table, encoder: TablePreprocessor) -> None:
    sky = data.columns["sky"]
    hot = encoder.inputs(data)[:, 4:8]
    for column, value in zip(hot.T, ("fog", "rain", "sun", None), strict=True):
        np.testing.assert_array_equal(column, [v == value for v in sky])


def test_a_value_unseen_in_training_is_all_zeros(data: Table, encoder: TablePreprocessor) -> None:
    sky = np.full(210, "hail", dtype=object)
    assert (encoder.inputs(replaced(data, sky=sky))[:, 4:8] == 0).all()


def test_a_text_column_without_any_value_is_all_missing(
    data: Table, encoder: TablePreprocessor
) -> None:
    inputs = encoder.inputs(replaced(data, sky=np.full(210, np.nan)))
    assert (inputs[:, 4:8] == [0, 0, 0, 1]).all()


def test_many_categories_become_codes() -> None:
    kinds = np.array([f"k{i:02}" for i in range(20)], dtype=object)
    columns = {"y": np.arange(200.0), "kind": np.tile(kinds, 10)}
    columns["kind"][-3:] = [None, "new", "k19"]
    table = make_table(columns, Roles(target=("y",), past=(), future=("kind",)), [200])
    encoder = TablePreprocessor.fit(table, split(table), calendar=False)
    assert encoder.input_names == ("y", "y missing", "kind")
    assert (encoder.categories, encoder.future_categories) == ({2: 21}, {0: 21})
    codes = encoder.inputs(table)[:, 2]
    assert codes[:20].tolist() == list(range(1, 21))
    assert codes[-3:].tolist() == [0, 0, 20]


def test_targets_come_back_in_their_unit(data: Table, encoder: TablePreprocessor) -> None:
    temp = data.columns["temp"].copy()
    temp[5] = np.nan
    targets = encoder.targets(replaced(data, temp=temp))
    assert targets.shape == (210, 1)
    assert targets.dtype == np.float32
    np.testing.assert_allclose(encoder.unscale_targets(targets)[:, 0], temp, rtol=1e-5)
    assert np.isnan(targets[5, 0])


def test_scrambling_the_future_moves_no_bit(data: Table) -> None:
    cut = split(data)
    train, rng = cut.train_rows(), np.random.default_rng(9)
    scrambled = {}
    for name, values in data.columns.items():
        changed = values.copy()
        if values.dtype == object:
            changed[~train] = rng.choice(
                np.array(["zzz", "aaa", None], dtype=object), (~train).sum()
            )
        else:
            changed[~train] = np.where(rng.random((~train).sum()) < 0.5, np.nan, 1e9)
        scrambled[name] = changed
    other_data = replaced(data, **scrambled)
    one, other = TablePreprocessor.fit(data, cut), TablePreprocessor.fit(other_data, cut)
    assert one.to_dict() == other.to_dict()
    assert one.inputs(data)[train].tobytes() == other.inputs(other_data)[train].tobytes()
    assert one.future(data)[train].tobytes() == other.future(other_data)[train].tobytes()
    assert one.targets(data)[train].tobytes() == other.targets(other_data)[train].tobytes()


def test_what_is_missing_only_later_is_marked_too(data: Table) -> None:
    humid = np.random.default_rng(1).normal(size=210)
    later = ~split(data).train_rows()
    humid[later] = np.nan
    late = replaced(data, humid=humid)
    encoder = TablePreprocessor.fit(late, split(late))
    inputs = encoder.inputs(late)
    np.testing.assert_array_equal(inputs[:, encoder.input_names.index("humid missing")], later)
    assert not np.isnan(inputs).any()


def test_a_glitch_is_cut_to_ten_deviations(data: Table, encoder: TablePreprocessor) -> None:
    humid = data.columns["humid"].copy()
    humid[5] = 1e9
    assert encoder.inputs(replaced(data, humid=humid))[5, 2] == 10


def test_json_gives_the_same_encoder(data: Table, encoder: TablePreprocessor) -> None:
    again = TablePreprocessor.from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert again.input_names == encoder.input_names
    assert again.columns == encoder.columns
    assert again.inputs(data).tobytes() == encoder.inputs(data).tobytes()
    assert "past    sky: sky=fog, sky=rain" in repr(again)


def test_tables_that_do_not_fit_are_refused(data: Table, encoder: TablePreprocessor) -> None:
    columns = dict(data.columns)
    del columns["price"]
    with pytest.raises(DataError, match="lacks the future column 'price', it has temp, humid"):
        encoder.inputs(dataclasses.replace(data, columns=columns))
    with pytest.raises(DataError, match="'sky' held text in training, got numbers"):
        encoder.inputs(replaced(data, sky=np.zeros(210)))
    with pytest.raises(DataError, match="'humid' held numbers in training, got text"):
        encoder.inputs(replaced(data, humid=data.columns["sky"]))
    daily = dataclasses.replace(data, step=dataclasses.replace(data.step, unit="D"))
    with pytest.raises(DataError, match="fitted with the calendar features"):
        encoder.inputs(daily)


def test_columns_that_cannot_be_fitted_are_named(data: Table) -> None:
    text = replaced(data, temp=data.columns["sky"])
    with pytest.raises(DataError, match="target 'temp': expected numbers, got text"):
        TablePreprocessor.fit(text, split(data))
    empty = replaced(data, humid=np.full(210, np.nan))
    with pytest.raises(DataError, match="'humid' has no value in the training rows"):
        TablePreprocessor.fit(empty, split(data))
    blank = replaced(data, sky=np.full(210, None, dtype=object))
    with pytest.raises(DataError, match="'sky': expected a value in the training rows"):
        TablePreprocessor.fit(blank, split(data))
