"""Tables made by hand, for the tests of what comes after reading."""

from collections.abc import Mapping, Sequence

import numpy as np

from unrolled.data.columns.roles import Roles
from unrolled.data.table.findings import Findings
from unrolled.data.table.source_format import SourceFormat
from unrolled.data.table.table import Table
from unrolled.data.time.grid import Step


def make_table(
    columns: Mapping[str, np.ndarray],
    roles: Roles,
    lengths: Sequence[int],
    names: Sequence[str] | None = None,
    integer_time: bool = False,
) -> Table:
    """Hourly series that begin together on 2020-01-01, or integer steps from 0."""
    steps = np.concatenate([np.arange(n) for n in lengths])
    hours = np.datetime64("2020-01-01", "us") + steps * np.timedelta64(1, "h")
    return Table(
        roles=roles,
        step=Step(1, "" if integer_time else "h"),
        names=tuple(names or [f"s{i}" for i in range(len(lengths))]),
        offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        times=steps if integer_time else hours,
        columns=columns,
        present=np.ones(len(steps), dtype=bool),
        findings=Findings(),
        source_format=SourceFormat(),
    )


def weather_table(rng: np.random.Generator, lengths: Sequence[int] = (120, 90)) -> Table:
    """A target; past covariates, a number and a category; a future and a static one."""
    n = sum(lengths)
    humid = rng.normal(50, 10, n)
    humid[rng.random(n) < 0.1] = np.nan
    sky = rng.choice(np.array(["sun", "rain", "fog", None], dtype=object), n)
    city = np.repeat(np.array([f"city{i}" for i in range(len(lengths))], dtype=object), lengths)
    columns = {
        "temp": rng.normal(20, 5, n),
        "humid": humid,
        "sky": sky,
        "price": rng.normal(3, 1, n),
        "city": city,
    }
    roles = Roles(
        time="time",
        series="city_id",
        target=("temp",),
        past=("humid", "sky"),
        future=("price",),
        static=("city",),
    )
    return make_table(columns, roles, lengths)
