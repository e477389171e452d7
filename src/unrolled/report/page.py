"""What every page shows, whatever the task: training, data, settings."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from unrolled.report.charts import Axis, Line, Mark, Size, both, line_chart
from unrolled.report.ticks import count_ticks, decimals, number
from unrolled.runs.read import Run, ShownFindings


@dataclass(frozen=True)
class Section:
    """One part of a page: its anchor, its heading, its template and what that is given."""

    name: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def template(self) -> str:
        """The partial that shows it."""
        return f"{self.name}.html"


@dataclass(frozen=True)
class Key:
    """One entry of a legend; with a toggle it is a box to tick."""

    name: str
    tone: str
    toggle: str = ""


@dataclass(frozen=True)
class Figure:
    """A chart with its legend and the numbers that are read out under the pointer."""

    chart: Markup
    keys: Sequence[Key]
    readout: str

    @classmethod
    def of(
        cls,
        draw: Callable[[Size], Markup],
        keys: Sequence[Key],
        labels: Sequence[str],
        columns: Mapping[str, Sequence[str]],
    ) -> "Figure":
        """A figure; `labels` name the points, `columns` hold one text per point ("" for none)."""
        data = {"labels": list(labels), "columns": {k: list(v) for k, v in columns.items()}}
        return cls(both(draw), keys, json.dumps(data, ensure_ascii=False))


def texts(values: Sequence[float | None], start: int, length: int, places: int) -> list[str]:
    """Values of a line as texts for a read-out of some length, "" where the line is not."""
    shown = ["" if value is None else number(value, places) for value in values]
    return ([""] * start + shown + [""] * length)[:length]


def training(run: Run) -> Section | None:
    """Training and validation loss by epoch, the best epoch marked."""
    history = run.history
    if not history:
        return None
    first, last = history[0].epoch, history[-1].epoch
    losses = {
        "training loss": [epoch.train_loss for epoch in history],
        run.validated_on: [epoch.validation_loss for epoch in history],
    }
    lines = [
        Line(name, values, tone)
        for (name, values), tone in zip(losses.items(), ("muted", "network"), strict=True)
        if any(value is not None for value in values)
    ]
    validated = [
        (e.validation_loss, i) for i, e in enumerate(history) if e.validation_loss is not None
    ]
    best = min(validated)[1] if validated else None
    marks = [] if best is None else [Mark(best, f"best: epoch {history[best].epoch}")]

    def draw(size: Size) -> Markup:
        axis = Axis(len(history), count_ticks(first, last, size.width // 70))
        label = f"{' and '.join(line.name for line in lines)} over {len(history)} epochs"
        return line_chart(label, axis, lines, marks=marks, size=size)

    places = decimals([v for line in lines for v in line.values])
    columns = {line.name: texts(line.values, 0, len(history), places) for line in lines}
    labels = [f"epoch {epoch.epoch}" for epoch in history]
    keys = [Key(line.name, line.tone) for line in lines]
    figure = Figure.of(draw, keys, labels, columns)
    return Section("training", "Training", {"figure": figure, "facts": _training_facts(run, best)})


def _training_facts(run: Run, best: int | None) -> list[str]:
    history = run.history
    facts = [f"{len(history)} epoch{'s' if len(history) > 1 else ''}"]
    if best is not None and (loss := history[best].validation_loss) is not None:
        facts.append(f"lowest {run.validated_on}: {number(loss)} in epoch {history[best].epoch}")
    seconds = [epoch.seconds for epoch in history if epoch.seconds is not None]
    if seconds:
        facts.append(f"{number(sum(seconds))} s in all")
    rates = [epoch.learning_rate for epoch in history if epoch.learning_rate is not None]
    if rates:
        change = f" to {rates[-1]:g}" if rates[-1] != rates[0] else ""
        facts.append(f"learning rate {rates[0]:g}{change}")
    return facts


def data(run: Run) -> Section | None:
    """What the columns were taken for and why, the time, the gaps, the split."""
    found = run.summary.findings
    if found is None or found == ShownFindings():
        return None
    total = sum(part.rows for part in found.split.values())
    values = {
        "facts": _data_facts(found),
        "roles": found.roles,
        "split": found.split if total else {},
        "total": total,
        "missing": {
            column: (f"{count:,}", _percent(count, found.rows))
            for column, count in found.missing.items()
        },
        "gaps": found.gaps,
        "left_out": found.left_out,
        "notes": [*found.notes, *found.decisions],
    }
    return Section("data", "Data", values)


def _percent(count: int, rows: int) -> str:
    if not rows:
        return ""
    return f"{100 * count / rows:.1f} %" if count / rows >= 0.001 else "< 0.1 %"


def _data_facts(found: ShownFindings) -> list[tuple[str, str]]:
    facts = []
    if found.source:
        facts.append(("source", found.source))
    if found.rows:
        facts.append(("rows", f"{found.rows:,}"))
    if found.series > 1:
        facts.append(("series", f"{found.series:,}"))
    if found.start and found.end:
        zone = f" ({found.zone})" if found.zone else ""
        facts.append(("time", f"{found.start} to {found.end}{zone}"))
    if found.step:
        facts.append(("step", found.step))
    if found.grid_rows:
        gaps = sum(found.gaps.values())
        facts.append(("gaps", f"{gaps:,} missing rows put on the time grid" if gaps else "none"))
        empty = sum(found.missing.values())
        facts.append(("missing values", f"{empty:,}" if empty else "none"))
    return facts


def settings(run: Run) -> Section | None:
    """The resolved settings, the device and the versions."""
    stored = run.summary.settings
    groups = {name: values for name, values in stored.items() if isinstance(values, dict)}
    groups["run"] = {name: value for name, value in stored.items() if name not in groups}
    versions = dict(run.summary.versions)
    if not any((*groups.values(), versions, run.summary.device)):
        return None
    plain = {
        group: {key: _plain(value) for key, value in values.items()}
        for group, values in groups.items()
    }
    made = {**({"device": run.summary.device} if run.summary.device else {}), **versions}
    return Section("settings", "Settings", {"groups": {**plain, "made with": made}})


def _plain(value: object) -> str:
    """A setting as words: no brackets, no quotes."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items()) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
