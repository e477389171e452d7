"""The cases of labels and sequences; their right answers stand in ../shared/cases/*/README.md."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from helpers.cases import CASES, unrolled

from unrolled import Classifier, Sequences, Training
from unrolled.data.sequences.split import stratified_split
from unrolled.errors import DataError

ROOM = CASES / "text-labels"
QUICK = ("--ensemble", "1", "--epochs", "1", "--hidden", "4", "-q", "--threads", "1")
SHORT = Training(epochs=1, batch_size=8)
pytestmark = pytest.mark.skipif(not CASES.exists(), reason="needs ../shared/cases")


def waves(count: int) -> list[np.ndarray]:
    """Slow and fast waves of 20 steps."""
    return [np.sin(np.arange(20) * (0.3, 0.9)[k % 2] + k) for k in range(count)]


@pytest.mark.slow
@pytest.mark.case("text-labels/01")
def test_a_small_wave_under_rare_spikes_is_learned() -> None:
    model = Classifier().fit(ROOM / "01-spiky_TRAIN.ts")
    assert model.results is not None
    assert model.results["accuracy"] >= 0.95


@pytest.mark.slow
@pytest.mark.case("text-labels/02")
def test_one_long_sequence_does_not_set_the_time_of_the_others() -> None:
    model = Classifier().fit(ROOM / "02-outlier-length_TRAIN.ts")
    assert model.results is not None
    assert model.results["accuracy"] >= 0.95


@pytest.mark.case("text-labels/04")
def test_a_table_without_a_step_is_refused(tmp_path: Path) -> None:
    names = ROOM / "04-names.csv"
    answer = unrolled("fit", names, "--series", "name", "--label", "lang", *QUICK, cwd=tmp_path)
    assert answer.refused
    assert "no column of numbers is left" in answer.err


@pytest.mark.case("text-labels/07")
def test_missing_values_at_the_end_are_padding(tmp_path: Path) -> None:
    tsv, ts, n = tmp_path / "nt.tsv", tmp_path / "nt.ts", np.nan
    tsv.write_text("1\t1\t2\t3\tNaN\tNaN\n2\t1\t2\t3\t4\t5\n")
    ts.write_text("@problemName a\n@classLabel true 1 2\n@data\n1,2,3,NaN,NaN:1\n1,2,3,4,5:2\n")
    arrays = Sequences.from_arrays([[1, 2, 3, n, n], [1, 2, 3, 4, 5]], [1, 2])
    for read in (Sequences.read(tsv), Sequences.read(ts), arrays):
        assert read.lengths.tolist() == [3, 5]


@pytest.mark.case("text-labels/13")
@pytest.mark.case("reliability/31")
def test_labels_of_bytes_and_dates_are_kept(tmp_path: Path) -> None:
    for labels, kept in (
        (np.array(["a", "b"] * 6, "S"), ["a", "b"]),
        (np.array(["2020-01-01", "2021-01-01"] * 6, "M8[D]"), ["2020-01-01", "2021-01-01"]),
    ):
        model = Classifier(hidden=4, ensemble=1).fit(waves(12), labels, training=SHORT)
        model.save(tmp_path / kept[0])
        assert Classifier.load(tmp_path / kept[0]).classes_.tolist() == kept


@pytest.mark.case("text-labels/15")
def test_numbers_to_regress_on_are_refused() -> None:
    random = np.random.default_rng(0)
    with pytest.raises(DataError, match="30 different numbers"):
        Classifier(hidden=4).fit(random.normal(size=(30, 20)), random.normal(size=30))


@pytest.mark.case("reliability/10")
def test_a_value_of_the_test_part_moves_nothing(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    values = [random.normal(size=8) + b % 2 for b in range(60)]
    cases = Sequences.from_arrays(values, ["a", "b"] * 30)
    aside = stratified_split(cases, 0.2, 0, "test")[1].values[:8, 0]
    odd = [np.where(np.arange(8) == 3, 5000.123456, v) if (v == aside).all() else v for v in values]
    assert any((a != b).any() for a, b in zip(values, odd, strict=True))
    for name, data in (("a", values), ("b", odd)):
        model = Classifier(hidden=4, ensemble=1)
        model.fit(data, ["a", "b"] * 30, test=0.2, training=SHORT, out=tmp_path / name)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in "ab"]
    assert weights[0] == weights[1]


@pytest.mark.case("reliability/18")
def test_values_beyond_float32_are_refused_by_row_and_column(tmp_path: Path) -> None:
    rows = (f"s{s},{k},{s % 2 + k}e300,{'ab'[s % 2]}\n" for s in range(12) for k in range(6))
    (tmp_path / "t.csv").write_text("id,t,x,lab\n" + "".join(rows))
    answer = unrolled("fit", "t.csv", "--series", "id", "--label", "lab", *QUICK, cwd=tmp_path)
    assert answer.refused
    assert "column 'x'" in answer.err
    assert "data row 2" in answer.err


@pytest.mark.case("reliability/21")
@pytest.mark.parametrize("first", ["1e400", "inf"])
def test_an_infinite_class_is_refused_by_line(tmp_path: Path, first: str) -> None:
    (tmp_path / "a.txt").write_text(f"{first},1,2,3\n1,2,3,4\n")
    answer = unrolled("inspect", "--task", "labels", "a.txt", cwd=tmp_path)
    assert answer.refused
    assert "line 1" in answer.err


@pytest.mark.case("reliability/23")
def test_a_table_of_names_and_labels_alone_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"s{i // 3},{'ab'[i // 3 % 2]}\n" for i in range(30))
    (tmp_path / "t.csv").write_text("id,lab\n" + rows)
    answer = unrolled("inspect", "t.csv", "--series", "id", "--label", "lab", cwd=tmp_path)
    assert answer.refused
    assert "there is no other column" in answer.err


@pytest.mark.slow
@pytest.mark.case("reliability/38")
def test_one_long_sequence_costs_no_memory_for_the_others(tmp_path: Path) -> None:
    import resource

    def memory(count: int) -> float:
        short = (f"s{s},{k},{k}.5,{'ab'[s % 2]}\n" for s in range(count) for k in range(3))
        long = (f"long,{k},1.5,a\n" for k in range(25 * count))
        (tmp_path / "t.csv").write_text("id,t,x,lab\n" + "".join(short) + "".join(long))
        assert not unrolled(
            "inspect", "t.csv", "--series", "id", "--label", "lab", cwd=tmp_path, apart=True
        ).code
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024

    base = memory(10)
    assert memory(2400) - base < 150


@pytest.mark.case("text-labels/06")
def test_channels_first_is_said_or_refused() -> None:
    inputs = np.stack(waves(24))[:, None, :]
    with pytest.raises(DataError, match="1 time step of 20 features: say layout='BDT'"):
        Classifier(hidden=8).fit(inputs, ["a", "b"] * 12)
    model = Classifier(hidden=8, ensemble=1, layout="BDT")
    assert model.fit(inputs, ["a", "b"] * 12, training=SHORT).n_features_in_ == 1


@pytest.mark.case("text-labels/08")
def test_a_wide_table_has_a_sequence_a_row(tmp_path: Path) -> None:
    wide = ROOM / "08-wide-label-last.csv"
    answer = unrolled("inspect", wide, "--label", "label", cwd=tmp_path)
    assert answer.code == 0
    assert "inputs (24, 20, 1)" in answer.out
    assert unrolled("fit", wide, "--label", "label", *QUICK, "--out", "r", cwd=tmp_path).code == 0
    said = unrolled("predict", "r", wide, cwd=tmp_path)
    assert (said.code, len(said.out.splitlines())) == (0, 25)


@pytest.mark.case("text-labels/09")
def test_an_arff_file_is_labelled_sequences(tmp_path: Path) -> None:
    answer = unrolled("fit", ROOM / "09-chinatown.arff", *QUICK, "--out", "r", cwd=tmp_path)
    assert answer.code == 0
    told = unrolled("inspect", ROOM / "09-chinatown.arff", cwd=tmp_path).out
    assert "inputs (20, 24, 1)" in told


@pytest.mark.case("text-labels/14")
@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(np.array(waves(12)), columns=[f"t{i}" for i in range(20)]),
        pd.DataFrame(np.array(waves(12))),
        pl.DataFrame(np.array(waves(12)), schema=[f"t{i}" for i in range(20)]),
        pd.DataFrame({"dim_0": [pd.Series(wave) for wave in waves(12)]}),
        pd.concat(
            {i: pd.DataFrame({"v": wave}) for i, wave in enumerate(waves(12))}, names=["case", "t"]
        ),
    ],
    ids=["wide pandas", "numbers as names", "wide polars", "nested", "MultiIndex"],
)
def test_frames_that_people_have_are_sequences(frame: Any) -> None:
    labels = ["a", "b"] * 6
    model = Classifier(hidden=4, ensemble=1).fit(frame, labels, training=SHORT)
    alone = model.predict_proba(np.array(waves(12)))
    assert np.array_equal(model.predict_proba(frame), alone)
