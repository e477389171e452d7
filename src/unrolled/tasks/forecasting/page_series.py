"""The table of a forecaster's errors series by series, and how its intervals held."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from unrolled.report.charts import Axis, Line, Size, line_chart
from unrolled.report.page import Figure, Key, Section
from unrolled.report.ticks import Tick, count_ticks, decimals, number
from unrolled.tasks.forecasting.results import Coverage, ForecastResults, ManySeries


@dataclass(frozen=True)
class SeriesTable:
    """The worst, the middle and the best series of one target, as texts."""

    target: str
    sentence: str
    rows: Sequence[tuple[str, Sequence[str]]]


def by_series(results: ForecastResults) -> Section | None:
    """The errors series by series, where there are several."""
    tables = [
        _table(target, it.by_series)
        for target, it in results.measured().items()
        if it.by_series.count > 1
    ]
    return Section("by_series", "Series by series", {"tables": tables}) if tables else None


def _table(target: str, found: ManySeries) -> SeriesTable:
    errors = [row.mae for row in found.rows]
    rows = [
        (
            row.series,
            [
                number(row.mae, decimals(errors if (found.sizes or 0) < 100 else [row.mae])),
                number(row.ratio, 2),
                number(row.mase, 2),
                row.best,
            ],
        )
        for row in found.rows
    ]
    shown = "" if len(rows) == found.count else " The worst, the middle and the best are shown."
    sentence = f"Better than seasonal naive on {found.better:,} of {found.count:,} series.{shown}"
    return SeriesTable(target, sentence, rows)


@dataclass(frozen=True)
class Held:
    """How the intervals of one target held, as two charts."""

    target: str
    by_step: Figure | None
    over_time: Figure | None


def coverage(results: ForecastResults) -> Section | None:
    """Coverage by step ahead and over time, beside what was promised."""
    found = {t: it.coverage for t, it in results.measured().items() if it.coverage.level}
    shown = [_held(target, one) for target, one in found.items()]
    level = next((one.level for one in found.values()), None)
    values = {"shown": shown, "level": level}
    return Section("coverage", "Do the intervals hold?", values) if shown else None


def _held(target: str, found: Coverage) -> Held:
    steps = [f"{i} ahead" for i in range(1, len(found.by_step) + 1)]
    times = [period.begin for period in found.over_time]
    shares = [period.share for period in found.over_time]
    return Held(
        target,
        _chart(found, "by step ahead", found.by_step, steps) if len(steps) > 1 else None,
        _chart(found, "over time", shares, times) if len(times) > 1 else None,
    )


def _chart(
    found: Coverage, what: str, shares: Sequence[float | None], labels: Sequence[str]
) -> Figure:
    percent = [None if share is None else 100 * share for share in shares]
    promised = [float(found.level or 0)] * len(percent)
    names = (f"{found.level} % promised", "held")
    lines = [Line(names[0], promised, "rival-1"), Line(names[1], percent, "network")]

    def draw(size: Size) -> Markup:
        axis = Axis(len(percent), _ticks(labels, what, size))
        label = f"Share of the truth inside the {found.level} % interval {what}"
        return line_chart(label, axis, lines, zero=True, size=size)

    texts = {names[1]: ["" if share is None else f"{share:.0f} %" for share in percent]}
    keys = [Key(names[1], "network"), Key(names[0], "rival-1")]
    return Figure.of(draw, keys, list(labels), texts)


def _ticks(labels: Sequence[str], what: str, size: Size) -> Sequence[Tick]:
    if what == "by step ahead":
        return count_ticks(1, len(labels), min(9, size.width // 60))
    every = max(1, -(-len(labels) // max(1, size.width // 110)))
    return [(i, labels[i][:10]) for i in range(0, len(labels), every)]
