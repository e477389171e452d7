"""A small table with everything in it: two series, gaps, categories, covariates of every role."""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled import Forecaster, Roles, Training

ROLES = Roles(
    time="time",
    series="place",
    target=("temp", "load"),
    past=("wind", "sky"),
    future=("price", "holiday"),
    static=("height", "kind"),
)
HOURS = 260
HORIZON, LOOKBACK = 4, 8


def columns(hours: int = HOURS, places: str = "AB") -> dict[str, Any]:
    """The columns, series after series, with missing values in most of them."""
    random = np.random.default_rng(3)
    n = hours * len(places)
    hour = np.tile(np.arange(hours), len(places))
    series = np.repeat(list(places), hours)
    wave = np.sin(hour * 2 * np.pi / 24)
    temp = 10 + 4 * wave + 2 * (series == "B") + random.normal(0, 0.3, n)
    wind = random.normal(5, 2, n)
    load = 50 - 3 * wave + wind + random.normal(0, 0.5, n)
    for values in (temp, load, wind):
        values[random.random(n) < 0.03] = np.nan
    sky = random.choice(np.array(["sun", "rain", "fog", None], dtype=object), n)
    return {
        "time": np.datetime64("2013-01-01T00", "us") + hour * np.timedelta64(3600, "s"),
        "place": series.astype(object),
        "temp": temp,
        "load": load,
        "wind": wind,
        "sky": sky,
        "price": (hour // 6 % 3).astype(float),
        "holiday": np.where(hour // 24 % 7 < 5, "no", "yes").astype(object),
        "height": np.where(series == "A", 12.0, 300.0),
        "kind": np.where(series == "A", "sea", "hill").astype(object),
    }


def small(**settings: Any) -> Forecaster:
    """A forecaster that is fitted within a second; what it measures is what it predicts with."""
    asked = {"horizon": HORIZON, "lookback": LOOKBACK, "hidden": 4, "refit": "none", **settings}
    return Forecaster(("temp", "load"), **asked)


def quick(**settings: Any) -> Training:
    """Two epochs, for tests that only need a fit."""
    return Training(epochs=2, batch_size=64, **settings)
