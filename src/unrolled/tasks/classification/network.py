"""The network of a classifier: differences, a convolution, recurrent layers, a pool over time."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from unrolled.layers.recurrent import LAYERS
from unrolled.networks.dropout import kept_units
from unrolled.networks.ensemble import Ensemble, averaged
from unrolled.tasks.classification.settings import ClassifierSettings

STEPS = 64  # of sequences twice as long or more, the encoder reads every second step, and so on
FEWEST = 16  # steps that the encoder still reads of short sequences among long ones
KERNEL = 7  # time steps that the convolution reads at least


class Pooled(NamedTuple):
    """A running pool: the weighted sum of outputs so far (B, H), and the sum of weights (B, 1)."""

    total: Tensor
    weight: Tensor


class StepState(NamedTuple):
    """All that one step hands to the next: how many there were, and what is still needed of them.

    inputs: (B, up to `kernel`, D'), one more than the convolution reads, for the first change;
    encoder: its state; pool: the pool so far; scores: (B, C), the last ones.
    """

    seen: int
    inputs: Tensor
    encoder: Any
    pool: Pooled | None
    scores: Tensor


class SequenceShape(NamedTuple):
    """D features, the D' columns they make with their masks, C classes, lengths T.

    longest: by which time is measured; short: of a quarter of the sequences, or shorter.
    """

    features: int
    width: int
    classes: int
    longest: int
    short: int


class ClassNetwork(nn.Module):
    """Sequences to one score for each of C classes: (B, T, D'), lengths (B,) -> (B, C).

        d_t = (x_t - x_{t-1}) / deviation of such differences         (B, T, D), d_1 = 0
        k_t = 2 min(t / longest, 1) - 1, where in time the step is    (B, T, 1)
        f_i = relu(convolution over [x, d, k] up to t = 1 + i·stride) (B, I, H)
        h_i = recurrent encoder over f                                (B, I, H)
        w_i = 1, or exp(v h_i) with pool="attention"                  (B, I, 1)
        scores_i = W (sum of w_j h_j up to i) / (sum of w_j) + b      (B, I, C)

    The score of a sequence is that at its last step. With pool="last" it is W h_i + b. The
    convolution looks back only, so that a step never waits for the next ones. Long sequences have
    a stride: the encoder then reads about 64 to 128 of their steps, which is sooner learned and
    remembered, and the score stays between. Where each step has a label of its own the pool is
    "last", and k is not read: what a step is shall not depend on when the recording began.
    """

    change: Tensor  # (D,) deviation of the differences in training

    def __init__(self, shape: SequenceShape, settings: ClassifierSettings, per_step: bool) -> None:
        super().__init__()
        pool = "last" if per_step else settings.pool
        self.features, self.pool, self.dropout = shape.features, pool, settings.dropout
        self.stride = 1 if per_step else _stride(shape)
        self.kernel = max(KERNEL, 2 * self.stride + 1)
        self.longest = 0 if per_step else shape.longest
        columns = shape.width + shape.features + (not per_step)
        self.shapes = nn.Conv1d(columns, settings.hidden, self.kernel)
        self.encoder = LAYERS[settings.cell](
            settings.hidden,
            settings.hidden,
            settings.layers,
            batch_first=True,
            bidirectional=settings.bidirectional,
            dropout=settings.dropout if settings.layers > 1 else 0,
        )
        outputs = settings.hidden * (2 if settings.bidirectional else 1)
        self.attention = nn.Linear(outputs, 1, bias=False) if pool == "attention" else None
        if self.attention is not None:
            nn.init.zeros_(self.attention.weight)
        self.output = nn.Linear(outputs, shape.classes)
        self.register_buffer("change", torch.ones(shape.features))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The scores of whole sequences: (B, C)."""
        outputs = self._pooled(self._outputs(inputs, lengths))
        last = outputs[torch.arange(len(outputs)), self._reads(lengths) - 1]
        if self.pool == "last" and self.encoder.bidirectional:
            # The direction that reads backwards has read everything at the first step.
            half = outputs.shape[2] // 2
            last = torch.cat([last[:, :half], outputs[:, 0, half:]], dim=1)
        scores: Tensor = self.output(last)
        return scores

    def scores(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The scores after each time step (B, T, C), T the longest length.

        Without `bidirectional` they are those of the sequence cut there; with it the outputs know
        what follows, and only the last score of a pooled sequence means anything.
        """
        scores: Tensor = self.output(self._pooled(self._outputs(inputs, lengths)))
        return scores.repeat_interleave(self.stride, dim=1)[:, : int(lengths.max())]

    def _reads(self, lengths: Tensor) -> Tensor:
        """How many steps the encoder reads of sequences of some lengths."""
        return (lengths - 1).div(self.stride, rounding_mode="floor") + 1

    def _outputs(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The encoder's outputs (B, I, H), 0 behind the end of a sequence."""
        read = self._drop(self._front(inputs)[:, :: self.stride])
        # Packed, so that neither direction reads what stands behind the end of a sequence.
        counts = self._reads(lengths).cpu()
        packed = pack_padded_sequence(read, counts, batch_first=True, enforce_sorted=False)
        return self._drop(pad_packed_sequence(self.encoder(packed)[0], batch_first=True)[0])

    def _pooled(self, outputs: Tensor) -> Tensor:
        """The pool up to each time step: (B, T, H)."""
        if self.pool == "last":
            return outputs
        weights = self._weights(outputs)
        return (weights * outputs).cumsum(1) / weights.cumsum(1)

    def step(self, inputs: Tensor, state: StepState | None) -> tuple[Tensor, StepState]:
        """One more time step (B, D') -> the scores so far (B, C) and the state after it."""
        so_far = inputs.unsqueeze(1)
        hidden, pool = None, None
        if state is not None:
            so_far = torch.cat([state.inputs, so_far], dim=1)
            hidden, pool = state.encoder, state.pool
        kept, seen = so_far[:, -self.kernel :], 1 if state is None else state.seen + 1
        if state is not None and (seen - 1) % self.stride:
            return state.scores, state._replace(seen=seen, inputs=kept)
        found = self._front(so_far, seen - so_far.shape[1])
        outputs, hidden = self.encoder(found[:, -1:], hidden)
        pooled = outputs[:, 0]
        if self.pool != "last":
            weight = self._weights(pooled)
            total = weight * pooled
            if pool is not None:
                total, weight = total + pool.total, weight + pool.weight
            pool, pooled = Pooled(total, weight), total / weight
        scores: Tensor = self.output(pooled)
        return scores, StepState(seen, kept, hidden, pool, scores)

    def _front(self, inputs: Tensor, before: int = 0) -> Tensor:
        """Shapes found in the inputs up to each step: (B, T, D') -> (B, T, H).

        before: how many steps there were before them.
        """
        values = inputs[..., : self.features]
        changes = torch.diff(values, dim=1, prepend=values[:, :1]) / self.change
        columns = [inputs, changes]
        if self.longest:
            steps = torch.arange(before, before + inputs.shape[1], device=inputs.device)
            place = 2 * (steps / self.longest).clamp(max=1) - 1
            columns.append(place[:, None].expand(len(inputs), -1, 1))
        read = torch.cat(columns, dim=-1).transpose(1, 2)
        read = nn.functional.pad(read, (self.kernel - 1, 0))
        found: Tensor = self.shapes(read)
        return found.relu().transpose(1, 2)

    def _weights(self, outputs: Tensor) -> Tensor:
        if self.attention is None:
            return torch.ones_like(outputs[..., :1])
        # Outputs lie within (-1, 1); the bounds keep the sum of weights finite in any case.
        weights: Tensor = self.attention(outputs).clamp(-20, 20).exp()
        return weights

    def _drop(self, outputs: Tensor) -> Tensor:
        """In training, leave out the same units at all time steps of a sequence."""
        if not (self.training and self.dropout):
            return outputs
        # Scaled last: another order of roundings would be other bits than the measured figures'.
        return outputs * kept_units(outputs, self.dropout, axis=1) / (1 - self.dropout)


class ClassEnsemble(Ensemble[ClassNetwork]):
    """Several networks whose probabilities are averaged."""

    def __init__(self, shape: SequenceShape, settings: ClassifierSettings, per_step: bool) -> None:
        super().__init__(ClassNetwork(shape, settings, per_step) for _ in range(settings.ensemble))

    @property
    def classes(self) -> int:
        """C."""
        return self.members()[0].output.out_features

    @torch.no_grad()
    def set_changes(self, changes: Tensor) -> None:
        """Tell the networks how large differences of neighbouring steps are in training: (M, D)."""
        size = changes.square().sum(0).div(max(len(changes), 1)).sqrt()
        for network in self.members():
            network.change.copy_(size.where(size > 1e-6, 1.0))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The log-probabilities of whole sequences: (B, C)."""
        return _mean([network(inputs, lengths) for network in self.members()])

    def scores(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The log-probabilities after each time step: (B, T, C)."""
        return _mean([network.scores(inputs, lengths) for network in self.members()])

    def step(
        self, inputs: Tensor, states: list[StepState] | None
    ) -> tuple[Tensor, list[StepState]]:
        """One more time step (B, D') -> log-probabilities (B, C) and the state of each network."""
        before: list[StepState | None] = list(states) if states else [None] * len(self.networks)
        steps = [n.step(inputs, s) for n, s in zip(self.members(), before, strict=True)]
        return _mean([scores for scores, _ in steps]), [state for _, state in steps]


def _stride(shape: SequenceShape) -> int:
    """Every how manieth step the encoder reads."""
    return max(1, min(shape.longest // STEPS, shape.short // FEWEST))


def _mean(scores: list[Tensor]) -> Tensor:
    """The logarithm of the mean of the probabilities."""
    return averaged([each.log_softmax(-1) for each in scores])
