"""Augmentation of training sequences, against overfitting of small sets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Augment:
    """How strongly sequences are changed; 0 leaves that change out.

    crop: at most this share of the time is cut away, at the two ends together.
    warp: log-deviation of the speed, which varies smoothly over four places of a sequence.
    stretch: log-deviation of the length.
    scale: deviation of each feature's factor.
    jitter: deviation of the noise on each value, in deviations of the feature's ordinary changes
        from one step to the next: a smooth feature gets little.
    """

    crop: float = 0.05
    warp: float = 0.1
    stretch: float = 0.05
    scale: float = 0.1
    jitter: float = 0.3

    def in_time(self, share: float) -> Augment:
        """The same with a share of what is done to the time."""
        crop, warp, stretch = (share * x for x in (self.crop, self.warp, self.stretch))
        return replace(self, crop=crop, warp=warp, stretch=stretch)

    def __call__(
        self, inputs: Tensor, lengths: Tensor, change: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(B, T, D') and lengths (B,) -> changed (B, T', D'), their lengths, and sources (B, T').

        change: (B, D) the size of each feature's changes, see `change_sizes`; the columns behind
        the first D are masks, which are neither scaled nor jittered. A source is the time step
        of the original that a time step comes from (the nearest), for labels per step.
        """
        place, lengths = self._places(inputs.shape[1], lengths)
        left = place.long().clamp(max=max(inputs.shape[1] - 2, 0))
        share = (place - left).unsqueeze(-1)
        right = (left + 1).clamp(max=inputs.shape[1] - 1)
        changed = _rows(inputs, left) * (1 - share) + _rows(inputs, right) * share
        features = change.shape[1]
        values = changed[..., :features]
        factor = 1 + self.scale * torch.randn(len(values), 1, features)
        values = values * factor + self.jitter * change[:, None] * torch.randn(values.shape)
        return torch.cat([values, changed[..., features:]], -1), lengths, place.round().long()

    def _places(self, steps: int, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Where each new time step lies among the old ones (B, T'), and the new lengths (B,)."""
        batch = len(lengths)
        kept = 1 - self.crop * torch.rand(batch, 1)
        start = (1 - kept) * torch.rand(batch, 1)
        factor = kept[:, 0] * torch.exp(self.stretch * torch.randn(batch))
        news = (lengths * factor).round().clamp(min=1).long()
        news = torch.where(lengths > 1, news.clamp(min=2), news)
        speed = torch.exp(self.warp * torch.randn(batch, 1, 4))
        fine = torch.nn.functional.interpolate(speed, 65, mode="linear", align_corners=True)[:, 0]
        way = torch.cat([torch.zeros(batch, 1), (fine[:, 1:] + fine[:, :-1]).cumsum(1)], 1)
        way = way / way[:, -1:]
        time = torch.arange(int(news.max())) / (news[:, None] - 1).clamp(min=1)
        time = 64 * time.clamp(max=1)
        left = time.long().clamp(max=63)
        at = way.gather(1, left) + (way.gather(1, left + 1) - way.gather(1, left)) * (time - left)
        return (start + kept * at) * (lengths[:, None] - 1), news


def _rows(values: Tensor, index: Tensor) -> Tensor:
    """values[b, index[b, t]]: (B, T, D) at (B, T')."""
    return values.gather(1, index.unsqueeze(-1).expand(-1, -1, values.shape[2]))
