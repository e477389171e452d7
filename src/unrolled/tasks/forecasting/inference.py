"""Inference with a fitted forecaster: quantiles of windows, in the unit of the targets.

Shapes: n windows, F horizon steps, K targets, Q quantiles, M members of the blend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from unrolled.data.table.split import Part
from unrolled.runs.fit import Fit
from unrolled.tasks.forecasting.intervals import BUDGET, TRAILING, online_offsets
from unrolled.tasks.forecasting.network.forecast_network import ForecastModel, ForecastNetwork
from unrolled.tasks.forecasting.prepare import EncodedTable, TableWindows
from unrolled.tasks.forecasting.preprocess import ForecastPreprocessor
from unrolled.tasks.forecasting.settings import ForecasterSettings
from unrolled.tasks.forecasting.transform import TargetTransform

ForecastFit = Fit[ForecasterSettings, ForecastPreprocessor, ForecastModel]
"""A fitted forecaster; what its settings left open is decided."""

MOST_PAST = 50_000  # past forecasts that intervals are learned from: some seconds
MOST_VALUES = 8_000_000  # and the numbers in them: whatever the table, some dozen megabytes


@dataclass(frozen=True, eq=False)
class Forecasts:
    """The forecasts of n windows, each in its own unit, and that unit.

    quantiles: (n, F, K, Q), rising; members: (M, n, F, K), as `MEMBERS` names them; truth:
    (n, F, K), NaN where missing; weight: (n, K), what an error counts; level, scale: (n, K);
    lowest: (n, K), the least value of each past.
    """

    quantiles: np.ndarray
    members: np.ndarray
    truth: np.ndarray
    weight: np.ndarray
    level: np.ndarray
    scale: np.ndarray
    lowest: np.ndarray

    @classmethod
    def join(cls, parts: Iterable[Forecasts]) -> Forecasts:
        """One after the other."""
        named = [vars(part) for part in parts]
        axis = {"members": 1}
        return cls(
            **{k: np.concatenate([p[k] for p in named], axis=axis.get(k, 0)) for k in named[0]}
        )

    def __getitem__(self, chosen: np.ndarray) -> Forecasts:
        values = {name: value[chosen] for name, value in vars(self).items() if name != "members"}
        return Forecasts(**values, members=self.members[:, chosen])

    def scores(self) -> np.ndarray:
        """By how much the truth lay above each quantile: (n, F, K, Q)."""
        found: np.ndarray = self.truth[..., None] - self.quantiles
        return found

    def moved(self, offsets: np.ndarray) -> Forecasts:
        """The same with quantiles moved by offsets that fit (n, F, K, Q).

        They never cross, and the middle stays.
        """
        half = self.quantiles.shape[-1] // 2
        middle = self.quantiles[..., half : half + 1]
        moved = self.quantiles + offsets
        low = np.minimum(moved[..., :half], middle)
        high = np.maximum(moved[..., half + 1 :], middle)
        parts = [np.sort(low, axis=-1), middle, np.sort(high, axis=-1)]
        return replace(self, quantiles=np.concatenate(parts, axis=-1))

    def in_unit(self, values: np.ndarray, transforms: Iterable[TargetTransform]) -> np.ndarray:
        """Values (n, F, K, ...) of these windows in the unit of the targets, float64."""
        more = (1,) * (values.ndim - 3)
        level, scale = (a.reshape(len(a), 1, -1, *more) for a in (self.level, self.scale))
        found = np.where(scale > 0, level + scale * values, level)
        for k, transform in enumerate(transforms):
            found[:, :, k] = transform.invert(found[:, :, k])
            if transform.nonnegative:
                floor = np.where(self.lowest[:, k] >= 0, 0.0, -np.inf)
                found[:, :, k] = np.maximum(found[:, :, k], floor.reshape(-1, 1, *more))
        return found


def windows_of(
    settings: ForecasterSettings, encoded: EncodedTable, part: Part, stride: int = 1
) -> TableWindows:
    """The windows of a part, of the lookback and horizon of a fitted forecaster.

    A series shorter than the lookback has windows too: it is forecast by its last season.
    """
    return encoded.windows(part, settings.decided_lookback, settings.horizon, stride, padded=True)


@torch.no_grad()
def forecasts_over(
    network: ForecastNetwork,
    windows: TableWindows,
    model: str = "blend",
    most: int | None = None,
) -> Forecasts:
    """Run a network, or one of its `MODELS`, in evaluation over all windows in order.

    most: with more numbers to forecast, only so many windows, evenly spread.
    """
    network.eval()
    values = windows.horizon * windows.encoded.targets.shape[1]
    chosen = None if most is None else max(1, most // values)
    return Forecasts.join(_by_batch(network, windows, model, chosen))


def _at_once(windows: TableWindows) -> int:
    """How many windows are forecast together: 4096 targets, fewer where many steps come of each."""
    targets = int(windows.encoded.targets.shape[1])
    return max(1, min(4096 // targets, MOST_VALUES // 8 // (windows.horizon * targets)))


def _by_batch(
    network: ForecastNetwork, windows: TableWindows, model: str, most: int | None
) -> Iterator[Forecasts]:
    for batch in windows.batches(_at_once(windows), most):
        quantiles, members = network.mixed(batch.to(network.device), model)
        lowest = batch.own.min(dim=2).values.double().numpy() * batch.scale + batch.level
        yield Forecasts(
            quantiles=quantiles.cpu().numpy(),
            members=torch.stack(members).cpu().numpy(),
            truth=batch.targets.numpy(),
            weight=batch.weight.numpy(),
            level=batch.level,
            scale=batch.scale,
            # A rounding below 0 is no value below 0.
            lowest=np.where(lowest > -1e-6 * batch.scale, np.maximum(lowest, 0), lowest),
        )


def calibrated_forecasts(
    fit: ForecastFit,
    encoded: EncodedTable,
    part: Part,
    stride: int = 1,
    *,
    final: bool = False,
    model: str = "blend",
) -> tuple[TableWindows, Forecasts]:
    """The windows of a part and their forecasts, each calibrated by what was known at its cutoff.

    model: one of `MODELS`; final: forecast with the weights that learned from all rows, where there
    are any. What past forecasts missed is always taken from the weights that were measured: the
    others have seen those rows.
    """
    network, settings = fit.network.measured, fit.settings
    windows = windows_of(settings, encoded, part, stride)
    trailing = TRAILING * fit.preprocessor.season
    past = _past_windows(settings, encoded, windows, trailing)
    chosen = fit.network.latest if final else network
    static = network.offsets.cpu().numpy()
    if past is None:
        found = forecasts_over(chosen, windows, model)
        return windows, found.moved(static)
    before = forecasts_over(network, past, model)
    same = np.searchsorted(past.cutoffs, windows.cutoffs).clip(max=len(past) - 1)
    inside = chosen is network and bool((past.cutoffs[same] == windows.cutoffs).all())
    found = before[same] if inside else forecasts_over(chosen, windows, model)
    offsets = np.empty(found.quantiles.shape, np.float32)
    scores, several = before.scores(), np.unique(windows.series)
    for series in several:
        # Windows lie series by series.
        mine, theirs = (
            slice(*np.searchsorted(of.series, [series, series + 1])) for of in (windows, past)
        )
        offsets[mine] = online_offsets(
            scores[theirs], past.cutoffs[theirs], windows.cutoffs[mine],
            settings.quantiles, trailing, static, BUDGET // len(several), past.index.stride,
        )  # fmt: skip
    return windows, found.moved(offsets)


def _past_windows(
    settings: ForecasterSettings, encoded: EncodedTable, windows: TableWindows, trailing: int
) -> TableWindows | None:
    """The windows whose truth was known before the newest of the given ones, with a whole past."""
    part, horizon, lookback = windows.part, settings.horizon, settings.decided_lookback
    least = encoded.begins + lookback
    first = np.maximum(part.rows[:, 0] - trailing - horizon, least)
    rows = np.stack((first, np.maximum(part.rows[:, 1], first)), axis=1)
    count = int((rows[:, 1] - rows[:, 0] - horizon + 1).clip(min=0).sum())
    if not count:
        return None
    values = horizon * len(settings.target) * len(settings.quantiles)
    stride = -(-count // max(1, min(MOST_PAST, MOST_VALUES // values)))
    earlier = replace(part, rows=rows)
    return encoded.windows(earlier, lookback, horizon, stride)
