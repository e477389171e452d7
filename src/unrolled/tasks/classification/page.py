"""The report page of a classifier: accuracy, confusion matrix, examples, accuracy by part seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from unrolled.report import page
from unrolled.report.charts import Axis, Bar, Line, Size, bar_chart, both, line_chart
from unrolled.report.page import Figure, Key, Section
from unrolled.report.ticks import count_ticks
from unrolled.runs.read import Run
from unrolled.tasks.classification.results import BaselineAccuracy, ClassifierResults, Example

MOST_CLASSES = 20  # a wider table of confusions cannot be read
MOST_PAIRS = 20
MOST_STRETCHES = 6
FEWEST = 5  # labels of about one probability; of fewer the share that is right says nothing


def sections(run: Run) -> list[Section | None]:
    """The sections of the page; None for what the run folder says nothing about."""
    results = run.results(ClassifierResults)
    kit = [page.training(run), page.data(run), page.settings(run)]
    if results is None:
        return [headline(run, None), *kit]
    return [
        headline(run, results),
        seen(results),
        reliability(results),
        confusion(results),
        by_class(results),
        examples(results),
        *kit,
        Section("reading_labels", "How to read this page", {}),
    ]


def headline(run: Run, results: ClassifierResults | None) -> Section:
    """The title, the verdict in one sentence, the accuracy beside those of the baselines."""
    values: dict[str, Any] = {"title": "Labels", "run": run.name, "results": results}
    if results is not None:
        what = "each time step" if results.per_step else "each sequence"
        values["title"] = f"One of {len(results.classes)} labels for {what}"
        values["number"] = _percent(results.accuracy)
        values["loses"] = any(b.accuracy > results.accuracy for b in results.baselines)
        values["figure"] = both(lambda size: _bars(results, size)) if results.baselines else None
    return Section("accuracy", "", values)


def _bars(results: ClassifierResults, size: Size) -> Markup:
    rows = [BaselineAccuracy(name=results.network, accuracy=results.accuracy), *results.baselines]
    tones = ["network", "rival-1", "rival-2", "rival-4"]
    bars = [
        Bar(row.name, row.accuracy, _percent(row.accuracy), tone)
        for row, tone in zip(rows, tones, strict=False)
    ]
    words = ", ".join(f"{bar.name} {bar.text}" for bar in bars)
    narrower = Size(460 if size.width > 500 else size.width, 0)
    return bar_chart(f"Accuracy: {words}", bars, size=narrower)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}\u00a0%"


@dataclass(frozen=True)
class Count:
    """A count of the confusion table, and how strongly it is tinted."""

    count: int
    percent: int
    right: bool


def confusion(results: ClassifierResults) -> Section | None:
    """The confusion matrix, or of many classes the most frequent mistakes."""
    counted = "time steps" if results.per_step else "sequences"
    if len(results.classes) > MOST_CLASSES:
        pairs = _most_confused(results)
        values = {"pairs": pairs, "counted": counted, "classes": len(results.classes)}
        return Section("confused", "Confusion matrix", values)
    rows = [
        [Count(n, round(100 * n / max(sum(row), 1)), i == j) for j, n in enumerate(row)]
        for i, row in enumerate(results.confusion)
    ]
    values = {"classes": results.classes, "rows": rows, "counted": counted}
    return Section("confusion", "Confusion matrix", values)


def _most_confused(results: ClassifierResults) -> list[tuple[str, str, str, str]]:
    """The most frequent mistakes: the true class, what was said, how often, and of how many."""
    found = [
        (count, results.classes[i], results.classes[j], sum(row))
        for i, row in enumerate(results.confusion)
        for j, count in enumerate(row)
        if i != j and count
    ]
    found.sort(key=lambda one: -one[0])
    return [(true, said, f"{n:,}", f"{of:,}") for n, true, said, of in found[:MOST_PAIRS]]


def by_class(results: ClassifierResults) -> Section | None:
    """Recall, precision and F1 of each class."""
    if not results.by_class:
        return None
    rows = [
        (row.name, f"{row.count:,}", *map(_percent, (row.recall, row.precision, row.f1)))
        for row in results.by_class
    ]
    return Section("classes", "Class by class", {"rows": rows})


def seen(results: ClassifierResults) -> Section | None:
    """The accuracy against the part of the sequence seen so far."""
    if not results.seen:
        return None
    accuracies: list[float | None] = [100 * row.accuracy for row in results.seen]
    shares = [f"{100 * row.share:.0f}" for row in results.seen]
    line = Line(results.network, accuracies, "network")
    often = next((b for b in results.baselines if b.name == "most frequent class"), None)
    lines = [line]
    if often:
        lines.append(Line(often.name, [100 * often.accuracy] * len(shares), "rival-1"))

    def draw(size: Size) -> Markup:
        ticks = [(i, f"{share} %") for i, share in enumerate(shares)]
        axis = Axis(len(shares), ticks if size.width > 500 else ticks[1::2])
        label = f"Accuracy in percent after {', '.join(shares)} percent of each sequence"
        return line_chart(label, axis, lines, size=size)

    columns = {one.name: page.texts(one.values, 0, len(shares), 1) for one in lines}
    labels = [f"{share} % seen" for share in shares]
    figure = Figure.of(draw, [Key(one.name, one.tone) for one in lines], labels, columns)
    return Section("seen", "How early it knows", {"figure": figure, "early": _early(results)})


def reliability(results: ClassifierResults) -> Section | None:
    """How often it is right where it is so sure."""
    if results.calibration is None:
        return None
    bins = [one for one in results.calibration.bins if one.count >= FEWEST]
    bins = bins or results.calibration.bins
    sure = [100 * one.confidence for one in bins]
    right: list[float | None] = [100 * one.accuracy for one in bins]
    lines = [Line("right", right, "network"), Line("as sure", [*sure], "rival-1")]
    shown = [f"{value:.0f} %" for value in sure]

    def draw(size: Size) -> Markup:
        ticks = list(enumerate(shown))
        axis = Axis(len(shown), ticks if size.width > 500 else ticks[::2])
        label = f"Percent right where the probability was {', '.join(shown)}"
        return line_chart(label, axis, lines, zero=True, size=size)

    columns = {one.name: page.texts(one.values, 0, len(shown), 1) for one in lines}
    columns["labels"] = [f"{one.count:,}" for one in bins]
    labels = [f"{text} sure" for text in shown]
    figure = Figure.of(draw, [Key(one.name, one.tone) for one in lines], labels, columns)
    error = f"{100 * results.calibration.error:.1f}"
    return Section("reliability", "How sure it may be", {"figure": figure, "error": error})


def _early(results: ClassifierResults) -> str:
    """From which share on the accuracy stays within one point of the last."""
    late = [row.share for row in results.seen if row.accuracy < results.accuracy - 0.01]
    share = next((row.share for row in results.seen if row.share > max(late, default=0)), 1.0)
    if share == 1:
        return "It takes the whole sequence: each further step still makes it better."
    return f"From {100 * share:.0f}\u00a0% of a sequence on, the rest adds less than one point."


@dataclass(frozen=True)
class ShownExample:
    """An example: its words and its pictures."""

    name: str
    words: str
    right: bool
    values: Figure
    by_step: Figure | None


TONES = ("network", "rival-1", "rival-2", "rival-4")


def examples(results: ClassifierResults) -> Section | None:
    """Some sequences labelled wrongly and rightly, with the prediction after each step."""
    if not results.examples:
        return None
    return Section("examples", "Examples", {"shown": [_example(it) for it in results.examples]})


def _example(it: Example) -> ShownExample:
    values = _chart(it, it.features, f"{it.name}: its values over {it.steps} steps", False)
    if it.label_by_step:
        words = f"{_percent(it.accuracy)} of its {it.steps} time steps have the right label"
        return ShownExample(it.name, words + _wrong_steps(it), it.accuracy == 1, values, None)
    words = f"It is {it.truth}, taken for {it.label} ({_percent(it.confidence)})"
    if it.right:
        words = f"It is {it.truth}, and was taken for it ({_percent(it.confidence)})"
    label = f"{it.name}: probability after each step of {', '.join(it.by_step)}"
    shares = {name: [None if v is None else 100 * v for v in p] for name, p in it.by_step.items()}
    return ShownExample(it.name, words, bool(it.right), values, _chart(it, shares, label, True))


def _wrong_steps(it: Example) -> str:
    """Some stretches of steps with a wrong label, as words that go on a sentence."""
    wrong = [
        (i * it.stride + 1, true, said)
        for i, (true, said) in enumerate(zip(it.truth_by_step, it.label_by_step, strict=True))
        if true is not None and true != said
    ]
    stretches: list[tuple[int, int, str, str]] = []
    for step, true, said in wrong:
        if stretches and stretches[-1][1:] == (step - it.stride, true, said):
            stretches[-1] = (stretches[-1][0], step, true, said)
        else:
            stretches.append((step, step, true, said))
    shown = [
        f"step{'s' if last > first else ''} {first}{f' to {last}' if last > first else ''}: "
        f"{said}, is {true}"
        for first, last, true, said in stretches[:MOST_STRETCHES]
    ]
    more = len(stretches) - MOST_STRETCHES
    return "; ".join(["", *shown, *[f"and {more} more"] * (more > 0)])


def _chart(it: Example, rows: dict[str, list[float | None]], label: str, zero: bool) -> Figure:
    """Lines over the time steps, counted from 1."""
    count = max(map(len, rows.values()))
    lines = [
        Line(name, values, tone) for (name, values), tone in zip(rows.items(), TONES, strict=False)
    ]

    def draw(size: Size) -> Markup:
        axis = Axis(count, _step_ticks(count, it.stride, size.width // 60))
        low = Size(size.width, 200 if size.width > 500 else 180, size.left, size.right)
        return line_chart(label, axis, lines, zero=zero, size=low)

    columns = {one.name: page.texts(one.values, 0, count, 1 if zero else 3) for one in lines}
    if it.label_by_step:
        columns["truth"] = [str(name or "") for name in it.truth_by_step]
        columns["label"] = list(it.label_by_step)
    labels = [f"step {i * it.stride + 1}" for i in range(count)]
    return Figure.of(draw, [Key(one.name, one.tone) for one in lines], labels, columns)


def _step_ticks(count: int, stride: int, most: int) -> Sequence[tuple[int, str]]:
    if stride == 1:
        return count_ticks(1, count, min(10, most))
    return [(i, str(int(text) * stride)) for i, text in count_ticks(1, count, min(10, most))]
