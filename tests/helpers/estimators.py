"""Every estimator in small: what the laws of tests/laws/test_estimators.py run over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from helpers.made import BOOK, moves
from helpers.tables import write_table
from unrolled import Classifier, Corpus, Forecaster, LanguageModel, Sequences, Training
from unrolled.layers.recurrent import LAYERS

Arrays = Mapping[str, np.ndarray]
SHORT = Training(epochs=3, batch_size=16, learning_rate=0.01)


@dataclass(frozen=True, eq=False)
class Task:
    """One task: its estimator, a file to fit it on, and how it is asked for what it knows.

    name: as run.json has it; settings: those that make the estimator tiny.
    file: the name of a file of this task; write: its content, `later` with another test part.
    data: what `fit` is told of that file; command: what `unrolled fit` is told of it.
    predict: all that a fitted model says of the file, as arrays.
    questions: what a model that is not fitted has no answer to.
    wrong: settings, options and training that `fit` must refuse, by the part that is wrong.
    """

    name: str
    estimator: type[Any]
    settings: Mapping[str, Any]
    file: str
    write: Callable[[Path, bool], None]
    data: Callable[[Path], Mapping[str, Any]]
    command: Callable[[Path], tuple[str, ...]]
    predict: Callable[[Any, Path], Arrays]
    questions: Mapping[str, Callable[[Any, Path], object]]
    wrong: Mapping[str, Mapping[str, Mapping[str, Any]]]
    ensembles: tuple[int, ...] = (1, 2)

    def file_in(self, folder: Path, *, later: bool = False) -> Path:
        """The file of this task, written into a folder."""
        self.write(folder / self.file, later)
        return folder / self.file

    def fit(
        self,
        path: Path,
        settings: Mapping[str, Any] = {},
        options: Mapping[str, Any] = {},
        training: Mapping[str, Any] = {},
        **run: Any,
    ) -> Any:
        """An estimator fitted to a file, with these changes to its settings and to `fit`."""
        model = self.estimator(**{**self.settings, **settings})
        told = {**self.data(path), **options, "training": replace(SHORT, **training)}
        return model.fit(**told, **run)


@dataclass(frozen=True, eq=False)
class Case:
    """One estimator: a task, a cell, and how many networks its ensemble has."""

    task: Task
    cell: str
    ensemble: int

    def __str__(self) -> str:
        return f"{self.task.name}-{self.cell}-{self.ensemble}"

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of this case."""
        several = {"ensemble": self.ensemble} if len(self.task.ensembles) > 1 else {}
        return {**self.task.settings, "cell": self.cell, **several}

    def fit(self, path: Path, **how: Any) -> Any:
        """This estimator fitted to a file, as `Task.fit` does it."""
        return self.task.fit(path, settings=self.settings, **how)

    def words(self, path: Path) -> list[str]:
        """The same on the command line."""
        own = [word for name, value in self.settings.items() for word in (f"--{name}", str(value))]
        return ["fit", str(path), *self.task.command(path), *own]


# Forecasting


def _write_table(path: Path, later: bool) -> None:
    lines = write_table(path, 240).read_text().splitlines()
    if later:  # the last 15 of a hundred rows are the test part
        lines[-36:] = [f"{line.split(',')[0]},{n * 7 % 31},0" for n, line in enumerate(lines[-36:])]
    path.write_text("\n".join([*lines, ""]))


def _forecast(model: Forecaster, path: Path) -> Arrays:
    frames = {"forecast": model.predict(path), "backtest": model.backtest(path, stride=12)}
    return {
        f"{name} {column}": frame[column].to_numpy()
        for name, frame in frames.items()
        for column in frame.column_names
    }


FORECASTING = Task(
    name="forecast",
    estimator=Forecaster,
    settings={"target": "temp", "horizon": 3, "lookback": 8, "hidden": 4},
    file="table.csv",
    write=_write_table,
    data=lambda path: {"data": path},
    command=lambda path: (),
    predict=_forecast,
    questions={
        "predict": lambda model, path: model.predict(path),
        "backtest": lambda model, path: model.backtest(path),
    },
    wrong={
        "share": {"options": {"test": 1.5}},
        "rows": {"options": {"validation": 0}},
        "column": {"settings": {"target": "nothing"}},
        "lookback": {"settings": {"lookback": 1000}},
    },
    ensembles=(1,),
)


# Classification


def _write_moves(path: Path, later: bool) -> None:
    path.write_text(moves(20))
    lines = moves(8).splitlines()
    if later:
        lines = [line.replace(",0.", ",9.") for line in lines]
    _beside(path).write_text("\n".join([*lines, ""]))


def _beside(path: Path) -> Path:
    """The file with the test part."""
    return path.with_name("test.csv")


def _sequences(path: Path) -> Sequences:
    return Sequences.read(path, series="id", label="kind")


def _classify(model: Classifier, path: Path) -> Arrays:
    sequences = _sequences(path)
    stream = model.stream()
    steps = [stream.push(step).probabilities for step in sequences.inputs[0, :5]]
    return {
        "labels": model.predict(path),
        "probabilities": model.predict_proba(path),
        "stream": np.array([[step[name] for name in model.classes_] for step in steps]),
    }


CLASSIFICATION = Task(
    name="classification",
    estimator=Classifier,
    settings={"hidden": 4},
    file="moves.csv",
    write=_write_moves,
    data=lambda path: {"X": _sequences(path), "test": _sequences(_beside(path))},
    command=lambda path: ("--series", "id", "--label", "kind", "--test", str(_beside(path))),
    predict=_classify,
    questions={
        "predict": lambda model, path: model.predict(_sequences(path)),
        "predict_proba": lambda model, path: model.predict_proba(_sequences(path)),
        "score": lambda model, path: model.score(_sequences(path)),
        "evaluate": lambda model, path: model.evaluate(_sequences(path)),
        "stream": lambda model, path: model.stream(),
    },
    wrong={
        "share": {"options": {"test": 1.5}},
        "class": {"settings": {"class_weight": {"nothing": 2.0}}},
        "weight": {"settings": {"class_weight": {"slow": -1.0}}},
        "test labels": {"options": {"test": Sequences.from_arrays([[[1.0, 2.0]] * 8], ["other"])}},
        "test columns": {"options": {"test": Sequences.from_arrays([[[1.0]] * 8], ["slow"])}},
    },
)


# Language


def _write_book(path: Path, later: bool) -> None:
    path.write_text(BOOK[:-200] + ("x" * 200 if later else BOOK[-200:]))


def _write_on(model: LanguageModel, path: Path) -> Arrays:
    text = "to be or not to bear"
    written = "".join(model.generate("to be", length=60, temperature=0))
    return {
        "stream": np.array([step.nats for step in model.stream(text)]),
        "score": np.array([model.evaluate(path).nats]),
        "written": np.array(list(written)),
    }


LANGUAGE = Task(
    name="language",
    estimator=LanguageModel,
    settings={"hidden": 6, "embed": 4, "bptt": 16},
    file="book.txt",
    write=_write_book,
    data=lambda path: {"data": Corpus.read(path, test=200)},
    command=lambda path: ("--test", "200"),
    predict=_write_on,
    questions={
        "evaluate": lambda model, path: model.evaluate(path),
        "generate": lambda model, path: list(model.generate(length=1)),
        "stream": lambda model, path: list(model.stream("to be")),
    },
    wrong={"batch": {"training": {"batch_size": 10_000}}},
)

TASKS = {task.name: task for task in (FORECASTING, CLASSIFICATION, LANGUAGE)}
CASES = [
    Case(task, cell, ensemble)
    for task in TASKS.values()
    for cell in sorted(LAYERS)
    for ensemble in task.ensembles
]


def card_of(run: Path) -> dict[str, Any]:
    """What run.json says but for the marks of itself and of samples, which a saved copy has not."""
    card: dict[str, Any] = json.loads((run / "run.json").read_text("utf-8"))
    for name in ("run.json", "samples.jsonl"):
        card["fingerprints"].pop(name, None)
    return card
