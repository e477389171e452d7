"""Files and arrays of sequences: ARFF, NPZ, rows of a wide table, and the order of axes."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from unrolled import Classifier, Sequences, Training
from unrolled.data.sequences.files import says_itself
from unrolled.data.sequences.tsfile import recognise
from unrolled.errors import DataError, SettingsError

SHORT = Training(epochs=1, batch_size=8)

# ARFF

ONE = """% a comment
@RELATION moves

@ATTRIBUTE att0 NUMERIC
@attribute 'att 1' real
@attribute att2 integer
@attribute target {1, 'two words'}
@DATA
1,2,3,1
% between
4.5,?,6,'two words'
7,8,?,?
"""
MANY = r"""@relation moves
@attribute relationalAtt relational
  @attribute t0 numeric
  @attribute t1 numeric
@end relationalAtt
@attribute activity {up,down}
@data
'1,2\n3,4\n5,6',up
"7,8\n9,?\n11,12",down
"""


def arff(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "moves_TRAIN.arff"
    path.write_text(text)
    return path


def test_an_arff_file_of_one_feature(tmp_path: Path) -> None:
    read = Sequences.read(arff(tmp_path, ONE))
    assert read.labels.tolist() == ["1", "two words", None]
    assert read.lengths.tolist() == [3, 3, 2]
    np.testing.assert_array_equal(read.sequence(1)[:, 0], [4.5, np.nan, 6])
    assert recognise(tmp_path / "moves_TRAIN.arff") == "its name ends in .arff"


def test_an_arff_file_of_several_features(tmp_path: Path) -> None:
    read = Sequences.read(arff(tmp_path, MANY))
    assert read.labels.tolist() == ["up", "down"]
    np.testing.assert_array_equal(read.sequence(0), [[1, 3, 5], [2, 4, 6]])
    np.testing.assert_array_equal(read.sequence(1), [[7, 9, 11], [8, np.nan, 12]])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1,2,3,1", "1,2,1", "line 9 has 2 values before the class, not 3"),
        ("1,2,3,1", "1,x,3,1", "line 9: 'x' is not a number"),
        (
            "1,2,3,1",
            "1,2,3,5",
            "line 9: the label '5' is none of the class attribute: 1, two words",
        ),
        ("1,2,3,1", "{0 1, 3 1}", "line 9: sparse rows are not supported"),
        (
            "{1, 'two words'}",
            "numeric",
            "expected a class {a,b} as the last attribute, got numeric",
        ),
        ("att2 integer", "att2 string", "attributes of numbers before the class, got string"),
        ("att2 integer", "att2", "expected @attribute, a name and a type"),
        ("@DATA", "@DATUM", "expected @relation, @attribute or @data, got '@datum'"),
    ],
)
def test_an_arff_file_that_does_not_fit_is_refused_by_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(DataError) as error:
        Sequences.read(arff(tmp_path, ONE.replace(old, new)))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


# The order of axes

WAVES = np.stack([np.sin(np.arange(30) * (0.3, 0.9)[k % 2] + k) for k in range(12)])
CHANNELS_FIRST = np.stack([WAVES, 2 * WAVES], axis=1)  # (12, 2, 30)


@pytest.mark.parametrize("inputs", [CHANNELS_FIRST, list(CHANNELS_FIRST)])
def test_axes_are_as_they_are_said(inputs: Any) -> None:
    read = Sequences.from_arrays(inputs, layout="BDT")
    assert read.inputs.shape == (12, 30, 2)
    np.testing.assert_array_equal(read.sequence(3), CHANNELS_FIRST[3].T)
    assert Sequences.from_arrays(inputs, layout="BTD").inputs.shape == (12, 2, 30)
    with pytest.warns(UserWarning, match=r"2 time steps of 30 features: say layout='BDT'"):
        assert Sequences.from_arrays(inputs).inputs.shape == (12, 2, 30)
    with pytest.raises(SettingsError, match="layout must be BTD"):
        Sequences.from_arrays(inputs, layout="NCT")


def test_one_time_step_of_many_features_is_refused() -> None:
    with pytest.raises(DataError, match=r"\(12, 1, 30\) would be 1 time step of 30 features"):
        Sequences.from_arrays(WAVES[:, None])
    assert Sequences.from_arrays(WAVES[:, None], layout="BDT").inputs.shape == (12, 30, 1)
    for plain in (WAVES, WAVES[..., None], [wave[:n] for n, wave in enumerate(WAVES, 5)]):
        assert Sequences.from_arrays(plain).values.shape[1] == 1  # no warning: time comes first
        assert Sequences.from_arrays(WAVES, layout="BDT").values.shape[1] == 1


def test_features_before_time_of_unlike_lengths_are_asked_about() -> None:
    unlike = [np.zeros((2, n)) for n in (30, 20)]
    with pytest.raises(DataError, match=r"sequence 1 has 20 features, .*; say layout='BDT'"):
        Sequences.from_arrays(unlike)
    assert Sequences.from_arrays(unlike, layout="BDT").lengths.tolist() == [30, 20]


def test_a_classifier_keeps_the_order_of_axes(tmp_path: Path) -> None:
    labels = ["slow", "fast"] * 6
    model = Classifier(hidden=4, ensemble=1, layout="BDT").fit(
        CHANNELS_FIRST, labels, training=SHORT
    )
    assert model.n_features_in_ == 2
    model.save(tmp_path / "run")
    again = Classifier.load(tmp_path / "run")
    assert again.get_params()["layout"] == "BDT"
    for one in (model, again):
        assert one.predict(CHANNELS_FIRST).tolist() == model.predict(CHANNELS_FIRST).tolist()
    turned = Classifier(hidden=4, ensemble=1)
    turned.fit(CHANNELS_FIRST.swapaxes(1, 2), labels, training=SHORT)
    assert np.array_equal(
        turned.predict_proba(CHANNELS_FIRST.swapaxes(1, 2)), model.predict_proba(CHANNELS_FIRST)
    )


# NPZ


def test_arrays_that_numpy_saved(tmp_path: Path) -> None:
    path = tmp_path / "waves.npz"
    np.savez(path, X=CHANNELS_FIRST, y=np.array(["a", "b"] * 6))
    read = Sequences.read(path, layout="BDT")
    assert (read.inputs.shape, read.classes.tolist()) == ((12, 30, 2), ["a", "b"])
    assert read.source == str(path)
    np.savez_compressed(path, x=WAVES)
    assert not Sequences.read(path).known.any()
    with path.open("wb") as file:
        np.savez(file, X_valid=WAVES)
    with pytest.raises(DataError, match="expected arrays X and y, got X_valid"):
        Sequences.read(path)


@pytest.mark.parametrize("small", [False, True])
def test_the_training_part_of_an_npz_file_is_read_and_said(tmp_path: Path, small: bool) -> None:
    path, X, y = tmp_path / "waves.npz", "x_train" if small else "X_train", ["a", "b"] * 6
    arrays: dict[str, Any] = {X: WAVES, "y_train": np.array(y)}
    np.savez(path, **arrays)
    read = Sequences.read(path)
    assert read.labels.tolist() == y
    assert read.notes == (f"read as X and y: {X} and y_train",)
    np.savez(path, **arrays, X_test=WAVES[:2], y_test=[1, 2])
    assert (
        Sequences.read(path)
        .notes[0]
        .endswith("; X_test, y_test are left out: save them as X and y of a file for --test")
    )
    np.savez(path, X=WAVES[:4], X_train=WAVES)
    assert (len(Sequences.read(path)), Sequences.read(path).notes) == (4, ())


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("unpickled",))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", pickle.dumps(Evil()), b"\x93NUMPY"])
def test_a_damaged_npz_file_is_refused_in_a_line(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected arrays that numpy saved"):
        Sequences.read(path)
    ragged = np.empty(2, object)
    ragged[:] = [Evil(), [1.0]]
    with path.open("wb") as file:
        np.savez(file, X=ragged)
    with pytest.raises(DataError, match="X holds Python objects, which are never unpickled"):
        Sequences.read(path)
    assert capsys.readouterr().out == ""


# Wide tables

ROWS = np.round(WAVES[:4, :5], 3)
STEPS = {
    "t0..": [f"t{i}" for i in range(5)],
    "numbers": [str(i) for i in range(5)],
    "every tenth": [f"ms_{10 * i}" for i in range(5)],
    "with zeros": [f"V{i:03}" for i in range(1, 6)],
}


@pytest.mark.parametrize("names", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("frame", [dict, pd.DataFrame, pl.DataFrame])
def test_a_table_whose_columns_count_has_a_sequence_a_row(
    names: list[str], first: bool, frame: Any
) -> None:
    steps = dict(zip(names, ROWS.T, strict=True))
    label = {"kind": ["a", "b", "b", "a"]}
    read = Sequences.read(frame({**label, **steps} if first else {**steps, **label}), label="kind")
    np.testing.assert_array_equal(read.inputs[..., 0], ROWS)
    assert read.labels.tolist() == ["a", "b", "b", "a"]
    assert read.notes == (
        f"every row is a sequence, its steps the columns {names[0]} to {names[-1]}",
    )
    assert read.columns is not None
    assert read.columns.wide


def test_rows_of_a_wide_table_may_have_names_and_ends() -> None:
    table = {
        "id": ["x", "y"], "t1": [1.0, 4.0], "t2": [2.0, 5.0], "t3": [None, 6.0], "t4": [None] * 2,
        "kind": [1, 2],
    }  # fmt: skip
    read = Sequences.read(table, series="id", label="kind")
    assert (read.names, read.lengths.tolist()) == (("x", "y"), [2, 3])
    assert read.labels.tolist() == [1, 2]


NOT_WIDE: dict[str, dict[str, Any]] = {
    "another number": {"id": [7, 8], "x1": [1.0, 2], "x2": [1.0, 2], "x3": [1.0, 2]},
    "no number": {"x": [1.0, 2], "y": [1.0, 2], "z": [1.0, 2]},
    "two columns": {"x1": [1.0, 2], "x2": [1.0, 2]},
    "not in order": {"x1": [1.0, 2], "x3": [1.0, 2], "x2": [1.0, 2]},
    "text": {"x1": [1.0, 2], "x2": [1.0, 2], "x3": ["a", "b"]},
}


@pytest.mark.parametrize("table", NOT_WIDE.values(), ids=NOT_WIDE)
def test_a_table_that_may_be_long_is_not_taken_for_wide(table: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"series=; where every row is a sequence: --label-per row"):
        Sequences.read({**table, "kind": ["a", "b"]}, label="kind")


def test_wide_is_as_it_is_said() -> None:
    table = {"mon": [1.0, 2.0], "tue": [3.0, 4.0], "kind": ["a", "b"]}
    read = Sequences.read(table, label="kind", wide=True)
    np.testing.assert_array_equal(read.inputs[..., 0], [[1, 3], [2, 4]])
    with pytest.raises(DataError, match="column 'tue' is text, expected a step of numbers"):
        Sequences.read({**table, "tue": ["x", "y"]}, label="kind", wide=True)
    with pytest.raises(DataError, match="column 'tue': expected finite numbers, data row 2 is inf"):
        Sequences.read({**table, "tue": [1.0, np.inf]}, label="kind", wide=True)


def test_a_classifier_predicts_rows_of_a_wide_table(tmp_path: Path) -> None:
    table = pd.DataFrame(WAVES, columns=[f"t{i}" for i in range(30)])
    labels = ["slow", "fast"] * 6
    model = Classifier(hidden=4, ensemble=1)
    model.fit(Sequences.read(table.assign(kind=labels), label="kind"), training=SHORT)
    for rows in (table, table.assign(kind=labels)):
        assert len(model.predict(rows)) == 12


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("up,1,2,5\ndown,4,5,6\n", ["up", "down"]),
        ("1,2,5,up\n4,5,6,down\n", ["up", "down"]),
        ("1.5,2,,up\n4,5,6,down\n", ["up", "down"]),
    ],
)
def test_a_csv_without_a_header_has_its_class_first_or_last(
    tmp_path: Path, text: str, labels: list[str]
) -> None:
    path = tmp_path / "moves.csv"
    path.write_text(text)
    read = Sequences.read(path)
    assert read.labels.tolist() == labels
    assert says_itself(path)
    assert recognise(path) is not None


@pytest.mark.parametrize(
    "text",
    [
        "t0,t1,t2,kind\n1,2,3,up\n4,5,6,down\n",
        "0,1,2,kind\n1,2,3,up\n4,5,6,down\n",
        "1,2,3,4\n4,5,6,5\n",
        "time,a,b,c\n2020-01-01,1,2,3\n2020-01-02,2,3,4\n",
        "a,b,c,d\nx,1,2,3\ny,2,3,4\n",
    ],
)
def test_another_csv_stays_a_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    assert not says_itself(path)
    assert recognise(path) is None
