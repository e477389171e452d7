"""The season: given, usual for the step, or found where it is clearly there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unrolled.data.columns.roles import Roles
from unrolled.data.table.table import Table
from unrolled.data.time.grid import Step
from unrolled.data.time.season import find_season, guess_season
from unrolled.errors import SettingsError

Floats = np.ndarray[Any, np.dtype[np.float64]]


def beat(period: int, size: int = 400, noise: float = 0.1, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    return np.sin(2 * np.pi * np.arange(size) / period + 0.5) + noise * rng.normal(size=size)


@pytest.mark.parametrize("period", [2, 7, 12, 24, 30])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_season_is_found(period: int, noise: float) -> None:
    season, strength = guess_season([beat(period, noise=noise) + 0.05 * np.arange(400)])
    assert season == period
    assert 0.3 < strength <= 1


def test_series_together_show_what_one_hides() -> None:
    many = [100.0**i * beat(12, 100, 0.3, i) for i in range(20)]
    assert guess_season(many)[0] == 12
    assert guess_season(many[:1])[0] == 1


@pytest.mark.parametrize("size", [30, 120, 1000])
@pytest.mark.parametrize("seed", range(10))
def test_chance_is_no_season(size: int, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=(20, size))
    for series in ([noise[0]], [noise[0].cumsum()], [*noise], [*noise.cumsum(axis=1)]):
        assert guess_season(series) == (1, 0.0)


@pytest.mark.parametrize(
    "series",
    [
        [],
        [np.zeros(0)],
        [np.ones(1)],
        [np.ones(100)],
        [np.arange(100.0) * 0.1],
        [np.full(100, np.nan)],
        [np.where(np.arange(100) % 2, np.nan, 1.0)],
        [beat(12, 20)],
    ],
)
def test_what_cannot_tell_has_none(series: list[Floats]) -> None:
    assert guess_season(series) == (1, 0.0)


def test_the_newest_part_does_not_decide() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    values[700:] = 100 * beat(12, 300)
    assert guess_season([values]) == (1, 0.0)
    # What is still to be forecast is no part of it.
    assert guess_season([np.append(values, np.full(500, np.nan))]) == (1, 0.0)
    values = beat(12, 1000)
    other = np.where(np.arange(1000) < 700, values, 1e6)
    assert guess_season([other]) == guess_season([values])


def test_missing_values_do_not_hide_it() -> None:
    values = beat(24, 1000)
    values[np.random.default_rng(0).random(1000) < 0.1] = np.nan
    assert guess_season([values])[0] == 24


@pytest.mark.parametrize(
    ("step", "season", "why"),
    [
        ("1s", 3600, "an hour of seconds"),
        ("15min", 96, "a day in steps of 15 minutes"),
        ("1h", 24, "a day of hours"),
        ("1D", 7, "a week of days"),
        ("1W", 52, "a year of weeks"),
        ("1MS", 12, "a year of months"),
        ("1ME", 12, "a year of months"),
        ("1QS", 4, "a year in steps of 3 months"),
        ("1YS", 1, "none found"),
        (1, 1, "none found"),
    ],
)
def test_the_usual_season_in_words(step: str | int, season: int, why: str) -> None:
    assert find_season(Step.parse(step), []) == (season, why)


@pytest.mark.parametrize("asked", [0, -1, 1.5, "24", True, float("nan")])
def test_a_season_that_is_none_is_refused_in_a_line(asked: Any) -> None:
    with pytest.raises(SettingsError, match=r"^season: expected a whole number of steps >= 1, got"):
        Table.read({"t": np.arange(9), "y": np.arange(9.0)}, season=asked)


TWO = {"t": np.arange(400), "a": beat(12), "b": beat(7), "sky": ["sun", "rain"] * 200}


def test_a_table_says_its_season() -> None:
    table = Table.read(TWO, Roles(target=("a",)))
    assert table.season == table.findings.season == 12
    assert table.findings.season_why.startswith("found: autocorrelation 0.")
    assert f"season 12 ({table.findings.season_why})" in table.describe().splitlines()
    assert table.findings.to_dict()["season"] == 12
    assert "season 1 (none found)" in Table.read(TWO).describe().splitlines()
    asked = Table.read(TWO, Roles(target=("a",)), season=5)
    assert (asked.season, asked.findings.season_why) == (5, "as asked")


def test_a_table_with_other_targets_has_their_season() -> None:
    table = Table.read(TWO)
    other = Table.read(table, Roles(target=("b",)))
    assert (table.season, other.season) == (1, 7)
    assert Table.read(other, Roles(target=("a",)), season=30).season == 30
    given = Table.read(TWO, season=9)
    assert Table.read(given, Roles(target=("b",))).season == 9
    assert Table.read(TWO, Roles(target=("sky",))).season == 1


def test_a_day_of_hours_is_not_looked_for() -> None:
    hours = np.arange("2022-01-01", "2022-01-17", dtype="M8[h]")[:300]
    table = Table.read({"time": hours, "y": beat(7, 300)})
    assert (table.season, table.findings.season_why) == (24, "a day of hours")


def test_m4_hourly_has_days(shared_data: Path) -> None:
    table = Table.read(shared_data / "m4" / "Hourly-train.csv")
    assert table.season == 24
    assert table.findings.season_why.startswith("found: autocorrelation 0.")
