"""All that is decided before a forecaster is trained: the split, the preprocessor, the windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled import files
from unrolled.data.table.findings import some
from unrolled.data.table.split import Cut, Part, Split, split
from unrolled.data.table.table import Table
from unrolled.runs.fit import Measured
from unrolled.tasks.forecasting.calibrate import calibrate
from unrolled.tasks.forecasting.evaluate import evaluate, headline
from unrolled.tasks.forecasting.frames import check_names
from unrolled.tasks.forecasting.heavy_tails import choose_transforms
from unrolled.tasks.forecasting.inference import ForecastFit
from unrolled.tasks.forecasting.network.forecast_network import ForecastModel, ForecastNetwork
from unrolled.tasks.forecasting.network.segments import SegmentNetwork
from unrolled.tasks.forecasting.objective import ForecastObjective
from unrolled.tasks.forecasting.prepare import EncodedTable, TableWindows, shape_of
from unrolled.tasks.forecasting.preprocess import ForecastPreprocessor
from unrolled.tasks.forecasting.refit import refit
from unrolled.tasks.forecasting.room import check_room, decided
from unrolled.tasks.forecasting.settings import ForecasterSettings
from unrolled.training import Training
from unrolled.training.progress import Display


@dataclass(frozen=True, eq=False)
class ForecastPlan:
    """A `runs.fit.Plan`: a table, how it is cut, and the forecaster that is to be fitted to it.

    parts: the split; train, validation: the windows of these parts; test: None where it has no
    rows. `describe()` says it in words.
    """

    settings: ForecasterSettings
    training: Training
    preprocessor: ForecastPreprocessor
    encoded: EncodedTable
    parts: Split
    train: TableWindows
    validation: TableWindows
    test: Part | None

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
        by: str | None = None,
    ) -> ForecastPlan:
        """Split a table, fit the preprocessor on its training rows, and cut the windows."""
        table.check_target()
        check_names(settings, table)
        parts = split(table, validation, test, by)
        check_room(table, settings, parts, validation, test, by)
        preprocessor = ForecastPreprocessor.fit(table, parts)
        settings = decided(settings, preprocessor.season, parts)
        preprocessor = choose_transforms(table, parts, preprocessor, settings)
        encoded = EncodedTable.of(table, preprocessor, parts.train)
        sizes = settings.decided_lookback, settings.horizon
        return cls(
            settings=settings,
            training=training,
            preprocessor=preprocessor,
            encoded=encoded,
            parts=parts,
            train=encoded.windows(parts.train, *sizes),
            validation=encoded.windows(parts.learned(parts.validation), *sizes),
            test=parts.learned(parts.test) if len(parts.test) else None,
        )

    @property
    def table(self) -> Table:
        """The table."""
        return self.encoded.table

    def describe(self) -> str:
        """What was found in the table, how it is cut, and what was decided."""
        blocks = [self.table.describe(), self.parts.describe(), "\n".join(self.decisions())]
        return "\n\n".join(blocks)

    def decisions(self) -> list[str]:
        """What was decided for this table, a line each."""
        settings, names = self.settings, self.table.names
        lines = [f"lookback: {settings.lookback} steps, in segments of {settings.segment}"]
        for name, transform in zip(settings.target, self.preprocessor.transforms, strict=True):
            if transform.unit is not None:
                lines.append(f"{name}: forecast by its logarithm, its large values are rare")
            if transform.nonnegative:
                lines.append(f"{name}: never below 0, so no forecast is")
        trained = np.zeros(len(names), bool)
        trained[np.unique(self.train.series)] = True
        young = np.diff(self.parts.train.rows, axis=1)[:, 0] == 0
        short = [names[s] for s in np.flatnonzero(~trained)]
        if short:
            lines.append(
                f"too short to learn from, {len(short):,} of {len(names):,} series, forecast by "
                f"their last season or value: {some(short)}"
            )
        if young.any() and self.test is not None:
            late = some(names[s] for s in np.flatnonzero(young))
            lines.append(f"begun after the training part, so not measured: {late}")
        return lines

    @property
    def findings(self) -> dict[str, Any]:
        """What was found in the table, its split, and what was decided."""
        return {
            **self.table.findings.to_dict(),
            "split": self.parts.to_dict(),
            "decisions": [
                *([f"split {note}"] if (note := self.parts.note) else []),
                *self.decisions(),
            ],
            "weights": self.weights(),
        }

    def weights(self) -> dict[str, str]:
        """What the weights in the run folder learned from, by the first part of their names."""
        parts = self.parts.to_dict()
        last = parts["test"]["to"] or parts["validation"]["to"]
        found = {"measured": f"rows up to {parts['train']['to']}: every figure is of these"}
        if self.settings.refit == "all":
            found["final"] = f"all rows, up to {last}: predict uses these"
        return found

    def fingerprint(self) -> dict[str, str]:
        """A mark that another table would not have, and the split in words."""
        parts = [
            f"{name} {part['rows']} rows" + (f" to {part['to']}" if part["rows"] else "")
            for name, part in self.parts.to_dict().items()
        ]
        return {
            "table": files.digest_of(_content(self.table)),
            "split": ", ".join(parts),
        }

    def build(self) -> ForecastModel:
        """A new network of these settings."""
        return build(self.settings, self.preprocessor)

    def objective(self, network: ForecastModel) -> ForecastObjective:
        """The losses over the windows."""
        return ForecastObjective(
            network.measured, self.train, self.validation, self.training, self.settings.loss
        )

    def finish(self, fit: ForecastFit, display: Display) -> Measured:
        """Mix and calibrate on the validation part, measure the test part once, then refit."""
        calibrate(fit, self.validation)
        results = None
        if self.test is not None:
            results = evaluate(fit, self.encoded, self.test, self.parts.train_rows())
        if fit.network.final is not None:
            refit(fit, self.encoded, display)
        return Measured(results, headline(results))


def _content(table: Table) -> Iterator[bytes]:
    """All that a table holds."""
    yield repr(table.names).encode()
    rows = {"": table.offsets, " ": table.times}
    for name, values in [*rows.items(), *sorted(table.columns.items())]:
        yield name.encode("utf-8", "surrogatepass")
        yield repr(values.tolist()).encode() if values.dtype == object else values.tobytes()


def build(settings: ForecasterSettings, preprocessor: ForecastPreprocessor) -> ForecastModel:
    """A network for these settings and columns."""
    return ForecastModel(
        _network(settings, preprocessor),
        _network(settings, preprocessor) if settings.refit == "all" else None,
    )


def _network(settings: ForecasterSettings, preprocessor: ForecastPreprocessor) -> ForecastNetwork:
    shape = shape_of(preprocessor, settings.decided_lookback, settings.horizon)
    networks = [
        SegmentNetwork(
            shape,
            cell=settings.cell,
            hidden=settings.hidden,
            layers=settings.layers,
            segment=settings.decided_segment,
            outputs=settings.outputs,
            dropout=settings.dropout,
            mixing=settings.mixing,
        )
        for _ in range(settings.ensemble)
    ]
    return ForecastNetwork(shape, networks, settings.quantiles)
