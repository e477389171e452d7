"""Pictures of forecasts, and what a notebook shows."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from helpers.waves import ROLES, columns, quick, small

from unrolled import Forecaster, SettingsError
from unrolled.cli import main
from unrolled.tasks.forecasting.backtest import Origins
from unrolled.tasks.forecasting.page import pictures


@pytest.fixture(scope="module")
def model() -> Forecaster:
    given = columns()
    given["place"] = np.where(given["place"] == "A", "<b>A</b> $x$", given["place"])
    return small().fit(given, ROLES, training=quick())


def ahead() -> dict[str, np.ndarray]:
    given = columns()
    given["place"] = np.where(given["place"] == "A", "<b>A</b> $x$", given["place"])
    for name in ("temp", "load"):
        given[name][np.tile(np.arange(260) >= 256, 2)] = np.nan
    return given


def test_a_figure_has_a_chart_for_each_series_and_target(model: Forecaster, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    figure = model.forecast(ahead()).plot(tmp_path / "out.png")
    assert figure is not None
    assert len(figure.axes) == 4
    legend = figure.axes[0].get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["known", "forecast", "90 % interval"]
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    measured, _ = model.measure(columns(), Origins(test=20, stride=5))
    assert len(measured.forecast().plot().axes) == 4  # type: ignore[union-attr]


def test_a_page_needs_nothing_and_is_escaped(model: Forecaster, tmp_path: Path) -> None:
    assert model.plot(ahead(), out=tmp_path / "out.html") is None
    page = (tmp_path / "out.html").read_text()
    assert page.count("<svg") == 2 * 4  # for a desk and for a phone
    assert "<b>A</b>" not in page
    assert "&lt;b&gt;A" in page
    assert not re.search(r"(src|href)=", page)


def test_the_interval_of_a_single_step_is_seen() -> None:
    one = Forecaster("temp", horizon=1, lookback=12, hidden=4, ensemble=1)
    one.fit(columns(), ROLES, training=quick())
    page = pictures(*one.forecast(columns()).panels())
    areas = re.findall(r'class="band[^"]*" d="M([^"]*)Z"', page)
    assert areas
    for area in areas:
        x, y = np.array([corner.split(",") for corner in area.split()], float).T
        assert np.ptp(x) >= 4
        assert np.ptp(y) > 0


def test_other_names_are_refused(model: Forecaster, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"plot: expected a name that ends in \.png, .*jpg"):
        model.forecast(ahead()).plot(tmp_path / "out.jpg")


def test_the_command_line_draws(
    model: Forecaster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pandas

    model.save(tmp_path / "run")
    pandas.DataFrame(ahead()).to_csv(tmp_path / "t.csv", index=False)
    words = ["predict", str(tmp_path / "run"), str(tmp_path / "t.csv"), "--plot"]
    assert main([*words, str(tmp_path / "p.html")]) == 0
    assert (tmp_path / "p.html").exists()
    assert main([*words, str(tmp_path / "p.gif")]) == 2
    assert "--plot: expected a name" in capsys.readouterr().err


def test_notebooks_show_a_table_escaped(model: Forecaster) -> None:
    shown = model.forecast(ahead())._repr_html_()
    assert "temp_lo_90" in shown
    assert "&lt;b&gt;A" in shown
    assert "<b>" not in shown
    fitted = model._repr_html_()
    assert "seasonal naive" in fitted
    assert model.verdict.split(":")[0] in fitted
    assert "not fitted" in small()._repr_html_()
