"""Programs nobody here wrote, as their users write them: Darts and NeuralForecast.

Run by `benchmarks.foreign` in an environment that has both; `ACCELERATE` is all that a user of any
library built on Lightning adds to have unrolled's layers.

    python -m benchmarks.foreign_programs NAME ROUNDS
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytorch_lightning as pl
from darts import TimeSeries
from darts.models import BlockRNNModel
from neuralforecast import NeuralForecast
from neuralforecast import models as neural

from unrolled import accelerate, samples

PAST, HORIZON = 72, 24
Callbacks = list[Any]
QUIET = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False}


class Accelerate(pl.Callback):
    """The recipe: when the trainer has the module and has not begun, swap its layers."""

    def __init__(self) -> None:
        self.swapped = 0

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.swapped = accelerate(pl_module, engine="native").count


class Watch(pl.Callback):
    """The mean loss of every epoch, and the seconds between the first batch and the last."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.batches: list[float] = []
        self.seconds = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seconds = -time.perf_counter()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *_: Any
    ) -> None:
        self.batches.append(float(outputs["loss"]))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.losses.append(statistics.fmean(self.batches))
        self.batches.clear()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seconds += time.perf_counter()


def temperatures() -> pd.DataFrame:
    """Hourly temperature at Newark in 2013, gaps filled, scaled: 8730 rows of time and y."""
    table = pd.read_parquet(samples.path("nyc-weather"), columns=["origin", "time_hour", "temp"])
    newark = table[table["origin"] == "EWR"].set_index("time_hour")["temp"]
    newark.index = newark.index.tz_convert("UTC").tz_localize(None)
    hourly = newark[~newark.index.duplicated()].asfreq("h").interpolate()
    scaled = (hourly - hourly.mean()) / hourly.std()
    return pd.DataFrame({"ds": scaled.index, "y": scaled.to_numpy(np.float32)})


def darts(cell: str, callbacks: Callbacks) -> Callbacks:
    """Two epochs of a BlockRNNModel; the rest of its settings are its defaults."""
    table = temperatures()
    series = TimeSeries.from_dataframe(table, "ds", "y").astype(np.float32)
    model = BlockRNNModel(
        PAST,
        HORIZON,
        model=cell,
        hidden_dim=64,
        n_epochs=2,
        random_state=0,
        pl_trainer_kwargs={**QUIET, "accelerator": "cpu", "callbacks": callbacks},
    )
    model.fit(series)
    return callbacks


def neuralforecast(cell: str, callbacks: Callbacks) -> Callbacks:
    """Thirty steps of the model with its default sizes: two layers of 200 units, 128 windows.

    It trains a copy of the model, with copies of the callbacks.
    """
    table = temperatures().assign(unique_id="EWR")
    kind = getattr(neural, cell)
    model = kind(
        h=HORIZON,
        input_size=PAST,
        max_steps=30,
        accelerator="cpu",
        enable_checkpointing=False,
        callbacks=callbacks,
        **QUIET,
    )
    forecaster = NeuralForecast(models=[model], freq="h")
    forecaster.fit(table)
    copies: Callbacks = forecaster.models[0].trainer_kwargs["callbacks"]
    return copies


PROGRAMS: dict[str, Callable[[Callbacks], Callbacks]] = {
    **{f"Darts BlockRNNModel {cell}": partial(darts, cell) for cell in ("RNN", "GRU", "LSTM")},
    **{f"NeuralForecast {cell}": partial(neuralforecast, cell) for cell in ("GRU", "LSTM")},
}


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Train with and without in turn; the losses of the first round, the medians of the times."""
    losses: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {"torch": [], "unrolled": []}
    swapped = 0
    for _ in range(rounds):
        for side, taken in seconds.items():
            used = PROGRAMS[name]([Watch(), Accelerate()] if side == "unrolled" else [Watch()])
            losses.setdefault(side, used[0].losses)
            taken.append(used[0].seconds)
            swapped = sum(c.swapped for c in used if isinstance(c, Accelerate))
    return {
        "program": name,
        "swapped": swapped,
        "losses": losses,
        "seconds": {side: statistics.median(taken) for side, taken in seconds.items()},
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # theirs, about workers and checkpoints
    for library in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch", "darts"):
        logging.getLogger(library).setLevel(logging.ERROR)
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
