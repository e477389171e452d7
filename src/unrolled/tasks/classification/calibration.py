"""How sure a classifier is beside how often it is right: reliability, in one number and in bins.

Shapes: n labels, C classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BINS = 10


def calibration(shares: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Probabilities (n, C) and codes (n,) to the expected calibration error, and its bins.

    The probability of the likeliest class is cut into ten equal parts; the error is the mean of the
    distance between accuracy and that probability in each, weighted by how many fall there.
    Source: Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks.

    >>> calibration(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1]))["error"]
    0.0
    """
    sure, right = shares.max(1), shares.argmax(1) == truth
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    rows = []
    for place in np.unique(places):
        inside = places == place
        row = (float(sure[inside].mean()), float(right[inside].mean()), int(inside.sum()))
        rows.append(dict(zip(("confidence", "accuracy", "count"), row, strict=True)))
    gaps = [row["count"] * abs(row["accuracy"] - row["confidence"]) for row in rows]
    return {"error": round(sum(gaps) / len(truth), 6), "bins": rows}
