"""The public names have the types that their users' type checkers must see.

mypy reads `assert_type` in `make check`; run as tests, the same lines show that the values are so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import polars as pl
import torch
from helpers.estimators import CLASSIFICATION, FORECASTING, LANGUAGE, SHORT
from torch import Tensor

from unrolled import (
    GRU,
    Classifier,
    Corpus,
    Forecaster,
    GRUCell,
    LanguageModel,
    Sequences,
    Table,
    Training,
    Windows,
    accelerate,
    explain,
    split,
    tasks,
    unroll,
)
from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.table.split import Split
from unrolled.data.table.windows import Batch
from unrolled.data.text.vocabulary import Vocabulary
from unrolled.layers import Choice, Swap
from unrolled.runs.estimator import Estimator
from unrolled.runs.fit import Fit
from unrolled.tasks.classification.network import ClassEnsemble
from unrolled.tasks.classification.settings import ClassifierSettings
from unrolled.tasks.classification.stream import LabelStream, StepPrediction
from unrolled.tasks.forecasting.network.forecast_network import ForecastNetwork
from unrolled.tasks.forecasting.settings import ForecasterSettings
from unrolled.tasks.language.score import Score
from unrolled.tasks.language.stream import SymbolStep
from unrolled.training import Outcome


def is_a(value: object, kind: type) -> None:
    """What a type checker was told is so."""
    assert isinstance(value, kind)


def test_a_forecast_is_a_frame_of_the_kind_that_was_given(tmp_path: Path) -> None:
    frame = pl.read_csv(FORECASTING.file_in(tmp_path))
    model = Forecaster("temp", horizon=3, lookback=8, hidden=4)
    is_a(
        assert_type(model.fit(frame, training=SHORT, out=tmp_path / "run"), Forecaster), Forecaster
    )
    is_a(assert_type(model.predict(frame), pl.DataFrame), pl.DataFrame)
    is_a(assert_type(model.backtest(frame, stride=12), pl.DataFrame), pl.DataFrame)
    is_a(assert_type(model.read(frame), Table), Table)
    is_a(assert_type(Forecaster.load(tmp_path / "run"), Forecaster), Forecaster)
    is_a(assert_type(tasks.load(tmp_path / "run"), Estimator[Any, Any, Any]), Forecaster)


def test_a_fit_knows_its_parts(tmp_path: Path) -> None:
    model = Forecaster("temp", horizon=3, lookback=8, hidden=4)
    model.fit(FORECASTING.file_in(tmp_path), training=SHORT)
    is_a(assert_type(model.network, ForecastNetwork), ForecastNetwork)
    is_a(assert_type(model.fitted.settings, ForecasterSettings), ForecasterSettings)
    is_a(assert_type(model.fitted.training, Training), Training)
    is_a(assert_type(model.outcome, Outcome), Outcome)
    is_a(assert_type(model.results, dict[str, Any] | None), dict)


def test_a_classifier(tmp_path: Path) -> None:
    given = CLASSIFICATION.data(CLASSIFICATION.file_in(tmp_path))
    sequences: Sequences = given["X"]
    model = Classifier(hidden=4, ensemble=1)
    is_a(assert_type(model.fit(sequences, training=SHORT), Classifier), Classifier)
    fitted: Fit[ClassifierSettings, SequencePreprocessor, ClassEnsemble] = model.fitted
    is_a(assert_type(fitted.network, ClassEnsemble), ClassEnsemble)
    is_a(assert_type(model.classes_, np.ndarray), np.ndarray)
    is_a(assert_type(model.score(sequences), float), float)
    is_a(assert_type(model.evaluate(sequences), dict[str, Any]), dict)
    stream = model.stream()
    is_a(assert_type(stream, LabelStream), LabelStream)
    is_a(assert_type(stream.push(sequences.inputs[0, 0]), StepPrediction), StepPrediction)


def test_a_language_model(tmp_path: Path) -> None:
    corpus = Corpus.read(LANGUAGE.file_in(tmp_path))
    model = LanguageModel(hidden=6, embed=4, bptt=16)
    is_a(assert_type(model.fit(corpus, training=SHORT), LanguageModel), LanguageModel)
    vocabulary: Vocabulary = assert_type(model.fitted.preprocessor, Vocabulary)
    assert len(vocabulary) > 2
    is_a(assert_type(model.evaluate(corpus), Score), Score)
    is_a(assert_type(model.generate("to be", length=3), Iterator[str]), Iterator)
    steps = model.stream("to be")
    is_a(next(assert_type(steps, Iterator[SymbolStep])), SymbolStep)
    is_a(assert_type(model.encode("to be"), list[int]), list)


def test_data(tmp_path: Path) -> None:
    path = FORECASTING.file_in(tmp_path)
    table = Table.read(path)
    is_a(assert_type(table, Table), Table)
    is_a(assert_type(split(table), Split), Split)
    windows = Windows(np.zeros((20, 2)), lookback=4, horizon=2)
    is_a(assert_type(windows.numpy(), Batch[np.ndarray]).inputs, np.ndarray)
    is_a(assert_type(windows.tensors(), Batch[torch.Tensor]).inputs, torch.Tensor)


def test_layers() -> None:
    outputs, _ = unroll(GRUCell(3, 4), torch.zeros(2, 5, 3))
    is_a(assert_type(outputs, Tensor), Tensor)
    is_a(assert_type(explain(GRU(3, 4)), Choice), Choice)
    is_a(assert_type(accelerate(torch.nn.GRU(3, 4)), Swap), Swap)
