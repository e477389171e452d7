"""Classifier: from sequences to a label for each, or for each of their time steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch

from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.sequences.sequences import Sequences
from unrolled.data.sequences.split import stratified_split
from unrolled.errors import SettingsError
from unrolled.tasks.classification import evaluate as labels
from unrolled.tasks.classification import run as classifier_run
from unrolled.tasks.classification.augment import Augment
from unrolled.tasks.classification.network import ClassEnsemble, Shape
from unrolled.tasks.classification.objective import Cases, ClassifierTask, chunks, class_weights
from unrolled.tasks.classification.scikit import Parameters
from unrolled.tasks.classification.settings import ClassifierSettings
from unrolled.tasks.classification.stream import LabelStream
from unrolled.training import Outcome, Training, find_device, train
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
FEW = 1000  # so many sequences or fewer are all learned from; of more, a share decides when to stop
HELD = 0.15


class Classifier(Parameters):
    """Recurrent networks that tell what a sequence is, or what each of its time steps is.

    cell: "gru", "lstm" or "rnn"; hidden: H units; layers: how many, one over the other.
    bidirectional: read from both ends; `stream` then reads everything again at each step.
    pool: what of the outputs is judged: the "last" one, their "mean", or an "attention" that is
        learned. Where each step has a label, its own output is judged, and pool is not used.
    dropout: the share of outputs left out in training.
    ensemble: how many networks are trained; their probabilities are averaged.
    class_weight: what a mistake on a class costs: None the same, "balanced" n / (C n_c), or a
        mapping from label to weight.

    The defaults were chosen by cross-validation on small sets: see docs/labels.md. It follows
    scikit-learn's conventions (`clone`, `Pipeline`, `cross_val_score` take it). Errors:
    SettingsError for an option out of range, DataError for sequences or labels that do not fit,
    RunError for a damaged run folder.

    >>> rising = [[1.0, 2.0, 3.0], [2.0, 4.0, 5.0, 7.0]]
    >>> falling = [[3.0, 2.0, 1.0], [7.0, 5.0, 2.0, 1.0]]
    >>> model = Classifier(hidden=8, ensemble=1)
    >>> model = model.fit(rising + falling, ["up", "up", "down", "down"])
    >>> model.predict([[4.0, 5.0, 6.0, 8.0]]).tolist()
    ['up']
    """

    _estimator_type = "classifier"
    classes_: np.ndarray  # (C,), after fit
    n_features_in_: int  # D, after fit

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
        class_weight: str | Mapping[Any, float] | None = None,
    ) -> None:
        self.cell, self.hidden, self.layers = cell, hidden, layers
        self.bidirectional, self.pool, self.dropout = bidirectional, pool, dropout
        self.ensemble, self.class_weight = ensemble, class_weight
        self._check()
        self.training = TRAINING
        self.outcome = Outcome()
        self.results: dict[str, Any] | None = None
        self._model: ClassEnsemble | None = None
        self._encoder: SequencePreprocessor | None = None
        self.data: dict[str, Any] = {}

    @property
    def settings(self) -> ClassifierSettings:
        """The settings of the networks, checked."""
        values = self.get_params()
        del values["class_weight"]
        return ClassifierSettings(**values)

    @property
    def model(self) -> ClassEnsemble:
        """The fitted networks; SettingsError before `fit`."""
        if self._model is None:
            raise SettingsError("classifier: fit it, or load a run, before asking it for anything")
        return self._model

    @property
    def encoder(self) -> SequencePreprocessor:
        """How sequences are read; SettingsError before `fit`."""
        if self._encoder is None:
            raise SettingsError("classifier: fit it, or load a run, before asking it for anything")
        return self._encoder

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        validation: float | None = None,
        test: Any = None,
        training: Training | None = None,
        out: str | Path | None = None,
        resume: bool = False,
        overwrite: bool = False,
        display: Display | None = None,
    ) -> Classifier:
        """Fit on labelled sequences, and measure on the test part if there is one.

        X: a list of arrays (T, D) or (T,), one array (B, T, D) or (B, T), `Sequences`, or the path
        of a `.ts` or UCR `.txt` file; y: a label for each, or a list of T for each, or in X.
        validation: the share held out to decide when to stop; default 0 for up to 1000 sequences,
        which are too few to spare any, else 0.15. test: sequences as X with their labels, or the
        share to set aside; None: nothing is measured.
        training: default `default_training`, 30 epochs that are fewer for very many sequences.
        out: a run folder, with a checkpoint after each epoch; resume: go on with what is there;
        overwrite: replace the run that is there.
        Ctrl-C keeps the best networks so far. Raises TrainingError when the loss is not finite.
        """
        self._check()
        given = self.read(X, y)
        self.training = training or default_training(len(given))
        learned, tested = self._apart(given, test)
        validation = (HELD if len(learned) > FEW else 0) if validation is None else validation
        learned, held = stratified_split(learned, validation, self.training.seed, "validation")
        weights = self._look_at(learned, held, tested)
        # Whatever can be refused was refused: only now is anything written.
        store = (
            None
            if out is None
            else classifier_run.begin(self, Path(out), learned, resume=resume, overwrite=overwrite)
        )
        self._model = self._build()
        cases = self._cases(learned)
        self.model.set_changes(cases.inputs, cases.lengths)
        self.model.to(find_device(self.training.device))
        task = ClassifierTask(
            self.model,
            cases,
            self._cases(held) if len(held) else None,
            self.training,
            weights,
            Augment(),
        )
        self.outcome = train(task, self.training, store=store, resume=resume, display=display)
        self.model.eval()
        self.results = labels.evaluate(self, tested, learned) if tested is not None else None
        if out is not None:
            self.save(out)
        return self

    def predict(self, X: Any) -> Any:
        """The label of each sequence (B,), or with labels per step a list of B arrays (T,)."""
        found = self.predict_proba(X)
        if self.encoder.per_step:
            return [self.classes_[each.argmax(1)] for each in found]
        return self.classes_[found.argmax(1)]

    def predict_proba(self, X: Any) -> Any:
        """The probability of each of `classes_`: (B, C), or a list of B arrays (T, C) per step."""
        sequences = self.read(X)
        found = self.probabilities(sequences, each_step=self.encoder.per_step)
        if self.encoder.per_step:
            return [each[:n] for each, n in zip(found, sequences.lengths, strict=True)]
        return found

    def score(self, X: Any, y: Any = None) -> float:
        """The accuracy: the share of sequences, or of time steps, with the right label."""
        sequences = self.read(X, y)
        codes = self.encoder.codes(sequences)
        found = self.probabilities(sequences, each_step=self.encoder.per_step).argmax(-1)
        known = codes >= 0
        return float((found == codes)[known].mean())

    def evaluate(self, X: Any, y: Any = None) -> dict[str, Any]:
        """Measure on labelled sequences: what `results.json` holds (docs/labels.md)."""
        return labels.evaluate(self, self.read(X, y))

    def stream(self) -> LabelStream:
        """One sequence read step by step: `stream.push(step)` is the opinion after each."""
        return LabelStream(self.model.eval(), self.encoder)

    def read(self, X: Any, y: Any = None) -> Sequences:
        """Sequences from whatever `fit` takes."""
        if isinstance(X, str | PathLike):
            X = Sequences.read(X)
        return Sequences.from_arrays(X, y)

    @torch.no_grad()
    def probabilities(self, sequences: Sequences, *, each_step: bool = False) -> np.ndarray:
        """Probabilities (B, C), or after each step (B, T, C), as float64.

        With a pool and `bidirectional`, those after each step are not of the sequence cut there.
        """
        inputs = torch.from_numpy(self.encoder.inputs(sequences))
        lengths = torch.from_numpy(sequences.lengths)
        run = self.model.eval().scores if each_step else self.model.eval()
        found = []
        for rows in chunks(lengths):
            longest = inputs.shape[1] if each_step else int(lengths[rows].max())
            some = inputs[rows, :longest].to(self.model.device)
            scores = run(some, lengths[rows]).double().exp().cpu().numpy()
            if each_step:
                scores = np.pad(scores, ((0, 0), (0, inputs.shape[1] - scores.shape[1]), (0, 0)))
            found.append(scores)
        return np.concatenate(found)

    def _apart(self, given: Sequences, test: Any) -> tuple[Sequences, Sequences | None]:
        """What is learned from, and what is measured on."""
        if test is None:
            return given, None
        if isinstance(test, int | float):
            return stratified_split(given, test, self.training.seed, "test")
        return given, self.read(test)

    def _cases(self, sequences: Sequences) -> Cases:
        return Cases(
            torch.from_numpy(self.encoder.inputs(sequences)),
            torch.from_numpy(sequences.lengths),
            torch.from_numpy(self.encoder.codes(sequences)),
        )

    def _look_at(
        self, learned: Sequences, held: Sequences, tested: Sequences | None
    ) -> torch.Tensor:
        """Learn the scale and the classes, check that all fits to them; what mistakes cost (C,)."""
        self._found(SequencePreprocessor.fit(learned))
        self.data = labels.describe(learned, len(held), tested)
        for part in (held, tested):
            if part is not None and len(part):
                self.encoder.check_features(part)
                self.encoder.codes(part)
        codes = torch.from_numpy(self.encoder.codes(learned))
        return class_weights(codes, self.classes_, self.class_weight)

    def _build(self) -> ClassEnsemble:
        encoder = self.encoder
        shape = Shape(
            len(encoder.scaler.names), encoder.width, len(encoder.classes), self.data["longest"]
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.training.seed)
            ensemble = ClassEnsemble(shape, self.settings, encoder.per_step)
        for network in ensemble.members():
            network.encoder.engine = self.training.engine
        return ensemble

    def save(self, path: str | Path) -> None:
        """Write the run folder: weights, settings, encoder, metrics; each file whole or not."""
        classifier_run.save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Classifier:
        """Read a run folder; RunError when a file in it is missing, cut, changed or not ours."""
        from unrolled import runs

        folder = Path(path)
        card, tensors = runs.load(folder, labels.TASK)
        model = cls(**classifier_run.settings(card))
        model.training = Training(**card.settings["training"])
        model.results, model.outcome = runs.found(folder, card)
        model.data = card.data
        model._found(SequencePreprocessor.from_dict(card.encoder))
        model._model = model._build()
        runs.fill(model.model, tensors, folder)
        return model

    def _found(self, encoder: SequencePreprocessor) -> None:
        """Keep how sequences are read, also under the names that scikit-learn knows."""
        self._encoder = encoder
        self.classes_, self.n_features_in_ = encoder.classes, len(encoder.scaler.names)

    def _check(self) -> None:
        """SettingsError unless every setting is in its range."""
        assert self.settings


def default_training(count: int) -> Training:
    """`TRAINING`, with fewer epochs for very many sequences.

    >>> default_training(60).epochs, default_training(10_000).epochs
    (30, 10)
    """
    return replace(TRAINING, epochs=max(3, min(TRAINING.epochs, MOST // max(count, 1))))
