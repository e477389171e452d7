"""All that is decided before a forecaster is trained: the split, the preprocessor, the windows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch

from unrolled import files
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.split import Cut, Split, split
from unrolled.data.table.table import Table
from unrolled.data.table.windows import Windows
from unrolled.runs.fit import Measured
from unrolled.tasks.forecasting.evaluate import evaluate, headline
from unrolled.tasks.forecasting.inference import ForecastFit, run_over, windows_of
from unrolled.tasks.forecasting.intervals import margins
from unrolled.tasks.forecasting.network.forecast_network import ForecastNetwork
from unrolled.tasks.forecasting.objective import ForecastObjective
from unrolled.tasks.forecasting.prepare import EncodedTable, features_of, in_batches, shape_of
from unrolled.tasks.forecasting.settings import ForecasterSettings, default_lookback
from unrolled.training import Training


@dataclass(frozen=True, eq=False)
class ForecastPlan:
    """A `runs.fit.Plan`: a table, how it is cut, and the forecaster that is to be fitted to it.

    parts: the split; train, validation: the windows of these parts; test: None where it has no
    rows. `describe()` says it in words.
    """

    settings: ForecasterSettings
    training: Training
    preprocessor: TablePreprocessor
    encoded: EncodedTable
    parts: Split
    train: Windows
    validation: Windows
    test: Windows | None

    task: ClassVar[str] = "forecast"

    @classmethod
    def of(
        cls,
        table: Table,
        settings: ForecasterSettings,
        training: Training,
        *,
        validation: Cut,
        test: Cut,
    ) -> ForecastPlan:
        """Split a table, fit the preprocessor on its training rows, and cut the windows."""
        table.check_target()
        parts = split(table, validation, test)
        preprocessor = TablePreprocessor.fit(table, parts)
        if settings.lookback is None:
            shortest = int((parts.train.rows[:, 1] - parts.train.rows[:, 0]).min())
            lookback = default_lookback(table.step.season, settings.horizon, shortest)
            settings = replace(settings, lookback=lookback)
        encoded = EncodedTable.of(table, preprocessor)
        return cls(
            settings=settings,
            training=training,
            preprocessor=preprocessor,
            encoded=encoded,
            parts=parts,
            train=windows_of(settings, encoded, parts.train),
            validation=windows_of(settings, encoded, parts.validation),
            test=windows_of(settings, encoded, parts.test) if len(parts.test) else None,
        )

    @property
    def table(self) -> Table:
        """The table."""
        return self.encoded.table

    def describe(self) -> str:
        """What was found in the table, and how it is cut."""
        return f"{self.table.describe()}\n\n{self.parts.describe()}"

    @property
    def findings(self) -> dict[str, Any]:
        """What was found in the table, and its split."""
        return {**self.table.findings.to_dict(), "split": self.parts.to_dict()}

    def fingerprint(self) -> str:
        """A mark that other numbers would not have."""
        return files.digest(self.encoded.inputs.tobytes() + self.encoded.targets.tobytes())

    def build(self) -> ForecastNetwork:
        """A new network of these settings."""
        return build(self.settings, self.preprocessor)

    def objective(self, network: ForecastNetwork) -> ForecastObjective:
        """The losses over the windows."""
        season = self.table.step.season
        return ForecastObjective(network, self.train, self.validation, self.training, season)

    def finish(self, fit: ForecastFit) -> Measured:
        """Calibrate the intervals on the validation part, then measure the test part once."""
        calibrate(fit, self.validation)
        results = None
        if self.test is not None:
            results = evaluate(fit, self.encoded, self.test, self.parts.train_rows())
        return Measured(results, headline(results))


def build(settings: ForecasterSettings, preprocessor: TablePreprocessor) -> ForecastNetwork:
    """A network for these settings and columns."""
    return ForecastNetwork(
        shape_of(preprocessor, settings.decided_lookback, settings.horizon),
        features_of(preprocessor),
        cell=settings.cell,
        hidden=settings.hidden,
        layers=settings.layers,
        quantiles=settings.quantiles,
        dropout=settings.dropout,
    )


def calibrate(fit: ForecastFit, validation: Windows) -> None:
    """Set the margins of the intervals by the validation part."""
    network = fit.network
    network.margins.zero_()
    forecasts = run_over(network, network.calibrated, validation)
    truth = torch.cat([batch.targets for batch in in_batches(validation, 1024)])
    network.margins.copy_(margins(forecasts, truth, fit.settings.quantiles))
