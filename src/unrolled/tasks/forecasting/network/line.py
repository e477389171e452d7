"""One ridge regression for all targets and series: the baseline to beat, and a part of the blend.

On public benchmarks such a map, solved in closed form within seconds, beats many published
networks, above all when one map serves every column and is blind to the level. It forecasts what
is to come less the last value (F steps) from

    the past of the target, less its last value                      T - 1
    where there are covariates, or one target, and validation says so, for each target:
        the covariates over the last season                          m C
        the calendar, what is static, what is planned, and one       Dk + F P + 1

The first block has no intercept, and the others count in the deviation of the series so far: a
shifted or scaled series is forecast shifted or scaled. Windows weigh as their errors do in the
unit of the series. The strength of the ridge is chosen on the validation part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from unrolled.tasks.forecasting.network.shape import Shape, WindowBatch

RIDGES = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
MOST_STEPS = 1024  # the Gram matrix and its factor stay within a second or two
MOST_OTHERS = 512
FLOOR = 0.01  # covariates must lower the validation error by more: less is chance

Batches = Callable[[], Iterable[WindowBatch]]


class SharedLine(nn.Module):
    """A linear map from windows to forecasts, (B, F, K) in the unit of each window.

    Its weights are buffers: they are solved for by `fit`, not trained.
    """

    weight: Tensor  # (features, F)
    choice: tuple[int, float]  # how many features are read, and the strength of the ridge

    def __init__(self, shape: Shape, *, alone: bool = False) -> None:
        """Alone: nothing but the past of the targets is read."""
        super().__init__()
        self.shape = shape
        self.steps = min(shape.lookback, MOST_STEPS)
        columns = [i for i in range(shape.covariates) if i not in shape.codes]
        most = MOST_OTHERS // shape.targets
        self.recent = min(shape.season, shape.lookback, most // max(1, len(columns)))
        self.columns = columns if self.recent else []
        self.planned = min(len(shape.planned) * shape.horizon, most)
        # Of several targets without covariates the calendar alone is not worth its features.
        alone = alone or (shape.targets > 1 and not (columns or shape.planned))
        width = self.recent * len(self.columns) + len(shape.steady) + self.planned + 1
        self.others = 0 if alone else width
        features = self.steps - 1 + shape.targets * self.others
        self.register_buffer("weight", torch.zeros(features, shape.horizon))

    def forward(self, batch: WindowBatch) -> Tensor:
        """Forecast (B, F, K) in the unit of the windows."""
        size, count = batch.own.shape[:2]
        return (self._features(batch) @ self.weight).view(size, count, -1).transpose(1, 2)

    def _features(self, batch: WindowBatch) -> Tensor:
        """(B K, features), in the order of the module's docstring."""
        own = batch.own[:, :, -self.steps : -1].flatten(0, 1)
        if not self.others:
            return own
        shape = self.shape
        recent = batch.covariates[:, -self.recent :, self.columns].flatten(1)
        steady = batch.future[:, 0, list(shape.steady)]
        planned = batch.future[:, :, list(shape.planned)].flatten(1)[:, : self.planned]
        ones = own.new_ones(len(recent), 1)
        others = torch.cat([recent, steady, planned, ones], dim=1)
        # What a price or an hour adds does not follow how much the last weeks moved, and it adds
        # something else to each target: every target has a block of its own.
        blocks = torch.diag_embed(batch.history_unit)
        placed = torch.einsum("bkj,bo->bkjo", blocks, others)
        return torch.cat([own, placed.flatten(0, 1).flatten(1)], dim=1)

    @torch.no_grad()
    def fit(self, train: Batches, validation: Batches) -> None:
        """Solve on training windows; choose the ridge, and what is read, on validation windows.

        Windows with a missing target are left out of the first and not counted in the second.
        """
        gram, moment = self._sums(train())
        choices = [(size, r) for size in sorted({self.steps - 1, len(gram)}) for r in RIDGES]
        solved = list(self._solutions(gram, moment, choices))
        errors = self._errors(validation(), solved)
        few, least = min(errors[: len(RIDGES)]), min(errors)
        best = errors.index(least if least < (1 - FLOOR) * few else few)
        self.choice = choices[best]
        self.weight.copy_(solved[best])

    @torch.no_grad()
    def solve(self, train: Batches, choice: tuple[int, float]) -> None:
        """Solve on other windows for what was chosen by `fit`."""
        self.choice = choice
        self.weight.copy_(next(self._solutions(*self._sums(train()), [choice])))

    def _sums(self, train: Iterable[WindowBatch]) -> tuple[Tensor, Tensor]:
        """XᵀX (features, features) and XᵀY (features, F), in float64."""
        gram = torch.zeros(len(self.weight), len(self.weight), dtype=torch.float64)
        moment = torch.zeros(self.weight.shape, dtype=torch.float64)
        for batch in train:
            weight = batch.weight.flatten().unsqueeze(1)
            targets = batch.targets.transpose(1, 2).flatten(0, 1)
            known = ~targets.isnan().any(1)
            features = (self._features(batch) * weight)[known].double()
            gram += features.T @ features
            moment += features.T @ (targets * weight)[known].double()
        return gram, moment

    def _solutions(
        self, gram: Tensor, moment: Tensor, choices: list[tuple[int, float]]
    ) -> Iterator[Tensor]:
        """The weights of each choice; each size is factored once."""
        factored = 0
        for size, ridge in choices:
            if size != factored:
                values, vectors = torch.linalg.eigh(gram[:size, :size])
                turned, factored = vectors.T @ moment[:size], size
            weight = torch.zeros_like(self.weight)
            weight[:size] = (vectors @ (turned / (values.clamp(min=0) + ridge)[:, None])).float()
            yield weight

    def _errors(self, validation: Iterable[WindowBatch], weights: list[Tensor]) -> list[float]:
        """The mean absolute error of each solution, in the unit of the series."""
        total, known = torch.zeros(len(weights), dtype=torch.float64), 0
        for batch in validation:
            features = self._features(batch)
            targets = batch.targets.transpose(1, 2).flatten(0, 1)
            known += int((~targets.isnan()).sum())
            for i, weight in enumerate(weights):
                missed = (features @ weight - targets).abs() * batch.weight.flatten().unsqueeze(1)
                total[i] += missed.nansum()
        return (total / max(known, 1)).tolist()
