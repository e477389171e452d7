"""Classifier: from sequences to a label for each, or for each of their time steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.sequences.sequences import LongColumns, Sequences
from unrolled.data.sequences.tsfile import counterpart
from unrolled.runs import fit as runs
from unrolled.runs.estimator import Estimator
from unrolled.tasks.classification.evaluate import evaluate
from unrolled.tasks.classification.inference import probabilities, tell_unknown
from unrolled.tasks.classification.mixture import ClassModel
from unrolled.tasks.classification.plan import ClassifierPlan, build
from unrolled.tasks.classification.scikit import Parameters
from unrolled.tasks.classification.settings import ClassifierSettings
from unrolled.tasks.classification.stream import LabelStream
from unrolled.training import Training
from unrolled.training.progress import Display

TRAINING = Training(
    epochs=30,
    batch_size=32,
    learning_rate=3e-3,
    schedule="cosine",
    weight_decay=0.01,
    patience=30,
)
"""How a classifier is trained unless `fit` is told otherwise: see `default_training`."""

MOST = 100_000  # sequences shown in all, when there are many: some minutes of training
AUTO = "auto"  # the _TEST file beside a _TRAIN file


class Classifier(Parameters, Estimator[ClassifierSettings, SequencePreprocessor, ClassModel]):
    """Recurrent networks that tell what a sequence is, or what each of its time steps is.

    cell: "gru", "lstm" or "rnn"; hidden: H units; layers: how many, one over the other.
    bidirectional: read from both ends; `stream` then reads everything again at each step.
    pool: what of the outputs is classified: the "last" one, their "mean", or an "attention" that is
        learned. Where each step has a label, its own output is classified, and pool is not used.
    dropout: the share of outputs left out in training.
    ensemble: how many networks are trained; their probabilities are averaged.
    kernels: how many features of fixed kernels (MiniRocket) a ridge classifies beside the networks,
        0 for none. Where each step has a label there are none.
    class_weight: what a mistake on a class costs: None the same, "balanced" n / (C n_c), or a
        mapping from label to weight.
    layout: the axes of arrays: "BTD" (batch, time, features), or "BDT", features before time as in
        aeon and sktime; default "BTD", with a warning where there are more features than steps.

    The defaults were chosen by cross-validation on small sets: see docs/classification.md. It
    follows scikit-learn's conventions (`clone`, `Pipeline`, `cross_val_score` take it). Errors:
    SettingsError for an option out of range, DataError for sequences or labels that do not fit,
    RunError for a damaged run folder.

    >>> rising = [[1.0, 2.0, 3.0], [2.0, 4.0, 5.0, 7.0]]
    >>> falling = [[3.0, 2.0, 1.0], [7.0, 5.0, 2.0, 1.0]]
    >>> model = Classifier(hidden=8, ensemble=1)
    >>> model = model.fit(rising + falling, ["up", "up", "down", "down"])
    >>> model.predict([[4.0, 5.0, 6.0, 8.0]]).tolist()
    ['up']
    """

    name = "classifier"
    _estimator_type = "classifier"

    def __init__(
        self,
        *,
        cell: str = "gru",
        hidden: int = 64,
        layers: int = 1,
        bidirectional: bool = True,
        pool: str = "mean",
        dropout: float = 0.3,
        ensemble: int = 3,
        kernels: int = 10_000,
        class_weight: str | Mapping[Any, float] | None = None,
        layout: str | None = None,
    ) -> None:
        self.cell, self.hidden, self.layers = cell, hidden, layers
        self.bidirectional, self.pool, self.dropout = bidirectional, pool, dropout
        self.ensemble, self.kernels = ensemble, kernels
        self.class_weight, self.layout = class_weight, layout
        self._check()

    @property
    def settings(self) -> ClassifierSettings:
        """The settings of the networks, checked."""
        return ClassifierSettings(**self.get_params())

    def __sklearn_is_fitted__(self) -> bool:
        return self._fitted is not None

    @property
    def classes_(self) -> np.ndarray:
        """The labels (C,), sorted."""
        return self.fitted.preprocessor.classes

    @property
    def n_features_in_(self) -> int:
        """D."""
        return len(self.fitted.preprocessor.scaler.names)

    @property
    def table_columns(self) -> LongColumns | None:
        """How the long table it was fitted on was read; None for another source."""
        found = self.fitted.findings.get("columns")
        return None if found is None else LongColumns(**found)

    def plan(
        self,
        X: Any,
        y: Any = None,
        *,
        validation: float | None = None,
        test: Any = AUTO,
        training: Training | None = None,
    ) -> ClassifierPlan:
        """All that `fit` decides before it trains: arguments as there; `run` goes on with it."""
        settings = self.settings
        given = self.read(X, y)
        training = training or default_training(len(given))
        if isinstance(test, str) and test == AUTO:
            test = counterpart(Path(X)) if isinstance(X, str | PathLike) else None
        if test is not None and not isinstance(test, int | float):
            test = self.read(test)
        return ClassifierPlan.of(given, settings, training, validation=validation, test=test)

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        validation: float | None = None,
        test: Any = AUTO,
        training: Training | None = None,
        out: str | Path | None = None,
        resume: bool = False,
        overwrite: bool = False,
        display: Display | None = None,
    ) -> Classifier:
        """Fit on labelled sequences, and measure on the test part if there is one.

        X: a list of arrays (T, D) or (T,), one array (B, T, D) or (B, T), B texts (each symbol is a
        step), `Sequences`, a frame of wide rows, of cells that are series or with a MultiIndex, or
        the path of a `.ts` or UCR `.txt` file; y: a label for each, or a list of T for each, or in
        X.
        validation: the share held out for early stopping; default 0 for up to 1000 sequences,
        which are too few to spare any, else 0.15. test: sequences as X with their labels, or the
        share to set aside; None: nothing is measured; "auto": the `_TEST` file beside a `_TRAIN`
        file, where X is the path of one.
        training: default `default_training`, 30 epochs that are fewer for very many sequences.
        out: a run folder, with a checkpoint after each epoch; resume: go on with what is there;
        overwrite: replace the run that is there.
        Ctrl-C keeps the best networks so far. Raises TrainingError when the loss is not finite.
        """
        plan = self.plan(X, y, validation=validation, test=test, training=training)
        return self.run(plan, out=out, resume=resume, overwrite=overwrite, display=display)

    def predict(self, X: Any) -> Any:
        """The label of each sequence (B,), or with labels per step a list of B arrays (T,)."""
        found = self.predict_proba(X)
        if self.fitted.preprocessor.per_step:
            return [self.classes_[each.argmax(1)] for each in found]
        return self.classes_[found.argmax(1)]

    def predict_proba(self, X: Any, *, early: bool = False) -> Any:
        """The probability of each of `classes_`: (B, C), or a list of B arrays (T, C) per step.

        early: of sequences that go on: the recurrent networks', as `stream` has them.
        """
        per_step = self.fitted.preprocessor.per_step
        sequences = self.read(X, labelled=False)
        tell_unknown(self.fitted, sequences)
        found = probabilities(
            self.fitted, sequences, each_step=per_step, half="recurrent" if early else "both"
        )
        if per_step:
            return sequences.split(found)
        return found

    def score(self, X: Any, y: Any = None) -> float:
        """The accuracy: the share of sequences, or of time steps, with the right label."""
        sequences, preprocessor = self.read(X, y), self.fitted.preprocessor
        tell_unknown(self.fitted, sequences)
        codes = preprocessor.codes(sequences)
        found = probabilities(self.fitted, sequences, each_step=preprocessor.per_step).argmax(-1)
        known = codes >= 0
        return float((found == codes)[known].mean())

    def evaluate(self, X: Any, y: Any = None) -> dict[str, Any]:
        """Measure on labelled sequences: what `results.json` holds (docs/classification.md)."""
        sequences = self.read(X, y)
        tell_unknown(self.fitted, sequences)
        return evaluate(self.fitted, sequences)

    def stream(self) -> LabelStream:
        """One sequence read step by step: `stream.push(step)` is the prediction after each."""
        return LabelStream(self.network.eval(), self.fitted.preprocessor)

    def read(self, X: Any, y: Any = None, *, labelled: bool = True) -> Sequences:
        """Sequences from whatever `fit` takes, or from a table like the one it was fitted on.

        labelled: False leaves a column of labels in such a table unread.
        """
        fitted = self._fitted is not None
        layout = self.layout or ("BTD" if fitted else None)  # what was fitted had those axes
        if isinstance(X, str | PathLike) or hasattr(X, "columns"):
            how = self.table_columns if fitted else None
            X = Sequences.read_as(X, how, labelled=labelled, layout=layout)
        return Sequences.from_arrays(X, y, layout=layout)

    @classmethod
    def load(cls, run: str | Path | runs.Stored) -> Classifier:
        """Read a run folder; RunError when a file in it is missing, cut, changed or not ours."""
        stored = runs.load(run, ClassifierPlan.task)
        weight = stored.card.settings.get("model", {}).get("class_weight")
        weights = stored.read("settings.model.class_weight", lambda: _weights(weight))
        settings = stored.settings(ClassifierSettings, class_weight=weights)
        preprocessor = stored.preprocessor(SequencePreprocessor.from_dict)
        model = cls(**vars(settings))
        model._fitted = stored.restore(
            settings, preprocessor, lambda: build(settings, preprocessor)
        )
        stored.read("findings.columns", lambda: model.table_columns)
        return model

    def _check(self) -> None:
        """SettingsError unless every setting is in its range."""
        assert self.settings


def _weights(state: Any) -> Any:
    """`class_weight` as `ClassifierSettings.to_dict` wrote it."""
    return dict(state) if isinstance(state, list) else state


def default_training(count: int) -> Training:
    """`TRAINING`, with fewer epochs for very many sequences.

    >>> default_training(60).epochs, default_training(10_000).epochs
    (30, 10)
    """
    return replace(TRAINING, epochs=max(3, min(TRAINING.epochs, MOST // max(count, 1))))
