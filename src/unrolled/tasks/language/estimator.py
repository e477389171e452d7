"""LanguageModel: from a text to the probability of its next symbol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from unrolled.data.text.corpus import Corpus, PartName, TextSource
from unrolled.data.text.vocabulary import Vocabulary, vocabulary_from
from unrolled.errors import DataError
from unrolled.runs import fit as runs
from unrolled.runs.estimator import Estimator
from unrolled.tasks.language.adapt import adapted
from unrolled.tasks.language.ensemble import AnyNetwork, build
from unrolled.tasks.language.evaluate import score, text_nll
from unrolled.tasks.language.generate import Sampling, generate
from unrolled.tasks.language.inference import TextState, encoded
from unrolled.tasks.language.plan import LanguagePlan
from unrolled.tasks.language.score import Score
from unrolled.tasks.language.settings import Dropout, LanguageSettings
from unrolled.tasks.language.stream import SymbolStep, stream
from unrolled.training import Training
from unrolled.training.progress import Display


def default_training(symbols: int, bptt: int = 64) -> Training:
    """How to train on so many symbols: about a quarter of an hour for a megabyte on two cores.

    A short text gets fewer streams, so that an epoch has steps enough, and more epochs.

    >>> default_training(1_000_000).epochs, default_training(1_000_000).batch_size
    (13, 32)
    """
    room = max(symbols // (200 * bptt), 1)  # streams that leave 200 steps to an epoch
    return Training(
        epochs=int(np.clip(round(13e6 / symbols), 2, 20)),
        batch_size=int(np.clip(1 << (room.bit_length() - 1), 4, 32)),
        learning_rate=6e-3,
        schedule="cosine",
        weight_decay=0.02,
        average=0.995,
    )


class LanguageModel(Estimator[LanguageSettings, Vocabulary, AnyNetwork]):
    """A recurrent network that gives the probability of the next symbol of a text.

    cell: "lstm", "gru" or "rnn"; hidden: H units; layers: how many, one over the other.
    embed: the length of the vector that stands for a symbol; default 16 for each bit of V.
    dropout: a share, of which fitting shares of inputs, outputs, what lies between layers, and
        recurrent weights (more of a small text) are made, or a `Dropout` that says each.
    tie: the vectors of symbols serve for reading and for predicting.
    bptt: T, the truncation length of backpropagation through time; the state goes on.
    ensemble: how many networks are trained; their probabilities are averaged.

    See docs/language.md for where the defaults come from. Errors: SettingsError for an option out
    of range, DataError for what is no text or too short, RunError for a damaged run folder.

    >>> model = LanguageModel(hidden=16, embed=8).fit(
    ...     Corpus.of("to be or not to be " * 20), training=Training(epochs=1, batch_size=4)
    ... )
    >>> len("".join(model.generate("to ", length=10, seed=0)))
    10
    """

    name = "language model"

    def __init__(
        self,
        *,
        cell: str = "lstm",
        hidden: int = 512,
        layers: int = 1,
        embed: int | None = None,
        dropout: float | Dropout = 0.5,
        tie: bool = True,
        bptt: int = 64,
        ensemble: int = 1,
    ) -> None:
        if not isinstance(dropout, Dropout):
            dropout = Dropout(dropout / 4, dropout, dropout, weights=None)
        self.settings = LanguageSettings(cell, hidden, layers, embed, dropout, tie, bptt, ensemble)

    def plan(self, data: Corpus | TextSource, *, training: Training | None = None) -> LanguagePlan:
        """All that `fit` decides before it trains: arguments as there; `run` goes on with it."""
        corpus = data if isinstance(data, Corpus) else Corpus.read(data)
        symbols = len(corpus.part("train"))
        training = training or default_training(symbols, self.settings.bptt)
        return LanguagePlan.of(corpus, self.settings, training)

    def fit(
        self,
        data: Corpus | TextSource,
        *,
        training: Training | None = None,
        out: str | Path | None = None,
        resume: bool = False,
        overwrite: bool = False,
        display: Display | None = None,
    ) -> LanguageModel:
        """Fit on the training part of a text, keep the best epoch by its validation part.

        data: a Corpus, or a file, folder or several, read as characters.
        training: None takes `default_training`.
        out: a run folder, with a checkpoint after each epoch; resume: go on with the run that is
        there, or begin one; overwrite: replace the run that is there.
        Ctrl-C keeps the best network so far. Raises TrainingError when the loss is not finite.
        """
        plan = self.plan(data, training=training)
        return self.run(plan, out=out, resume=resume, overwrite=overwrite, display=display)

    def evaluate(
        self, data: Corpus | TextSource, part: PartName | None = None, *, dynamic: bool = False
    ) -> Score:
        """How well a text is predicted: the state is carried over it, each symbol counts once.

        data: a file, folder or several, or a Corpus; part: of the corpus, None for all of it.
        dynamic: a copy of the network goes on learning from each 20 symbols once they are counted
        (dynamic evaluation, Krause and others 2018), in about ten times the time: a figure of its
        own kind, not to be compared with others'.
        The first symbol is predicted from nothing. Raises DataError for a text or part without
        any symbol, and for a Corpus with other symbols.
        """
        return score(self.fitted, self.corpus(data), part, dynamic=dynamic)

    def negative_log_likelihood(self, tokens: np.ndarray) -> np.ndarray:
        """-ln p of each symbol of a text given all before it: (N,) numbers to (N,) nats."""
        return text_nll(self.fitted, tokens)

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's symbols; those of V and above training never saw."""
        return encoded(self.fitted.preprocessor, text)

    def generate(
        self,
        prompt: str | Sequence[int] = "",
        *,
        length: int = 500,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int | None = None,
        state: TextState | None = None,
        adapt: bool = False,
    ) -> Iterator[str]:
        """Write `length` characters that follow the prompt, given piece by piece as they are made.

        prompt: a text, or what `encode` made of one.
        temperature: 0 takes the likeliest symbol always; top_k, top_p: draw among the likeliest
        only; seed: the same one writes the same text. state: what was read before the prompt.
        adapt: a copy of the network first learns from the prompt, and writes.
        Raises SettingsError for an option out of range.
        """
        sampling = Sampling(temperature, top_k, top_p, seed)
        network, vocabulary = self.fitted.network, self.fitted.preprocessor
        if adapt:
            if isinstance(prompt, str):
                prompt = self.encode(prompt)
            network = adapted(network, vocabulary, prompt)
        return generate(network, vocabulary, prompt, length, sampling, state)

    def stream(
        self, symbols: Iterable[str], state: TextState | None = None
    ) -> Iterator[SymbolStep]:
        """Read symbols one by one as they arrive, each in constant time and memory.

        Each `SymbolStep` says how unexpected its symbol was; its state is a value to go on from.
        symbols: a text, of which the sum of the nats is what `evaluate` finds; or pieces of text
        one after the other, each of which is composed and cut into symbols by itself (at level
        "bpe" a word with the space before it; of Korean whole syllables, no single jamo).
        """
        return stream(self.fitted, symbols, state)

    def corpus(self, data: Corpus | TextSource) -> Corpus:
        """Read a text with the symbols of this model; DataError for a Corpus with others."""
        own = self.fitted.preprocessor
        if not isinstance(data, Corpus):
            return Corpus.read(data, vocabulary=own, validation=0.0)
        if data.vocabulary.to_dict() != own.to_dict():
            raise DataError("evaluate: this corpus has other symbols; read it with the model's")
        return data

    @classmethod
    def load(cls, run: str | Path | runs.Stored) -> LanguageModel:
        """Read a run folder; RunError when a file in it is missing, cut, changed or not ours."""
        stored = runs.load(run, LanguagePlan.task)
        settings = stored.settings(LanguageSettings)
        vocabulary = stored.preprocessor(vocabulary_from)
        model = cls(**vars(settings))
        model._fitted = stored.restore(
            settings, vocabulary, lambda: build(settings, len(vocabulary))
        )
        return model
