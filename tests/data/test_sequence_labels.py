"""Labels as people have them, padding at the end of sequences, and one long among short ones."""

import datetime
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from unrolled import Sequences
from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.sequences.findings import describe
from unrolled.errors import DataError

NAN = float("nan")
STEPS = [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.array([b"wake", "잠".encode()], object), ["wake", "잠"]),
        (np.array(["on", "off"], "S"), ["on", "off"]),
        ([datetime.date(2020, 5, 1), datetime.date(2021, 5, 1)], ["2020-05-01", "2021-05-01"]),
        (np.array(["2020-05", "2021-05"], "M8[M]"), ["2020-05-01", "2021-05-01"]),
        (pd.Series(pd.to_datetime(["2020-05-01 00:00", "2021-05-01 06:00"])),
         ["2020-05-01T00:00:00", "2021-05-01T06:00:00"]),
        ([Decimal("1.50"), Decimal(2)], [1.5, 2.0]),
        ([Decimal(3), Decimal(2)], [3, 2]),
        ([True, False], [True, False]),
        (np.array([7, 9], "u1"), [7, 9]),
        ([np.str_("a"), "b"], ["a", "b"]),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
    ],
)  # fmt: skip
def test_labels_of_many_types_are_kept_as_texts_and_numbers(given: Any, kept: list[Any]) -> None:
    read = Sequences.from_arrays(STEPS, given)
    assert read.labels.tolist() == kept
    assert read.with_labels([[given[0]] * 2, [given[1]] * 2]).labels.tolist() == [
        [kept[0]] * 2,
        [kept[1]] * 2,
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a", None], "sequence 1 has none"),
        ([pd.NA, "b"], "sequence 0 has none"),
        ([pd.NaT, "b"], "sequence 0 has none"),
        ([b"a", b"\xff"], r"sequence 1 has the bytes b'\xff', which are no UTF-8"),
        ([1 + 2j, 2], "sequence 0 has a complex, expected a text or a number"),
        ([{"a": 1}, {"a": 2}], "sequence 0 has a dict"),
        ([np.timedelta64(1, "s"), np.timedelta64(2, "s")], "sequence 0 has a timedelta"),
        ([1.0, np.inf], "sequence 1 has inf, expected a finite number"),
        ([2**70, 1], f"expected numbers of 64 bits, got {2**70}"),
    ],
)
def test_other_labels_are_refused_by_place(given: Any, message: str) -> None:
    with pytest.raises(DataError) as error:
        Sequences.from_arrays(STEPS, given)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("labels", "refused"),
    [
        (np.linspace(0, 1, 30), True),
        ([0.5, 0.5, 1.25, 2.75, 3.1], True),
        (np.arange(30), True),
        (np.arange(30) * 1.0, True),
        ([0.5, 1.5] * 15, False),
        (list(range(5)) * 2, False),
        ([1.0, 2.0] * 15, False),
        ([f"person {i}" for i in range(30)], False),
        ([0, 1], False),
    ],
)
def test_numbers_to_regress_on_are_no_classes(labels: Any, refused: bool) -> None:
    cases = Sequences.from_arrays(np.zeros((len(labels), 3)), labels)
    if not refused:
        cases.check_classes()
        return
    with pytest.raises(DataError, match=r"different numbers .* it does not regress"):
        cases.check_classes()


def test_a_class_of_one_case_is_named() -> None:
    cases = Sequences.from_arrays(np.zeros((5, 3)), ["a", "a", "b", "b", "rare"])
    assert "labels that only one has: rare" in describe(cases)
    assert "only one" not in describe(cases.select(np.arange(4)))


# Padding


def padded(tmp_path: Path) -> dict[str, Sequences]:
    """The same two sequences of three and five steps, padded in every way."""
    rows = [[1, 2, 3, NAN, NAN], [1, NAN, 3, 4, 5]]
    files = {
        "a.tsv": "1\t1\t2\t3\tNaN\tNaN\n2\t1\tNaN\t3\t4\t5\n",
        "a.txt": "1 1 2 3 NaN NaN\n2 1 NaN 3 4 5\n",
        "a.ts": "@classLabel true 1 2\n@data\n1,2,3,NaN,?:1\n1,?,3,4,5:2\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    long = {
        "id": np.repeat(["a", "b"], 5), "t": np.tile(np.arange(5), 2), "x": np.ravel(rows),
        "y": np.repeat(["1", "2"], 5),
    }  # fmt: skip
    return {
        **{name: Sequences.read(tmp_path / name) for name in files},
        "lists": Sequences.from_arrays(rows, ["1", "2"]),
        "cube": Sequences.from_arrays(np.array(rows)[..., None], ["1", "2"]),
        "long": Sequences.read(long, series="id", label="y", time="t"),
    }


def test_missing_values_at_the_end_are_padding_everywhere(tmp_path: Path) -> None:
    for name, read in padded(tmp_path).items():
        assert read.lengths.tolist() == [3, 5], name
        assert read.labels.tolist() == ["1", "2"], name
        assert any("end in missing values: 1;" in note for note in read.notes), name
        np.testing.assert_array_equal(read.sequence(1)[:, 0], [1, NAN, 3, 4, 5])


def test_a_step_with_a_label_or_any_feature_is_no_padding() -> None:
    both = Sequences.from_arrays([[[1, 2], [NAN, 3], [NAN, NAN]]], ["a"])
    assert both.lengths.tolist() == [2]
    steps = Sequences.from_arrays([[1, NAN, NAN, NAN]], [["a", "b", "c", None]])
    assert steps.lengths.tolist() == [3]
    assert Sequences.from_arrays([[NAN, NAN], [1, 2]]).lengths.tolist() == [1, 2]
    assert Sequences.of_steps(np.array([[1.0], [NAN]])).lengths.tolist() == [2]


# One long sequence among short ones


def memory(count: int) -> int:
    """The most that reading and encoding `count` short sequences and a long one holds."""
    inputs = [np.zeros((5, 1))] * count + [np.zeros((25 * count, 1))]
    tracemalloc.start()
    sequences = Sequences.from_arrays(inputs, ["a", "b"] * (count // 2) + ["a"])
    preprocessor = SequencePreprocessor.fit(sequences)
    preprocessor.inputs(sequences)
    describe(sequences)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_one_long_sequence_costs_its_own_memory_only() -> None:
    small, large = memory(500), memory(2000)
    assert large < 6 * small


@pytest.mark.parametrize(
    ("lengths", "longest", "short"),
    [
        ([40] * 60 + [6000], 40, 40),
        ([40] * 60 + [150, 170], 150, 40),
        ([40] * 60 + [6000] * 20, 6000, 40),
        ([300] * 8, 300, 300),
        ([20, 20, 500, 500, 500], 500, 20),
    ],
)
def test_time_is_not_measured_by_an_odd_length(
    lengths: list[int], longest: int, short: int
) -> None:
    inputs = [np.arange(float(n)) for n in lengths]
    labels = ["a", "b"] * (len(lengths) // 2) + ["a"] * (len(lengths) % 2)
    found = SequencePreprocessor.fit(Sequences.from_arrays(inputs, labels))
    assert (found.longest, found.short) == (longest, short)
