"""What training learns and chooses stays the same to the bit, whatever the test rows hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from unrolled import Forecaster, Roles, Training
from unrolled.data.table.split import split
from unrolled.data.table.table import Table
from unrolled.tasks.forecasting.plan import ForecastPlan

ROWS, TEST = 120, 18
Change = Callable[[pd.DataFrame, "pd.Series[bool]"], None]


def frame() -> pd.DataFrame:
    """Two series with columns of every kind, and which of their rows are of the test part."""
    random, parts = np.random.default_rng(0), []
    for s, name in enumerate("ab"):
        hour = np.arange(ROWS)
        parts.append(
            pd.DataFrame(
                {
                    "id": name,
                    "t": pd.date_range("2020-01-01", periods=ROWS, freq="h"),
                    "y": np.sin(hour / 4) + s + random.normal(0, 0.1, ROWS),
                    "x": random.normal(size=ROWS),
                    "kind": "uv"[s],
                    "size": 10.0 * (s + 1),
                    "note": "k",
                    "word": [f"word {i % 40}" for i in hour],
                    "counter": hour + s * ROWS,
                    "empty": None,
                    "none": np.nan,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def put(column: str, value: Any, series: str = "ab") -> Change:
    def change(table: pd.DataFrame, test: pd.Series[bool]) -> None:
        rows = test & table["id"].isin([*series])
        if column in ("kind", "note", "word", "empty"):
            table[column] = table[column].astype(object)
        table.loc[rows, column] = value

    return change


def unlike(table: pd.DataFrame, test: pd.Series[bool]) -> None:
    table["word"] = table["word"].astype(object)
    table.loc[test, "word"] = [f"only {i}" for i in range(int(test.sum()))]


CHANGES: dict[str, Change] = {
    "a static text changes": put("kind", "w", "a"),
    "a static number changes": put("size", 11.5, "a"),
    "a static text is missing": put("kind", None),
    "a constant text changes": put("note", "n"),
    "a counter goes wrong": put("counter", 7),
    "a counter is missing": put("counter", np.nan),
    "a column gets its first text": put("empty", "some"),
    "a column gets its first numbers": put("none", 3.25),
    "texts that repeat no more": unlike,
    "new texts": put("word", "new"),
    "more digits": put("x", 5000.123456789),
    "more digits in the target": put("y", 5000.123456789),
    "values are missing": put("x", np.nan),
}


def learned(table: pd.DataFrame, roles: Roles, **parts: Any) -> tuple[Any, ...]:
    """All that the training part decides, and the weights."""
    model = Forecaster("y", horizon=3, lookback=6, hidden=4, refit="none")
    plan = model.plan(table, roles, training=Training(epochs=1, batch_size=64), **parts)
    fitted = model.run(plan).fitted
    weights = {k: v.numpy().tobytes() for k, v in fitted.network.measured.state_dict().items()}
    return plan.settings, fitted.preprocessor.to_dict(), weights


def both(change: Change, roles: Roles, **parts: Any) -> tuple[Any, Any]:
    """What is learned of the table as it is, and of the one with other test rows."""
    table = frame()
    test = pd.Series(np.tile(np.arange(ROWS) >= ROWS - TEST, 2))
    other = table.copy()
    change(other, test)
    return learned(table, roles, **parts), learned(other, roles, **parts)


@pytest.mark.parametrize("name", CHANGES)
def test_test_rows_choose_nothing(name: str) -> None:
    one, other = both(CHANGES[name], Roles(time="t", series="id"))
    assert one == other


NAMED: dict[str, tuple[Change, dict[str, Any]]] = {
    "a static text comes late": (put("empty", "v", "a"), {"static": ("empty", "kind")}),
    "a static number comes late": (put("none", 2.0, "a"), {"static": ("none", "kind")}),
    "a past covariate comes late": (put("none", 2.0), {"past": ("x", "none")}),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_comes_late_does_not_go_back(name: str) -> None:
    change, given = NAMED[name]
    one, other = both(change, Roles(time="t", series="id", **given))
    assert one == other


def test_a_longer_test_part_chooses_nothing_either() -> None:
    table = frame()
    other = table.copy()
    other.loc[table["t"] >= "2020-01-04", ["kind", "note"]] = ["z", "z"]
    parts = {"validation": 0.2, "test": "2020-01-04"}
    roles = Roles(time="t", series="id")
    assert learned(table, roles, **parts) == learned(other, roles, **parts)


def test_a_static_column_that_changes_is_said_and_is_forecast_with() -> None:
    table = frame()
    table.loc[[ROWS - 3, ROWS - 2], "kind"] = "w"
    roles = Roles(time="t", series="id", target=("y",))
    read = Table.read(table, roles)
    assert "kind" in read.roles.static
    assert set(read.columns["kind"]) == {"u", "v"}
    assert any("kind: data row 118 of series 'a'" in note for note in read.findings.notes)
    model = Forecaster("y", horizon=3, lookback=6, hidden=4)
    model.fit(table, roles, training=Training(epochs=1))
    assert len(model.predict(table)) == 6
    parts = split(read)
    assert isinstance(model.plan(read, roles), ForecastPlan)
    assert len(parts.test)
