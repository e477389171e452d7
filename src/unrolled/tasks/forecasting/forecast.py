"""A forecast or a backtest as a value: a frame, a picture, a small table in a notebook."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.data.table.table import Table
from unrolled.errors import SettingsError
from unrolled.tasks.forecasting.frames import alike, columns
from unrolled.tasks.forecasting.inference import ForecastFit
from unrolled.tasks.forecasting.panels import panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST, ACROSS = 12, 3  # charts in a picture, and in a row of it
SUFFIXES = (".png", ".svg", ".pdf", ".html")
SHOWN = 10  # rows in a notebook


@dataclass(frozen=True, eq=False, repr=False)
class Forecast:
    """What `Forecaster.forecast` gives: n windows of a table, forecast.

    cutoffs, series: (n,), the first row ahead and the series of each; quantiles: (n, F, K, Q) in
    the unit of the targets; ahead: of what nobody has seen, else a backtest; notes: what to know
    before believing it.
    """

    fit: ForecastFit
    table: Table
    cutoffs: np.ndarray
    series: np.ndarray
    quantiles: np.ndarray
    ahead: bool
    notes: Sequence[str] = ()

    def frame(self) -> Any:
        """A frame of the kind that the table was read from, as `predict` returns it."""
        found = columns(
            self.fit, self.table, self.cutoffs, self.series, self.quantiles, ahead=self.ahead
        )
        return self.table.frame(found, alike(self.fit.settings))

    def panels(self) -> tuple[list[dict[str, Any]], int]:
        """The newest window of each series, a chart for each target, and how many had no room."""
        newest = np.flatnonzero(np.diff(self.series, append=-1) != 0)
        targets = range(len(self.fit.settings.target))
        chosen = newest[: max(1, MOST // len(targets))]
        shown = [
            panel(
                self.fit, self.table, int(self.cutoffs[i]), int(self.series[i]), k,
                self.quantiles[i],
            )
            for i in chosen
            for k in targets
        ]  # fmt: skip
        return shown, len(targets) * (len(newest) - len(chosen))

    def plot(self, out: str | Path | None = None) -> Figure | None:
        """History, forecast and interval, a small chart for each series (12 at most).

        out: a file to write, .png, .svg, .pdf (drawn by matplotlib), or .html (needs nothing).
        Returns the matplotlib figure, None where HTML was written. Raises SettingsError for a
        file of another name, and where matplotlib is wanted and not installed.
        """
        path = None if out is None else Path(out)
        check_picture(path)
        from unrolled import files

        if path is not None and path.suffix.lower() == ".html":
            from unrolled.tasks.forecasting.page import pictures

            files.write_text(path, pictures(*self.panels()))
            return None
        figure = _figure(*self.panels())
        if path is not None:
            kind = path.suffix[1:].lower()

            def save(part: Path) -> None:
                figure.savefig(part, format=kind, dpi=120)

            files.write(path, save)
        return figure

    def _repr_html_(self) -> str:
        """The first rows and the notes, escaped."""
        from unrolled.runs.notebook import table_html

        found = columns(
            self.fit, self.table, self.cutoffs, self.series, self.quantiles, ahead=self.ahead
        )
        count = len(self.cutoffs) * self.fit.settings.horizon
        rows = [[_short(values[i]) for values in found.values()] for i in range(min(SHOWN, count))]
        more = [f"{count - SHOWN:,} rows more"] if count > SHOWN else []
        return table_html(list(found), rows, [*more, *self.notes])

    def __repr__(self) -> str:
        names, steps = ", ".join(self.fit.settings.target), self.fit.settings.horizon
        return f"Forecast of {names}, {steps} steps from {len(self.cutoffs)} cutoffs"


def check_picture(path: Path | None, name: str = "plot") -> None:
    """SettingsError unless a picture can be written, by its name."""
    if path is not None and path.suffix.lower() not in SUFFIXES:
        some = ", ".join(SUFFIXES)
        raise SettingsError(f"{name}: expected a name that ends in {some}, got {path}")


def _short(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    return str(value).replace("T", " ").removesuffix(".000000").removesuffix(" 00:00:00")


def _figure(panels: Sequence[dict[str, Any]], left: int) -> Figure:
    """Small charts beside and below each other."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise SettingsError(
            "plot: matplotlib draws it: pip install 'unrolled[plot]', or write .html"
        ) from None
    across = min(ACROSS, len(panels))
    down = math.ceil(len(panels) / across)
    figure = Figure(
        figsize=(8.0 if across == 1 else 4.8 * across, 3.4 * down), layout="constrained"
    )
    grid = figure.subplots(down, across, squeeze=False)
    for axes, shown in zip(grid.flat, panels, strict=False):
        _draw(axes, shown)
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    grid.flat[0].legend(loc="upper left", fontsize="small", frameon=False)
    if left:
        figure.supxlabel(f"and {left:,} more", fontsize="small")
    return figure


def _draw(axes: Axes, shown: dict[str, Any]) -> None:
    """History, truth where it is known, forecast and interval of one series."""
    past, ahead = _places(shown["past_time"]), _places(shown["time"])
    known = [np.nan if v is None else v for v in (*shown["past"], *shown["truth"])]
    steps: Any = [*past, *ahead][: len(known)]
    axes.plot(steps, known, color="#3c4856", linewidth=1.1, label="known")
    forecast: Any = [np.nan if v is None else v for v in shown["forecast"]]
    axes.plot(ahead, forecast, color="#c2410c", linewidth=1.6, label="forecast",
              marker="o" if len(ahead) == 1 else "", markersize=4)  # fmt: skip
    if shown.get("lo"):
        low, high = (np.array(shown[end], float) for end in ("lo", "hi"))
        label = f"{shown['level']} % interval"
        width = 6 if len(ahead) == 1 else 0  # one step has no area
        axes.fill_between(
            ahead, low, high, color="#c2410c", alpha=0.18, label=label, linewidth=width
        )
    # Names are a user's: a dollar in them begins no formula.
    title = " · ".join(filter(None, (shown["series"], shown["target"]))).replace("$", r"\$")
    axes.set_title(title, fontsize="medium")
    axes.grid(alpha=0.25)
    axes.tick_params(labelsize="small")
    if isinstance(ahead[0], np.datetime64):
        from matplotlib import dates as untyped

        dates: Any = untyped
        locator = dates.AutoDateLocator(maxticks=6)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))


def _places(times: Sequence[str]) -> list[Any]:
    """Times of a panel as what an axis places: dates, or whole numbers."""
    return [
        int(t) if t.lstrip("-").isdigit() else np.datetime64(t.replace(" ", "T")) for t in times
    ]
