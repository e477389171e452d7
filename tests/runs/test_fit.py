"""Every way to fit gives one result. What holds for each task: tests/laws/test_estimators.py."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.made import MOVES

from unrolled import Classifier, Forecaster, Sequences, Training, samples, tasks
from unrolled.cli import main

SMALL = Training(epochs=1, batch_size=16, learning_rate=0.01)


def test_a_run_of_the_library_predicts_as_one_of_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "moves.csv").write_text(MOVES)
    words = ["--series", "id", "--label", "kind", "--time", "t", "--hidden", "4", "--quiet"]
    words += ["--ensemble", "1", "--epochs", "1", "--test", "0", "--out", str(tmp_path / "line")]
    assert main(["fit", str(tmp_path / "moves.csv"), *words]) == 0
    sequences = Sequences.read(tmp_path / "moves.csv", series="id", label="kind", time="t")
    model = Classifier(hidden=4, ensemble=1)
    model.fit(sequences, test=None, training=training_of(tmp_path), out=tmp_path / "library")
    weights = [(tmp_path / n / "model.safetensors").read_bytes() for n in ("line", "library")]
    assert weights[0] == weights[1]
    said = []
    for run in ("line", "library"):
        capsys.readouterr()
        assert main(["predict", str(tmp_path / run), str(tmp_path / "moves.csv")]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    labels = [line.split(",")[1] for line in said[0].splitlines()[1:]]
    assert model.predict(tmp_path / "moves.csv").tolist() == [text.strip('"') for text in labels]
    np.testing.assert_array_equal(
        model.predict_proba(tmp_path / "moves.csv"), model.predict_proba(sequences)
    )


def training_of(folder: Path) -> Training:
    """How the command line trained."""
    card = json.loads((folder / "line" / "run.json").read_text())
    return Training(**card["settings"]["training"])


def test_the_test_file_beside_a_train_file_is_measured_on(tmp_path: Path) -> None:
    rows = [
        "@classLabel true a b",
        "@data",
        *[f"{i}.0,{i % 2}.5,2.0:{'ab'[i % 2]}" for i in range(8)],
    ]
    for part in ("TRAIN", "TEST"):
        (tmp_path / f"Moves_{part}.ts").write_text("\n".join([*rows, ""]))
    model = Classifier(hidden=4, ensemble=1)
    model.fit(tmp_path / "Moves_TRAIN.ts", training=SMALL)
    assert model.results is not None
    assert model.results["test"]["sequences"] == 8
    assert model.fit(tmp_path / "Moves_TRAIN.ts", test=None, training=SMALL).results is None


def test_a_sample_has_its_name_for_a_source(tmp_path: Path) -> None:
    model = Forecaster("temp_max", horizon=2, lookback=4, hidden=3)
    model.fit(samples.path("seattle-weather"), training=SMALL, out=tmp_path / "run")
    assert model.fitted.findings["source"] == "seattle-weather"
    page = tasks.write_report(tmp_path / "run").read_text()
    assert str(samples.path("seattle-weather").parent) not in page


def test_a_fit_is_shown_in_a_line(tmp_path: Path) -> None:
    model = Forecaster("temp_max", horizon=2, lookback=4, hidden=3)
    model.fit(samples.load("seattle-weather"), training=SMALL)
    shown = repr(model.fitted)
    assert shown.startswith("Fit(forecast, ForecasterSettings(target=('temp_max',), lookback=4")
    assert shown.endswith(", 1 epochs, the best is 1)")
