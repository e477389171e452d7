"""How good a forecast is: errors of points, of quantiles and of intervals.

Every function takes numpy arrays of one shape, usually (n, F, K) for n windows, and gives one
number: the mean over all points whose truth is known. A truth that is NaN was never measured and
is left out; a forecast that is NaN is a fault and makes the result NaN. Sums are made in float64.

Letters: y truth, ŷ forecast, n number of known points, F horizon, K targets, Q quantiles,
m season in steps.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled.errors import DataError, SettingsError

Floats = NDArray[np.float64]


def mae(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Mean absolute error, in the unit of the target: (1/n) Σ |y - ŷ|.

    Args:
        truth: y, any shape, usually (n, F, K); NaN where unknown.
        forecast: ŷ, the same shape.

    Returns:
        The mean over the known points, or NaN when there is none.

    Raises:
        DataError: the shapes differ (nothing is ever broadcast).

    Example:
        >>> mae([1.0, 2.0, float("nan")], [2.0, 4.0, 9.0])
        1.5

    Source: Hyndman & Koehler 2006, "Another look at measures of forecast accuracy", section 2.1.
    """
    known, (y, estimate) = _known("mae", truth=truth, forecast=forecast)
    return _mean(np.abs(y - estimate)[known])


def mae_by_step(truth: ArrayLike, forecast: ArrayLike) -> Floats:
    """Mean absolute error of each forecast step apart: mae_f = (1/n_f) Σ |y_f - ŷ_f|.

    Args:
        truth: y, (n, F) or (n, F, K); NaN where unknown.
        forecast: ŷ, the same shape.

    Returns:
        (F,) one error per step ahead; NaN for a step without a known point.

    Example:
        >>> mae_by_step([[1.0, 2.0], [1.0, 2.0]], [[1.0, 3.0], [2.0, 3.0]]).tolist()
        [0.5, 1.0]
    """
    known, (y, estimate) = _known("mae_by_step", truth=truth, forecast=forecast)
    if y.ndim < 2:
        raise DataError(f"mae_by_step: expected (n, F) or (n, F, K), got shape {y.shape}")
    axes = tuple(axis for axis in range(y.ndim) if axis != 1)
    return _mean_over(np.abs(y - estimate), known, axes)


def rmse(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Root mean squared error, in the unit of the target: sqrt((1/n) Σ (y - ŷ)²).

    Large errors weigh more than in the MAE. Arguments, result and errors as in `mae`.

    Example:
        >>> rmse([0.0, 0.0], [3.0, 4.0])
        3.5355339059327378

    Source: Hyndman & Koehler 2006, section 2.1.
    """
    known, (y, estimate) = _known("rmse", truth=truth, forecast=forecast)
    return float(np.sqrt(_mean(np.square(y - estimate)[known])))


def smape(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Symmetric mean absolute percentage error, 0 to 200 percent: (200/n) Σ |y - ŷ| / (|y| + |ŷ|).

    A point where truth and forecast are both 0 counts as 0. The scale is the one of the M3 and M4
    competitions; `utilsforecast.losses.smape` gives this divided by 200. It says little when the
    target crosses zero, as temperatures do. Arguments, result and errors as in `mae`.

    Example:
        >>> smape([100.0, 0.0], [150.0, 0.0])
        20.0

    Source: Makridakis, Spiliotis & Assimakopoulos 2020, "The M4 Competition", equation for sMAPE.
    """
    known, (y, estimate) = _known("smape", truth=truth, forecast=forecast)
    error, size = np.abs(y - estimate)[known], (np.abs(y) + np.abs(estimate))[known]
    # A NaN size (a forecast that is NaN) must reach the result, hence `!= 0` and not `> 0`.
    return 200.0 * _mean(np.divide(error, size, out=np.zeros_like(error), where=size != 0))


def mase(truth: ArrayLike, forecast: ArrayLike, scale: ArrayLike) -> float:
    """Mean absolute scaled error, without unit: (1/n) Σ |y - ŷ| / scale.

    Below 1: better than the seasonal naive forecast was, one step ahead, on the training part.

    Args:
        truth: y, usually (n, F, K); NaN where unknown.
        forecast: ŷ, the same shape.
        scale: from `mase_scale`, broadcast against truth: a number, or (n, 1, K) for one scale per
            window and target. Points whose scale is 0 or NaN have no MASE and are left out.

    Returns:
        The mean over the known points, or NaN when there is none.

    Raises:
        DataError: the shapes do not match, or a scale is negative.

    Example:
        >>> mase([1.0, 2.0], [2.0, 4.0], scale=3.0)
        0.5

    Source: Hyndman & Koehler 2006, section 3.
    """
    known, (y, estimate) = _known("mase", truth=truth, forecast=forecast)
    divisor = np.asarray(scale, dtype=np.float64)
    if (divisor < 0).any():
        raise DataError(f"mase: a scale is a mean absolute difference, got {divisor.min():g}")
    try:
        divisor = np.broadcast_to(divisor, y.shape)
    except ValueError:
        raise DataError(
            f"mase: scale {divisor.shape} does not broadcast to truth {y.shape}"
        ) from None
    known &= divisor > 0
    return _mean(np.abs(y - estimate)[known] / divisor[known])


def mase_scale(
    values: ArrayLike,
    season: int,
    *,
    offsets: ArrayLike | None = None,
    rows: ArrayLike | None = None,
) -> Floats:
    """The scale of MASE for each series: the mean of |y_t - y_(t-m)| over its training rows.

    Args:
        values: y, (N,) or (N, K), series after series on a regular grid; NaN where unknown.
        season: m, in steps; 1 scales by the plain naive forecast.
        offsets: (S+1,) series s is rows offsets[s]:offsets[s+1]. Default: one series.
        rows: (N,) bool, the training rows: both ends of a difference lie in them. Default: all.

    Returns:
        (S,) or (S, K); NaN where the training rows hold no difference (shorter than a season).

    Raises:
        SettingsError: the season is not a whole number of at least 1.
        DataError: `rows` or `offsets` do not fit the values.

    Example:
        >>> mase_scale([1.0, 2.0, 4.0, 7.0], season=1).tolist()
        [2.0]

    Source: Hyndman & Koehler 2006, section 3; the seasonal form as in the M4 competition.
    """
    if not isinstance(season, int | np.integer) or season < 1:
        raise SettingsError(
            f"mase_scale: season must be a whole number of steps >= 1, got {season}"
        )
    y = np.asarray(values, dtype=np.float64)
    train = np.ones(len(y), bool) if rows is None else np.asarray(rows, dtype=bool)
    ends = np.array([0, len(y)]) if offsets is None else np.asarray(offsets, dtype=np.int64)
    if train.shape != (len(y),):
        raise DataError(f"mase_scale: expected rows of shape ({len(y)},), got {train.shape}")
    if ends.ndim != 1 or len(ends) < 2 or ends[0] < 0 or ends[-1] > len(y):
        raise DataError(f"mase_scale: offsets {ends.tolist()} do not fit {len(y)} rows")
    y = np.where(train.reshape(-1, *(1,) * (y.ndim - 1)), y, np.nan)
    return np.stack([_seasonal_difference(y[a:b], season) for a, b in pairwise(ends)])


def pinball(truth: ArrayLike, forecasts: ArrayLike, quantiles: Sequence[float]) -> float:
    """Pinball (quantile) loss, mean over quantiles: (1/nQ) Σ_q Σ max(q d, (q - 1) d), d = y - ŷ_q.

    It is in the unit of the target, and half the MAE for the single quantile 0.5.

    Args:
        truth: y, usually (n, F, K); NaN where unknown.
        forecasts: ŷ_q, the shape of truth and a last axis Q: (n, F, K, Q).
        quantiles: Q numbers inside (0, 1), in the order of that axis.

    Returns:
        The mean over the known points and all quantiles, or NaN when there is none.

    Raises:
        DataError: the shapes do not match.
        SettingsError: a quantile is not inside (0, 1).

    Example:
        >>> round(pinball([10.0], [[8.0, 12.0]], (0.1, 0.9)), 6)
        0.2

    Source: Koenker & Bassett 1978, "Regression quantiles"; Wen et al. 2017 (MQ-RNN), section 3.1.
    """
    q = np.asarray(quantiles, dtype=np.float64)
    if q.ndim != 1 or q.size == 0 or not ((q > 0) & (q < 1)).all():
        raise SettingsError(f"pinball: expected quantiles inside (0, 1), got {list(quantiles)}")
    y, estimates = np.asarray(truth, dtype=np.float64), np.asarray(forecasts, dtype=np.float64)
    if estimates.shape != (*y.shape, q.size):
        raise DataError(
            f"pinball: expected forecasts of shape {(*y.shape, q.size)} (truth and {q.size} "
            f"quantiles), got {estimates.shape}"
        )
    known = ~np.isnan(y)
    difference = y[known][:, None] - estimates[known]
    return _mean(np.maximum(q * difference, (q - 1) * difference))


def coverage(truth: ArrayLike, lo: ArrayLike, hi: ArrayLike) -> float:
    """Share of the truth inside its interval, 0 to 1: (1/n) Σ [lo <= y <= hi].

    For a good 90 % interval it is near 0.9; above is too wide, below too sure.

    Args:
        truth: y, usually (n, F, K); NaN where unknown.
        lo: lower ends, the same shape.
        hi: upper ends, the same shape.

    Returns:
        The share among the known points, or NaN when there is none.

    Raises:
        DataError: the shapes differ.

    Example:
        >>> coverage([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0], [3.0, 3.0, 3.0, 3.0])
        0.75

    Source: Christoffersen 1998, "Evaluating interval forecasts", section 2.
    """
    known, (y, low, high) = _known("coverage", truth=truth, lo=lo, hi=hi)
    inside = np.where(np.isnan(low) | np.isnan(high), np.nan, (low <= y) & (y <= high))
    return _mean(inside[known])


def interval_width(truth: ArrayLike, lo: ArrayLike, hi: ArrayLike) -> float:
    """Mean width of the intervals, in the unit of the target: (1/n) Σ (hi - lo).

    Of two methods with the same coverage, the narrower one knows more. The truth only says which
    points count, so that width and coverage speak of the same ones. Arguments and errors as in
    `coverage`.

    Example:
        >>> interval_width([1.0, float("nan")], [0.0, 0.0], [3.0, 9.0])
        3.0

    Source: Gneiting, Balabdaoui & Raftery 2007, "Probabilistic forecasts, calibration and
    sharpness", section 1.
    """
    known, (_, low, high) = _known("interval_width", truth=truth, lo=lo, hi=hi)
    return _mean((high - low)[known])


def winkler(truth: ArrayLike, lo: ArrayLike, hi: ArrayLike, level: float) -> float:
    """Winkler's interval score, in the unit of the target; lower is better.

    The width of the interval, and 2 / (1 - level) times by how much the truth lay outside: an
    interval can be narrow or sure, and this says which trade was better.

    Args:
        truth: y, usually (n, F, K); NaN where unknown.
        lo: lower ends, the same shape.
        hi: upper ends, the same shape.
        level: of the interval, 0.9 for 90 %.

    Returns:
        The mean over the known points, or NaN when there is none.

    Raises:
        DataError: the shapes differ.

    Example:
        >>> winkler([1.0, 5.0], [0.0, 0.0], [3.0, 3.0], level=0.5)
        7.0

    Source: Winkler 1972, "A decision-theoretic approach to interval estimation"; Gneiting & Raftery
    2007, "Strictly proper scoring rules, prediction, and estimation", section 6.2.
    """
    known, (y, low, high) = _known("winkler", truth=truth, lo=lo, hi=hi)
    outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    return _mean((high - low + 2 / (1 - level) * outside)[known])


def _known(operation: str, **arrays: ArrayLike) -> tuple[NDArray[np.bool_], list[Floats]]:
    """Where the truth (the first array) is known, and all arrays in float64, of one shape."""
    values = [np.asarray(array, dtype=np.float64) for array in arrays.values()]
    if len({array.shape for array in values}) > 1:
        shapes = ", ".join(f"{n} {a.shape}" for n, a in zip(arrays, values, strict=True))
        raise DataError(f"{operation}: expected arrays of one shape, got {shapes}")
    return ~np.isnan(values[0]), values


def _mean(values: Floats) -> float:
    """The mean, or NaN (without a warning) of nothing."""
    return float(values.mean()) if values.size else float("nan")


def _seasonal_difference(series: Floats, season: int) -> Floats:
    """Mean of |y_t - y_(t-m)| down the rows of one series, NaN where no pair is known."""
    difference = np.abs(series[season:] - series[:-season])
    return _mean_over(difference, ~np.isnan(difference), (0,))


def _mean_over(values: Floats, known: NDArray[np.bool_], axes: tuple[int, ...]) -> Floats:
    """The mean over some axes of the values that are known; NaN where none is."""
    total = np.where(known, values, 0.0).sum(axis=axes)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN we mean
        return np.asarray(total / known.sum(axis=axes), dtype=np.float64)
