"""The report page of a forecaster: headline, forecasts, error by step, how to read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from markupsafe import Markup

from unrolled.report import page
from unrolled.report.charts import (
    Axis,
    Band,
    Bar,
    Line,
    Size,
    band_chart,
    bar_chart,
    both,
    line_chart,
)
from unrolled.report.page import Figure, Key, Section
from unrolled.report.render import style
from unrolled.report.ticks import count_ticks, decimals, number, time_ticks
from unrolled.runs.read import Run
from unrolled.tasks.forecasting.page_scores import Comparison, errors, tones
from unrolled.tasks.forecasting.page_series import by_series, coverage
from unrolled.tasks.forecasting.results import ForecastResults, Panel


def sections(run: Run) -> list[Section | None]:
    """The sections of the page; None for what the run folder says nothing about."""
    results = run.results(ForecastResults) or ForecastResults()
    return [
        headline(run, results),
        forecasts(results),
        errors(results),
        by_series(results),
        by_step(results),
        coverage(results),
        page.training(run),
        page.data(run),
        page.settings(run),
        reading(results),
    ]


def headline(run: Run, results: ForecastResults) -> Section:
    """The title, the verdict in one sentence, the error beside those of the baselines."""
    outcome = Comparison.of(results.network, results.table)
    errors = {s.name: s.metrics.get("mae") for s in results.table}
    places = decimals(list(errors.values()))
    colours = tones(results)
    bars = [
        Bar(name, error, number(error, places), colours[name]) for name, error in errors.items()
    ]

    def draw(size: Size) -> Markup:
        words = ", ".join(f"{bar.name} {bar.text}" for bar in bars)
        narrower = Size(460 if size.width > 500 else size.width, 0)
        return bar_chart(f"Mean absolute error: {words}", bars, size=narrower)

    verdict = results.verdict or (outcome.sentence() if outcome else "")
    own = errors.get(results.network)
    values = {
        "title": _title(results),
        "run": run.name,
        "verdict": verdict,
        "loses": outcome is not None and outcome.loses,
        "figure": both(draw) if len(bars) > 1 else None,
        "number": None if own is None else number(own, places),
        "network": results.network,
        "test": results.test,
        "target": next(iter(results.targets), ""),
    }
    return Section("headline", "", values)


def _title(results: ForecastResults) -> str:
    what = f"Forecast of {', '.join(results.targets)}" if results.targets else "Forecast"
    return f"{what}, {ahead(results)} ahead" if results.horizon else what


def ahead(results: ForecastResults) -> str:
    """The horizon in words: 24 steps of 1h are "24 hours"."""
    count = results.horizon or 0
    unit = _UNITS.get(results.step)
    if unit is None:
        return f"{count} steps" + (f" of {results.step}" if results.step not in ("", "1") else "")
    return f"{count} {unit}{'s' if count != 1 else ''}"


_UNITS = {
    "1h": "hour",
    "1D": "day",
    "1B": "business day",
    "1W": "week",
    "1MS": "month",
    "1ME": "month",
    "1BMS": "month",
    "1BME": "month",
    "1min": "minute",
    "1s": "second",
}


def forecasts(results: ForecastResults) -> Section | None:
    """Forecasts over the truth, one panel per series, target and cutoff."""
    if not results.panels:
        return None
    colours = tones(results)
    rivals = list(dict.fromkeys(name for panel in results.panels for name in panel.baselines))
    sizes = accumulate(_cost(panel) for panel in results.panels)
    room = [i for i, size in enumerate(sizes) if i == 0 or size <= MOST_POINTS]
    shown = [_panel(results.panels[i], results, colours, rivals) for i in room]
    left = len(results.panels) - len(shown)
    return Section("forecasts", "Forecasts", {"panels": shown, "left": left})


def pictures(panels: Sequence[Mapping[str, object]], left: int) -> str:
    """A page of charts alone, of panels as results have them; left: how many had no room."""
    results = ForecastResults(network="forecast")
    colours = {"forecast": "network"}
    charts = [_panel(Panel.model_validate(one), results, colours, []) for one in panels]
    body = Markup("").join(
        Markup("<article><h2>{}</h2>{}</article>").format(
            " · ".join(filter(None, (one.series, one.target))), one.figure.chart
        )
        for one in charts
    )
    more = Markup("<p>and {} more</p>").format(left) if left else ""
    return str(
        Markup(
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            "<title>Forecast · unrolled</title>"
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            "<style>{}</style></head><body><main>{}{}</main></body></html>\n"
        ).format(style(), body, more)
    )


MOST_POINTS = 8_000
"""Points of all panels together: about 700 kB, so that the page can be sent by mail."""


def _cost(panel: Panel) -> int:
    return len(panel.time) * (2 + 4 + len(panel.baselines))


@dataclass(frozen=True)
class ShownPanel:
    """A panel with the words that choose it."""

    series: str
    target: str
    cutoff: str
    figure: Figure


def _panel(
    panel: Panel, results: ForecastResults, colours: Mapping[str, str], rivals: Sequence[str]
) -> ShownPanel:
    # Twice the horizon of the past is enough to see the rhythm and leaves the forecast room.
    past = min(len(panel.past), max(2 * len(panel.time), 24))
    cut = len(panel.past) - past
    times = panel.past_time[cut:] + panel.time
    lines = [
        Line(name, values, colours[name], past, toggle=str(rivals.index(name)))
        for name, values in panel.baselines.items()
    ]
    lines += [
        Line("truth", [*panel.past[cut:], *panel.truth], "truth"),
        Line(results.network, panel.forecast, "network", past),
    ]
    lo, hi = (panel.lo, panel.hi) if panel.lo and panel.hi else ([], [])
    band = Band("interval", lo, hi, "network", past)
    words = " · ".join(filter(None, (panel.series, panel.target)))

    def draw(size: Size) -> Markup:
        axis = Axis(len(times), time_ticks(times, size.width // 90))
        interval = f", {_interval(panel)}" if lo else ""
        label = f"{words}: forecast from {panel.time[0]} over the truth{interval}"
        return band_chart(label, axis, lines, band, size=size)

    figure = Figure.of(draw, _keys(panel, results, lines), times, _columns(panel, lines, band))
    return ShownPanel(panel.series, panel.target, panel.time[0], figure)


def _keys(panel: Panel, results: ForecastResults, lines: Sequence[Line]) -> list[Key]:
    keys = [Key("truth", "truth"), Key(results.network, "network")]
    if panel.lo and panel.hi:
        keys.append(Key(_interval(panel), "network area"))
    return keys + [Key(line.name, line.tone, line.toggle) for line in lines if line.toggle]


def _columns(panel: Panel, lines: Sequence[Line], band: Band) -> dict[str, list[str]]:
    """The read-out of a panel: truth first, then the network with its interval, then the rest."""
    length = max(line.start + len(line.values) for line in lines)
    places = decimals([_typical(panel)])
    shown = {line.name: page.texts(line.values, line.start, length, places) for line in lines}
    rivals = {line.name: shown.pop(line.name) for line in lines if line.toggle}
    if band.lo:
        lo, hi = (page.texts(values, band.start, length, places) for values in (band.lo, band.hi))
        shown[_interval(panel)] = [
            f"{a} to {b}" if a and b else "" for a, b in zip(lo, hi, strict=True)
        ]
    return shown | rivals


def _interval(panel: Panel) -> str:
    return f"{panel.level} % interval" if panel.level else "interval"


def _typical(panel: Panel) -> float:
    """A size that tells how many decimals the numbers of a panel need."""
    sizes = [abs(value) for value in panel.forecast if value is not None]
    return max(sizes, default=0.0)


def by_step(results: ForecastResults) -> Section | None:
    """The mean absolute error of each step ahead, all models."""
    shown = [
        _steps(target, it.by_step, results)
        for target, it in results.measured().items()
        if max(map(len, it.by_step.values()), default=0) > 1
    ]
    unit = _UNITS.get(results.step, "step")
    return Section("by_step", "Error by step", {"shown": shown, "unit": unit}) if shown else None


@dataclass(frozen=True)
class Steps:
    """The error by step of one target, as a chart and as texts."""

    target: str
    figure: Figure
    columns: Mapping[str, Sequence[str]]
    count: int


def _steps(target: str, steps: dict[str, list[float | None]], results: ForecastResults) -> Steps:
    count, colours = max(map(len, steps.values())), tones(results)
    lines = [Line(name, values, colours[name]) for name, values in reversed(steps.items())]

    def draw(size: Size) -> Markup:
        axis = Axis(count, count_ticks(1, count, min(9, size.width // 60)))
        of = f" of {target}" if target else ""
        label = f"Mean absolute error{of} by step ahead, 1 to {count}: {', '.join(steps)}"
        return line_chart(label, axis, lines, zero=True, size=size)

    unit = _UNITS.get(results.step, "step")
    places = decimals([v for values in steps.values() for v in values])
    columns = {name: page.texts(values, 0, count, places) for name, values in steps.items()}
    labels = [f"{i} {unit}{'s' if i > 1 else ''} ahead" for i in range(1, count + 1)]
    figure = Figure.of(draw, [Key(name, colours[name]) for name in steps], labels, columns)
    return Steps(target, figure, columns, count)


def reading(results: ForecastResults) -> Section:
    """How to read the page, in plain words."""
    levels = [panel.level for panel in results.panels if panel.lo]
    level = next((level for level in levels if level), None)
    return Section("reading", "How to read this page", {"level": level})
