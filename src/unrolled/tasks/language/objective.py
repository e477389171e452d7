"""Training objective of the language model: losses over streams, validation loss, samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from unrolled import files
from unrolled.data.text.corpus import Corpus
from unrolled.data.text.streams import Streams
from unrolled.errors import DataError
from unrolled.tasks.language.ensemble import AnyNetwork
from unrolled.tasks.language.generate import Sampling, generate
from unrolled.tasks.language.network import State, each_state
from unrolled.tasks.language.score import negative_log_likelihood
from unrolled.training import Training
from unrolled.training.checkpoint import SAMPLES

LANES, BURN_IN = 64, 128  # places of the validation part that are read at once: see `score`
SAMPLE = 300  # characters written after each epoch


@dataclass(eq=False)
class Samples:
    """A text written after each epoch; in a run folder they are kept as they come."""

    texts: list[str] = field(default_factory=list)
    folder: Path | None = None

    def begin(self, folder: Path | None) -> None:
        """Keep them in a folder, and go on with those that are there."""
        self.folder = folder
        if folder is not None:
            path = folder / SAMPLES
            told = files.read_bytes(path) if path.is_file() else b""
            self.texts[:] = map(str, files.parse_lines(told, path))

    def add(self, epoch: int, text: str) -> None:
        """Keep the text of an epoch; what an interrupted run wrote later goes."""
        self.texts[epoch - 1 :] = [text]
        if self.folder is not None:
            files.write_lines(self.folder / SAMPLES, self.texts)


class LanguageObjective:
    """A `training.Objective` over streams of a corpus: the state is carried, the gradient cut.

    samples: gets a text after each epoch, written by the weights that would be kept.
    """

    validated_on = "validation"

    def __init__(
        self,
        model: AnyNetwork,
        corpus: Corpus,
        bptt: int,
        settings: Training,
        samples: Samples | None = None,
    ) -> None:
        self.model, self.corpus, self.settings, self.samples = model, corpus, settings, samples
        self._streams = Streams(corpus.part("train"), settings.batch_size, bptt)
        self._validation = corpus.part("validation")
        if not len(self._validation):
            raise DataError("fit: the validation part is empty; give it a share of the text")
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._streams)

    def begin(self, folder: Path | None) -> None:
        """Go on with the samples of a run folder."""
        if self.samples is not None:
            self.samples.begin(folder)

    def losses(self, epoch: int) -> Iterator[Tensor]:
        """The loss in nats per symbol of each step (truncated backpropagation through time)."""
        self._epoch = epoch
        offset = np.random.default_rng((self.settings.seed, epoch)).integers(1 << 32)
        state: State | None = None
        device = self.model.device
        for inputs, targets in self._streams.epoch(int(offset)):
            symbols, goals = (torch.from_numpy(part.T).to(device) for part in (inputs, targets))
            features, state = self.model(symbols, state)
            yield self.model.loss(features, goals)
            state = each_state(Tensor.detach, state)

    def validate(self) -> float:
        """Nats per symbol of the validation part, each symbol counted once."""
        lanes = max(1, min(LANES, len(self._validation) // (4 * BURN_IN)))
        vocabulary = self.corpus.vocabulary
        found = negative_log_likelihood(
            self.model, self._validation, vocabulary, lanes=lanes, burn_in=BURN_IN, chunk=128
        )
        if self.samples is not None:
            sampling = Sampling(temperature=0.8, seed=self._epoch)
            text = generate(self.model, vocabulary, "", SAMPLE, sampling)
            self.samples.add(self._epoch, "".join(text))
        return float(found.mean())
