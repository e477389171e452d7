"""The recurrent part: the past in segments through one encoder, every segment ahead at once."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from unrolled.layers.recurrent import LAYERS
from unrolled.networks.dropout import drop_units
from unrolled.tasks.forecasting.network.shape import Shape, WindowBatch

LEAST_WIDTH = 32


class Embedded(nn.Module):
    """Replace columns of codes by learned vectors, leave some out: (..., D) -> (..., width)."""

    def __init__(self, columns: int, codes: dict[int, int], hidden: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.codes, self.whole = codes, not codes and not hidden
        self.plain = [i for i in range(columns) if i not in codes and i not in hidden]
        sizes = [vector_size(size) for size in codes.values()]
        self.tables = nn.ModuleList(
            nn.Embedding(n, w) for n, w in zip(codes.values(), sizes, strict=True)
        )
        self.width = len(self.plain) + sum(sizes)

    def forward(self, values: Tensor) -> Tensor:
        """Codes are whole numbers kept in float columns."""
        if self.whole:
            return values
        columns = zip(self.codes, self.tables, strict=True)
        vectors = [table(values[..., column].long()) for column, table in columns]
        return torch.cat([values[..., self.plain], *vectors], dim=-1)


def vector_size(vocabulary: int) -> int:
    """The length of a learned vector for one of so many words."""
    return min(16, 1 + round(math.sqrt(vocabulary)))


class SegmentNetwork(nn.Module):
    """One network for every target and series: a window to each step ahead, (B, F, K, Q).

        e_i      = relu(E [own, missing, covariates of segment i])        (B K, T / s, E)
        h        = the encoder's last state over e_1 .. e_n               (B K, H)
        d_j      = p_j + c_k + a_s + U future_j (+ M mean_k h)            (B K, F / s, E)
        z_j      = one step of the same encoder from h on d_j             (B K, F / s, H)
        forecast = V z_j                                                  s steps, Q numbers each

    With mixing a target also sees the mean of the states of all, through M, which starts at zero.
    s steps are a segment, E at most H; p_j is learned for the place ahead, c_k for the target, a_s
    for the series. With a segment of one step it is an ordinary encoder, step by step. Source: Lin
    et al. 2023, SegRNN: Segment Recurrent Neural Network for Long-Term Time Series Forecasting.
    """

    def __init__(
        self,
        shape: Shape,
        *,
        cell: str,
        hidden: int,
        layers: int,
        segment: int,
        outputs: int,
        dropout: float,
        mixing: bool,
    ) -> None:
        super().__init__()
        self.shape, self.segment, self.dropout = shape, segment, dropout
        self.read = shape.lookback // segment  # segments of the past
        self.ahead = -(-shape.horizon // segment)
        self.embed = Embedded(shape.covariates, shape.codes)
        self.embed_future = Embedded(shape.future, shape.future_codes, shape.unlearned)
        features = segment * (2 + self.embed.width)
        width = min(hidden, max(LEAST_WIDTH, 8 * features))  # a short segment says little
        self.enter = nn.Linear(features, width)
        self._forget_masks()
        self.encoder: nn.Module = LAYERS[cell](
            width, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0
        )
        self.mix = nn.Linear(hidden, width, bias=False) if mixing and shape.targets > 1 else None
        if self.mix is not None:
            nn.init.zeros_(self.mix.weight)
        self.position = nn.Parameter(torch.randn(self.ahead, width) * 0.02)
        self.target = nn.Parameter(torch.randn(shape.targets, width) * 0.02)
        ahead = segment * self.embed_future.width
        self.known = nn.Linear(ahead, width, bias=False) if ahead else None
        self.names = nn.Embedding(shape.series + 1, vector_size(shape.series), padding_idx=0)
        self.named = nn.Linear(self.names.embedding_dim, width, bias=False)
        self.output = nn.Linear(hidden, segment * outputs)
        with torch.no_grad():
            self.output.weight.mul_(0.1)  # the first forecast is near the last value

    def _forget_masks(self) -> None:
        """A mask that is never on in training has no weight, and does nothing later either."""
        width = 2 + self.embed.width
        masks = [1, *(2 + self.embed.plain.index(i) for i in self.shape.masks)]
        with torch.no_grad():
            self.enter.weight.view(-1, self.segment, width)[:, :, masks] = 0

    def forward(self, batch: WindowBatch) -> Tensor:
        """Quantiles (B, F, K, Q) in the unit of the window; in training they may still cross."""
        size, count = batch.own.shape[:2]
        _, state = self.encoder(torch.relu(self.enter(self._segments(batch))))
        places = self._places(batch)
        if self.mix is not None:
            last = (state[0] if isinstance(state, tuple) else state)[-1]
            places = places + self.mix(last.view(size, count, -1).mean(1)).view(size, 1, 1, -1)
        places = places.reshape(size * count * self.ahead, 1, -1)
        mixed = self._step(places, state)
        mixed = mixed.view(size * count, self.ahead, -1)
        if self.training:
            mixed = nn.functional.dropout(mixed, self.dropout)
        steps: Tensor = self.output(mixed).view(size, count, self.ahead * self.segment, -1)
        return steps[:, :, : self.shape.horizon].transpose(1, 2)

    def _segments(self, batch: WindowBatch) -> Tensor:
        """The past of each target beside the covariates: (B K, T / s, s (2 + C))."""
        steps = self.read * self.segment
        size, count = batch.own.shape[:2]
        own = torch.stack((batch.own, batch.missing), dim=-1)[:, :, -steps:]
        parts = [own.reshape(size * count, self.read, self.segment, 2)]
        if self.shape.covariates:
            seen = self.embed(_less_last(batch.covariates[:, -steps:], self.shape.relative))
            if self.training:  # whole features, so that no single one is trusted too much
                kept = torch.rand(size, 1, seen.shape[2], device=seen.device) > self.dropout
                seen = seen * kept
            seen = seen.view(size, 1, self.read, self.segment, -1).expand(-1, count, -1, -1, -1)
            parts.append(seen.reshape(size * count, self.read, self.segment, -1))
        return torch.cat(parts, dim=-1).flatten(2)

    def _places(self, batch: WindowBatch) -> Tensor:
        """What each segment ahead is: (B, K, F / s, H)."""
        size, count = batch.own.shape[:2]
        series = batch.series
        if self.training:  # so that 0 learns to stand for a series never seen
            series = series * (torch.rand(size, device=series.device) > 0.1)
        places: Tensor = self.position + self.target.unsqueeze(1)
        places = places + self.named(self.names(series)).view(size, 1, 1, -1)
        if self.known is not None:
            future = self._in_segments(self.embed_future(batch.future).transpose(1, 2))
            future = future.transpose(1, 2).flatten(2).unsqueeze(1)
            if self.training:
                future = drop_units(future, self.dropout, 2)
            places = places + self.known(future)
        return places.expand(size, count, -1, -1)

    def _in_segments(self, steps: Tensor) -> Tensor:
        """Steps ahead (B, C, F) as segments, filled by the last step: (B, C, F / s, s)."""
        short = self.ahead * self.segment - self.shape.horizon
        filled = torch.cat([steps, steps[..., -1:].expand(-1, -1, short)], dim=-1)
        return filled.view(*steps.shape[:2], self.ahead, self.segment)

    def _step(self, places: Tensor, state: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        """One step of the encoder for every segment ahead, each from the last state of its window.

        places: (B K F / s, 1, H); state: (L, B K, H), a pair of an LSTM. Returns what places are.
        """
        if isinstance(state, tuple):
            hidden, cell = (part.repeat_interleave(self.ahead, dim=1) for part in state)
            found: Tensor = self.encoder(places, (hidden, cell))[0]
        else:
            found = self.encoder(places, state.repeat_interleave(self.ahead, dim=1))[0]
        return found


def _less_last(values: Tensor, columns: tuple[int, ...]) -> Tensor:
    """Columns of (B, T, C) less their last value."""
    level = values.new_zeros(values.shape[2])
    level[list(columns)] = 1
    return values - values[:, -1:] * level
