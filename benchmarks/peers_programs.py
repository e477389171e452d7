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
    """unrolled: as it comes."""
    from unrolled import Forecaster, Training
    from unrolled.training.progress import Silent

    class Count(Silent):
        steps = 0

        def step(self, loss: float) -> None:
            self.steps += 1

    more: dict[str, Any] = {"quantiles": asked.quantiles} if asked.quantiles else {}
    model = Forecaster(
        "y", horizon=asked.horizon, lookback=asked.lookback, cell=asked.cell, hidden=HIDDEN, **more
    )
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
        import numpy as np

        table = model.backtest(asked.csv, test=asked.test, stride=asked.horizon)
        levels = [round(100 * (1 - 2 * q)) for q in asked.quantiles if q < 0.5]
        names = [f"y_lo_{level}" for level in levels] + ["y"]
        names += [f"y_hi_{level}" for level in reversed(levels)]
        found = np.stack([table[name].to_numpy() for name in names], axis=-1)
        np.save(asked.out, found.reshape(-1, asked.horizon, len(names)))
    return display.steps


def darts(asked: Asked, recursive: bool) -> int:
    """Darts: a BlockRNNModel, or an RNNModel, which forecasts a step at a time, in samples."""
    import numpy as np
    import pandas as pd
    from darts import TimeSeries
    from darts.models import BlockRNNModel, RNNModel

    table = pd.read_csv(asked.csv, parse_dates=["time"])
    middle, spread = scale(table, asked.rows)
    series = TimeSeries.from_dataframe(table, "time", "y", freq="h").astype(np.float32)
    more: dict[str, Any] = {"output_chunk_length": asked.horizon}
    if recursive:
        more = {"training_length": asked.lookback + asked.horizon}
    if asked.quantiles:
        from darts.utils.likelihood_models.torch import QuantileRegression

        more["likelihood"] = QuantileRegression(asked.quantiles)
    model = (RNNModel if recursive else BlockRNNModel)(
        input_chunk_length=asked.lookback,
        model=asked.cell.upper(),
        hidden_dim=HIDDEN,
        batch_size=BATCH,
        n_epochs=asked.steps,  # the steps end it
        random_state=asked.seed,
        pl_trainer_kwargs={**TRAINER, "max_steps": asked.steps},
        **more,
    )
    model.fit(series[: asked.rows])
    steps = int(model.trainer.global_step)  # the trainer is another one after a forecast
    if asked.test:
        how = {"num_samples": SAMPLES} if recursive else {"predict_likelihood_parameters": True}
        forecasts = model.historical_forecasts(
            series,
            start=table["time"].iloc[-asked.test],
            forecast_horizon=asked.horizon,
            stride=asked.horizon,
            retrain=False,
            last_points_only=False,
            **how,
        )
        found = np.stack(
            [one.all_values()[:, 0] if recursive else one.values() for one in forecasts]
        )
        if recursive:
            found = np.moveaxis(np.quantile(found, asked.quantiles, axis=-1), 0, -1)
        np.save(asked.out, found * spread + middle)
    return steps


def neuralforecast(asked: Asked) -> int:
    """NeuralForecast: its GRU or LSTM; it knows steps only, and draws 32 windows for each.

    Not with `recurrent=True`: of an MQLoss that forecasts the mean of the quantiles alone.
    """
    import numpy as np
    import pandas as pd
    from neuralforecast import NeuralForecast
    from neuralforecast import models as neural

    table = pd.read_csv(asked.csv, parse_dates=["time"])
    middle, spread = scale(table, asked.rows)
    table = table.rename(columns={"time": "ds"}).assign(unique_id="one")
    more: dict[str, Any] = {"decoder_layers": 1}  # a linear map, as the others have
    if asked.quantiles:
        from neuralforecast.losses.pytorch import MQLoss

        more = {"loss": MQLoss(quantiles=asked.quantiles)}
    model = getattr(neural, asked.cell.upper())(
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
    forecaster = NeuralForecast(models=[model], freq="h")
    forecaster.fit(table[: asked.rows])
    if asked.test:
        found = forecaster.cross_validation(
            table, n_windows=None, test_size=asked.test, step_size=asked.horizon, use_fitted=True
        )
        numbers = found.drop(columns=["unique_id", "ds", "cutoff", "y"]).to_numpy()
        shape = (-1, asked.horizon, len(asked.quantiles))
        np.save(asked.out, numbers.reshape(shape) * spread + middle)
    return len(forecaster.models[0].train_trajectories)


def scale(table: Any, rows: int) -> tuple[float, float]:
    """Scale y of a pandas frame in place by its training rows; the mean and the deviation."""
    known = table["y"][:rows]
    middle, spread = float(known.mean()), float(known.std())
    table["y"] = (table["y"] - middle) / spread
    return middle, spread


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
