"""Fitting a forecaster to a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unrolled.cli.recognise import source
from unrolled.console.groups import given
from unrolled.console.options import Columns, Order, Rows
from unrolled.console.values import cut, names
from unrolled.errors import SettingsError

if TYPE_CHECKING:
    from unrolled.data import Roles, Table
    from unrolled.tasks import Forecaster
    from unrolled.tasks.forecasting.plan import ForecastPlan
    from unrolled.training import Training

PART = "0.15"


@dataclass(frozen=True)
class ForecastJob:
    """A table that was read, and the forecaster that is to be fitted to it."""

    order: Order
    model: Forecaster
    plan: ForecastPlan

    @classmethod
    def read(cls, order: Order) -> ForecastJob:
        """Read the table; what cannot be learned from is refused here."""
        from unrolled.tasks import Forecaster
        from unrolled.training import Training

        if order.ahead.horizon is None:
            raise SettingsError(f"{order.file}: --horizon says how many steps to forecast")
        table = read_table(order.file, order.rows, order.columns)
        targets = names(order.columns.target) or table.roles.target
        table.check_target()
        model = Forecaster(targets, **given(order.ahead), **given(order.network))
        training, parts = Training(**given(order.learning)), _parts(order)
        return cls(order, model, model.plan(table, table.roles, training=training, **parts))

    @property
    def training(self) -> Training:
        """How it is trained."""
        return self.plan.training

    def describe(self) -> str:
        """What was found in the table, and how it is cut."""
        return self.plan.describe()

    def fit(self, **run: Any) -> None:
        """Fit and measure."""
        self.model.run(self.plan, **run)

    def resolved(self) -> dict[str, Any]:
        """The options of this task with the values they came to."""
        settings, found = self.model.fitted.settings, self.model.fitted.preprocessor.roles
        columns = {"past": found.past, "future": found.future, "static": found.static}
        return {
            "file": str(source(self.order.file).resolve()),
            "target": list(settings.target),
            "horizon": settings.horizon,
            "lookback": settings.lookback,
            "time": found.time,
            "series": found.series,
            **{role: list(named or ()) for role, named in columns.items()},
            "step": str(self.model.fitted.preprocessor.step),
            "dropout": settings.dropout,
            **{name: str(size) for name, size in _parts(self.order).items()},
        }


def read_table(file: str, rows: Rows, columns: Columns) -> Table:
    """Read a table; what the options do not say about its columns is guessed."""
    from unrolled.data import Table

    return Table.read(source(file), roles(rows, columns), step=columns.step)


def roles(rows: Rows, columns: Columns) -> Roles:
    """What the options say about the columns."""
    from unrolled.data import Roles

    return Roles(
        time=rows.time,
        series=rows.series,
        target=names(columns.target),
        past=names(columns.past) if columns.past else None,
        future=names(columns.future),
        static=names(columns.static),
    )


def _parts(order: Order) -> dict[str, Any]:
    """The sizes of the parts that are kept apart."""
    asked = {"validation": PART, "test": PART} | given(order.parts)
    return {name: cut(text) for name, text in asked.items()}
