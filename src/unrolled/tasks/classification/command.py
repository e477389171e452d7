"""Fitting a classifier to labelled sequences, and what is to be said of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unrolled.cli.recognise import read_sequences, says_itself, source
from unrolled.cli.words import MOST_CLASSES
from unrolled.console.groups import given
from unrolled.console.options import Order
from unrolled.console.values import cut, names, nearest, share
from unrolled.errors import SettingsError

if TYPE_CHECKING:
    from unrolled.data import Sequences
    from unrolled.tasks import Classifier
    from unrolled.tasks.classification.plan import ClassifierPlan
    from unrolled.training import Training

SHARE = 0.2  # set aside to measure on, where there is no file for that


@dataclass(frozen=True)
class LabelJob:
    """Labelled sequences that were read, and the classifier that is to be fitted to them.

    test: a share of them, or those of another file, to measure on; 0 measures nothing.
    """

    order: Order
    sequences: Sequences
    test: float | Sequences
    model: Classifier
    plan: ClassifierPlan

    @classmethod
    def read(cls, order: Order) -> LabelJob:
        """Read the sequences; what cannot be learned from is refused here."""
        from unrolled.tasks import Classifier
        from unrolled.tasks.classification.estimator import default_training

        path, judge = source(order.file), given(order.judge)
        balanced, weights = judge.pop("balanced", False), names(judge.pop("class_weight", ()))
        if balanced and weights:
            raise SettingsError("--balanced and --class-weight: give one of them")
        settings = given(order.network) | given(order.several) | judge
        model = Classifier(**settings, class_weight="balanced" if balanced else None)
        if order.labelled.label is None and not says_itself(order.file):
            raise SettingsError(f"{path}: --label names the column to learn")
        sequences = read_sequences(order.file, order.rows, order.labelled)
        if weights:
            model.set_params(class_weight=dict(_weighed(one, sequences) for one in weights))
        training = replace(default_training(len(sequences)), **given(order.learning))
        test, asked = _test(path, order), order.parts.validation
        plan = model.plan(
            sequences,
            validation=None if asked is None else share("validation", asked),
            test=None if test == 0 else test,
            training=training,
        )
        return cls(order, sequences, test, model, plan)

    @property
    def training(self) -> Training:
        """How it is trained."""
        return self.plan.training

    def describe(self) -> str:
        """What was found in the sequences, and what is measured on."""
        measured = "nothing is measured"
        if not isinstance(self.test, float | int):
            measured = f"measured on {len(self.test):,} sequences of {self.test.source}"
        elif self.test:
            measured = f"measured on a share of {self.test:g}, set aside"
        return f"{describe(self.sequences)}\n{measured}"

    def fit(self, **run: Any) -> None:
        """Fit and measure."""
        self.model.run(self.plan, **run)

    def resolved(self) -> dict[str, Any]:
        """The options of this task with the values they came to."""
        settings, order, test = self.model.settings, self.order, self.test
        size = test if isinstance(test, float | int) else Path(test.source).resolve()
        return {
            "file": str(source(order.file).resolve()),
            **given(order.rows),
            **given(order.labelled),
            "pool": settings.pool,
            "ensemble": settings.ensemble,
            "bidirectional": settings.bidirectional,
            "balanced": order.judge.balanced,
            "class_weight": list(names(order.judge.class_weight)),
            "dropout": settings.dropout,
            "validation": order.parts.validation,
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

    asked = order.parts.test
    found = counterpart(path) or SHARE if asked is None else cut(asked)
    if isinstance(found, float | int):
        return found
    return read_sequences(str(found), order.rows, order.labelled)


def describe(sequences: Sequences) -> str:
    """The sizes of sequences, their classes and what was left out."""
    found = findings(sequences)
    classes = list(found["classes"].items())
    shown = ", ".join(f"{name} ({count:,})" for name, count in classes[:MOST_CLASSES])
    more = f" and {len(classes) - MOST_CLASSES:,} more" if len(classes) > MOST_CLASSES else ""
    missing = ", ".join(f"{name} {count:,}" for name, count in found["missing"].items())
    lines = [sequences.source, repr(sequences), f"labels: {shown or 'none'}{more}"]
    return "\n".join([*lines, *[f"missing values: {missing}"] * bool(missing), *found["notes"]])


def findings(sequences: Sequences) -> dict[str, Any]:
    """What is found in sequences of which nothing was learned yet."""
    from unrolled.data.sequences import findings as found_in

    found = found_in.describe(sequences, 0, None)
    parts = ("held_out", "tested")
    return {k: v for k, v in found.items() if k not in parts} | {"notes": list(sequences.notes)}
