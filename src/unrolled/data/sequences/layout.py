"""Which axis of an array is time: as it is said, and never guessed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from unrolled.errors import DataError, SettingsError

LAYOUTS = ("BTD", "BDT")  # batch, time, features; batch, features, time as aeon and sktime have it


def check_layout(layout: str | None) -> None:
    """SettingsError for what is no order of axes."""
    if layout is not None and layout not in LAYOUTS:
        raise SettingsError(
            f"sequences: layout must be BTD (batch, time, features) or BDT (batch, features, time, "
            f"as aeon and sktime have it), got {layout!r}"
        )


def time_first(inputs: Any, layout: str | None) -> Any:
    """Inputs with time before features, as ``layout`` says that they come.

    None takes them for BTD. DataError where that makes one time step of many features, a warning
    where there are more features than time steps: only who has them knows.

    >>> time_first(np.zeros((24, 1, 300)), "BDT").shape
    (24, 300, 1)
    """
    check_layout(layout)
    shape = _shape(inputs)
    if layout == "BDT":
        if isinstance(inputs, np.ndarray):
            return inputs.swapaxes(1, 2) if inputs.ndim == 3 else inputs
        return [np.asarray(x).T for x in inputs]
    if layout is None and shape is not None and shape[2] > shape[1]:
        batch, steps, features = shape
        told = (
            f"({batch}, {steps}, {features}) would be {steps} time step{'s' * (steps > 1)} of "
            f"{features} features: say layout='BDT' where features come before time (as in aeon "
            "and sktime), layout='BTD' where that is right; --layout on the command line"
        )
        if steps == 1:
            raise DataError(f"sequences: {told}")
        warnings.warn(f"sequences: {told}", UserWarning, stacklevel=3)
    return inputs


def _shape(inputs: Any) -> tuple[int, int, int] | None:
    """(B, T, D) of one array, or of a list of arrays of one shape; None for anything else."""
    if not isinstance(inputs, np.ndarray):
        if not isinstance(inputs, list | tuple) or not inputs:
            return None
        shapes = {getattr(x, "shape", None) for x in inputs}
        one = shapes.pop()
        return (len(inputs), *one) if not shapes and one is not None and len(one) == 2 else None
    return inputs.shape if inputs.ndim == 3 else None
