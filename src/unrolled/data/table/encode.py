"""Preprocess a table for a network: scaling, categories, masks, calendar; forecasts back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.data.columns.format import Format
from unrolled.data.columns.roles import Roles
from unrolled.data.fill import carry_forward, is_missing
from unrolled.data.scale import Scaler
from unrolled.data.table.column import (
    Column,
    categories_of,
    fit_column,
    output_names,
    places,
    values_of,
)
from unrolled.data.time.calendar import date_features
from unrolled.data.time.grid import Step
from unrolled.errors import DataError

if TYPE_CHECKING:
    from unrolled.data.table.split import Split
    from unrolled.data.table.table import Table

CHUNK = 1 << 16  # rows whose calendar is worked out at a time
FUTURE_ROLES = ("future", "static")


@dataclass(frozen=True, eq=False, repr=False)
class TablePreprocessor:
    """The numbers of a table as a network sees them, fitted on training rows only.

    Inputs are, in this order: targets; past, future and static covariates; the calendar. Where a
    number is missing, the last one before it stands (0, the training mean, before the first), and
    the mask column beside it is 1. Targets and numeric past covariates always have a mask, whatever
    goes missing later; other columns have one if the training rows miss a value.
    """

    columns: tuple[Column, ...]
    scaler: Scaler  # of the numeric columns
    calendar: tuple[str, ...]
    roles: Roles  # of the table it was fitted on: another is read by the same
    step: Step
    series: tuple[str, ...] = ()  # of the training rows

    @classmethod
    def fit(cls, table: Table, split: Split, *, calendar: bool = True) -> TablePreprocessor:
        """Fit scaling, vocabularies and masks on the training rows of ``split``.

        calendar: whether its features, with those of ``roles.holidays``, are added.
        Raises DataError for a target of text, and for a column without any value in these rows.
        """
        rows = split.train_rows()
        roles = table.roles if calendar else replace(table.roles, holidays=())
        columns = tuple(
            fit_column(name, role, table.columns[name], rows) for role, name in _by_role(roles)
        )
        numbers = {c.name: table.columns[c.name] for c in columns if c.vocabulary is None}
        first = table.local_times[:1]
        times = date_features(first, table.step, roles.holidays)[0] if calendar else ()
        learned = np.diff(split.train.rows, axis=1)[:, 0] > 0
        series = tuple(name for name, any_row in zip(table.names, learned, strict=True) if any_row)
        return cls(columns, Scaler.fit(numbers, rows), times, roles, table.step, series)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the D input features."""
        return (*output_names(self.columns), *self.calendar)

    @property
    def future_names(self) -> tuple[str, ...]:
        """The names of the Dk features of the horizon: future and static covariates, calendar."""
        return (*output_names(self._future_columns), *self.calendar)

    @property
    def target_names(self) -> tuple[str, ...]:
        """The names of the K targets."""
        return tuple(c.name for c in self.columns if c.role == "target")

    @property
    def target_index(self) -> tuple[int, ...]:
        """Where the K targets sit among the inputs."""
        # By place: another column may be named as the mask of a target, "x missing".
        return tuple(at for column, at in places(self.columns) if column.role == "target")

    @property
    def categories(self) -> dict[int, int]:
        """Input features that are codes: feature index -> rows of the embedding (0 is unseen)."""
        return categories_of(self.columns)

    @property
    def future_categories(self) -> dict[int, int]:
        """The same for the features of the horizon."""
        return categories_of(self._future_columns)

    @property
    def _future_columns(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.role in FUTURE_ROLES)

    def inputs(self, table: Table) -> np.ndarray:
        """All input features: (N, D) float32 without NaN.

        Raises DataError when the table lacks a column, or has text where numbers are expected.
        """
        return self._encode(table, self.columns, self.calendar)

    def covariates(self, table: Table) -> np.ndarray:
        """Those of the past and future covariates: (N, C) float32 without NaN."""
        return self._encode(table, tuple(c for c in self.columns if c.role in ("past", "future")))

    def future(self, table: Table) -> np.ndarray:
        """The features of the horizon: (N, Dk) float32 without NaN."""
        return self._encode(table, self._future_columns, self.calendar)

    def targets(self, table: Table) -> np.ndarray:
        """The scaled targets: (N, K) float32, NaN where missing."""
        names = self.target_names
        targets = np.empty((len(table.times), len(names)), dtype=np.float32)
        for i, column in enumerate(c for c in self.columns if c.role == "target"):
            targets[:, i] = self._scaled(column, values_of(table, column))
        return targets

    def unscale_targets(self, values: np.ndarray, axis: int = -1) -> np.ndarray:
        """Bring scaled targets, K of them on ``axis``, back to their unit."""
        return self._target_scaler.inverse(values, axis)

    @property
    def _target_scaler(self) -> Scaler:
        # Targets come first among the columns and are numbers.
        k = len(self.target_names)
        return Scaler(self.scaler.mean[:k], self.scaler.std[:k], self.scaler.names[:k])

    def _encode(
        self, table: Table, columns: tuple[Column, ...], calendar: tuple[str, ...] = ()
    ) -> np.ndarray:
        width = len(output_names(columns)) + len(calendar)
        out = np.empty((len(table.times), width), dtype=np.float32)
        at = 0
        for column in columns:
            size = len(column.output_names)
            values = values_of(table, column)
            missing = is_missing(values)
            if column.vocabulary is None:
                values = carry_forward(self._scaled(column, values), table.offsets)
            column.write(values, missing, out[:, at : at + size])
            at += size
        if calendar:
            self._write_calendar(table, calendar, out[:, at:])
        return out

    def _write_calendar(self, table: Table, calendar: tuple[str, ...], out: np.ndarray) -> None:
        times = table.local_times
        for start in range(0, len(times), CHUNK):
            some = slice(start, start + CHUNK)
            names, features = date_features(times[some], table.step, self.roles.holidays)
            if names != calendar:
                raise DataError(
                    f"encode: fitted with the calendar features {', '.join(calendar)}, "
                    f"this table's time step gives {', '.join(names) or 'none'}"
                )
            out[some] = features

    def _scaled(self, column: Column, values: np.ndarray) -> np.ndarray:
        i = self.scaler.names.index(column.name)
        scaled: np.ndarray = (values - self.scaler.mean[i]) / self.scaler.std[i]
        return scaled

    def to_dict(self) -> dict[str, Any]:
        """The preprocessor as values for JSON; ``from_dict`` gives the same one back."""
        return {
            "columns": [asdict(column) for column in self.columns],
            "scaler": self.scaler.to_dict(),
            "calendar": list(self.calendar),
            "roles": asdict(self.roles),
            "step": str(self.step),
            "series": list(self.series),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> TablePreprocessor:
        """The preprocessor that ``to_dict`` wrote."""
        columns = tuple(
            Column(
                name=str(c["name"]),
                role=str(c["role"]),
                mask=bool(c["mask"]),
                vocabulary=None if c["vocabulary"] is None else tuple(c["vocabulary"]),
            )
            for c in state["columns"]
        )
        roles: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in state["roles"].items()
            if name != "format"
        }
        written = state["roles"].get("format", {})
        found = cls(
            columns,
            Scaler.from_dict(state["scaler"]),
            tuple(state["calendar"]),
            Roles(**roles, format=Format(**written)),
            Step.parse(state["step"]),
            tuple(state["series"]),
        )
        found._check()
        return found

    def _check(self) -> None:
        """ValueError unless roles, columns and scaler are of the same columns, as `fit` has it."""
        named = _by_role(self.roles)
        if [(c.role, c.name) for c in self.columns] != named:
            raise ValueError("columns and roles differ")
        numbers = tuple(c.name for c in self.columns if c.vocabulary is None)
        if self.scaler.names != numbers:
            raise ValueError("scaler and the columns of numbers differ")
        if numbers[: len(self.roles.target)] != self.roles.target:
            raise ValueError("a target is no number")

    def describe(self) -> str:
        """One line per column: its role and the features it becomes."""
        lines = [
            f"{column.role:<8}{column.name}: "
            + (
                f"code of {len(column.vocabulary or ()) + 1}"
                if column.coded
                else ", ".join(column.output_names)
            )
            for column in self.columns
        ]
        return "\n".join([*lines, *(f"calendar {name}" for name in self.calendar)])

    def __repr__(self) -> str:
        return (
            f"TablePreprocessor to {len(self.input_names)} inputs, {len(self.future_names)} "
            f"of them for the horizon\n{self.describe()}"
        )


def _by_role(roles: Roles) -> list[tuple[str, str]]:
    """(role, column) in the order of the inputs."""
    named = {"target": roles.target, "past": roles.past or ()}
    named |= {"future": roles.future, "static": roles.static}
    return [(role, name) for role, names in named.items() for name in names]
