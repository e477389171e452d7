"""The same fit as users of three libraries write it: unrolled, Darts, NeuralForecast.

    python benchmarks/peers_programs.py SIDE JSON

Run by `benchmarks.peers`, each in a process and an interpreter of its own, which is why every side
imports its library itself. JSON holds the fields of `Asked`; the last line printed is how many
optimiser steps were taken.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

HIDDEN, BATCH, SAMPLES = 64, 32, 500
TRAINER = {
    "accelerator": "cpu",
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "enable_checkpointing": False,
    "logger": False,
}


@dataclass(frozen=True)
class Asked:
    """What to fit, on a CSV of `time,y` with a row each hour.

    rows: the oldest, for training; of those after, `validation` are unrolled's to stop and to
        calibrate by, and the last `test` are forecast, a horizon after the other.
    steps: of the optimiser, which are so many epochs.
    quantiles: none is a forecast of one number; out: the .npy file for the forecasts (n, F, Q).
    """

    csv: str
    cell: str
    lookback: int
    horizon: int
    rows: int
    validation: int
    test: int
    epochs: int
    steps: int
    seed: int
    quantiles: list[float]
    out: str


def ours(asked: Asked) -> int:
    """unrolled: timed step by step, as the others are; its accuracy as it comes."""
    from unrolled import Forecaster, Training
    from unrolled.training.progress import Silent

    class Count(Silent):
        steps = 0

        def step(self, loss: float) -> None:
            self.steps += 1

    more: dict[str, Any] = {"quantiles": asked.quantiles} if asked.quantiles else {"segment": 1}
    more |= {"horizon": asked.horizon, "lookback": asked.lookback, "refit": "none"}
    model = Forecaster("y", cell=asked.cell, hidden=HIDDEN, **more)
    epochs, display = asked.epochs, Count()
    training = Training(batch_size=BATCH, seed=asked.seed, epochs=epochs, patience=epochs)
    model.fit(
        asked.csv,
        validation=asked.validation,
        test=asked.test,
        training=training,
        display=display,
    )
    if asked.test:
        table = model.backtest(asked.csv, test=asked.test, stride=asked.horizon)
        save(asked, [table[name].to_numpy() for name in our_names(asked.quantiles)])
    return display.steps


def our_names(quantiles: list[float]) -> list[str]:
    """The columns of a backtest that hold these quantiles."""
    levels = [round(100 * (1 - 2 * q)) for q in quantiles if q < 0.5]
    below, above = ([f"y_{side}_{level}" for level in levels] for side in ("lo", "hi"))
    return [*below, "y", *reversed(above)]


def darts(asked: Asked, recursive: bool) -> int:
    """Darts: a BlockRNNModel, or an RNNModel, which forecasts a step at a time, in samples."""
    from darts import TimeSeries

    table, spread, middle = scaled(asked)
    series = TimeSeries.from_dataframe(table, "time", "y", freq="h").astype("float32")
    model = darts_model(asked, recursive)
    model.fit(series[: asked.rows])
    steps = int(model.trainer.global_step)  # the trainer is another one after a forecast
    if asked.test:
        save(asked, darts_forecasts(model, series, asked, recursive), spread, middle)
    return steps


def darts_model(asked: Asked, recursive: bool) -> Any:
    """The model; what is not said is as Darts has it."""
    from darts.models import BlockRNNModel, RNNModel

    more: dict[str, Any] = {"output_chunk_length": asked.horizon}
    if recursive:
        more = {"training_length": asked.lookback + asked.horizon}
    if asked.quantiles:
        from darts.utils.likelihood_models.torch import QuantileRegression

        more["likelihood"] = QuantileRegression(asked.quantiles)
    return (RNNModel if recursive else BlockRNNModel)(
        input_chunk_length=asked.lookback,
        model=asked.cell.upper(),
        hidden_dim=HIDDEN,
        batch_size=BATCH,
        n_epochs=asked.steps,  # the steps end it
        random_state=asked.seed,
        pl_trainer_kwargs={**TRAINER, "max_steps": asked.steps},
        **more,
    )


def darts_forecasts(model: Any, series: Any, asked: Asked, recursive: bool) -> list[Any]:
    """The forecasts of the test rows: each quantile in one long row."""
    import numpy as np

    forecasts = model.historical_forecasts(
        series,
        start=series.time_index[-asked.test],
        forecast_horizon=asked.horizon,
        stride=asked.horizon,
        retrain=False,
        last_points_only=False,
        num_samples=SAMPLES if recursive else 1,
        predict_likelihood_parameters=not recursive,
    )
    if recursive:
        samples = np.concatenate([forecast.all_values()[:, 0] for forecast in forecasts])
        return list(np.quantile(samples, asked.quantiles, axis=1))
    return list(np.concatenate([forecast.values() for forecast in forecasts]).T)


def neuralforecast(asked: Asked) -> int:
    """NeuralForecast: its GRU or LSTM; it knows steps only, and draws 32 windows for each."""
    from neuralforecast import NeuralForecast

    table, spread, middle = scaled(asked)
    table = table.rename(columns={"time": "ds"}).assign(unique_id="one")
    forecaster = NeuralForecast(models=[neural_model(asked)], freq="h")
    forecaster.fit(table[: asked.rows])
    if asked.test:
        found = forecaster.cross_validation(
            table, n_windows=None, test_size=asked.test, step_size=asked.horizon, use_fitted=True
        )
        numbers = found.drop(columns=["unique_id", "ds", "cutoff", "y"]).to_numpy()
        save(asked, list(numbers.T), spread, middle)
    return len(forecaster.models[0].train_trajectories)


def neural_model(asked: Asked) -> Any:
    """The model; what is not said is as NeuralForecast has it.

    Not with `recurrent=True`: of an MQLoss that forecasts the mean of the quantiles alone.
    """
    from neuralforecast import models

    more: dict[str, Any] = {"decoder_layers": 1}  # a linear map, as the others have
    if asked.quantiles:
        from neuralforecast.losses.pytorch import MQLoss

        more = {"loss": MQLoss(quantiles=asked.quantiles)}
    return getattr(models, asked.cell.upper())(
        h=asked.horizon,
        input_size=asked.lookback,
        encoder_n_layers=1,
        encoder_hidden_size=HIDDEN,
        max_steps=asked.steps,
        val_check_steps=asked.steps,
        batch_size=1,  # series, of which there is one
        windows_batch_size=BATCH,
        random_seed=asked.seed,
        **TRAINER,
        **more,
    )


def scaled(asked: Asked) -> tuple[Any, float, float]:
    """The CSV as a pandas frame, y scaled by its training rows; their deviation and mean."""
    import pandas as pd

    table = pd.read_csv(asked.csv, parse_dates=["time"])
    known = table["y"][: asked.rows]
    spread, middle = float(known.std()), float(known.mean())
    table["y"] = (table["y"] - middle) / spread
    return table, spread, middle


def save(asked: Asked, quantiles: list[Any], spread: float = 1, middle: float = 0) -> None:
    """Write forecasts, each quantile in one long row, as (n, F, Q), in the unit of the CSV."""
    import numpy as np

    found = np.stack(quantiles, axis=-1).reshape(-1, asked.horizon, len(quantiles))
    np.save(asked.out, found * spread + middle)


SIDES: dict[str, Callable[[Asked], int]] = {
    "unrolled": ours,
    "Darts BlockRNNModel": partial(darts, recursive=False),
    "Darts RNNModel": partial(darts, recursive=True),
    "NeuralForecast": neuralforecast,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # theirs, about workers and checkpoints
    for library in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch", "darts"):
        logging.getLogger(library).setLevel(logging.ERROR)
    print(SIDES[sys.argv[1]](Asked(**json.loads(sys.argv[2]))))
