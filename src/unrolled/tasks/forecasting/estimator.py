"""Forecaster: from a table to quantiles of its next steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from unrolled import files
from unrolled.data.columns.roles import Roles
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.future import future_frame
from unrolled.data.table.split import Cut, Split, split
from unrolled.data.table.table import Table
from unrolled.data.table.windows import Windows
from unrolled.data.time.grid import Step
from unrolled.errors import DataError, EngineError, SettingsError
from unrolled.layers import explain
from unrolled.tasks.forecasting import evaluate as forecast
from unrolled.tasks.forecasting.intervals import margins
from unrolled.tasks.forecasting.network.forecast_network import ForecastNetwork
from unrolled.tasks.forecasting.objective import ForecastTask
from unrolled.tasks.forecasting.prepare import (
    EncodedTable,
    features_of,
    in_batches,
    run_over,
    shape_of,
)
from unrolled.tasks.forecasting.settings import ForecasterSettings
from unrolled.training import Outcome, Training, describe_device, find_device, train
from unrolled.training.checkpoint import Checkpoint
from unrolled.training.progress import Display

if TYPE_CHECKING:
    from unrolled import runs

QUANTILES = (0.05, 0.5, 0.95)
LINEAR_WINDOWS = 50_000  # the closed form gains nothing from more, and stays within seconds


@dataclass(frozen=True, eq=False)
class Fitted:
    """What `fit` leaves beside the network: how a table is read, and what was found in it."""

    lookback: int
    roles: Roles
    step: Step
    encoder: TablePreprocessor
    data: dict[str, Any]


class Forecaster:
    """A recurrent network that forecasts the next F steps of K targets, with intervals.

    target: the column, or K columns, to forecast.
    horizon: F, the steps to forecast.
    lookback: T, the steps the network looks back; default three seasons of the table (72 hours, 21
        days), at least the horizon and at most a quarter of the training rows.
    cell: "gru", "lstm" or "rnn"; hidden: H units; layers: how many, one over the other.
    quantiles: what to forecast of the distribution; pairs around 0.5 become intervals.
    dropout: the share of input features, units and outputs left out in training.

    The defaults were measured: see docs/forecasting.md. Errors: SettingsError for an option out of
    range, DataError for a table that does not fit, RunError for a damaged run folder.

    >>> from unrolled import samples
    >>> weather = samples.load("seattle-weather")
    >>> model = Forecaster("temp_max", lookback=14, horizon=3, hidden=8)
    >>> model = model.fit(weather, training=Training(epochs=1))
    >>> model.predict(weather).column_names
    ['date', 'temp_max', 'temp_max_lo_90', 'temp_max_hi_90']
    """

    def __init__(
        self,
        target: str | Sequence[str],
        *,
        horizon: int,
        lookback: int | None = None,
        cell: str = "gru",
        hidden: int = 64,
        layers: int = 1,
        quantiles: Sequence[float] = QUANTILES,
        dropout: float = 0.3,
    ) -> None:
        targets = (target,) if isinstance(target, str) else tuple(target)
        self.settings = ForecasterSettings(
            targets, lookback, horizon, cell, hidden, layers, tuple(quantiles), dropout
        )
        self.training = Training()
        self.outcome = Outcome()
        self.results: dict[str, Any] | None = None
        self._network: ForecastNetwork | None = None
        self._fitted: Fitted | None = None

    @property
    def network(self) -> ForecastNetwork:
        """The fitted network; SettingsError before `fit`."""
        if self._network is None:
            raise SettingsError("forecaster: fit it, or load a run, before asking it for anything")
        return self._network

    @property
    def fitted(self) -> Fitted:
        """How a table is read; SettingsError before `fit`."""
        if self._fitted is None:
            raise SettingsError("forecaster: fit it, or load a run, before asking it for anything")
        return self._fitted

    def fit(
        self,
        data: Any,
        roles: Roles | None = None,
        *,
        validation: Cut = 0.15,
        test: Cut = 0.15,
        training: Training | None = None,
        out: str | Path | None = None,
        resume: bool = False,
        overwrite: bool = False,
        display: Display | None = None,
    ) -> Forecaster:
        """Fit on the oldest rows, stop by the validation rows, measure on the test rows.

        data: a path, a pandas, polars or pyarrow frame, or a Table; roles: what its columns mean.
        validation, test: shares, row counts or the times at which these parts begin.
        out: a run folder, with a checkpoint after each epoch; resume: go on with the run that is
        there, or begin one; overwrite: replace the run that is there.
        Ctrl-C keeps the best network so far. Raises TrainingError when the loss is not finite.
        """
        self.training = training or Training()
        device = find_device(self.training.device)
        table = Table.read(data, replace(roles or Roles(), target=self.settings.target))
        table.check_target()
        parts = split(table, validation, test)
        self._fitted = self._look_at(table, parts)
        prepared = EncodedTable.of(table, self.fitted.encoder)
        learned, held = (
            self.windows(prepared, parts.train),
            self.windows(prepared, parts.validation),
        )
        tested = self.windows(prepared, parts.test) if len(parts.test) else None
        self._network = self._build()
        task = ForecastTask(self.network, learned, held, self.training)
        # Whatever can be refused was refused: only now is anything written.
        store = None if out is None else self._begin(Path(out), prepared, resume, overwrite)
        few = in_batches(learned, 1024, LINEAR_WINDOWS)
        self.network.linear.fit(few, in_batches(held, 1024), table.step.season)
        self.network.to(device)
        self.outcome = train(task, self.training, store=store, resume=resume, display=display)
        self._calibrate(held)
        if tested is not None:
            self.results = forecast.evaluate(self, prepared, tested, parts.train_rows())
        if out is not None:
            self.save(out)
        return self

    def predict(self, data: Any) -> Any:
        """Forecast the F steps after the last known target of each series.

        data: a table as in `fit`; rows after the last known target may give what is known for the
        future. Returns a frame of the same kind with the series, the time, each target (the
        median) and its intervals: `temp`, `temp_lo_90`, `temp_hi_90`.
        """
        table, part = future_frame(self.read(data), self.fitted.lookback, self.settings.horizon)
        windows = self.windows(EncodedTable.of(table, self.fitted.encoder), part)
        return forecast.frame(self, table, windows)

    def backtest(self, data: Any, *, test: Cut = 0.15, stride: int = 1, refit: int = 0) -> Any:
        """Forecast the test part from every `stride`-th row of it, as it would have been then.

        data: a table as in `fit`; test: the part to forecast, as in `fit`.
        refit: fit anew, on the rows known by then, after so many origins; 0 never.
        Returns a frame as `predict` does, with `cutoff`, the last time that was known, and the
        truth as `temp_true`.
        """
        return forecast.backtest(self, self.read(data), test, stride, refit)

    def read(self, data: Any) -> Table:
        """Read a table with the roles found by `fit`; DataError when its step is another."""
        roles, step = self.fitted.roles, self.fitted.step
        if not isinstance(data, Table):
            data = Table.read(data, roles, step=str(step))
        if data.step != step:
            raise DataError(f"predict: the model was fitted on steps of {step}, got {data.step}")
        return Table.read(data, roles)

    def windows(self, prepared: EncodedTable, part: Any, stride: int = 1) -> Windows:
        """The windows of a part, of this forecaster's past and horizon."""
        return prepared.windows(part, self.fitted.lookback, self.settings.horizon, stride)

    def quantiles(self, windows: Windows) -> np.ndarray:
        """The forecast of windows: quantiles (n, F, K, Q), rising, in the unit of the targets."""
        return self._in_unit(run_over(windows, self.network.calibrated))

    def linear(self, windows: Windows) -> np.ndarray:
        """The forecast of the linear map alone, the baseline: (n, F, K)."""
        return self._in_unit(run_over(windows, self.network.linear))

    def _in_unit(self, scaled: Tensor) -> np.ndarray:
        return self.fitted.encoder.unscale_targets(scaled.numpy().astype(np.float64), axis=2)

    def _look_at(self, table: Table, parts: Split) -> Fitted:
        encoder = TablePreprocessor.fit(table, parts)
        shortest = int((parts.train.rows[:, 1] - parts.train.rows[:, 0]).min())
        lookback = self.settings.lookback or default_lookback(
            table.step.season, self.settings.horizon, shortest
        )
        found = {
            **table.findings.to_dict(),
            "split": parts.to_dict(),
            "lookback": lookback,
            "used_roles": asdict(table.roles),
            "used_step": str(table.step),
        }
        return Fitted(lookback, table.roles, table.step, encoder, found)

    def _build(self) -> ForecastNetwork:
        settings, fitted = self.settings, self.fitted
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.training.seed)
            network = ForecastNetwork(
                shape_of(fitted.encoder, fitted.lookback, settings.horizon),
                features_of(fitted.encoder),
                cell=settings.cell,
                hidden=settings.hidden,
                layers=settings.layers,
                quantiles=settings.quantiles,
                dropout=settings.dropout,
            )
        network.encoder.engine = self.training.engine
        choice = explain(network.encoder)
        if choice.engine is None:
            raise EngineError(f"fit: engine {self.training.engine!r} cannot run: {choice.reason}")
        return network

    def _begin(
        self, folder: Path, prepared: EncodedTable, resume: bool, overwrite: bool
    ) -> Checkpoint:
        """Claim the run folder; a run that is gone on with must be this one."""
        from unrolled import runs

        mark = files.digest(prepared.inputs.tobytes() + prepared.targets.tobytes())
        self.fitted.data["fingerprint"] = mark
        runs.begin(folder, self._card("training"), resume=resume, overwrite=overwrite)
        return Checkpoint(folder)

    def _card(self, status: runs.Status) -> runs.Card:
        from unrolled import runs  # pydantic costs a fifth of a second: only when a run is kept

        return runs.Card(
            task="forecast",
            status=status,
            versions=runs.versions(),
            device=describe_device(self.training.device),
            settings={"model": asdict(self.settings), "training": asdict(self.training)},
            data=self.fitted.data,
            encoder=self.fitted.encoder.to_dict(),
            metrics=forecast.headline(self.results),
        )

    def _calibrate(self, held: Windows) -> None:
        """Set the margins of the intervals by the validation part."""
        self.network.margins.zero_()
        forecasts = run_over(held, self.network.calibrated)
        truth = torch.cat([batch.targets for batch in in_batches(held, 1024)])
        self.network.margins.copy_(margins(forecasts, truth, self.settings.quantiles))

    def save(self, path: str | Path) -> None:
        """Write the run folder: weights, settings, encoder, metrics; each file whole or not."""
        from unrolled import runs

        card = self._card(runs.status_of(self.outcome.ended))
        state, history = self.network.state_dict(), self.outcome.history
        runs.save(Path(path), card, state, self.results, history)

    @classmethod
    def load(cls, path: str | Path) -> Forecaster:
        """Read a run folder; RunError when a file in it is missing, cut, changed or not ours."""
        from unrolled import runs

        folder = Path(path)
        card, tensors = runs.load(folder, "forecast")
        model = cls(**card.settings["model"])
        model.training = Training(**card.settings["training"])
        model.results, model.outcome = runs.found(folder, card)
        data = card.data
        model._fitted = Fitted(
            data["lookback"],
            _roles(data["used_roles"]),
            Step.parse(data["used_step"]),
            TablePreprocessor.from_dict(card.encoder),
            data,
        )
        model._network = model._build()
        runs.fill(model.network, tensors, folder)
        return model


def default_lookback(season: int, horizon: int, rows: int) -> int:
    """Three seasons, at least the horizon, at most a quarter of the training rows."""
    return max(1, min(max(3 * season, horizon), rows // 4))


def _roles(state: dict[str, Any]) -> Roles:
    lists = {name: tuple(value) for name, value in state.items() if isinstance(value, list)}
    return Roles(**{**state, **lists})
