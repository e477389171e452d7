"""Classification on the command line: its options, reading sequences, results in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unrolled.console.groups import Groups, given, written
from unrolled.console.options import (
    EncodingOptions,
    EnsembleOptions,
    FormatOptions,
    Order,
    RowOptions,
)
from unrolled.console.show import aligned
from unrolled.console.sources import is_text_sample, lasting, source
from unrolled.console.values import cut, key, names, nearest, share
from unrolled.errors import SettingsError
from unrolled.tasks.classification.options import (
    ClassifierOptions,
    LabelOptions,
    LabelScopeOptions,
)
from unrolled.tasks.task import Job, in_short

if TYPE_CHECKING:
    from unrolled.data import Sequences
    from unrolled.data.sequences.sequences import LongColumns
    from unrolled.report.page import Section
    from unrolled.runs.fit import Stored
    from unrolled.runs.read import Run
    from unrolled.tasks.classification.estimator import Classifier
    from unrolled.tasks.classification.plan import ClassifierPlan

NAME, DATA, MODEL = "classification", "labelled sequences", "a classifier"
NEXT = "unrolled predict {run} FILE"
ALIASES: Sequence[str] = ("labels",)
FROM_TABLE = "--series and --label learn labels"
FOR_REPORT: Sequence[str] = ("examples", "confusion")
SHARE = 0.2  # set aside to test on, where there is no file for that
MOST_CLASSES = 20  # that are shown; of more, the report has the table


OPTIONS: Sequence[type] = (
    LabelOptions,
    LabelScopeOptions,
    ClassifierOptions,
    RowOptions,
    EncodingOptions,
    FormatOptions,
    EnsembleOptions,
)
READS: Sequence[type] = (
    LabelOptions,
    LabelScopeOptions,
    RowOptions,
    EncodingOptions,
    FormatOptions,
)
EVALUATES: Sequence[type] = (RowOptions, LabelOptions, EncodingOptions, FormatOptions)
PREDICTS: Sequence[type] = (RowOptions, EncodingOptions, FormatOptions)
COMMANDS: Sequence[Callable[..., None]] = ()


def recognise(file: str) -> str | None:
    """A `.ts`, `.arff` or `.npz` file, or rows of numbers and a class."""
    from unrolled.data.sequences import tsfile

    return None if is_text_sample(file) else tsfile.recognise(source(file))


def job(order: Order) -> Job:
    """Read the sequences, set the parts aside, and plan the classifier."""
    from unrolled.data.sequences.files import says_itself
    from unrolled.data.sequences.findings import describe
    from unrolled.tasks.classification.estimator import Classifier, default_training

    path, settings = source(order.file), given(order.own[ClassifierOptions])
    balanced, weights = settings.pop("balanced", False), names(settings.pop("class_weight", ()))
    if balanced and weights:
        raise SettingsError("--balanced and --class-weight: give one of them")
    settings |= given(order.network) | given(order.own[EnsembleOptions])
    settings["layout"] = order.own[LabelScopeOptions].layout
    model = Classifier(**settings, class_weight="balanced" if balanced else None)
    if order.own[LabelOptions].label is None and not says_itself(path):
        raise SettingsError(f"{path}: --label names the column to learn")
    sequences = _read(order.file, order.own)
    sequences.check_classes()
    if weights:
        model.set_params(class_weight=dict(_weighed(one, sequences) for one in weights))
    training = replace(default_training(len(sequences)), **given(order.training))
    test, asked = _test(path, order), order.split.validation
    plan = model.plan(
        sequences,
        validation=None if asked is None else share("validation", asked),
        test=None if test == 0 else test,
        training=training,
    )
    described = f"{describe(sequences)}\n{_measured(test)}"
    return Job(model, plan, described, lambda: _resolved(order, plan, test))


def _measured(test: float | Sequences) -> str:
    """What is measured on, in words."""
    if not isinstance(test, float | int):
        return f"measured on {len(test):,} sequences of {test.source}"
    return f"measured on a share of {test:g}, set aside" if test else "nothing is measured"


def _resolved(order: Order, plan: ClassifierPlan, test: float | Sequences) -> dict[str, Any]:
    settings, own = plan.settings, order.own
    size = test if isinstance(test, float | int) else lasting(test.source)
    return {
        "file": lasting(order.file),
        **_rows(own),
        **given(own[LabelOptions]),
        **given(own[LabelScopeOptions]),
        **_format(own),
        "pool": settings.pool,
        "ensemble": settings.ensemble,
        "bidirectional": settings.bidirectional,
        "kernels": settings.kernels,
        "balanced": own[ClassifierOptions].balanced,
        "class_weight": list(names(own[ClassifierOptions].class_weight)),
        "dropout": settings.dropout,
        "validation": order.split.validation,
        "test": str(size),
    }


def _weighed(text: str, sequences: Sequences) -> tuple[Any, float]:
    """LABEL=W as a label, which may be a number, and its weight."""
    written, _, number = text.rpartition("=")
    weight = _number(number)
    if not (written and 0 < weight < inf):
        raise SettingsError(
            f"--class-weight: expected LABEL=W like stop=3, W above 0, got {text!r}"
        )
    labels = sequences.classes.tolist()
    for label in labels:
        if written == str(label) or (not isinstance(label, str) and _number(written) == label):
            return label, weight
    raise SettingsError(
        f"--class-weight: no label is {written!r}; {nearest(written, map(str, labels[:12]))}"
    )


def _number(text: str) -> float:
    """The number a text says, NaN for none."""
    try:
        return float(text)
    except ValueError:
        return nan


def _test(path: Path, order: Order) -> float | Sequences:
    """What is measured on: as asked, else the _TEST file beside a _TRAIN file, else a share."""
    from unrolled.data.sequences.tsfile import counterpart

    asked = order.split.test
    found = counterpart(path) or SHARE if asked is None else cut(asked)
    if isinstance(found, float | int):
        return found
    return _read(str(found), order.own)


def _read(file: str, own: Groups) -> Sequences:
    """Labelled sequences, from a file that says itself what they are, or a table."""
    from unrolled.data import Format, Sequences
    from unrolled.data.sequences.files import says_itself

    path, rows, label, scope = source(file), _rows(own), own[LabelOptions], own[LabelScopeOptions]
    how: dict[str, Any] = _scope(scope.label_per)
    if says_itself(path):
        asked = {**rows, **given(label), **given(scope), **_format(own)}
        layout = asked.pop("layout", None)
        _refuse(path, asked)
        return Sequences.read(path, layout=layout)
    how |= {"text": scope.text, "format": Format(**_format(own))}
    return Sequences.read(path, **rows, label=label.label, **how)


def _format(own: Groups) -> dict[str, Any]:
    """How a table is written, where that was said."""
    return given(own[EncodingOptions]) | given(own[FormatOptions])


def _rows(own: Groups) -> dict[str, Any]:
    """How the rows of a table are read, where that was said."""
    rows = given(own[RowOptions])
    return rows | ({"series": key(rows["series"])} if "series" in rows else {})


def _refuse(path: Path, asked: Mapping[str, Any]) -> None:
    """SettingsError when columns were named, of a file that says itself what its parts are."""
    if asked:
        name = written(next(iter(asked)))
        raise SettingsError(f"{name} is for a table; {path} says itself what its parts are")


def _scope(label_per: str | None) -> dict[str, Any]:
    """What a label is of, as `Sequences.read` has it."""
    if label_per not in (None, "sequence", "step", "row"):
        raise SettingsError(f"--label-per: expected sequence, step or row, got {label_per!r}")
    return {"per_step": label_per == "step", "wide": label_per == "row"}


def _as_fitted(model: Classifier, file: str, own: Groups) -> LongColumns | None:
    """How a table is read: as the options say, else as the one that the run was fitted on."""
    from unrolled.data.sequences.files import says_itself
    from unrolled.data.sequences.sequences import LongColumns

    path, asked = source(file), {**_rows(own), **given(own[LabelOptions])}
    if says_itself(path):
        _refuse(path, asked | _format(own))
        return None
    how = replace(model.table_columns or LongColumns(""), **asked)
    return replace(how, format=replace(how.format, **_format(own)))


def inspect(file: str, own: Groups) -> tuple[str, dict[str, Any]]:
    """How many sequences, how long, the classes."""
    from unrolled.data.sequences.findings import describe, findings

    sequences = _read(file, own)
    return describe(sequences), findings(sequences)


def load(stored: Stored) -> Classifier:
    """The classifier of a run."""
    from unrolled.tasks.classification.estimator import Classifier

    return Classifier.load(stored)


def predict(stored: Stored, file: str, own: Groups) -> tuple[Any, Sequence[str]]:
    """The label of each sequence (or of each of its steps), with the probability of every label."""
    import pyarrow as pa

    from unrolled.data import Sequences
    from unrolled.tasks.classification.inference import columns, tell_unknown

    model = load(stored)
    how = _as_fitted(model, file, own)
    sequences = Sequences.read_as(source(file), how, labelled=False, layout=model.layout)
    tell_unknown(model.fitted, sequences)
    note = model.fitted.preprocessor.unknown(sequences)
    return pa.table(columns(model.fitted, sequences)), () if note is None else (note,)


def evaluate(stored: Stored, file: str, own: Groups) -> tuple[str, dict[str, Any]]:
    """Accuracy and more on labelled sequences."""
    from unrolled.data import Sequences

    model = load(stored)
    how = _as_fitted(model, file, own)
    if how is not None and how.label is None:
        raise SettingsError(f"{file}: --label names the column to compare with")
    results = model.evaluate(
        Sequences.read_as(source(file), how, labelled=True, layout=model.layout)
    )
    return words(results).rstrip(), {"results": in_short(results, FOR_REPORT)}


def words(results: Mapping[str, Any]) -> str:
    """Recall and precision of each class, and the verdict."""
    rows = results["by_class"]
    if len(rows) > MOST_CLASSES:
        return f"{results['verdict']}\nclass by class: see the report, for {len(rows)} classes\n"
    lines = [["label", "count", "recall", "precision"]]
    lines += [
        [row["name"], f"{row['count']:,}", _share(row["recall"]), _share(row["precision"])]
        for row in rows
    ]
    return f"{aligned(lines)}\n\n{results['verdict']}\n"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def sections(run: Run) -> list[Section | None]:
    """The sections of the report page."""
    from unrolled.tasks.classification.page import sections

    return sections(run)
