"""What training asks of a language model: losses over streams, and the validation loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from unrolled.data.text.corpus import Corpus, Streams
from unrolled.errors import DataError
from unrolled.tasks.language.ensemble import AnyNetwork
from unrolled.tasks.language.network import State, each_state
from unrolled.tasks.language.score import negative_log_likelihood
from unrolled.training import Training

LANES, BURN_IN = (
    64,
    128,
)  # places of the validation part that are read at once, see `negative_log_likelihood`


class LanguageTask:
    """A `training.Task` over streams of a corpus: the state is carried, the gradient cut.

    after: is called with each epoch's number when its validation loss is known and the weights
    that would be kept are in the network.
    """

    judged = "validation"

    def __init__(
        self,
        model: AnyNetwork,
        corpus: Corpus,
        bptt: int,
        settings: Training,
        after: Callable[[int], None] | None = None,
    ) -> None:
        self.model, self.corpus, self.settings, self.after = model, corpus, settings, after
        self._streams = Streams(corpus.part("train"), settings.batch_size, bptt)
        self._held = corpus.part("validation")
        if not len(self._held):
            raise DataError("fit: the validation part is empty; give it a share of the text")
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._streams)

    def losses(self, epoch: int) -> Iterator[Tensor]:
        """The loss in nats per symbol of each step (truncated back-propagation through time)."""
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
        lanes = max(1, min(LANES, len(self._held) // (4 * BURN_IN)))
        found = negative_log_likelihood(
            self.model, self._held, self.corpus.vocabulary, lanes=lanes, burn_in=BURN_IN, chunk=128
        )
        if self.after is not None:
            self.after(self._epoch)
        return float(found.mean())
