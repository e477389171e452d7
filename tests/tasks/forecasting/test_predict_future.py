"""A forecast with a plan in a table of its own: the bits of the same rows inside the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.tables import one_line
from helpers.waves import HORIZON, HOURS, ROLES, columns, quick, small

from unrolled import DataError, Forecaster
from unrolled.cli import main

LAST = HOURS - HORIZON - 2
PLANNED = ["time", "place", "price", "holiday"]


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return small().fit(columns(), ROLES, training=quick())


@pytest.fixture
def whole() -> pd.DataFrame:
    """What is known at hour LAST, and beyond it the future covariates alone."""
    frame = pd.DataFrame(columns())
    beyond = frame["time"] >= frame["time"][LAST]
    frame.loc[beyond, ["temp", "load", "wind", "sky"]] = None
    frame.loc[frame["time"] == frame["time"][LAST - 1], "temp"] = 10.0
    return frame


def known(whole: pd.DataFrame) -> Any:
    return whole[whole["time"] < whole["time"][LAST]]


def plan(whole: pd.DataFrame) -> Any:
    return whole.loc[whole["time"] >= whole["time"][LAST], PLANNED]


def test_the_same_bits_as_with_the_rows_inside(fitted: Forecaster, whole: pd.DataFrame) -> None:
    inside = fitted.predict(whole)
    for given in (plan(whole), whole[PLANNED], dict(plan(whole).items())):
        pd.testing.assert_frame_equal(
            fitted.predict(known(whole), future=given), inside, check_exact=True
        )
    assert inside["time"].iloc[0] == whole["time"][LAST]
    dear = plan(whole).assign(price=9.0)  # the plan is looked at
    assert (fitted.predict(known(whole), future=dear)["temp"] != inside["temp"]).any()


def test_a_plan_too_short_or_of_other_steps_is_refused(
    fitted: Forecaster, whole: pd.DataFrame
) -> None:
    until = whole["time"][LAST + HORIZON - 1]
    with pytest.raises(DataError, match=r"covariate 'price': .* series 'A', got none at 2013-01-1"):
        fitted.predict(known(whole), future=plan(whole)[lambda rows: rows["time"] < until])
    with pytest.raises(DataError, match=r"^predict: future covariate 'price': expected a value"):
        fitted.predict(known(whole))
    with pytest.raises(DataError, match=r"^plan: time: .* step of 2h, but 1h was asked for"):
        fitted.predict(known(whole), future=whole.loc[whole["time"].dt.hour % 2 == 0, PLANNED])


def test_the_command_line_takes_a_file(
    fitted: Forecaster, whole: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, files = str(tmp_path / "run"), {}
    fitted.save(run)
    tables = {"whole": whole, "known": known(whole), "plan": plan(whole)}
    for name, frame in tables.items():
        files[name] = str(tmp_path / f"{name}.csv")
        frame.to_csv(files[name], index=False)
    assert main(["predict", run, files["whole"]]) == 0
    inside = capsys.readouterr().out
    assert main(["predict", run, files["known"], "--future", files["plan"]]) == 0
    assert capsys.readouterr().out == inside
    assert len(inside.splitlines()) == 1 + 2 * HORIZON
    assert main(["predict", run, files["known"], "--future", "no.csv"]) == 2
    assert "plan: read no.csv: there is no such file" in one_line(capsys.readouterr().err)
