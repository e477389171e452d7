"""Files of labelled sequences, long tables and arrays: what is read, and what is refused how."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from unrolled import Classifier
from unrolled.data import Sequences
from unrolled.data.columns.read import recognise as recognise_table
from unrolled.data.sequences.split import stratified_split
from unrolled.data.sequences.tsfile import counterpart, looks_labelled, recognise
from unrolled.data.text.files import recognise as recognise_text
from unrolled.errors import DataError, SettingsError

HEAD = "# a comment\n@problemName x\n@timeStamps false\n@classLabel true up down\n@data\n"


def write(tmp_path: Path, text: str, name: str = "x.ts") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_ts_keeps_true_lengths_and_missing_values(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "1,2,3:4,?,6:up\n\n7,8:9,10:down\n")
    read = Sequences.read(path)
    assert read.inputs.shape == (2, 3, 2)
    assert read.lengths.tolist() == [3, 2]
    assert read.labels.tolist() == ["up", "down"]
    np.testing.assert_array_equal(read.inputs[0], [[1, 4], [2, np.nan], [3, 6]])
    np.testing.assert_array_equal(read.inputs[1], [[7, 9], [8, 10], [np.nan, np.nan]])
    assert "in the longest (2 in the shortest) sequence" in repr(read)


def test_ts_without_labels(tmp_path: Path) -> None:
    path = write(tmp_path, "@classLabel false\n@data\n1,2,3\n4,5\n")
    read = Sequences.read(path)
    assert read.inputs.shape == (2, 3, 1)
    assert not read.known.any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a line @data, got none"),
        (HEAD, "expected sequences, got none"),
        (HEAD + "1,2:up\n1,x:down\n", "line 7: 'x' is not a number"),
        (HEAD + "1,2:up\n1,2:3,4:down\n", "line 7 has 2 dimensions, expected 1"),
        (HEAD + "1,2:left\n", "line 6: the label 'left' is none of @classLabel: up, down"),
        (HEAD + "up\n", "line 6: the sequence has length 0, expected at least one time step"),
        (HEAD + ":up\n", "line 6: the sequence has length 0, expected at least one time step"),
        (HEAD + "1,inf:up\n", "line 6: value 2 is infinite"),
        ("1,2,3:up\n", "line 1: expected @data before the first sequence"),
        ("@timeStamps true\n@data\n", "line 1: sequences with time stamps are not supported"),
        ("@targetlabel true\n@data\n", "line 1: expected class labels, got numbers to regress on"),
    ],
)
def test_a_bad_ts_file_is_refused_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(DataError) as error:
        Sequences.read(path)
    assert str(error.value).startswith(f"read {path}: {message}")
    assert "\n" not in str(error.value)


def test_ucr_text_begins_with_the_label_and_may_end_early(tmp_path: Path) -> None:
    text = "  1.0000000e+00  0.5  nan  1.5\n\n-1\t2.5\t3.5\tNaN\n"
    read = Sequences.read(write(tmp_path, text, "x.txt"))
    assert read.labels.tolist() == ["1", "-1"]
    assert read.lengths.tolist() == [3, 2]
    np.testing.assert_array_equal(read.inputs[:, :, 0], [[0.5, np.nan, 1.5], [2.5, 3.5, np.nan]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("up 1 2\n", "line 1: expected the number of a class first, got 'up'"),
        ("1 1 2\n1 nan nan\n", "line 2: the sequence has no value"),
        ("1\n", "line 1: the sequence has length 0"),
        ("", "expected sequences, got none"),
    ],
)
def test_a_bad_ucr_file_is_refused_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text, "x.txt")
    with pytest.raises(DataError) as error:
        Sequences.read(path)
    assert str(error.value).startswith(f"read {path}: {message}")


@pytest.mark.parametrize("mark", [",", "\t"])
def test_an_empty_cell_of_a_row_keeps_its_place(tmp_path: Path, mark: str) -> None:
    lines = ["1,0.5,,1.5,", "2,,2.5,?,4.5", "?,1,1,1,1"]
    text = "\n".join(lines).replace(",", mark)
    read = Sequences.read(write(tmp_path, text, "x.txt"))
    nan = np.nan
    assert read.labels.tolist() == ["1", "2", None]
    assert read.lengths.tolist() == [3, 4, 4]
    expected = [[0.5, nan, 1.5, nan], [nan, 2.5, nan, 4.5], [1, 1, 1, 1]]
    np.testing.assert_array_equal(read.inputs[:, :, 0], expected)


def test_labels_that_are_not_known_are_read_but_not_learned(tmp_path: Path) -> None:
    read = Sequences.read(write(tmp_path, HEAD + "1,2:up\n3,,4:?\n5,6:down\n"))
    assert read.labels.tolist() == ["up", None, "down"]
    np.testing.assert_array_equal(read.inputs[1, :, 0], [3, np.nan, 4])
    with pytest.raises(DataError, match=r"labels: sequence '1' has none \(.*x.ts\)"):
        Classifier().fit(read)
    none = Sequences.read(write(tmp_path, HEAD + "1,2:?\n"))
    assert not none.known.any()


def test_large_numbers_keep_the_digits_that_differ() -> None:
    seconds = 1.7e9 + np.arange(3.0)
    read = Sequences.from_arrays([seconds, [0.1, 0.2]])
    assert read.inputs[0, :, 0].tolist() == seconds.tolist()
    assert read.numpy()[0].dtype == np.float32
    assert Sequences.from_arrays([[0.1, 1024.0, 1e6]]).inputs.dtype == np.float64
    with pytest.raises(DataError, match="time step 1, feature 0 is infinite"):
        Sequences.from_arrays([[0.0, 1e39]])


def test_a_file_that_is_no_text_is_refused_by_its_byte(tmp_path: Path) -> None:
    path = tmp_path / "x.ts"
    path.write_bytes(b"@data\n\xff\xfe")
    with pytest.raises(DataError, match="expected text in UTF-8, byte 6 is not"):
        Sequences.read(path)
    with pytest.raises(DataError, match="there is no such file"):
        Sequences.read(tmp_path / "y.ts")


def test_a_text_is_told_from_labelled_rows(tmp_path: Path) -> None:
    assert looks_labelled(write(tmp_path, "", "any.ts"))
    assert looks_labelled(write(tmp_path, "1 0.5 0.25\n2 1.5 2.5\n", "rows.txt"))
    assert looks_labelled(write(tmp_path, "\ufeff1 0.5 ?\n2 1.5 2.5\n", "marked.txt"))
    assert not looks_labelled(write(tmp_path, "?,1,2\n", "unknown.txt"))
    assert not looks_labelled(write(tmp_path, "Once upon a time\n", "story.txt"))
    assert not looks_labelled(write(tmp_path, "0.5 0.5 0.25\n", "numbers.txt"))
    assert not looks_labelled(write(tmp_path, "1,2,3\n", "table.csv"))


@pytest.mark.parametrize(
    ("name", "text", "sequences", "table", "words"),
    [
        ("moves.TS", "", "its name ends in .ts", None, None),
        (
            "moves.tsv",
            "1\t2\t3\n",
            "every row is numbers, a class first",
            "its name ends in .tsv",
            None,
        ),
        (
            "moves.txt",
            "1 2 3\n",
            "every row is numbers, a class first",
            None,
            "its name ends in .txt",
        ),
        ("story.txt", "Once upon a time\n", None, None, "its name ends in .txt"),
        ("story.md", "# Once\n", None, None, "its name ends in .md"),
        ("sales.CSV", "1,2,3\n", None, "its name ends in .csv", None),
        ("sales.tsv", "day\tsold\n1\t2\n", None, "its name ends in .tsv", None),
        ("sales.parquet", "", None, "its name ends in .parquet", None),
        ("other", "1,2,3\n", None, None, None),
        ("other", "day,sold\n1,2\n2,3\n", None, "its first lines are rows of as many cells", None),
    ],
)
def test_a_file_says_why_it_is_taken_for_what(
    tmp_path: Path,
    name: str,
    text: str,
    sequences: str | None,
    table: str | None,
    words: str | None,
) -> None:
    path = write(tmp_path, text, name)
    found = recognise(path), recognise_table(path), recognise_text(path)
    assert found == (sequences, table, words)


def test_a_folder_is_nothing_by_its_name(tmp_path: Path) -> None:
    for ending in ("txt", "csv"):
        folder = tmp_path / f"x.{ending}"
        folder.mkdir()
        assert (recognise(folder), recognise_table(folder), recognise_text(folder)) == (None,) * 3


def test_the_test_file_beside_a_train_file_is_found(tmp_path: Path) -> None:
    train, test = (write(tmp_path, HEAD + "1:up\n", f"X_{part}.ts") for part in ("TRAIN", "TEST"))
    assert counterpart(train) == test
    assert counterpart(test) is None


SHAPES = {
    "BasicMotions": ((40, 100, 6), 4, (100, 100)),
    "GunPoint": ((50, 150, 1), 2, (150, 150)),
    "ItalyPowerDemand": ((67, 24, 1), 2, (24, 24)),
    "JapaneseVowels": ((270, 26, 12), 9, (7, 26)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_archive_is_read_as_it_is_described(shared_data: Path, name: str) -> None:
    shape, classes, lengths = SHAPES[name]
    read = Sequences.read(shared_data / "labelled" / name / f"{name}_TRAIN.ts")
    assert read.inputs.shape == shape
    assert len(read.classes) == classes
    assert (read.lengths.min(), read.lengths.max()) == lengths
    real = np.arange(shape[1]) < read.lengths[:, None]
    assert np.isfinite(read.inputs[real]).all()
    assert np.isnan(read.inputs[~real]).all()


# Long tables

LONG = {
    "id": ["a", "b", "a", "b", "a"],
    "t": [2, 0, 0, 1, 1],
    "x": [3.0, 4.0, 1.0, None, 2.0],
    "ok": [True, False, True, True, False],
    "word": ["u", "v", "w", "x", "y"],
    "y": ["up", "down", "up", "down", "up"],
}


@pytest.mark.parametrize("frame", [dict, pd.DataFrame, pl.DataFrame])
def test_a_long_table_is_sorted_by_time_within_each_sequence(frame: Any) -> None:
    read = Sequences.read(frame(LONG), series="id", label="y", time="t")
    assert read.names == ("a", "b")
    assert read.notes[0] == "sorted by t"
    assert read.features == ("x", "ok")
    assert read.lengths.tolist() == [3, 2]
    assert read.labels.tolist() == ["up", "down"]
    np.testing.assert_array_equal(read.inputs[0], [[1, 1], [2, 0], [3, 1]])
    np.testing.assert_array_equal(read.inputs[1, :2], [[4, 0], [np.nan, 1]])
    assert any("word" in note for note in read.notes)


def test_a_long_table_has_a_label_for_each_step_when_asked() -> None:
    table = {**LONG, "y": [1, 2, 3, None, 1]}
    read = Sequences.read(table, series="id", label="y", time="t", per_step=True)
    assert read.per_step
    assert read.labels.tolist() == [[3, 1, 1], [2, None, None]]
    assert read.classes.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("asked", "changed", "message"),
    [
        ({"series": None}, {}, "name the column that says to which sequence a row belongs"),
        ({"series": "ids"}, {}, "no column 'ids' in the table; did you mean 'id'?"),
        ({"label": "Y"}, {}, "no column 'Y' in the table; did you mean 'y'?"),
        ({}, {"y": ["up", "down", "down", "down", "up"]}, "sequence 'a' has 'down' and 'up'"),
        ({}, {"y": ["up", None, "up", None, "up"]}, "label 'y': sequence 'b' has none"),
        ({}, {"id": ["a", None, "a", "b", "a"]}, "expected a name in every row, data row 2"),
        ({}, {"x": list("uvwxy"), "ok": list("abcde")}, "no column of numbers is left"),
        ({"per_step": True}, {"y": [None] * 5}, "expected labels, no time step has one"),
    ],
)
def test_a_long_table_that_does_not_fit_is_refused_by_name(
    asked: dict[str, Any], changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError) as error:
        Sequences.read({**LONG, **changed}, **{"series": "id", "label": "y", "time": "t", **asked})
    assert message in str(error.value)
    assert "\n" not in str(error.value)


# Arrays


def test_arrays_of_different_lengths_and_shapes() -> None:
    flat = Sequences.from_arrays([[1.0, 2.0], np.array([3.0, np.nan, 5.0])], [1, 2])
    assert flat.inputs.shape == (2, 3, 1)
    assert flat.labels.dtype.kind == "i"
    cube = Sequences.from_arrays(np.zeros((4, 5, 2)), ["a", "b"] * 2)
    assert (cube.inputs.shape, cube.classes.tolist()) == ((4, 5, 2), ["a", "b"])
    assert Sequences.from_arrays(np.zeros((4, 5)), [0, 1] * 2).inputs.shape == (4, 5, 1)
    _, codes = cube.tensors()
    assert codes.tolist() == [0, 1, 0, 1]


def test_labels_per_step_are_as_long_as_their_sequence() -> None:
    steps = Sequences.from_arrays([[1, 2], [3, 4, 5]], [["a", "b"], ["b", None, "a"]])
    assert steps.labels.tolist() == [["a", "b", None], ["b", None, "a"]]
    assert steps.known.sum() == 4


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        ([], [], "expected at least one sequence, got none"),
        ("abc", None, "inputs is the text 'abc', expected a list of sequences"),
        ([[1.0], []], [1, 2], "sequence 1 has length 0, expected at least one time step"),
        ([[1.0], [np.inf]], [1, 2], "sequence 1, time step 0, feature 0 is infinite"),
        ([[[1, 2]], [[1]]], [1, 2], "sequence 1 has 1 features, sequence 0 has 2"),
        ([[[1, 2], [1]]], [1], "sequence 0 is not an array of numbers (T, D) or (T,)"),
        ([["x"]], [1], "it holds the text 'x'"),
        ([[1.0], [2.0]], [1], "labels: got 1 for 2 sequences, expected one for each"),
        ([[1.0], [2.0]], ["a", None], "labels: sequence 1 has none"),
        ([[1.0], [2.0]], [1.0, np.nan], "labels: sequence 1 has none"),
        ([[1.0], [2.0]], ["a", 1], "labels: expected all texts or all numbers, got 'a' and 1"),
        ([[1.0], [2.0]], [["a"], ["a", "b"]], "sequence 1 has 1 time steps and 2 labels"),
        ([[1.0], [2.0]], [["a"], "b"], "sequence 1 has 1 time steps and one label"),
        ([[1.0], [2.0]], [[None], [None]], "expected labels, no time step has one"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_by_place(
    inputs: Any, labels: Any, message: str
) -> None:
    with pytest.raises(DataError) as error:
        Sequences.from_arrays(inputs, labels)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_select_and_first_cut_to_what_is_there() -> None:
    cases = Sequences.from_arrays([[1, 2, 3], [4], [5, 6]], ["a", "b", "c"])
    some = cases.select(np.array([2, 1]))
    assert (some.inputs.shape, some.labels.tolist()) == ((2, 2, 1), ["c", "b"])
    begun = cases.first(np.array([2, 1, 1]))
    np.testing.assert_array_equal(begun.inputs[..., 0], [[1, 2], [4, np.nan], [5, np.nan]])


def test_a_part_set_aside_has_every_class_in_its_share() -> None:
    cases = Sequences.from_arrays(np.arange(40.0)[:, None], [0] * 30 + [1] * 10)
    kept, aside = stratified_split(cases, 0.2, 0, "test")
    assert np.bincount(aside.labels).tolist() == [6, 2]
    seen = {*kept.inputs.ravel().tolist()}
    assert not seen & {*aside.inputs.ravel().tolist()}
    assert len(seen) == 32
    again = stratified_split(cases, 0.2, 0, "test")[1]
    assert again.inputs.tolist() == aside.inputs.tolist()
    assert stratified_split(cases, 0.2, 1, "test")[1].inputs.tolist() != aside.inputs.tolist()
    with pytest.raises(SettingsError, match=r"test: expected a share in \[0, 1\), got 1"):
        stratified_split(cases, 1, 0, "test")
    with pytest.raises(DataError, match="sets none aside"):
        stratified_split(cases.select(np.array([0, 39])), 0.5, 0, "test")
