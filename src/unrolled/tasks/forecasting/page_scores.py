"""The table of errors of a forecaster beside its baselines, and who wins in words."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from unrolled.report.page import Section
from unrolled.report.ticks import decimals, number
from unrolled.tasks.forecasting.results import ForecastResults, ModelErrors, TargetErrors


def tones(results: ForecastResults) -> dict[str, str]:
    """The colour of each model: the network's own, then the baselines in the order of the table."""
    parts = [results, *results.by_target.values()]
    names = [score.name for part in parts for score in part.table]
    names += [name for part in parts for name in part.by_step]
    names += [name for panel in results.panels for name in panel.baselines]
    rivals = dict.fromkeys(name for name in names if name != results.network)
    return {results.network: "network"} | {
        name: f"rival-{min(i, 4)}" for i, name in enumerate(rivals, 1)
    }


@dataclass(frozen=True)
class Comparison:
    """The network against the best of the baselines, by mean absolute error."""

    network: str
    error: float
    rival: str
    rival_error: float

    @classmethod
    def of(cls, network: str, table: Sequence[ModelErrors]) -> "Comparison | None":
        """The outcome, or None without two errors to compare."""
        errors = {s.name: e for s in table if (e := s.metrics.get("mae")) is not None}
        own = errors.pop(network, None)
        if own is None or not errors:
            return None
        rival = min(errors, key=lambda name: errors[name])
        return cls(network, own, rival, errors[rival])

    @property
    def loses(self) -> bool:
        """Whether a baseline is better than the network."""
        return self.rival_error < self.error

    def sentence(self) -> str:
        """Who is better and by how much, in words."""
        own, other = _apart(self.error, self.rival_error)
        share = abs(self.error - self.rival_error) / (self.rival_error or 1.0)
        percent = "less than 1\u00a0%" if share < 0.01 else f"{100 * share:.0f}\u00a0%"
        if self.loses:
            more = f"{percent} more"
            if self.error > 2 * self.rival_error:
                ratio = self.error / self.rival_error if self.rival_error else math.inf
                more = f"{number(ratio)} times as much" if ratio < math.inf else "far more"
            return (
                f"The network loses here: {self.rival} has a mean absolute error of {other}, "
                f"{self.network} {own} ({more}). The simpler model is the better choice."
            )
        if self.error == self.rival_error:
            return f"{self.network} and {self.rival} have the same mean absolute error, {own}."
        return (
            f"The mean absolute error of {self.network} is {percent} below that of {self.rival}, "
            f"the best baseline: {own} against {other}."
        )


def _apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers with three figures, or with up to two more when they would look the same."""
    places = decimals([a, b])
    texts = [(number(a, p), number(b, p)) for p in range(places, places + 3)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[0])


def errors(results: ForecastResults) -> Section | None:
    """The table of errors: metrics down, models across, the best of each row marked."""
    if not results.table:
        return None
    tables = [_table(target, it, results) for target, it in results.measured().items()]
    return Section("errors", "Errors", {"tables": tables, "test": results.test})


@dataclass(frozen=True)
class ErrorTable:
    """The errors of one target, with who wins in words."""

    target: str
    outcome: str
    models: Sequence[tuple[str, str]]
    rows: Sequence["MetricRow"]


def _table(target: str, measured: TargetErrors, results: ForecastResults) -> ErrorTable:
    scores, colours = measured.table, tones(results)
    outcome = Comparison.of(results.network, scores)
    keys = dict.fromkeys(key for score in scores for key in score.metrics)
    return ErrorTable(
        target,
        outcome.sentence() if outcome else "",
        [(score.name, colours[score.name]) for score in scores],
        [_row(key, scores) for key in keys],
    )


@dataclass(frozen=True)
class MetricRow:
    """A metric of every model: name, what it means, the texts and which of them are the best."""

    name: str
    meaning: str
    texts: Sequence[str]
    best: Sequence[bool]


_METRICS = {
    "mae": ("MAE", "mean absolute error, in the unit of the target"),
    "rmse": ("RMSE", "root mean squared error: large misses weigh more"),
    "smape": ("sMAPE", "error in percent of the size, 0 to 200"),
    "mase": ("MASE", "error over that of repeating the last season, in training"),
    "ratio": ("Ratio", "error over that of seasonal naive, geometric mean over the series"),
    "pinball": ("Pinball", "error of the quantiles: the median and the interval together"),
}


def _row(key: str, table: Sequence[ModelErrors]) -> MetricRow:
    values = [score.metrics.get(key) for score in table]
    interval = re.fullmatch(r"(coverage|width|winkler)_(\d+)", key)
    if interval and interval[1] == "coverage":
        level = int(interval[2]) / 100
        cost = [None if v is None else abs(round(v, 2) - level) for v in values]
        texts = ["–" if v is None else f"{100 * v:.0f} %" for v in values]
        meaning = f"share of the truth inside the interval; {interval[2]} % is right"
        return MetricRow(f"Coverage {interval[2]} %", meaning, texts, _least(cost))
    places = decimals(values)
    texts = [number(value, places) for value in values]
    shown = [None if value is None else round(value, places) for value in values]
    if interval and interval[1] == "winkler":
        meaning = "width, and ten times or more what lies outside: lower is better"
        return MetricRow(f"Winkler {interval[2]} %", meaning, texts, [False] * len(values))
    if interval:
        meaning = "mean width of the interval; narrow is good at the right coverage"
        return MetricRow(f"Width {interval[2]} %", meaning, texts, [False] * len(values))
    name, meaning = _METRICS.get(key, (key, ""))
    return MetricRow(name, meaning, texts, _least(shown))


def _least(values: Sequence[float | None]) -> list[bool]:
    """Which of the values are the least; those that look the same are all the best."""
    known = [value for value in values if value is not None]
    # A metric that only one model has makes nobody the best.
    return [len(known) > 1 and value == min(known) for value in values]
