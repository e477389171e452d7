"""Ridge regression from a window to its horizon: the baseline to beat, where the network starts.

On public benchmarks such a map, solved in closed form within seconds, beats many published
networks. It is the ridge regression of what is to come, less the last value, on

    the past columns of the last L steps, each less its last value     (L - 1) C
    the last values themselves                                          C
    what is known of the horizon                                        P
    one                                                                 1

for every target and horizon step. L, the columns (all of them, or the target's own), and the
strength of the ridge are chosen for each target by the error on the validation part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unrolled.data.table.windows import Batch

RIDGES = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
MOST_FEATURES = 2048  # the Gram matrix and its factor stay within a second or two
MOST_KNOWN = 512


@dataclass(frozen=True)
class WindowShape:
    """What a linear map reads and writes.

    lookback: T steps; horizon: F; targets: the K input columns to forecast; columns: C input
    columns (targets first) that vary over the past; calendar: future columns that repeat with time
    (only their first step is read, the others follow from it); planned: the other future columns.
    """

    lookback: int
    horizon: int
    targets: tuple[int, ...]
    columns: tuple[int, ...]
    calendar: tuple[int, ...]
    planned: tuple[int, ...]

    @property
    def steps_read(self) -> int:
        """The most steps that are read: all of the past, unless the features grow too many."""
        return max(1, min(self.lookback, MOST_FEATURES // len(self.columns)))


class LinearMap(nn.Module):
    """A linear map from windows to forecasts: (B, T, D) and (B, F, Dk) -> (B, F, K).

    Its weights are buffers: they are solved for by `fit`, not trained.
    """

    weight: Tensor  # (K, features, F)
    picked: Tensor  # the columns of the inputs that are read

    def __init__(self, shape: WindowShape) -> None:
        super().__init__()
        self.shape = shape
        steps, columns = shape.steps_read, len(shape.columns)
        known = len(shape.calendar) + min(len(shape.planned) * shape.horizon, MOST_KNOWN)
        features = steps * columns + known + 1
        self.register_buffer("weight", torch.zeros(len(shape.targets), features, shape.horizon))
        self.register_buffer("picked", torch.tensor(shape.columns), persistent=False)

    def forward(self, inputs: Tensor, future: Tensor) -> Tensor:
        """Forecast (B, F, K), scaled as the inputs are."""
        last = inputs[:, -1, list(self.shape.targets)]
        change = torch.einsum("bp,kpf->bfk", self._features(inputs, future), self.weight)
        return last.unsqueeze(1) + change

    def _features(self, inputs: Tensor, future: Tensor) -> Tensor:
        """(B, features), in the order of the module's docstring; steps vary before columns."""
        shape = self.shape
        window = inputs[:, -shape.steps_read :]
        window = window.index_select(2, self.picked)  # three times as fast as window[:, :, list]
        last = window[:, -1]
        relative = (window[:, :-1] - last.unsqueeze(1)).flatten(1)
        parts = [relative, last, future[:, 0, list(shape.calendar)]]
        parts += [future[:, :, list(shape.planned)].flatten(1)[:, :MOST_KNOWN]]
        return torch.cat([*parts, torch.ones_like(last[:, :1])], dim=1)

    @torch.no_grad()
    def fit(
        self, train: Iterable[Batch[Tensor]], validation: Iterable[Batch[Tensor]], season: int
    ) -> None:
        """Solve for the weights on training windows; choose what is read on validation windows.

        Windows with a missing target are left out of the first and not counted in the second.
        """
        gram, moment = self._sums(train)
        pairs = [
            (self._features(b.inputs, _future(b)).double(), self._change(b)) for b in validation
        ]
        features = torch.cat([x for x, _ in pairs])
        changes = torch.cat([y for _, y in pairs])
        for k in range(len(self.shape.targets)):
            best = torch.inf
            for chosen in self._choices(k, season):
                block, right = gram[chosen][:, chosen], moment[chosen][:, :, k]
                values, vectors = torch.linalg.eigh(block)
                turned = vectors.T @ right
                read = features[:, chosen] @ vectors
                for ridge in RIDGES:
                    solved = turned / (values.clamp(min=0) + ridge).unsqueeze(1)
                    error = (read @ solved - changes[:, :, k]).abs().nanmean().item()
                    if error < best:
                        best = error
                        self.weight[k] = 0
                        self.weight[k, chosen] = (vectors @ solved).float()

    def _sums(self, train: Iterable[Batch[Tensor]]) -> tuple[Tensor, Tensor]:
        """XᵀX (features, features) and XᵀY (features, F, K), in float64."""
        width = self.weight.shape[1]
        gram = torch.zeros(width, width, dtype=torch.float64)
        moment = torch.zeros(width, self.shape.horizon, len(self.shape.targets)).double()
        for batch in train:
            change = self._change(batch)
            known = ~change.isnan().flatten(1).any(1)
            features = self._features(batch.inputs, _future(batch))[known].double()
            gram += features.T @ features
            moment += torch.einsum("np,nfk->pfk", features, change[known])
        return gram, moment

    def _change(self, batch: Batch[Tensor]) -> Tensor:
        """The targets less their last value: (B, F, K), float64."""
        last = batch.inputs[:, -1, list(self.shape.targets)]
        return (batch.targets - last.unsqueeze(1)).double()

    def _choices(self, target: int, season: int) -> list[Tensor]:
        """Sets of features for one target: its own past or all columns, of a few lengths."""
        steps, width = self.shape.steps_read, len(self.shape.columns)
        kept = torch.arange(steps * width, self.weight.shape[1])
        own = self.shape.columns.index(self.shape.targets[target])
        columns = [torch.tensor([own]), torch.arange(width)][: 1 + (width > 1)]
        lengths = {min(steps, length) for length in (season, 3 * season, 7 * season, steps)}
        return [
            torch.cat([(torch.arange(steps - n, steps).unsqueeze(1) * width + c).flatten(), kept])
            for c in columns
            for n in sorted(lengths)
        ]


def _future(batch: Batch[Tensor]) -> Tensor:
    if batch.future is None:
        return batch.inputs.new_zeros(len(batch.inputs), batch.targets.shape[1], 0)
    return batch.future
