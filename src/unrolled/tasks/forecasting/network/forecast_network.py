"""The network of a forecaster: a linear map, and a recurrent network that learns what it misses."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unrolled.layers.recurrent import LAYERS
from unrolled.networks.dropout import drop_units
from unrolled.tasks.forecasting.network.linear import LinearMap, WindowShape


@dataclass(frozen=True)
class Features:
    """What the columns of the inputs (D) and of the future (Dk) are.

    levels: numbers of the past, shown less their last value, so that a level never seen in
    training does no harm; masks: columns that say what is missing, with weights that start at
    zero, so that one which is never on in training does nothing later either; codes: column ->
    size of its vocabulary, for a learned embedding.
    """

    inputs: int
    levels: tuple[int, ...]
    masks: tuple[int, ...]
    codes: dict[int, int]
    future: int
    future_codes: dict[int, int]


class Embedded(nn.Module):
    """Replace columns of codes by learned vectors: (..., D) -> (..., width)."""

    def __init__(self, columns: int, codes: dict[int, int]) -> None:
        super().__init__()
        self.codes = codes
        self.plain = [i for i in range(columns) if i not in codes]
        sizes = [min(16, 1 + round(size**0.5)) for size in codes.values()]
        self.tables = nn.ModuleList(
            nn.Embedding(n, w) for n, w in zip(codes.values(), sizes, strict=True)
        )
        self.width = len(self.plain) + sum(sizes)

    def forward(self, values: Tensor) -> Tensor:
        """Codes are whole numbers kept in float columns."""
        if not self.codes:
            return values
        columns = zip(self.codes, self.tables, strict=True)
        vectors = [table(values[..., column].long()) for column, table in columns]
        return torch.cat([values[..., self.plain], *vectors], dim=-1)


class ForecastNetwork(nn.Module):
    """Windows to quantiles of every horizon step: (B, T, D), (B, F, Dk) -> (B, F, K, Q).

        base       = linear map of the window                                (B, F, K)
        h          = last output of the recurrent encoder over the window    (B, H)
        z_f        = tanh(W h + U future_f + p_f)                            (B, F, H)
        forecast   = base + V z_f + (S h)_f + b_f                            (B, F, K, Q)

    V and S start at zero, so training starts from the linear map and b, and can only improve on it.
    In training whole input features are dropped, so that no single one is trusted too much.
    """

    level: Tensor  # (D,), 1 where a feature is shown less its last value
    quantiles: Tensor  # (Q,)
    margins: Tensor  # (F, K, Q), see `calibrate`

    def __init__(
        self,
        shape: WindowShape,
        features: Features,
        *,
        cell: str,
        hidden: int,
        layers: int,
        quantiles: tuple[float, ...],
        dropout: float,
    ) -> None:
        super().__init__()
        self.shape, self.dropout = shape, dropout
        outputs = len(shape.targets) * len(quantiles)
        self.linear = LinearMap(shape)
        self.embed = Embedded(features.inputs, features.codes)
        self.embed_future = Embedded(features.future, features.future_codes)
        self.encoder = LAYERS[cell](
            self.embed.width, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0
        )
        first = self.encoder.all_weights[0][0]
        with torch.no_grad():
            first[:, [self.embed.plain.index(i) for i in features.masks]] = 0
        self.context = nn.Linear(hidden, hidden)
        width = self.embed_future.width
        self.known = nn.Linear(width, hidden, bias=False) if width else None
        self.position = nn.Parameter(torch.randn(shape.horizon, hidden) * 0.02)
        self.output = nn.Linear(hidden, outputs, bias=False)
        self.steps = nn.Linear(hidden, shape.horizon * outputs, bias=False)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.steps.weight)
        level = torch.zeros(features.inputs)
        level[list(features.levels)] = 1
        self.register_buffer("level", level)
        self.register_buffer("quantiles", torch.tensor(quantiles))
        self.spread = nn.Parameter(self._first_spread(quantiles))
        self.register_buffer("margins", torch.zeros(self.spread.shape))

    def _first_spread(self, quantiles: tuple[float, ...]) -> Tensor:
        """(F, K, Q): quantiles of a normal error that grows with the horizon."""
        growth = 0.3 * torch.linspace(0.3, 1, self.shape.horizon)
        normal = torch.special.ndtri(torch.tensor(quantiles))
        spread: Tensor = growth[:, None, None] * normal
        return spread.repeat(1, len(self.shape.targets), 1)

    def calibrated(self, inputs: Tensor, future: Tensor) -> Tensor:
        """Quantiles (B, F, K, Q) in rising order, moved by the margins of calibration."""
        rising: Tensor = self(inputs, future).sort(-1).values
        return (rising + self.margins).sort(-1).values

    def forward(self, inputs: Tensor, future: Tensor) -> Tensor:
        """Quantiles (B, F, K, Q), scaled as the targets are; in training they may still cross."""
        base: Tensor = self.linear(inputs, future)
        hidden = self._drop(self.encode(inputs).unsqueeze(1), 1).squeeze(1)
        mixed = self.context(hidden).unsqueeze(1) + self.position
        if self.known is not None:
            mixed = mixed + self.known(self.embed_future(future))
        mixed = torch.tanh(mixed)
        size = (len(inputs), self.shape.horizon, len(self.shape.targets), -1)
        learned: Tensor = self.output(self._drop(mixed, 1)).view(size) + self.steps(hidden).view(
            size
        )
        return base.unsqueeze(-1) + learned + self.spread

    def encode(self, inputs: Tensor) -> Tensor:
        """The encoder's last output: (B, T, D) -> (B, H)."""
        relative = inputs - inputs[:, -1:] * self.level
        embedded = self.embed(relative)
        if self.training and self.dropout:
            kept = torch.rand(len(inputs), 1, embedded.shape[2], device=inputs.device)
            embedded = embedded * (kept > self.dropout)
        _, state = self.encoder(embedded)
        # Not outputs[:, -1], whose gradient would be (B, T, H) of zeros but for one step.
        last: Tensor = (state[0] if isinstance(state, tuple) else state)[-1]
        return last

    def _drop(self, values: Tensor, axis: int) -> Tensor:
        """In training, leave out units, the same ones for all horizon steps."""
        return drop_units(values, self.dropout, axis) if self.training else values
