"""A table too short for its horizon is refused before anything is trained, with what would do."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from unrolled import DataError, Forecaster, Roles, Training


def months(rows: int, series: int = 1) -> dict[str, Any]:
    time = np.arange("2000-01", "2060-01", dtype="M8[M]")[:rows].astype("M8[D]")
    wave = 10 + np.sin(np.arange(rows) * 2 * np.pi / 12)
    return {
        "t": np.tile(time, series),
        "s": np.repeat([f"s{i}" for i in range(series)], rows).astype(object),
        "y": np.concatenate([wave + i for i in range(series)]),
    }


def plan(data: dict[str, Any], horizon: int, lookback: int | None = None, **cut: Any) -> Any:
    model = Forecaster("y", horizon=horizon, lookback=lookback, hidden=3)
    return model.plan(data, Roles(time="t", series="s"), training=Training(epochs=1), **cut)


@pytest.mark.parametrize("series", [1, 3])
@pytest.mark.parametrize(
    ("rows", "horizon", "lookback", "cut"),
    [
        (144, 24, None, {}),
        (144, 40, None, {}),
        (144, 12, None, {"test": 5}),
        (144, 12, None, {"validation": "2011-06-01", "test": "2011-09-01"}),
        (144, 3, 200, {}),
        (60, 24, None, {}),
    ],
)
def test_what_is_advised_does(
    series: int, rows: int, horizon: int, lookback: int | None, cut: dict[str, Any]
) -> None:
    data = months(rows, series)
    with pytest.raises(DataError, match="are needed") as refused:
        plan(data, horizon, lookback, **cut)
    advice = str(refused.value).rpartition("; ")[2]
    assert advice.endswith("would do")
    for way in advice.removesuffix(" would do").split(" or "):
        asked: dict[str, Any] = {"horizon": horizon, "lookback": lookback, **cut}
        asked |= {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", way)}
        found = plan(data, **asked)
        assert len(found.train)
        assert len(found.validation)


def test_a_table_that_is_too_short_for_anything() -> None:
    with pytest.raises(DataError, match=r"are needed .*; (more rows are needed|.* would do)$"):
        plan(months(4), 2)
