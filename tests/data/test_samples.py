"""The data that comes with the package: there, honest, and named with its licence."""

import importlib.util
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest

from unrolled.data import Roles, Sequences, Table, samples
from unrolled.errors import SettingsError

ROOT = Path(__file__).resolve().parents[2]


def test_every_sample_says_where_it_comes_from() -> None:
    listed = samples.available()
    assert [s.name for s in listed] == ["nyc-weather", "seattle-weather", "python-docs"]
    assert all(s.about and s.source and s.licence for s in listed)


@pytest.mark.parametrize("sample", [s for s in samples.available() if s.rows is not None])
def test_a_table_has_the_rows_it_states(sample: samples.Sample) -> None:
    table = samples.load(sample.name)
    assert isinstance(table, pa.Table)
    assert table.num_rows == sample.rows
    assert samples.path(sample.name).stat().st_size < 400_000


def test_a_sample_has_its_name_for_a_source_and_no_other_file_has(tmp_path: Path) -> None:
    path = samples.path("seattle-weather")
    assert Table.read(path, Roles(target=("temp_max",))).findings.source == "seattle-weather"
    by_sky = Sequences.read(str(path), series="weather")
    assert by_sky.source == "seattle-weather"
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    assert Table.read(copy, Roles(target=("temp_max",))).findings.source == str(copy)


def test_nyc_weather_keeps_its_gaps_and_missing_values() -> None:
    table = samples.load("nyc-weather")
    assert isinstance(table, pa.Table)
    assert table.schema.field("time_hour").type == pa.timestamp("us", "America/New_York")
    stations = {}
    for station in ("EWR", "JFK", "LGA"):
        rows = table.filter(pc.equal(table["origin"], station))
        hours = np.diff(rows["time_hour"].to_numpy().astype("M8[h]")).astype(int)
        assert hours.min() >= 1, "sorted, and no hour twice (no daylight-saving double)"
        stations[station] = (rows.num_rows, int((hours - 1).sum()))
    # Rows, and hours that nobody wrote down.
    assert stations == {"EWR": (8703, 27), "JFK": (8706, 24), "LGA": (8706, 24)}
    missing = {name: table[name].null_count for name in table.column_names}
    assert (missing["temp"], missing["wind_dir"], missing["pressure"]) == (1, 460, 2729)
    assert missing["wind_gust"] == 20_778
    assert pc.max(table["wind_speed"]).as_py() > 1000  # a real slip of the source, kept
    first = pc.min(table["time_hour"]).as_py()
    assert first == datetime(2013, 1, 1, 6, tzinfo=UTC)


def test_seattle_weather_is_the_published_file(shared_data: Path) -> None:
    published = pyarrow.csv.read_csv(shared_data / "weather" / "seattle-weather.csv")
    table = samples.load("seattle-weather")
    assert isinstance(table, pa.Table)
    assert table.column_names == published.column_names
    for name in table.column_names[1:]:
        assert table[name].to_pylist() == published[name].to_pylist()
    assert [d.strftime("%Y/%m/%d") for d in table["date"].to_pylist()] == published[
        "date"
    ].to_pylist()
    assert set(table["weather"].to_pylist()) == {"sun", "rain", "fog", "drizzle", "snow"}


def test_python_docs_is_english_text() -> None:
    text = samples.load("python-docs")
    assert isinstance(text, str)
    assert len(text) > 300_000
    assert text.count(" the ") > 3000
    assert text == samples.load("python-docs")


def test_a_name_with_a_typo_gets_the_nearest() -> None:
    with pytest.raises(SettingsError, match="no sample 'nyc-wether', did you mean 'nyc-weather'"):
        samples.load("nyc-wether")
    with pytest.raises(SettingsError, match="there are nyc-weather, seattle-weather, python-docs"):
        samples.path("???")
    with pytest.raises(SettingsError, match="'python-docs' is text and has no file"):
        samples.path("python-docs")


@pytest.mark.slow
def test_the_script_rebuilds_the_same_tables(tmp_path: Path) -> None:
    """Needs PyPI."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "scripts" / "build_samples.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    build.main(tmp_path)
    for name in ("nyc-weather", "seattle-weather"):
        rebuilt = pa.parquet.read_table(tmp_path / f"{name}.parquet")
        assert rebuilt.equals(samples.load(name))
