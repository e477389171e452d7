"""Preprocess a table for a network: scaling, categories, masks, calendar; forecasts back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.data.columns.format import Format
from unrolled.data.columns.roles import Roles
from unrolled.data.fill import carry_forward, is_missing
from unrolled.data.scale import Scaler
from unrolled.data.time.calendar import date_features
from unrolled.data.time.grid import Step
from unrolled.errors import DataError

if TYPE_CHECKING:
    from unrolled.data.table.split import Split
    from unrolled.data.table.table import Table

ONE_HOT_LIMIT = 16
LIMIT = 10.0  # standard deviations
FUTURE_ROLES = ("future", "static")


@dataclass(frozen=True)
class Column:
    """How one column of the table becomes one or more numbers.

    A number becomes its scaled value. A category with up to 16 values becomes one column per
    value, all 0 for a value unseen in training; one with more becomes a single code for a learned
    embedding, 0 for an unseen value. ``mask`` adds a column that is 1 where the value is missing.
    """

    name: str
    role: str  # "target", "past", "future" or "static"
    mask: bool
    vocabulary: tuple[str, ...] | None  # None: a number

    @property
    def coded(self) -> bool:
        """Whether it is one column of codes, for an embedding of ``len(vocabulary) + 1`` rows."""
        return self.vocabulary is not None and len(self.vocabulary) > ONE_HOT_LIMIT

    @property
    def output_names(self) -> tuple[str, ...]:
        """The names of the numbers it becomes."""
        names: tuple[str, ...] = (self.name,)
        if self.vocabulary is not None and not self.coded:
            names = tuple(f"{self.name}={value}" for value in self.vocabulary)
        return (*names, f"{self.name} missing") if self.mask else names

    def write(self, values: np.ndarray, missing: np.ndarray, out: np.ndarray) -> None:
        """Write values and where they are missing, (N,) each, into ``out`` (N, numbers).

        Numbers come scaled, with the last one carried forward over missing ones.
        """
        if self.vocabulary is None:
            numbers = np.nan_to_num(values, nan=0.0)
            # A sensor's glitch, a hundred deviations out, must not outshout everything else.
            out[:, 0] = numbers if self.role == "target" else np.clip(numbers, -LIMIT, LIMIT)
        elif self.coded:
            out[:, 0] = _codes(values, self.vocabulary)
        else:
            codes = _codes(values, self.vocabulary)
            for code in range(len(self.vocabulary)):
                out[:, code] = codes == code + 1
        if self.mask:
            out[:, -1] = missing


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
        named = {"target": roles.target, "past": roles.past or ()}
        named |= {"future": roles.future, "static": roles.static}
        columns = tuple(
            _fit_column(name, role, table.columns[name], rows)
            for role, names in named.items()
            for name in names
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
        return (*_names(self.columns), *self.calendar)

    @property
    def future_names(self) -> tuple[str, ...]:
        """The names of the Dk features of the horizon: future and static covariates, calendar."""
        return (*_names(self._future_columns), *self.calendar)

    @property
    def target_names(self) -> tuple[str, ...]:
        """The names of the K targets."""
        return tuple(c.name for c in self.columns if c.role == "target")

    @property
    def target_index(self) -> tuple[int, ...]:
        """Where the K targets sit among the inputs."""
        # By place: another column may be named as the mask of a target, "x missing".
        return tuple(at for column, at in _places(self.columns) if column.role == "target")

    @property
    def categories(self) -> dict[int, int]:
        """Input features that are codes: feature index -> rows of the embedding (0 is unseen)."""
        return _categories(self.columns)

    @property
    def future_categories(self) -> dict[int, int]:
        """The same for the features of the horizon."""
        return _categories(self._future_columns)

    @property
    def _future_columns(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.role in FUTURE_ROLES)

    def inputs(self, table: Table) -> np.ndarray:
        """All input features: (N, D) float32 without NaN.

        Raises DataError when the table lacks a column, or has text where numbers are expected.
        """
        return self._encode(table, self.columns)

    def future(self, table: Table) -> np.ndarray:
        """The features of the horizon: (N, Dk) float32 without NaN."""
        return self._encode(table, self._future_columns)

    def targets(self, table: Table) -> np.ndarray:
        """The scaled targets: (N, K) float32, NaN where missing."""
        names = self.target_names
        targets = np.empty((len(table.times), len(names)), dtype=np.float32)
        for i, column in enumerate(c for c in self.columns if c.role == "target"):
            targets[:, i] = self._scaled(column, _values(table, column))
        return targets

    def unscale_targets(self, values: np.ndarray, axis: int = -1) -> np.ndarray:
        """Bring scaled targets, K of them on ``axis``, back to their unit."""
        return self._target_scaler.inverse(values, axis)

    @property
    def _target_scaler(self) -> Scaler:
        # Targets come first among the columns and are numbers.
        k = len(self.target_names)
        return Scaler(self.scaler.mean[:k], self.scaler.std[:k], self.scaler.names[:k])

    def _encode(self, table: Table, columns: tuple[Column, ...]) -> np.ndarray:
        width = len(_names(columns)) + len(self.calendar)
        out = np.empty((len(table.times), width), dtype=np.float32)
        at = 0
        for column in columns:
            size = len(column.output_names)
            values = _values(table, column)
            missing = is_missing(values)
            if column.vocabulary is None:
                values = carry_forward(self._scaled(column, values), table.offsets)
            column.write(values, missing, out[:, at : at + size])
            at += size
        if self.calendar:
            countries = self.roles.holidays
            names, features = date_features(table.local_times, table.step, countries)
            if names != self.calendar:
                raise DataError(
                    f"encode: fitted with the calendar features {', '.join(self.calendar)}, "
                    f"this table's time step gives {', '.join(names) or 'none'}"
                )
            out[:, at:] = features
        return out

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
        return cls(
            columns,
            Scaler.from_dict(state["scaler"]),
            tuple(state["calendar"]),
            Roles(**roles, format=Format(**written)),
            Step.parse(state["step"]),
            tuple(state["series"]),
        )

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


def _fit_column(name: str, role: str, values: np.ndarray, rows: np.ndarray) -> Column:
    seen = values[rows]
    if values.dtype != object:
        mask = role in ("target", "past") or bool(np.isnan(seen).any())
        return Column(name, role, mask, None)
    if role == "target":
        raise DataError(f"encode: target {name!r}: expected numbers, got text")
    present = [value for value in seen.tolist() if value is not None]
    if not present:
        raise DataError(f"encode: column {name!r} has no value in the training rows")
    return Column(name, role, len(present) < len(seen), tuple(sorted(set(present))))


def _codes(values: np.ndarray, vocabulary: tuple[str, ...]) -> np.ndarray:
    """The code of each value, 1 for the first word and 0 for none of them."""
    code = {value: i for i, value in enumerate(vocabulary, start=1)}
    return np.fromiter((code.get(v, 0) for v in values), dtype=np.int64, count=len(values))


def _values(table: Table, column: Column) -> np.ndarray:
    values = table.columns.get(column.name)
    if values is None:
        raise DataError(
            f"encode: the table lacks the {column.role} column {column.name!r}, "
            f"it has {', '.join(table.columns)}"
        )
    is_text, expects_text = values.dtype == object, column.vocabulary is not None
    if is_text == expects_text:
        return values
    # A column without any value has no kind of its own: it is read as numbers.
    if expects_text and np.isnan(values).all():
        return np.full(len(values), None, dtype=object)
    kinds = ("text", "numbers") if expects_text else ("numbers", "text")
    raise DataError(f"encode: column {column.name!r} held {kinds[0]} in training, got {kinds[1]}")


def _names(columns: Iterable[Column]) -> list[str]:
    return [name for column in columns for name in column.output_names]


def _categories(columns: tuple[Column, ...]) -> dict[int, int]:
    return {at: len(c.vocabulary or ()) + 1 for c, at in _places(columns) if c.coded}


def _places(columns: Iterable[Column]) -> list[tuple[Column, int]]:
    """Columns, and the first of the features that each becomes."""
    columns = tuple(columns)
    widths = [len(column.output_names) for column in columns]
    return list(zip(columns, accumulate(widths, initial=0), strict=False))
