"""Check nested lists; an error names the place of the mistake, such as `inputs[1][2]`."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from unrolled.data.scale import LARGEST
from unrolled.errors import DataError

AXES = ("sequences", "time steps", "features")


def check_list(value: Any, place: str, level: int) -> None:
    """DataError unless this is a list that is not empty."""
    if not isinstance(value, list | tuple | np.ndarray):
        hint = ""
        if level == 2 and isinstance(value, numbers.Real):
            hint = f"; one feature is written [{value}]"
        raise DataError(
            f"sequences: {place} is {kind(value)}, expected a list of {AXES[level]}{hint}"
        )
    if len(value) == 0:
        raise DataError(f"sequences: {place} is an empty list, expected {AXES[level]}")


def check_size(place: str, size: int, first: str, expected: int, what: str) -> None:
    """DataError unless a list is as long as the first of its kind."""
    if size != expected:
        what = what if size != 1 else what.removesuffix("s")
        raise DataError(f"sequences: {place} has {size} {what}, {first} has {expected}")


def check_labels(labels: Any, batch: int) -> None:
    """DataError unless there is one number for each sequence."""
    if not isinstance(labels, list | tuple | np.ndarray):
        raise DataError(f"sequences: labels is {kind(labels)}, expected a list of numbers")
    if len(labels) == 0:
        raise DataError(f"sequences: labels is an empty list, expected {batch}, one per sequence")
    if len(labels) != batch:
        raise DataError(
            f"sequences: labels has {len(labels)} for a batch of {batch}, expected one per sequence"
        )
    for b, label in enumerate(labels):
        check_number(label, f"labels[{b}]")


def check_number(value: Any, place: str) -> None:
    """DataError unless this is a number that float32 can hold."""
    if not isinstance(value, int | float | np.integer | np.floating | np.bool_):
        raise DataError(f"sequences: {place} is {kind(value)}, expected a number")
    if not -LARGEST <= value <= LARGEST:
        word = "infinite" if abs(value) == math.inf else f"beyond float32 (±{LARGEST:.3g})"
        word = "NaN (not a number)" if value != value else word
        raise DataError(f"sequences: {place} is {word}, expected a finite number")


def kind(value: Any) -> str:
    """What a value is, in words."""
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, numbers.Real):
        return f"the number {value}"
    if isinstance(value, list | tuple | np.ndarray):
        return f"a list of {len(value)}"
    return "None" if value is None else f"a {type(value).__name__}"
