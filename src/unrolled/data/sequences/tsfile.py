"""The files of the UCR and UEA archives: `.ts`, and `.txt` or `.tsv` with the label first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from math import nan
from pathlib import Path

import numpy as np

from unrolled.data.sequences.ragged import Ragged, infinite
from unrolled.errors import DataError

UNKNOWN = ("?", "")  # written in place of a missing number or label


def read_file(path: Path) -> Ragged:
    """Read a file of labelled sequences; DataError names the line that does not fit."""
    lines = _lines(path)
    ragged = _read_ts(path, lines) if path.suffix.lower() == ".ts" else _read_ucr(path, lines)
    if not ragged.values:
        raise DataError(f"read {path}: expected sequences, got none")
    return ragged


def recognise(path: Path) -> str | None:
    """Why a file is taken for labelled sequences, in words; None where it is not.

    Ask before `data.text.files.recognise` and `data.columns.read.recognise`: a `.txt` or `.tsv` of
    the archives has the ending of a text or of a table too.
    """
    if not looks_labelled(path):
        return None
    if path.suffix.lower() == ".ts":
        return "its name ends in .ts"
    return "every row is numbers, a class first"


def looks_labelled(path: Path) -> bool:
    """Whether a file holds labelled sequences: `.ts`, or rows of numbers that begin with a class.

    A text (for a language model) is told apart from them by its first twenty lines.
    """
    if path.suffix.lower() == ".ts":
        return True
    if path.suffix.lower() not in (".txt", ".tsv"):
        return False
    try:
        with path.open(encoding="utf-8-sig") as file:
            head = [_cells(line) for line in islice(file, 20) if line.strip()]
        numbers = [[_number(cell) for cell in cells] for cells in head]
    except (OSError, ValueError):
        return False
    return bool(head) and all(len(row) > 2 and row[0].is_integer() for row in numbers)


def has_header(path: Path) -> bool:
    """Whether a `.txt` or `.tsv` is a table: names in the first line, as many cells in the next."""
    if path.suffix.lower() == ".ts":
        return False
    try:
        with path.open(encoding="utf-8-sig") as file:
            first, second = file.readline(), file.readline()
    except (OSError, ValueError):
        return False
    if any(map(_is_number, _cells(first))):
        return False
    return any(0 < first.count(mark) == second.count(mark) for mark in ",\t")


def counterpart(path: Path) -> Path | None:
    """The `…_TEST` file beside a `…_TRAIN` file, as the archives name them; None without one."""
    other = path.with_name(re.sub(r"_TRAIN(?=\.\w+$)", "_TEST", path.name))
    return other if other != path and other.is_file() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise DataError(f"read {path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise DataError(f"read {path}: expected text in UTF-8, byte {error.start} is not") from None
    except OSError as error:
        raise DataError(f"read {path}: {error.strerror or error}") from None


@dataclass
class _Header:
    """What the lines before `@data` say."""

    labelled: bool = False
    classes: list[str] = field(default_factory=list)
    dimensions: int | None = None


def _read_ts(path: Path, lines: list[str]) -> Ragged:
    numbered = ((i, line.strip()) for i, line in enumerate(lines, 1))
    useful = ((i, line) for i, line in numbered if line and not line.startswith("#"))
    header = _read_header(path, useful)
    values: list[np.ndarray] = []
    labels: list[str | None] = []
    for i, line in useful:
        place = f"read {path}: line {i}"
        dims = line.split(":")
        if header.labelled:
            labels.append(_label(place, dims.pop().strip(), header))
        expected = header.dimensions or (values[0].shape[1] if values else len(dims))
        if len(dims) != expected:
            raise DataError(f"{place} has {len(dims)} dimensions, expected {expected}")
        values.append(_columns(place, dims))
    return Ragged(values, _some(labels), source=str(path))


def _some(labels: list[str | None]) -> np.ndarray | None:
    """The labels of a file, None where one is not known; None when there is none at all."""
    if all(label is None for label in labels):
        return None
    return np.array(labels, dtype=object if None in labels else None)


def _read_header(path: Path, lines: Iterator[tuple[int, str]]) -> _Header:
    header = _Header()
    for i, line in lines:
        name, *words = line.split()
        name = name.lower()
        on = bool(words) and words[0].lower() == "true"
        if not name.startswith("@"):
            raise DataError(f"read {path}: line {i}: expected @data before the first sequence")
        if name == "@data":
            return header
        if name == "@timestamps" and on:
            raise DataError(f"read {path}: line {i}: sequences with time stamps are not supported")
        if name == "@targetlabel" and on:
            raise DataError(
                f"read {path}: line {i}: expected class labels, got numbers to regress on"
            )
        if name == "@classlabel":
            header.labelled, header.classes = on, words[1:]
        if name in ("@dimensions", "@dimension") and words and words[0].isdigit():
            header.dimensions = int(words[0])
    raise DataError(f"read {path}: expected a line @data, got none")


def _label(place: str, label: str, header: _Header) -> str | None:
    if label == "?":
        return None
    if header.classes and label not in header.classes:
        known = ", ".join(header.classes)
        raise DataError(f"{place}: the label {label!r} is none of @classLabel: {known}")
    return label


def _columns(place: str, dims: list[str]) -> np.ndarray:
    """The dimensions of a sequence as (T, D); one that ends early is missing from there on."""
    columns = [_numbers(place, dim.split(",")) for dim in dims]
    values = np.full((max(map(len, columns)), len(columns)), np.nan)
    for d, column in enumerate(columns):
        values[: len(column), d] = column
    return values


def _numbers(place: str, cells: list[str]) -> np.ndarray:
    """Numbers from texts; an empty one, "?" and "NaN" are missing."""
    if not any(cell.strip() for cell in cells):
        raise DataError(f"{place}: the sequence has length 0, expected at least one time step")
    try:
        numbers = np.array([_number(cell) for cell in cells])
    except ValueError:
        odd = next(cell.strip() for cell in cells if not _is_number(cell))
        raise DataError(f"{place}: {odd!r} is not a number") from None
    if infinite(numbers).any():
        raise DataError(f"{place}: value {int(np.argmax(infinite(numbers))) + 1} is infinite")
    return numbers


def _number(cell: str) -> float:
    """The number in a cell, NaN where it is missing; ValueError for anything else."""
    return nan if cell.strip() in UNKNOWN else float(cell)


def _is_number(cell: str) -> bool:
    try:
        _number(cell)
    except ValueError:
        return False
    return True


def _read_ucr(path: Path, lines: list[str]) -> Ragged:
    """Rows of a label and one feature."""
    values, labels = [], []
    for i, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"read {path}: line {i}"
        label, *cells = _cells(line)
        series = _numbers(place, cells)
        if np.isnan(series).all():
            raise DataError(f"{place}: the sequence has no value, expected at least one")
        values.append(series[:, None])
        labels.append(_class_name(place, label))
    return Ragged(values, _some(labels), source=str(path))


def _cells(line: str) -> list[str]:
    """The cells of a row: between commas or tabs, where one may be empty, or between blanks."""
    for mark in ",\t":
        if mark in line:
            cells = [cell.strip() for cell in line.rstrip("\r\n").split(mark)]
            if not any(re.search(r"\s", cell) for cell in cells):
                return cells
    return re.split(r"[\s,]+", line.strip(" \t\r\n,"))


def _class_name(place: str, label: str) -> str | None:
    """The name of a class: "1.0000000e+00" is 1."""
    if not _is_number(label):
        raise DataError(f"{place}: expected the number of a class first, got {label!r}")
    number = _number(label)
    if number != number:
        return None
    if infinite(np.array(number)):
        raise DataError(f"{place}: the class {label!r} is infinite")
    return str(int(number)) if number == int(number) else label
