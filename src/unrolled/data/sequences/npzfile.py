"""Arrays that numpy saved, by their names: `X` and `y`."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from unrolled.data.sequences.layout import time_first
from unrolled.data.sequences.ragged import Ragged
from unrolled.errors import DataError

INPUTS, LABELS = ("X", "x", "inputs", "data"), ("y", "Y", "labels", "label", "targets", "target")


def read_npz(path: Path, layout: str | None) -> Ragged:
    """Read `X` (B, T, D) or (B, T), and `y` where it is there; nothing in it is unpickled.

    DataError names what is there in place of them, and an array of Python objects.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            X, y = _array(path, file, INPUTS), _array(path, file, LABELS)
            names = ", ".join(file.files) or "none"
    except FileNotFoundError:
        raise DataError(f"read {path}: there is no such file") from None
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"read {path}: expected arrays that numpy saved ({reason})") from None
    if X is None:
        raise DataError(f"read {path}: expected arrays X and y, got {names}")
    try:
        found = Ragged.of(time_first(X, layout), y)
    except DataError as error:
        raise DataError(f"read {path}: {error}") from None
    return Ragged(found.values, found.labels, source=str(path))


def _array(path: Path, file: Any, names: tuple[str, ...]) -> np.ndarray | None:
    """The first array of these names; None where there is none."""
    name = next((name for name in names if name in file.files), None)
    if name is None:
        return None
    try:
        return np.asarray(file[name])
    except ValueError:
        raise DataError(
            f"read {path}: {name} holds Python objects, which are never unpickled; expected numbers"
            " (sequences of different lengths: pad them with NaN) or texts"
        ) from None
