"""Shapes at many scales: fixed convolutions, and how much of a sequence each of them finds.

Shapes: B sequences, T time steps, D features, P = 84 N kernel features.

Source: Dempster, Schmidt and Webb 2021, MiniRocket: A Very Fast (Almost) Deterministic Transform
for Time Series Classification. As there: 84 kernels of 9 taps, dilations up to the length, shares
of positive values. Not as there: all values are padded alike, and thresholds are drawn evenly.
"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor, nn

TAPS = 9
KERNELS = tuple(combinations(range(TAPS), 3))  # where a kernel has 2; else it has -1: sum 0
SCALES = 32  # dilations at most
AT_ONCE = 1 << 17  # steps of sequences whose convolutions lie in memory together: 100 MB
GOLDEN = (5**0.5 + 1) / 2


class DilatedKernels(nn.Module):
    """Sequences (B, T, D) to the shares of their steps where kernels exceed thresholds (B, P).

    length: of the sequences that dilations are spread over; features: P at most, rounded down to
    a multiple of 84. `fit` says which features each kernel sums, and sets the thresholds.
    """

    thresholds: Tensor  # (N, 84)
    weights: Tensor  # (84, 9)
    mixes: Tensor  # (S, 84, D) 1 where a kernel at a scale sums a feature

    def __init__(self, channels: int, length: int, features: int) -> None:
        super().__init__()
        self.scales = _scales(length, max(1, features // len(KERNELS)))
        self.register_buffer("mixes", torch.ones(len(self.scales), len(KERNELS), channels))
        count = sum(self.scales.values())
        self.register_buffer("thresholds", torch.zeros(count, len(KERNELS)))
        weights = torch.full((len(KERNELS), TAPS), -1.0)
        for kernel, places in zip(weights, KERNELS, strict=True):
            kernel[list(places)] = 2
        self.register_buffer("weights", weights, persistent=False)

    @property
    def width(self) -> int:
        """P."""
        return self.thresholds.numel()

    @torch.no_grad()
    def fit(self, inputs: Tensor, lengths: Tensor, seed: int) -> None:
        """Take the thresholds from training sequences: quantiles of what each kernel gives there.

        Each kernel looks at a sequence of its own at each scale.
        """
        random = torch.Generator().manual_seed(seed)
        channels = inputs.shape[2]
        self.mixes.copy_(torch.stack([_mix(channels, random) for _ in self.scales]))
        levels = torch.arange(1, self.width + 1) * GOLDEN % 1
        levels = levels.reshape(self.thresholds.shape).to(inputs.dtype)
        begin = 0
        for scale, (dilation, count) in enumerate(self.scales.items()):
            chosen = torch.randint(len(inputs), (len(KERNELS),), generator=random)
            for kernel, b in enumerate(chosen.tolist()):
                one = inputs[b : b + 1, : int(lengths[b])]
                found = self._convolved(one, scale, dilation)[0, kernel]
                at = levels[begin : begin + count, kernel]
                self.thresholds[begin : begin + count, kernel] = torch.quantile(found, at)
            begin += count

    @torch.no_grad()
    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, D), lengths (B,) -> (B, P) float32. Steps behind an end must be 0."""
        steps = torch.arange(inputs.shape[1], device=inputs.device)
        real = (steps < lengths.to(inputs.device)[:, None]).float()
        found = torch.empty(len(inputs), *self.thresholds.shape, device=inputs.device)
        begin = 0
        for scale, (dilation, count) in enumerate(self.scales.items()):
            values = self._convolved(inputs, scale, dilation)
            above = torch.empty_like(values)
            for n in range(begin, begin + count):
                # Written as numbers and summed as a product: ten times as fast as counting truths.
                torch.gt(values, self.thresholds[n, :, None], out=above)
                found[:, n] = (above @ real[:, :, None])[..., 0]
            begin += count
        return found.flatten(1) / lengths.to(inputs.device)[:, None]

    def _convolved(self, inputs: Tensor, scale: int, dilation: int) -> Tensor:
        """What each kernel gives at each step: (B, T, D) -> (B, 84, T)."""
        steps, half = inputs.shape[1], TAPS // 2 * dilation
        padded = nn.functional.pad(inputs.transpose(1, 2), (half, half))
        taps = [padded[:, :, j * dilation : j * dilation + steps] for j in range(TAPS)]
        mixed = self.mixes[scale][:, None, :] * self.weights[:, :, None]
        found: Tensor = mixed.flatten(1) @ torch.stack(taps, dim=1).flatten(1, 2)
        return found


def _scales(length: int, count: int) -> dict[int, int]:
    """Dilations from 1 to where a kernel is as long as the sequences, and thresholds at each."""
    most = max(1.0, (length - 1) / (TAPS - 1))
    points = min(SCALES, count)
    places = torch.linspace(0, 1, points, dtype=torch.float64)
    dilations = (most**places).floor().long()
    found, times = torch.unique(dilations, return_counts=True)
    shares = times.double().cumsum(0) / points * count
    ends = shares.round().long().tolist()
    counts = [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
    return {d: n for d, n in zip(found.tolist(), counts, strict=True) if n}


def _mix(channels: int, random: torch.Generator) -> Tensor:
    """Which features each kernel sums, (84, D): one to nine, few more often than many."""
    if channels == 1:
        return torch.ones(len(KERNELS), 1)
    most = min(channels, TAPS)
    mix = torch.zeros(len(KERNELS), channels)
    for row in mix:
        share = torch.rand((), generator=random).item()
        count = int(2 ** (share * torch.log2(torch.tensor(most + 1.0)).item()))
        row[torch.randperm(channels, generator=random)[: min(count, most)]] = 1
    return mix
