"""What a type checker says of the public names is what they give when they run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from unrolled import (
    GRU,
    LSTM,
    Classifier,
    Corpus,
    Forecaster,
    GRUCell,
    LanguageModel,
    LSTMCell,
    Sequences,
    Table,
    Training,
    accelerate,
    explain,
    tasks,
    unroll,
    write_report,
)
from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.layers.accelerate import Swap
from unrolled.layers.engines import Choice
from unrolled.runs.estimator import Estimator
from unrolled.runs.fit import Fit
from unrolled.tasks.classification.mixture import ClassModel
from unrolled.tasks.classification.settings import ClassifierSettings
from unrolled.tasks.classification.stream import LabelStream, StepPrediction
from unrolled.tasks.forecasting.network.forecast_network import ForecastModel
from unrolled.tasks.forecasting.preprocess import ForecastPreprocessor
from unrolled.tasks.forecasting.settings import ForecasterSettings
from unrolled.tasks.language.inference import TextState
from unrolled.tasks.language.score import Score
from unrolled.tasks.language.stream import SymbolStep
from unrolled.training.outcome import Outcome

ONCE = Training(epochs=1, batch_size=8)


@pytest.fixture(scope="module")
def forecaster() -> Forecaster:
    return Forecaster("y", horizon=2, lookback=4, hidden=3).fit(table(), training=ONCE)


def table(rows: int = 80) -> pl.DataFrame:
    return pl.DataFrame({"t": range(rows), "y": [float(i % 5) for i in range(rows)]})


def test_a_frame_is_forecast_as_a_frame_of_its_kind(forecaster: Forecaster) -> None:
    assert isinstance(assert_type(forecaster.predict(table()), pl.DataFrame), pl.DataFrame)
    back = assert_type(forecaster.backtest(table(), stride=5), pl.DataFrame)
    assert isinstance(back, pl.DataFrame)
    read = assert_type(forecaster.read(table()), Table)
    assert isinstance(assert_type(forecaster.predict(read), Any), pl.DataFrame)


def test_a_fit_knows_its_settings_preprocessor_and_network(
    forecaster: Forecaster, tmp_path: Path
) -> None:
    fit = assert_type(
        forecaster.fitted, Fit[ForecasterSettings, ForecastPreprocessor, ForecastModel]
    )
    assert isinstance(assert_type(fit.settings, ForecasterSettings), ForecasterSettings)
    assert isinstance(assert_type(forecaster.network, ForecastModel), ForecastModel)
    assert isinstance(assert_type(forecaster.outcome, Outcome), Outcome)
    assert isinstance(assert_type(forecaster.results, dict[str, Any] | None), dict)
    assert isinstance(assert_type(forecaster.verdict, str), str)
    forecaster.save(tmp_path)
    assert isinstance(assert_type(Forecaster.load(tmp_path), Forecaster), Forecaster)
    assert isinstance(assert_type(tasks.load(tmp_path), Estimator[Any, Any, Any]), Forecaster)
    assert isinstance(assert_type(write_report(tmp_path), Path), Path)


def test_a_classifier_gives_numbers_results_and_a_stream() -> None:
    sequences = Sequences.from_arrays([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]] * 4, ["up", "down"] * 4)
    model = Classifier(hidden=3, ensemble=1).fit(assert_type(sequences, Sequences), training=ONCE)
    fit = assert_type(model.fitted, Fit[ClassifierSettings, SequencePreprocessor, ClassModel])
    assert isinstance(fit.network, ClassModel)
    assert isinstance(assert_type(model.classes_, np.ndarray), np.ndarray)
    assert isinstance(assert_type(model.score(sequences), float), float)
    assert isinstance(assert_type(model.evaluate(sequences), dict[str, Any]), dict)
    stream = assert_type(model.stream(), LabelStream)
    assert isinstance(assert_type(stream.push([1.0]), StepPrediction), StepPrediction)


def test_a_language_model_gives_nats_pieces_and_a_state() -> None:
    corpus = assert_type(Corpus.of("to be or not to be, " * 20), Corpus)
    model = LanguageModel(hidden=3, embed=3, bptt=4).fit(corpus, training=ONCE)
    score = assert_type(model.evaluate(corpus), Score)
    assert isinstance(assert_type(score.nats, float), float)
    nats = assert_type(model.negative_log_likelihood(corpus.part("test")), np.ndarray)
    assert isinstance(nats, np.ndarray)
    written = assert_type(model.generate("to", length=3), Iterator[str])
    assert all(isinstance(piece, str) for piece in written)
    steps = list(assert_type(model.stream("to"), Iterator[SymbolStep]))
    assert isinstance(assert_type(steps[-1].state, TextState), TextState)


def test_a_cell_gives_outputs_and_its_own_state() -> None:
    inputs = torch.zeros(2, 5, 3)
    outputs, state = unroll(LSTMCell(3, 4), inputs)
    assert assert_type(outputs, Tensor).shape == (2, 5, 4)
    hidden, memory = assert_type(state, tuple[Tensor, Tensor])
    assert hidden.shape == memory.shape == (2, 4)
    outputs, last = unroll(GRUCell(3, 4), inputs)
    assert assert_type(last, Tensor).shape == (2, 4)


def test_layers_give_outputs_of_the_kind_of_their_inputs_and_their_state() -> None:
    inputs = torch.zeros(5, 2, 3)
    outputs, state = LSTM(3, 4)(inputs)
    assert assert_type(outputs, Tensor).shape == (5, 2, 4)
    hidden, memory = assert_type(state, tuple[Tensor, Tensor])
    assert hidden.shape == memory.shape == (1, 2, 4)
    packed, last = GRU(3, 4)(pack_padded_sequence(inputs, torch.tensor([5, 3])))
    assert assert_type(packed, PackedSequence).data.shape == (8, 4)
    assert assert_type(last, Tensor).shape == (1, 2, 4)
    again, state = LSTM(3, 4).forward(inputs)
    assert assert_type(again, Tensor).shape == (5, 2, 4)
    assert len(assert_type(state, tuple[Tensor, Tensor])) == 2


def test_layers_say_which_engine_runs_them() -> None:
    layer = LSTM(3, 4, engine="torch")
    assert isinstance(assert_type(explain(layer), Choice), Choice)
    assert isinstance(assert_type(accelerate(torch.nn.LSTM(3, 4)), Swap), Swap)
