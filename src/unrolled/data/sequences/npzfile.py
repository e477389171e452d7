"""Arrays that numpy saved, by their names: `X` and `y`."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from unrolled.data.sequences.layout import time_first
from unrolled.data.sequences.ragged import Ragged
from unrolled.errors import DataError

INPUTS, LABELS = ("X", "x", "inputs", "data"), ("y", "Y", "labels", "label", "targets", "target")
TRAIN_INPUTS, TRAIN_LABELS = ("X_train", "x_train"), ("y_train", "Y_train")


def read_npz(path: Path, layout: str | None) -> Ragged:
    """Read `X` (B, T, D) or (B, T), and `y` where it is there; nothing in it is unpickled.

    Where there is no X, `X_train` and `y_train` are taken for them, with a note.

    DataError names what is there in place of them, and an array of Python objects.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            names = file.files
            train = not set(INPUTS) & set(names)
            X = _array(path, file, TRAIN_INPUTS if train else INPUTS)
            y = _array(path, file, TRAIN_LABELS if train else LABELS)
    except FileNotFoundError:
        raise DataError(f"read {path}: there is no such file") from None
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"read {path}: expected arrays that numpy saved ({reason})") from None
    if X is None:
        raise DataError(f"read {path}: expected arrays X and y, got {', '.join(names) or 'none'}")
    try:
        found = Ragged.of(time_first(X, layout), y)
    except DataError as error:
        raise DataError(f"read {path}: {error}") from None
    return replace(found, source=str(path), notes=_notes(names) if train else ())


def _notes(names: Sequence[str]) -> tuple[str, ...]:
    """What was read of a file that holds several parts."""
    taken = (*TRAIN_INPUTS, *TRAIN_LABELS)
    others = ", ".join(name for name in names if name not in taken)
    read = " and ".join(name for name in names if name in taken)
    left = f"; {others} are left out: save them as X and y of a file for --test" if others else ""
    return (f"read as X and y: {read}{left}",)


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
