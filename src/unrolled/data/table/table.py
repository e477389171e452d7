"""The table: columns with roles, on a regular time grid, one series after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.columns.roles import Roles, as_key, check_roles, column_names
from unrolled.data.fill import fill_static, older
from unrolled.data.table.findings import Findings
from unrolled.data.table.source_format import SourceFormat
from unrolled.data.time.clock import from_wall, to_wall
from unrolled.data.time.grid import Step, Times
from unrolled.data.time.holidays import count_holidays
from unrolled.data.time.season import ASKED, find_season
from unrolled.errors import DataError


@dataclass(frozen=True)
class Table:
    """A long table whose rows lie on a regular time grid, series after series.

    roles: as given, and inferred where they were not: `time` is named, `past` is a tuple.
    step: the time step of the grid, the same for every series.
    names: the S series names; `("",)` when there is no series column.
    offsets: (S+1,) int64; the rows of series s are `offsets[s]:offsets[s + 1]`.
    times: (N,) datetime64[us], in UTC when a zone was given, or int64.
    columns: name -> (N,) float64 with NaN for missing, or object array of str and None for
        categories: the targets; past, future and (repeated) static covariates; not time, series.
    present: (N,) bool; False for a row that was added to fill a gap.
    findings: what was inferred, sorted, missing; source_format: what the table was read from.

    >>> table = Table.read({"day": np.arange("2013-01-01", "2013-01-31", dtype="M8[D]"),
    ...                     "sold": np.arange(30.0) ** 2})
    >>> str(table.step), table.roles.target, len(table)
    ('1D', ('sold',), 30)
    """

    roles: Roles
    step: Step
    names: tuple[str, ...]
    offsets: NDArray[np.int64]
    times: Times
    columns: Mapping[str, NDArray[Any]]
    present: NDArray[np.bool_]
    findings: Findings
    source_format: SourceFormat

    @classmethod
    def read(
        cls,
        source: Any,
        roles: Roles | None = None,
        *,
        step: str | int | None = None,
        season: int | None = None,
        training: Callable[[Table], NDArray[np.bool_]] | None = None,
    ) -> Table:
        """Read a path (CSV, also .gz, or Parquet), a pandas, polars or pyarrow frame, or a mapping.

        roles: what the columns mean; whatever is None is inferred, and `findings` says why.
        step: the time step ("1h", "15min", "1D", "1MS", 1), default: the most common difference.
        season: how many steps until the values do the same again, default: see `Table.season`.
        training: which rows (N,) of a table are for training: they alone say which columns are
        static and which are left out, default: all but the newest 30 % of each series.
        A `Table` as source gets other targets and covariates, without being read again.
        Rows are sorted; gaps in time become rows of missing values. Raises DataError, in one line
        with the row (counted from 1, without the header) or column, for anything that is not a
        table on a regular time grid.
        """
        roles = roles or Roles()
        if isinstance(source, Table):
            return source._with_roles(roles)._with_holidays()._with_season(season, source)
        from unrolled.data.table.build import build

        parsed = None if step is None else Step.parse(step)

        def choose(fields: Mapping[str, Any]) -> NDArray[np.bool_]:
            table = cls(**fields)  # that has no columns yet
            if training is not None:
                # Rows that cannot be split are refused later, by whoever splits them.
                with suppress(DataError):
                    return training(table)
            return older(table.offsets)

        table = cls(**build(source, roles, parsed, choose, strict=training is not None))
        return table._with_holidays()._with_season(season)

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        rows = f"{len(self):,} rows, {len(self.names):,} series, step {self.step}"
        return f"Table({rows}, target {', '.join(self.roles.target) or 'none'})"

    @property
    def season(self) -> int:
        """Steps until the values do the same again: given, usual for the step, or found; else 1.

        Where no season is usual (integers, years), it is looked for in the targets, never in the
        newest 30 % of a series. `findings.season_why` says which it was.
        """
        return self.findings.season

    @property
    def local_times(self) -> Times:
        """The times (N,) in local (wall-clock) time: for the calendar and for people."""
        return self._to_wall(self.times)

    def _to_wall(self, times: Times) -> Times:
        zone = self.source_format.zone
        return times if zone is None else to_wall(times.view(np.int64), zone).view("M8[us]")

    @property
    def series(self) -> NDArray[np.int64]:
        """The number of the series of each row, (N,)."""
        return np.repeat(np.arange(len(self.names)), np.diff(self.offsets))

    def describe(self) -> str:
        """The findings in words: rows, series, times, step, roles and why, gaps, missing values."""
        return "\n".join(self.findings.lines())

    def rows(self, name: str) -> slice:
        """The rows of the series of this name."""
        if name not in self.names:
            raise DataError(f"no series {name!r} in the table; it has {', '.join(self.names[:12])}")
        at = self.names.index(name)
        return slice(int(self.offsets[at]), int(self.offsets[at + 1]))

    def numbers(self, names: tuple[str, ...]) -> NDArray[np.float64]:
        """Numeric columns side by side, (N, len(names)) float64; DataError for a text column.

        A single one shares the memory of the table.
        """
        for name in names:
            if name not in self.columns:
                raise DataError(
                    f"no column {name!r} in the table; it has {', '.join(self.columns)}"
                )
            if self.columns[name].dtype == object:
                raise DataError(f"column {name!r}: expected numbers, got {self._texts(name)}")
        if len(names) == 1:
            return self.columns[names[0]][:, None]
        empty = np.empty((len(self), 0))
        return np.stack([self.columns[name] for name in names], axis=1) if names else empty

    def check_target(self) -> None:
        """DataError when a target is missing, text, without any value, or constant."""
        if not self.roles.target:
            numeric = [name for name, values in self.columns.items() if values.dtype != object]
            raise DataError(f"target: name the column to forecast, one of {', '.join(numeric)}")
        for name in self.roles.target:
            values = self.columns[name]
            if values.dtype == object:
                raise DataError(f"target {name!r}: expected numbers, got {self._texts(name)}")
            present = values[~np.isnan(values)]
            if not len(present):
                raise DataError(
                    f"target {name!r}: expected numbers, got no value in {len(self)} rows"
                )
            if present.min() == present.max():
                raise DataError(
                    f"target {name!r}: expected values that change, got {present[0]:g} in every row"
                )

    def future_times(self, horizon: int) -> Times:
        """The F = horizon times after the last row of each of the S series, (S, F)."""
        lengths = np.diff(self.offsets)
        series = np.repeat(np.arange(len(lengths)), horizon)
        steps = lengths[series] + np.tile(np.arange(horizon), len(lengths))
        return self.times_at(series, steps).reshape(len(lengths), horizon)

    def times_at(self, series: NDArray[np.int64], steps: NDArray[np.int64]) -> Times:
        """The times (n,) so many steps (n,) after the first rows of series (n,), in the table or
        beyond it.
        """
        ticks, phases = self._grid()
        times = self.step.join(ticks[series] + steps, phases[series])
        if self.step.is_integer:
            return times
        return from_wall(times, self._grid_zone).view("M8[us]")

    def steps_to(self, series: NDArray[np.int64], times: Times) -> NDArray[np.int64]:
        """How many steps (n,) after the first rows of series (n,) times are: the inverse.

        A time off the grid counts for the step before it.
        """
        plain = to_wall(times.view(np.int64), self._grid_zone)
        return self.step.split(plain)[0] - self._grid()[0][series]

    def _grid(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The tick of the first row of each series (S,), and its phase (S,)."""
        ticks, phases = self.step.split(to_wall(self.times.view(np.int64), self._grid_zone))
        begins = self.offsets[:-1]
        # Of a month that lacks the day the phase is smaller.
        return ticks[begins], np.maximum.reduceat(phases, begins)

    @property
    def _grid_zone(self) -> str | None:
        """The zone whose wall clock the steps follow, if they follow one."""
        return self.source_format.zone if self.step.is_local else None

    def frame(
        self, columns: Mapping[str, NDArray[Any]], like: Mapping[str, str] | None = None
    ) -> Any:
        """Columns (n,) as a frame of the kind this table was read from; of a file, pyarrow's.

        The time goes under `roles.time`, in UTC as in `times`, and comes out in its own zone and
        type, or as the text it was; "year,month" gives two columns. Names of series go under
        `roles.series` ("city,item") and come out as the values they were. Other columns of
        datetime64 are times too. What was in a pandas index goes back into it.
        like: column -> the column of the table whose kind of number it takes: float32, decimals.
        """
        return self.source_format.frame(columns, self.names, like or {})

    def _with_roles(self, roles: Roles) -> Table:
        series = as_key(column_names(roles.series, self.source_format.series))
        for role, name in {"time": roles.time, "series": series}.items():
            if name not in (None, getattr(self.roles, role)):
                raise DataError(
                    f"{role}: the table was read with {getattr(self.roles, role)!r}, got {name!r}"
                )
        roles = replace(roles, time=None, series=None, format=self.roles.format)
        check_roles(roles, self.columns)
        named = {*roles.target, *roles.future, *roles.static}
        static = roles.static or tuple(name for name in self.roles.static if name not in named)
        rest = tuple(name for name in self.columns if name not in {*named, *static})
        past = rest if roles.past is None else roles.past
        roles = replace(
            roles, time=self.roles.time, series=self.roles.series, past=past, static=static
        )
        columns = dict(self.columns)
        for name in static:
            columns[name] = fill_static(columns[name], self.offsets, older(self.offsets))
        told = dict(self.findings.roles)
        told |= {
            name: (role, "as asked")
            for name, role in roles.columns().items()
            if name in self.columns and told.get(name, ("",))[0] != role
        }
        findings = replace(self.findings, roles=told)
        return replace(self, roles=roles, columns=columns, findings=findings)

    def _with_holidays(self) -> Table:
        """The table with the holidays counted among its findings; unknown countries are refused."""
        held = count_holidays(self.local_times, self.step, self.roles.holidays)
        return replace(self, findings=replace(self.findings, holidays=held))

    def _with_season(self, asked: int | None, before: Table | None = None) -> Table:
        """With its season; that of `before` stays if it was given, or the targets are the same."""
        if asked is None and before is not None:
            given = before.findings.season_why == ASKED
            if given or before.roles.target == self.roles.target:
                return self
        season, why = find_season(self.step, self._some_series(), asked)
        return replace(self, findings=replace(self.findings, season=season, season_why=why))

    def _some_series(self) -> Iterator[NDArray[np.float64]]:
        """The targets of at most 50 series, evenly spread over them."""
        names = [name for name in self.roles.target if self.columns[name].dtype != object]
        for at in np.unique(np.linspace(0, len(self.names) - 1, 50).astype(int)):
            for name in names:
                yield self.columns[name][self.offsets[at] : self.offsets[at + 1]]

    def _texts(self, name: str) -> str:
        some = [repr(text) for text in dict.fromkeys(self.columns[name]) if text is not None][:3]
        return f"text ({', '.join(some)}, …)"
