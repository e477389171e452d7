"""Files that say themselves what their sequences and labels are, each by its reader."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from unrolled.data.sequences.arff import read_arff
from unrolled.data.sequences.conll import read_conll
from unrolled.data.sequences.npzfile import read_npz
from unrolled.data.sequences.ragged import Ragged
from unrolled.data.sequences.tsfile import CONLL, WHOLE, has_header, read_file

FILES = (*WHOLE, ".txt", ".tsv", ".csv")


def read_labelled(path: Path, layout: str | None) -> Ragged:
    """Read a file that says itself what its sequences are; layout: of the arrays of `.npz`."""
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return read_npz(path, layout)
    if suffix in CONLL:
        return read_conll(path)
    return read_arff(path) if suffix == ".arff" else read_file(path)


def says_itself(source: Any) -> bool:
    """Whether a file itself says what its sequences and labels are, as a table does not."""
    if not isinstance(source, str | PathLike):
        return False
    path = Path(source)
    return path.suffix.lower() in FILES and not has_header(path)
