"""The verdict on a forecaster in plain sentences: who is best, by how much, and what was used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from unrolled.tasks.forecasting.network.forecast_network import MEMBERS

FEWEST, MOST = 1e-4, 1e9  # numbers between are written out
UNLIKE = 5.0  # the largest series over the smallest: from here a mean error is the large one's


def mixture(weights: Tensor) -> dict[str, float]:
    """The mean share of each member over the steps ahead, those that have one: (F, M)."""
    shares = dict(zip(MEMBERS, weights.mean(0).tolist(), strict=True))
    return {name: round(share, 3) for name, share in shares.items() if share > 0}


def verdict(
    table: Sequence[dict[str, Any]], series: dict[str, Any], mixed: dict[str, float]
) -> str:
    """How the forecaster, the first row of a table of errors, stands beside the others."""
    network, *others = table
    own = network["mae"]
    if own is None:
        return "The test part has no known target to measure on."
    if (series.get("sizes") or 0) >= UNLIKE and network["ratio"] is not None:
        words = [_over_series(network, others, series)]
    else:
        compared = ", ".join(_compare(own, other) for other in others if other["mae"])
        words = [f"The mean absolute error of the {network['name']} is {_short(own)}: {compared}."]
        best = min((row for row in table if row["mae"] is not None), key=lambda row: row["mae"])
        if best is not network:
            words.append(f"Here {best['name']} is better: use it, or more data.")
    return " ".join([*words, _mixed(mixed)])


def _over_series(
    network: dict[str, Any], others: Sequence[dict[str, Any]], series: dict[str, Any]
) -> str:
    """The verdict where series differ in size: a mean error would be that of the large ones."""
    compared = [
        _share(network["ratio"] / other["ratio"] - 1, other["name"])
        for other in others
        if other["ratio"]
    ]
    mase = "" if network["mase"] is None else f" Its MASE is {_short(network['mase'])}."
    return (
        f"The {series['count']:,} series differ in size by a factor of {_short(series['sizes'])}, "
        f"so errors are compared series by series (geometric mean): the {network['name']} is "
        f"{', '.join(compared)}, and better than seasonal naive on {series['better']:,} of "
        f"{series['count']:,}.{mase}"
    )


def _compare(own: float, other: dict[str, Any]) -> str:
    """How an error stands beside another: "24.0% below naive (5.51)"."""
    return f"{_share(own / other['mae'] - 1, other['name'])} ({_short(other['mae'])})"


def _share(share: float, name: str) -> str:
    if abs(share) < 0.005:
        return f"about as good as {name}"
    if share > 1:
        return f"{_short(1 + share)} times {name}"
    if share < -0.9995:
        return f"less than 0.1% of {name}"
    return f"{abs(share):.1%} {'below' if share < 0 else 'above'} {name}"


def _mixed(shares: dict[str, float]) -> str:
    if list(shares) == ["network"]:
        return "The forecast is the network's alone."
    if len(shares) == 1:
        name = next(iter(shares))
        return f"On the validation part {name} was as good as the network, so it is what is used."
    parts = [f"{share:.0%} {name}" for name, share in shares.items()]
    return f"The forecast is mixed of {', '.join(parts[:-1])} and {parts[-1]}."


def _short(value: float) -> str:
    """A number with three digits that count; a very small or large one with its power of ten."""
    if value and not FEWEST <= abs(value) < MOST:
        return f"{value:.3g}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{decimals}f}"
