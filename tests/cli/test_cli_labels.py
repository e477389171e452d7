"""Labelled sequences on the command line; the same numbers as the library."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from helpers.made import LABELS, MOVES, fit_labels, ts

from unrolled import Classifier, Sequences
from unrolled.cli import main
from unrolled.tasks.classification import inference
from unrolled.tasks.classification.estimator import default_training
from unrolled.tasks.classification.objective import ClassifierObjective

Capture = pytest.CaptureFixture[str]
CASES = [f"{i},{i + 1},{i + 2}:a" for i in range(10)] + [f"{i},{i - 1}:b" for i in range(10)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with moves.csv and its run, labels."""
    folder = tmp_path_factory.mktemp("labels")
    fit_labels(folder)
    return folder


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_fit_uses_the_test_file_beside_it(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Move_TRAIN.ts").write_text(ts(CASES))
    (tmp_path / "Move_TEST.ts").write_text(ts(CASES[7:13]))
    assert main(["fit", "Move_TRAIN.ts", *LABELS[:-1]]) == 0
    out, err = capsys.readouterr()
    assert err.startswith(
        "Move_TRAIN.ts is taken for labelled sequences: its name ends in .ts; --task overrules\n\n"
        "Move_TRAIN.ts\ninputs (20, 3, 1), labels (20,)\n"
    )
    for words in ("labels: a (10), b (10)", "measured on 6 sequences of Move_TEST.ts", "seed 0"):
        assert words in err
    assert err.endswith("next    unrolled predict runs/Move FILE\n")
    assert "label  count" in out
    assert "of 6 sequences get the right label (most frequent class 50.0%" in out
    assert out.endswith("run     runs/Move\nreport  runs/Move/report.html\n")
    config = tomllib.loads((tmp_path / "runs" / "Move" / "config.toml").read_text())
    assert config["test"] == str(tmp_path / "Move_TEST.ts")
    assert main(["evaluate", "runs/Move", "Move_TEST.ts"]) == 0
    assert "of 6 sequences get the right label." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "measured"),
    [
        ([], "of 4 sequences"),
        (["--test", "0.5"], "of 10 sequences"),
        (["--test", "other.ts"], "of 3 sequences"),
        (["--test", "0"], "nothing was measured"),
    ],
)
def test_what_is_measured_on(
    options: list[str],
    measured: str,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.ts").write_text(ts(CASES))
    (tmp_path / "other.ts").write_text(ts(CASES[:3]))
    assert main(["fit", "cases.ts", *LABELS, *options]) == 0
    assert measured in capsys.readouterr().out
    assert (tmp_path / "runs" / "cases" / "report.html").exists()


def test_ucr_rows_are_told_from_a_text(tmp_path: Path, capsys: Capture) -> None:
    lines = [f"{1 + i % 2} {i} {i + (1, -1)[i % 2]} {i}" for i in range(20)]
    (tmp_path / "ucr.txt").write_text("\n".join(lines))
    assert main(["fit", str(tmp_path / "ucr.txt"), *LABELS[:-1], "--out", str(tmp_path / "r")]) == 0
    assert "taken for labelled sequences: every row is numbers" in capsys.readouterr().err


def test_the_command_line_is_the_library(folder: Path) -> None:
    sequences = Sequences.read(folder / "moves.csv", series="id", label="kind")
    training = replace(default_training(len(sequences)), epochs=1)
    model = Classifier(hidden=4, ensemble=1).fit(sequences, test=0.2, training=training)
    loaded = Classifier.load(folder / "labels").network.state_dict()
    for name, weight in model.network.state_dict().items():
        assert torch.equal(weight, loaded[name])


def test_the_config_in_a_run_repeats_it_to_the_byte(folder: Path, tmp_path: Path) -> None:
    options = ["--one-way", "--balanced", "--pool", "last", "--validation", "0.2"]
    run, again = fit_labels(tmp_path, *options), tmp_path / "again"
    model = Classifier.load(run)
    assert (model.bidirectional, model.class_weight, model.pool) == (False, "balanced", "last")
    words = ["fit", "--config", str(run / "config.toml"), "--out", str(again), "-q"]
    assert main(words) == 0
    for name in ("model.safetensors", "config.toml", "results.json"):
        assert (again / name).read_bytes() == (run / name).read_bytes()


def test_class_weights_are_read_and_kept(tmp_path: Path, capsys: Capture) -> None:
    run = fit_labels(tmp_path, "--class-weight", "fast=2.5", "--class-weight", "slow=1")
    assert Classifier.load(run).class_weight == {"fast": 2.5, "slow": 1.0}
    again = tmp_path / "again"
    assert main(["fit", "--config", str(run / "config.toml"), "--out", str(again), "-q"]) == 0
    assert (again / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--class-weight", "up"], "expected LABEL=W like stop=3, W above 0, got 'up'"),
        (["--class-weight", "up=x"], "expected LABEL=W"),
        (["--class-weight", "fst=2"], "no label is 'fst'; did you mean 'fast'?"),
        (["--class-weight", "fast=0"], "W above 0, got 'fast=0'"),
        (["--class-weight", "fast=2", "--balanced"], "give one of them"),
    ],
)
def test_bad_class_weights_are_one_line(
    folder: Path, tmp_path: Path, capsys: Capture, options: list[str], words: str
) -> None:
    command = ["fit", str(folder / "moves.csv"), "--label", "kind", "--out", str(tmp_path / "run")]
    assert main([*command, "--series", "id", *options]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_weights_of_numbers_and_of_labels_with_a_comma(tmp_path: Path, capsys: Capture) -> None:
    lines = [f"{s},{s * t},{1 + s % 2}.0" for s in range(12) for t in range(3)]
    (tmp_path / "t.csv").write_text("\n".join(["id,x,kind", *lines]))
    command = ["fit", str(tmp_path / "t.csv"), *LABELS, "--series", "id", "--label", "kind"]
    run = str(tmp_path / "run")
    assert main([*command, "--out", run, "--class-weight", "1=5"]) == 0
    assert Classifier.load(run).class_weight == {1.0: 5.0}
    named = [line.replace(",1.0", ',"a, b"') for line in lines]
    (tmp_path / "t.csv").write_text("\n".join(["id,x,kind", *named]))
    run, again = str(tmp_path / "commas"), str(tmp_path / "again")
    assert main([*command, "--out", run, "--class-weight", '"a, b=5"']) == 0
    assert Classifier.load(run).class_weight == {"a, b": 5.0}
    assert main(["fit", "--config", f"{run}/config.toml", "--out", again, "-q"]) == 0
    assert Classifier.load(again).class_weight == {"a, b": 5.0}


def test_a_test_part_without_labels_is_refused_before_training(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "M_TRAIN.ts").write_text(ts(CASES))
    (tmp_path / "M_TEST.ts").write_text("@classLabel false\n@data\n1,2\n")
    assert main(["fit", "M_TRAIN.ts", *LABELS[:-1]]) == 2
    assert "labels: the sequences have none (M_TEST.ts)" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_table_with_tabs_is_read_as_one_with_commas(folder: Path, tmp_path: Path) -> None:
    text = (folder / "moves.csv").read_text().replace(",", "\t")
    for name in ("moves.tsv", "moves.txt"):
        (tmp_path / name).write_text(text)
        options = ["--series", "id", "--label", "kind", "--task", "labels"]
        run = tmp_path / name[-3:]
        assert main(["fit", str(tmp_path / name), *LABELS, *options, "--out", str(run)]) == 0
        weights = (run / "model.safetensors").read_bytes()
        assert weights == (folder / "labels" / "model.safetensors").read_bytes()
        assert main(["predict", str(run), str(tmp_path / name)]) == 0


def test_predict_does_not_look_at_labels(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "M_TRAIN.ts").write_text(ts(CASES))
    run, new = str(tmp_path / "run"), tmp_path / "new.ts"
    assert main(["fit", str(tmp_path / "M_TRAIN.ts"), *LABELS, "--out", run]) == 0
    new.write_text(ts([case.rpartition(":")[0] + ":?" for case in CASES[:3]]))
    capsys.readouterr()
    assert main(["predict", run, str(new)]) == 0
    assert len(rows(capsys.readouterr().out)) == 3
    assert main(["evaluate", run, str(new)]) == 2
    assert "labels: the sequences have none" in capsys.readouterr().err


def test_json_is_one_object(tmp_path: Path, capsys: Capture) -> None:
    fit_labels(tmp_path, "--json")
    value = json.loads(capsys.readouterr().out)
    assert value["task"] == "classification"
    assert value["results"]["test"] == {"sequences": 4, "labels": 4}
    assert not {"examples", "confusion"} & set(value["results"])


def test_predict_writes_what_the_library_says(
    folder: Path, tmp_path: Path, capsys: Capture
) -> None:
    run, model = folder / "labels", Classifier.load(folder / "labels")
    sequences = Sequences.read(folder / "moves.csv", series="id", label="kind")
    found = inference.columns(model.fitted, sequences)
    # The columns of the table are known from the fit; labels that are there are not looked at.
    assert main(["predict", str(run), str(folder / "moves.csv")]) == 0
    printed = capsys.readouterr().out
    assert list(rows(printed)[0]) == ["sequence", "label", "p_fast", "p_slow"]
    assert [row["label"] for row in rows(printed)] == found["label"].tolist()
    assert [float(row["p_slow"]) for row in rows(printed)] == found["p_slow"].tolist()

    bare = tmp_path / "bare.csv"
    bare.write_text("\n".join(",".join(line.split(",")[:4]) for line in MOVES.split("\n")))
    out = tmp_path / "labels.parquet"
    assert main(["predict", str(run), str(bare), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"20 rows in {out}\n"
    assert pq.ParquetFile(out).read().to_pylist()[3]["label"] == found["label"][3]

    bare.write_text(bare.read_text().replace("id,t", "who,t"))
    words = ["predict", str(run), str(bare), "--series", "who", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["rows"][5]["label"] == found["label"][5]


def test_labels_that_are_numbers_are_no_feature_of_what_is_predicted(
    tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "n.csv").write_text(MOVES.replace("slow", "0").replace("fast", "1"))
    words = [str(tmp_path / "n.csv"), "--series", "id", "--label", "kind", *LABELS]
    assert main(["fit", *words, "--out", str(tmp_path / "n")]) == 0
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "n"), str(tmp_path / "n.csv")]) == 0
    assert {row["label"] for row in rows(capsys.readouterr().out)} <= {"0", "1"}


def test_labels_per_step(tmp_path: Path, capsys: Capture) -> None:
    run = fit_labels(tmp_path, "--label", "state", "--label-per", "step")
    assert "time steps get the right label" in capsys.readouterr().out
    assert main(["predict", str(run), str(tmp_path / "moves.csv")]) == 0
    found = rows(capsys.readouterr().out)
    assert len(found) == MOVES.count("\n") - 1
    assert list(found[0]) == ["sequence", "step", "label", "p_down", "p_up"]
    assert main(["evaluate", str(run), str(tmp_path / "moves.csv"), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)["results"]
    right = [a["label"] for a in found]
    truth = [line.split(",")[5] for line in MOVES.split("\n")[1:-1]]
    assert value["accuracy"] == pytest.approx(
        sum(a == b for a, b in zip(right, truth, strict=True)) / len(truth)
    )


def test_evaluate_without_a_file_says_what_was_measured(folder: Path, capsys: Capture) -> None:
    assert main(["evaluate", str(folder / "labels"), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)["results"]
    stored = json.loads((folder / "labels" / "results.json").read_text())
    assert (value["accuracy"], value["verdict"]) == (stored["accuracy"], stored["verdict"])


def test_ctrl_c_keeps_the_best_and_resume_goes_on(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = ClassifierObjective.validate, []

    def struck(task: ClassifierObjective) -> float:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(task)

    whole = fit_labels(tmp_path, "--epochs", "2")
    cut = tmp_path / "cut"
    words = ["fit", str(tmp_path / "moves.csv"), "--series", "id", "--label", "kind"]
    words += [*LABELS, "--epochs", "2", "--out", str(cut)]
    with monkeypatch.context() as patch:
        patch.setattr(ClassifierObjective, "validate", struck)
        assert main(words) == 130
    assert main([*words, "--resume"]) == 0
    for name in ("model.safetensors", "results.json"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()


def test_inspect(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    table = str(folder / "moves.csv")
    assert main(["inspect", table, "--series", "id", "--label", "kind"]) == 0
    out = capsys.readouterr().out
    for words in ("inputs (20, 11, 2)", "(8 in the shortest)", "labels: fast (10), slow (10)"):
        assert words in out
    assert "left out: state" in out
    (tmp_path / "a.ts").write_text(ts(["1,?:3,4", "5,6:7,8"], classes=""))
    assert main(["inspect", str(tmp_path / "a.ts")]) == 0
    assert "labels: none\nmissing values: feature 0 1" in capsys.readouterr().out
    assert main(["inspect", str(tmp_path / "a.ts"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["longest"] == 2
    assert main(["inspect", table]) == 0  # a table of which nothing is asked
    assert "series" in capsys.readouterr().out


def test_a_real_set(shared_data: Path, tmp_path: Path, capsys: Capture) -> None:
    train = shared_data / "labelled" / "ItalyPowerDemand" / "ItalyPowerDemand_TRAIN.ts"
    words = ["--hidden", "16", "--ensemble", "1", "--epochs", "8", "--out", str(tmp_path / "run")]
    assert main(["fit", str(train), *words, "--json", "--quiet"]) == 0
    value = json.loads(capsys.readouterr().out)["results"]
    assert value["test"]["sequences"] == 1029
    assert value["accuracy"] > 0.8


def test_names_are_learned_and_predicted(tmp_path: Path, capsys: Capture) -> None:
    names = [f"{'abcde'[i % 5]}{'km'[i % 2]}{'ski' if i % 3 else 'o'}" for i in range(30)]
    lines = [f"{name},{'pl' if name.endswith('ski') else 'it'},{i}" for i, name in enumerate(names)]
    (tmp_path / "names.csv").write_text("\n".join(["name,lang,n", *lines]))
    words = ["fit", str(tmp_path / "names.csv"), "--label", "lang", *LABELS]
    run = str(tmp_path / "run")
    assert main([*words, "--out", run]) == 2
    assert "where it has a text: --text" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert main([*words, "--text", "name", "--out", run]) == 0
    again = str(tmp_path / "again")
    assert main(["fit", "--config", f"{run}/config.toml", "--out", again, "-q"]) == 0
    (tmp_path / "new.csv").write_text("name\nakski\nZo\n")
    capsys.readouterr()
    assert main(["predict", run, str(tmp_path / "new.csv")]) == 0
    assert len(rows(capsys.readouterr().out)) == 2
    assert main(["evaluate", run, str(tmp_path / "names.csv")]) == 0


def test_a_labelled_table_is_read_as_it_is_said(tmp_path: Path, capsys: Capture) -> None:
    lines = MOVES.replace("fast", "빠름").replace(",", ";").replace(".", ",").split("\n")
    lines[1] = "s0;0;-999;0;slow;down"
    (tmp_path / "m.csv").write_bytes("\n".join(lines).encode("cp949"))
    words = [str(tmp_path / "m.csv"), "--series", "id", "--label", "kind"]
    asked = ["--encoding", "cp949", "--decimal", ",", "--na", "-999"]
    assert main(["inspect", *words, *asked]) == 0
    out = capsys.readouterr().out
    assert "missing values: x 1" in out
    assert "빠름" in out
    run = str(tmp_path / "run")
    assert main(["fit", *words, *asked, *LABELS, "--out", run]) == 0
    how = Classifier.load(run).table_columns
    assert how is not None
    assert (how.format.decimal, how.format.na, how.format.encoding) == (",", ("-999",), "cp949")
    assert main(["predict", run, str(tmp_path / "m.csv")]) == 0
    (tmp_path / "utf.csv").write_text("\n".join(lines))
    assert main(["evaluate", run, str(tmp_path / "utf.csv"), "--encoding", "utf-8"]) == 0
    (tmp_path / "M.ts").write_text(ts(CASES))
    capsys.readouterr()
    assert main(["inspect", str(tmp_path / "M.ts"), "--decimal", ","]) == 2
    assert "--decimal is for a table" in capsys.readouterr().err
