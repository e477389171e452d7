"""The columns of a forecast never bear one name twice, and never take another's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from unrolled import Forecaster, Training
from unrolled.data import Roles
from unrolled.errors import DataError

HOURS = np.datetime64("2013-01-01T00") + np.arange(80)
WAVE = np.sin(np.arange(80) / 3)
QUICK = Training(epochs=1, batch_size=64)


def forecaster(*targets: str, **more: Any) -> Forecaster:
    return Forecaster(targets, horizon=2, lookback=4, hidden=3, **more)


# columns beside the time, roles, options -> the words of the refusal
TAKEN: dict[str, tuple[tuple[str, ...], Roles, dict[str, Any], str]] = {
    "an interval": (("y", "y_lo_90"), Roles(), {}, "'y_lo_90': an interval of 'y' and the fore"),
    "an interval, before": (("y_hi_90", "y"), Roles(), {}, "'y_hi_90': .* an interval of 'y'"),
    "a truth": (("y", "y_true"), Roles(), {}, "'y_true': the truth of 'y' in a backtest and the"),
    "a cutoff": (("y", "cutoff"), Roles(), {}, "'cutoff': the last known time of a backtest"),
    "levels": (("y",), Roles(), {"quantiles": (0.05, 0.051, 0.5, 0.949, 0.95)}, "'y_lo_90'"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_targets_whose_forecasts_would_share_a_name(name: str, tmp_path: Path) -> None:
    columns, roles, more, words = TAKEN[name]
    frame = {"time": HOURS, **{column: WAVE + i for i, column in enumerate(columns)}}
    with pytest.raises(DataError, match=words):
        forecaster(*columns, **more).fit(frame, roles, training=QUICK, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("role", ["series", "time"])
def test_a_series_or_a_time_named_as_a_column_of_forecasts(role: str) -> None:
    for name in ("cutoff", "y_lo_90"):
        frame = {"time": HOURS, "series": ["a"] * 80, "y": WAVE}
        frame[name] = frame.pop(role)
        roles = Roles("time", name) if role == "series" else Roles(name, "series")
        with pytest.raises(DataError, match=f"'{name}': the {role} and .*: rename one"):
            forecaster("y").fit(frame, roles, training=QUICK)


@pytest.mark.parametrize(
    "other", ["x missing", "hour_sin", "weekday_cos", "yearday_sin", "k=a", "holiday KR"]
)
def test_columns_named_as_the_encoder_names_its_own(other: str) -> None:
    frame = pd.DataFrame({"time": HOURS, "x": WAVE, other: 500 + WAVE, "k": [*"ab"] * 40})
    for roles in (Roles(), Roles(future=(other,))):
        targets = ("x",) if roles.future else ("x", other)
        model = forecaster(*targets).fit(frame, roles, training=QUICK)
        columns = model.fitted.preprocessor.columns
        names = [columns.input_names[at] for at in columns.target_index]
        assert names == [*targets]
        assert len(set(columns.target_index)) == len(targets)
    found = forecaster("x", other).fit(frame, training=QUICK).backtest(frame, test=8)
    assert (found[other] - found["x"]).abs().min() > 400


def test_two_keys_come_back_as_their_columns() -> None:
    pairs = [(a, b) for a in ("Seoul", "Busan") for b in ("tea", "milk")]
    parts = [pd.DataFrame({"time": HOURS, "city": a, "item": b, "y": WAVE}) for a, b in pairs]
    frame = pd.concat(parts, ignore_index=True)
    model = forecaster("y").fit(frame, training=QUICK)
    assert model.fitted.preprocessor.roles.series == ("city", "item")
    found = model.predict(frame)
    assert list(found)[:3] == ["city", "item", "time"]
    assert list(zip(found["city"], found["item"], strict=True))[::2] == pairs
    assert list(model.backtest(frame, test=4))[:4] == ["city", "item", "cutoff", "time"]
    plan = found[["city", "item", "time"]]
    pd.testing.assert_frame_equal(model.predict(frame, plan), found)
