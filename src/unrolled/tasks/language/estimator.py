"""LanguageModel: from a text to the probability of its next symbol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unrolled import files
from unrolled.data.text.corpus import Corpus, PartName, TextSource
from unrolled.data.text.vocabulary import Vocabulary, vocabulary_from
from unrolled.errors import DataError, SettingsError
from unrolled.tasks.language import generate
from unrolled.tasks.language.ensemble import AnyNetwork, build
from unrolled.tasks.language.evaluate import headline, measure
from unrolled.tasks.language.generate import Sampling, Step, TextState
from unrolled.tasks.language.objective import LanguageTask
from unrolled.tasks.language.score import Score, negative_log_likelihood
from unrolled.tasks.language.settings import Dropout, LanguageSettings, weight_drop
from unrolled.training import Outcome, Training, describe_device, find_device, train
from unrolled.training.checkpoint import Checkpoint
from unrolled.training.progress import Display

if TYPE_CHECKING:
    from unrolled import runs

SAMPLE = 300  # characters written after each epoch
SAMPLES = "samples.jsonl"


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


@dataclass(frozen=True, eq=False)
class Read:
    """What `fit` leaves beside the network: the symbols, and what was found in the text."""

    vocabulary: Vocabulary
    data: dict[str, Any]


class LanguageModel:
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
        self.training = Training()
        self.outcome = Outcome()
        self.results: dict[str, Any] | None = None
        self._network: AnyNetwork | None = None
        self._fitted: Read | None = None
        self._samples: list[str] = []
        self._folder: Path | None = None

    @property
    def network(self) -> AnyNetwork:
        """The fitted network; SettingsError before `fit`."""
        if self._network is None:
            raise SettingsError(
                "language model: fit it, or load a run, before asking it for anything"
            )
        return self._network

    @property
    def fitted(self) -> Read:
        """The vocabulary and the findings; SettingsError before `fit`."""
        if self._fitted is None:
            raise SettingsError(
                "language model: fit it, or load a run, before asking it for anything"
            )
        return self._fitted

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
        corpus = data if isinstance(data, Corpus) else Corpus.read(data)
        learned = corpus.part("train")
        self.training = training or default_training(len(learned), self.settings.bptt)
        device = find_device(self.training.device)
        self._fitted = Read(corpus.vocabulary, dict(corpus.findings))
        self._network = self._build()
        self._folder = None if out is None else Path(out)
        task = LanguageTask(
            self.network, corpus, self.settings.bptt, self.training, self._write_sample
        )
        # Whatever can be refused was refused: only now is anything written.
        store = self._begin(corpus, resume, overwrite)
        self.network.to(device)
        self.outcome = train(task, self.training, store=store, resume=resume, display=display)
        self.network.eval()
        self.results = measure(self, corpus, self._samples)
        if out is not None:
            self.save(out)
        return self

    def evaluate(self, data: Corpus | TextSource, part: PartName | None = None) -> Score:
        """How well a text is predicted: the state is carried over it, each symbol counts once.

        data: a file, folder or several, or a Corpus; part: of the corpus, None for all of it.
        The first symbol is predicted from nothing. Raises DataError for a text or part without
        any symbol, and for a Corpus with other symbols.
        """
        corpus = self.corpus(data)
        tokens = corpus.tokens if part is None else corpus.part(part)
        if not len(tokens):
            raise DataError(f"evaluate: the {part} part of the text is empty")
        characters = corpus.characters[part] if part else sum(corpus.characters.values())
        unknown = int((tokens >= len(self.fitted.vocabulary)).sum())
        return Score(
            float(self.negative_log_likelihood(tokens).sum()), len(tokens), characters, unknown
        )

    def negative_log_likelihood(self, tokens: np.ndarray) -> np.ndarray:
        """-ln p of each symbol of a text given all before it: (N,) numbers to (N,) nats."""
        network = self.network.eval()
        with torch.no_grad():
            return negative_log_likelihood(network, tokens, self.fitted.vocabulary)

    def generate(
        self,
        prompt: str = "",
        *,
        length: int = 500,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int | None = None,
        state: TextState | None = None,
    ) -> Iterator[str]:
        """Write `length` characters that follow the prompt, given piece by piece as they are made.

        temperature: 0 takes the likeliest symbol always; top_k, top_p: draw among the likeliest
        only; seed: the same one writes the same text. state: what was read before the prompt.
        Raises SettingsError for an option out of range.
        """
        sampling = Sampling(temperature, top_k, top_p, seed)
        return generate.generate(self, prompt, length, sampling, state)

    def stream(self, symbols: Iterable[str], state: TextState | None = None) -> Iterator[Step]:
        """Read symbols one by one as they arrive, each in constant time and memory.

        Each `Step` says how unexpected its symbol was, and its state is a value to go on from.
        symbols: a text, of which the sum of the nats is what `evaluate` finds; or pieces of text
        one after the other, each of which is composed and cut into symbols by itself (at level
        "bpe" a word with the space before it; of Korean whole syllables, no single jamo).
        """
        return generate.stream(self, symbols, state)

    def corpus(self, data: Corpus | TextSource) -> Corpus:
        """Read a text with the symbols of this model; DataError for a Corpus with others."""
        own = self.fitted.vocabulary
        if not isinstance(data, Corpus):
            return Corpus.read(data, vocabulary=own, validation=0.0)
        if data.vocabulary.to_dict() != own.to_dict():
            raise DataError("evaluate: this corpus has other symbols; read it with the model's")
        return data

    def _build(self) -> AnyNetwork:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.training.seed)
            network = build(self.settings, len(self.fitted.vocabulary))
        drop = self.settings.dropout
        if drop.weights is None:
            symbols = self.fitted.data["parts"]["train"]["symbols"]
            size = sum(p.numel() for p in network.parameters()) // self.settings.ensemble
            network.set_weight_drop(weight_drop(drop.outputs, symbols, size))
        network.choose_engine(self.training.engine)
        return network

    def _write_sample(self, epoch: int) -> None:
        """Write a text after an epoch; those of a run that is gone on with are kept."""
        text = "".join(self.generate(length=SAMPLE, temperature=0.8, seed=epoch))
        self._samples = [*self._samples[: epoch - 1], text]
        if self._folder is not None:
            files.write_lines(self._folder / SAMPLES, self._samples)

    def _begin(self, corpus: Corpus, resume: bool, overwrite: bool) -> Checkpoint | None:
        """Claim the run folder, if there is one; a run that is gone on with must be this one."""
        from unrolled import runs

        self._samples = []
        if self._folder is None:
            return None
        self.fitted.data["fingerprint"] = corpus.fingerprint()
        card = self._card("training")
        if runs.begin(self._folder, card, resume=resume, overwrite=overwrite):
            self._samples = [str(text) for text in files.read_lines(self._folder / SAMPLES)]
        return Checkpoint(self._folder)

    def _card(self, status: runs.Status) -> runs.Card:
        from unrolled import runs  # pydantic costs a fifth of a second: only when a run is kept

        return runs.Card(
            task="language",
            status=status,
            versions=runs.versions(),
            device=describe_device(self.training.device),
            settings={"model": self._resolved(), "training": asdict(self.training)},
            data=self.fitted.data,
            encoder=self.fitted.vocabulary.to_dict(),
            metrics=headline(self.results),
        )

    def _resolved(self) -> dict[str, Any]:
        """The settings with what those left open came to."""
        width = self.settings.width(len(self.fitted.vocabulary))
        return {**asdict(self.settings), "embed": width, "dropout": asdict(self.network.drop)}

    def save(self, path: str | Path) -> None:
        """Write the run folder: weights, settings, symbols, metrics; each file whole or not."""
        from unrolled import runs

        card = self._card(runs.status_of(self.outcome.ended))
        state, history = self.network.state_dict(), self.outcome.history
        runs.save(Path(path), card, state, self.results, history)

    @classmethod
    def load(cls, path: str | Path) -> LanguageModel:
        """Read a run folder; RunError when a file in it is missing, cut, changed or not ours."""
        from unrolled import runs

        folder = Path(path)
        card, tensors = runs.load(folder, "language")
        settings = dict(card.settings["model"])
        model = cls(**{**settings, "dropout": Dropout(**settings["dropout"])})
        model.training = Training(**card.settings["training"])
        model.results, model.outcome = runs.found(folder, card)
        model._fitted = Read(vocabulary_from(card.encoder), card.data)
        model._network = model._build().eval()
        runs.fill(model.network, tensors, folder)
        return model
