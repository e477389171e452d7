"""Forecaster: from a table to quantiles of its next steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from unrolled.data.columns.format import Format
from unrolled.data.columns.roles import Roles
from unrolled.data.table.future import future_frame, read_like, with_future
from unrolled.data.table.split import Cut
from unrolled.data.table.split import split as cut_rows
from unrolled.data.table.table import Table
from unrolled.errors import DataError
from unrolled.runs import fit as runs
from unrolled.runs.estimator import Estimator
from unrolled.tasks.forecasting.backtest import Origins, backtest, check_model
from unrolled.tasks.forecasting.evaluate import Measurement
from unrolled.tasks.forecasting.forecast import Forecast
from unrolled.tasks.forecasting.inference import ForecastFit, calibrated_forecasts
from unrolled.tasks.forecasting.network.forecast_network import ForecastModel
from unrolled.tasks.forecasting.notes import of_forecast, tell
from unrolled.tasks.forecasting.plan import ForecastPlan, build
from unrolled.tasks.forecasting.prepare import EncodedTable
from unrolled.tasks.forecasting.preprocess import ForecastPreprocessor
from unrolled.tasks.forecasting.settings import ForecasterSettings
from unrolled.training import Training
from unrolled.training.progress import Display

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrameT

NoFrame = str | Path | Table | Mapping[str, Any]
"""What is no frame: its forecast is a pyarrow table, of a Table the kind it was read from."""

QUANTILES = (0.05, 0.5, 0.95)


class Forecaster(Estimator[ForecasterSettings, ForecastPreprocessor, ForecastModel]):
    """A recurrent network beside a linear map: the next F steps of K targets, with intervals.

    target: the column, or K columns, to forecast.
    horizon: F, the steps to forecast.
    lookback: T, the steps that are looked at; default 21 seasons of the table (three weeks of
        hours), at least the horizon and at most a third of the training rows.
    season: m, the steps until it all comes again; default that of the table.
    cell: "gru", "lstm" or "rnn"; hidden: H units; layers: how many, one over the other.
    segment: the steps that the network reads and forecasts at once; default a season (24 hours);
        1 is step by step.
    ensemble: how many networks are trained side by side and averaged.
    quantiles: what to forecast of the distribution; pairs around 0.5 become intervals.
    loss: "quantile", or "huber" for the least squared error, with intervals of what was missed.
    dropout: the share of input features and outputs left out in training.
    mixing: whether several targets see each other's past; else one network forecasts each alone.
    transform: "log" forecasts a target that is never below 0 by its logarithm, "none" does not,
        "auto" does so for one with a heavy tail where validation says that it helps.
    refit: "all" trains once more on all rows after measuring, for `predict`; "none" does not.

    The defaults were measured: see docs/forecasting.md. Errors: SettingsError for an option out of
    range, DataError for a table that does not fit, RunError for a damaged run folder.

    >>> from unrolled import samples
    >>> weather = samples.load("seattle-weather")
    >>> model = Forecaster("temp_max", lookback=14, horizon=3, hidden=8)
    >>> model = model.fit(weather, training=Training(epochs=1))
    >>> model.predict(weather).column_names
    ['date', 'temp_max', 'temp_max_lo_90', 'temp_max_hi_90']
    """

    name = "forecaster"

    def __init__(
        self,
        target: str | Sequence[str],
        *,
        horizon: int,
        lookback: int | None = None,
        season: int | None = None,
        cell: str = "gru",
        hidden: int = 128,
        layers: int = 1,
        segment: int | None = None,
        ensemble: int = 1,
        quantiles: Sequence[float] = QUANTILES,
        loss: str = "quantile",
        dropout: float = 0.3,
        mixing: bool = False,
        transform: str = "auto",
        refit: str = "all",
    ) -> None:
        self.settings = ForecasterSettings(
            target=(target,) if isinstance(target, str) else tuple(target),
            lookback=lookback,
            horizon=horizon,
            season=season,
            cell=cell,
            hidden=hidden,
            layers=layers,
            segment=segment,
            ensemble=ensemble,
            quantiles=tuple(quantiles),
            loss=loss,
            dropout=dropout,
            mixing=mixing,
            transform=transform,
            refit=refit,
        )

    def plan(
        self,
        data: Any,
        roles: Roles | None = None,
        *,
        validation: Cut = 0.15,
        test: Cut = 0.15,
        split: str | None = None,
        training: Training | None = None,
    ) -> ForecastPlan:
        """All that `fit` decides before it trains: arguments as there; `run` goes on with it."""
        settings = self.settings
        roles = replace(roles or Roles(), target=settings.target)

        def training_rows(table: Table) -> NDArray[np.bool_]:
            return cut_rows(table, validation, test, split).train_rows()

        table = Table.read(data, roles, season=settings.season, training=training_rows)
        training = training or Training()
        return ForecastPlan.of(
            table, settings, training, validation=validation, test=test, by=split
        )

    def fit(
        self,
        data: Any,
        roles: Roles | None = None,
        *,
        validation: Cut = 0.15,
        test: Cut = 0.15,
        split: str | None = None,
        training: Training | None = None,
        out: str | Path | None = None,
        resume: bool = False,
        overwrite: bool = False,
        display: Display | None = None,
    ) -> Forecaster:
        """Fit on the oldest rows, stop by the validation rows, measure on the test rows.

        data: a path, a pandas, polars or pyarrow frame, or a Table; roles: what its columns mean.
        validation, test: shares, row counts or the times at which these parts begin.
        split: "date" cuts all series at the same dates, "rows" each by its own rows; default: by
        date where series would else be trained on days that others are tested on.
        out: a run folder, with a checkpoint after each epoch; resume: go on with the run that is
        there, or begin one; overwrite: replace the run that is there.
        Ctrl-C keeps the best network so far. Raises TrainingError when the loss is not finite.
        """
        plan = self.plan(
            data, roles, validation=validation, test=test, split=split, training=training
        )
        return self.run(plan, out=out, resume=resume, overwrite=overwrite, display=display)

    @overload
    def predict(
        self, data: IntoDataFrameT, future: Any = ..., *, model: str = ...
    ) -> IntoDataFrameT: ...
    @overload
    def predict(self, data: NoFrame, future: Any = ..., *, model: str = ...) -> Any: ...
    def predict(self, data: Any, future: Any = None, *, model: str = "blend") -> Any:
        """Forecast the F steps after the last known target of each series.

        data: a table as in `fit`; rows after the last known target may give the future covariates.
        future: these rows as a table of their own, with the time, the series and the covariates.
        model: what forecasts: "blend", what was fitted; of its parts "network", "linear" or
        "seasonal-naive" alone; or "naive", the last value. Intervals are of what it missed before.
        Returns a frame of the same kind with the series, the time, each target (the median) and
        its intervals: `temp`, `temp_lo_90`, `temp_hi_90`. What to know before believing it (a
        series or a category never seen, a series that ended long ago) is logged by "unrolled".
        """
        found = self.forecast(data, future, model=model)
        tell(found.notes)
        return found.frame()

    def plot(self, data: Any, future: Any = None, *, out: str | Path | None = None) -> Any:
        """Draw the forecast of `predict`: see `Forecast.plot`."""
        return self.forecast(data, future).plot(out)

    def forecast(self, data: Any, future: Any = None, *, model: str = "blend") -> Forecast:
        """What `predict` forecasts as a value: `frame()`, `plot()`, `notes`; arguments as there.

        >>> model.forecast("weather.csv").plot("next.png")  # doctest: +SKIP
        """
        check_model("predict", model)
        fit, horizon = self.fitted, self.fitted.settings.horizon
        table = self.read(data)
        table = table if future is None else with_future(table, future)
        table, part = future_frame(table, horizon)
        notes = of_forecast(fit, table, part)
        encoded = EncodedTable.of(table, fit.preprocessor)
        windows, found = calibrated_forecasts(fit, encoded, part, final=True, model=model)
        quantiles = found.in_unit(found.quantiles, fit.preprocessor.transforms)
        cutoffs, series = windows.cutoffs, windows.series
        return Forecast(fit, table, cutoffs, series, quantiles, ahead=True, notes=notes)

    @overload
    def backtest(
        self,
        data: IntoDataFrameT,
        *,
        test: Cut = ...,
        split: str | None = ...,
        stride: int = ...,
        refit: int = ...,
        model: str = ...,
    ) -> IntoDataFrameT: ...
    @overload
    def backtest(
        self,
        data: NoFrame,
        *,
        test: Cut = ...,
        split: str | None = ...,
        stride: int = ...,
        refit: int = ...,
        model: str = ...,
    ) -> Any: ...
    def backtest(
        self,
        data: Any,
        *,
        test: Cut = 0.15,
        split: str | None = None,
        stride: int = 1,
        refit: int = 0,
        model: str = "blend",
    ) -> Any:
        """Forecast the test part from every `stride`-th row of it, as it would have been then.

        data: a table as in `fit`; test, split: the part to forecast and how it is cut, as there.
        refit: fit anew, on the rows known by then, after so many origins; 0 never.
        model: what forecasts, as in `predict`.
        Returns a frame as `predict` does, with `cutoff`, the last time that was known, and the
        truth as `temp_true`. Rows that training has seen are counted in a note, logged likewise.
        """
        measured, notes = self.measure(data, Origins(test, split, stride, refit, model))
        tell(notes)
        return measured.forecast().frame()

    def measure(self, data: Any, origins: Origins | None = None) -> tuple[Measurement, list[str]]:
        """What `backtest` forecasts, beside the baselines, for its errors; notes about it."""

        def anew(known: Table) -> ForecastFit:
            # Measured weights forecast a backtest: there is nothing to refit for.
            fresh = Forecaster(**vars(replace(self.fitted.settings, refit="none")))
            return fresh.fit(known, known.roles, test=0, training=self.fitted.training).fitted

        return backtest(self.fitted, self.read(data), origins or Origins(), anew)

    def read(self, data: Any, format: Format | None = None) -> Table:
        """Read a table with the roles found by `fit`; DataError when its step is another.

        format: how it is written, if not as the table of the fit.
        """
        roles, step = self.fitted.preprocessor.roles, self.fitted.preprocessor.step
        roles = replace(roles, format=format or roles.format)
        if not isinstance(data, Table):
            # What was constant in training may change since: it is static all the same.
            past = (*(roles.past or ()), *roles.static)
            free = replace(roles, past=past, static=())
            data = read_like(data, free, step)
        if data.step != step:
            raise DataError(
                f"predict: expected steps of {step}, as the model was fitted on, got {data.step}"
            )
        return Table.read(data, roles)

    @classmethod
    def load(cls, run: str | Path | runs.Stored) -> Forecaster:
        """Read a run folder; RunError when a file in it is missing, cut, changed or not ours."""
        stored = runs.load(run, ForecastPlan.task)
        settings = stored.settings(ForecasterSettings)
        preprocessor = stored.preprocessor(ForecastPreprocessor.from_dict)
        model = cls(**vars(settings))
        model._fitted = stored.restore(
            settings, preprocessor, lambda: build(settings, preprocessor)
        )
        return model
