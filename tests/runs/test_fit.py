"""One fit for all tasks: a run is read once, and every way to fit gives one result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.made import BOOK, MOVES
from helpers.tables import write_table

from unrolled import (
    Classifier,
    Corpus,
    Forecaster,
    LanguageModel,
    NotFittedError,
    RunError,
    Sequences,
    Training,
    samples,
    tasks,
)
from unrolled.cli import main

FITS = ("forecast", "classification", "language")
SMALL = Training(epochs=1, batch_size=16, learning_rate=0.01)


def fit(task: str, folder: Path, **how: Any) -> Any:
    """A small fit of each task; what is not said about training is `SMALL`."""
    how = {"training": SMALL, **how}
    if task == "forecast":
        table = write_table(folder / "table.csv", 120)
        return Forecaster("temp", horizon=3, lookback=6, hidden=3).fit(table, **how)
    if task == "classification":
        (folder / "moves.csv").write_text(MOVES)
        sequences = Sequences.read(folder / "moves.csv", series="id", label="kind")
        return Classifier(hidden=4, ensemble=1).fit(sequences, test=0.25, **how)
    return LanguageModel(hidden=4, embed=4).fit(Corpus.of(BOOK), **how)


@pytest.mark.parametrize("task", FITS)
def test_a_run_is_read_once_and_by_its_own_task(task: str, tmp_path: Path) -> None:
    model = fit(task, tmp_path, out=tmp_path / "run")
    again = tasks.load(tmp_path / "run")
    assert type(again) is type(model)
    assert again.fitted.task == task
    assert again.fitted.settings == model.fitted.settings
    assert again.fitted.training == SMALL
    assert again.results == json.loads(json.dumps(model.results))
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (card["schema"], card["task"], card["status"]) == (2, task, "finished")
    others = {"forecast": Classifier, "classification": LanguageModel, "language": Forecaster}
    with pytest.raises(RunError, match=f"task '{task}', not"):
        others[task].load(tmp_path / "run")  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", [Forecaster("y", horizon=1), Classifier(), LanguageModel()])
def test_what_comes_with_fitting_is_not_there_before(model: Any) -> None:
    with pytest.raises(NotFittedError, match=rf"{model.name} is not fitted: call fit\(\) or load"):
        _ = model.fitted
    assert not hasattr(model, "network")


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
