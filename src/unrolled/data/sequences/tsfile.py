"""The files of the UCR and UEA archives: `.ts`, and `.txt`, `.tsv` or `.csv` with a label a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import nan
from pathlib import Path

import numpy as np

from unrolled.data.scale import infinite
from unrolled.data.sequences.ragged import Ragged
from unrolled.data.source.encoding import head_lines
from unrolled.data.source.opening import HEAD
from unrolled.errors import DataError

CONLL = (".conll", ".conllu", ".iob", ".iob2", ".bio")
WHOLE = (".ts", ".arff", ".npz", *CONLL)  # files that say themselves what their sequences are
UNKNOWN = ("?", "")  # written in place of a missing number or label


def read_file(path: Path) -> Ragged:
    """Read a `.ts`, `.txt`, `.tsv` or `.csv` file; DataError names the line that does not fit."""
    lines = read_lines(path)
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
    ending = path.suffix.lower()
    if ending in WHOLE:
        return f"its name ends in {ending}"
    where = "last" if ending == ".csv" and class_place(path) == "last" else "first"
    return f"every row is numbers, a class {where}"


def looks_labelled(path: Path) -> bool:
    """Whether a file holds labelled sequences: by its name, or rows of numbers and a class.

    A text (for a language model) is told apart from them by its first twenty lines.
    """
    if path.suffix.lower() in WHOLE:
        return True
    if path.suffix.lower() == ".csv":
        return class_place(path) is not None
    if path.suffix.lower() not in (".txt", ".tsv"):
        return False
    try:
        head = [_cells(line) for line in _head(path)[:20] if line.strip()]
        rows = [[_number(cell) for cell in cells] for cells in head]
    except ValueError:
        return False
    return bool(head) and all(len(row) > 2 and row[0].is_integer() for row in rows)


def class_place(path: Path) -> str | None:
    """Where the class stands in the rows of a CSV file without a header: "first" or "last".

    None where a header names columns, and where the class is no text: a table of numbers alone may
    be anything.
    """
    head = [_cells(line) for line in _head(path)[:20] if line.strip()]
    if len(head) < 2 or min(map(len, head)) < 4 or _counts(head[0]):
        return None
    texts = [
        {i - len(row) if i else 0 for i, c in enumerate(row) if not _is_number(c)} for row in head
    ]
    places = {0: "first", -1: "last"}
    found = set().union(*texts)
    return places.get(found.pop()) if len(found) == 1 and all(texts) else None


def _counts(cells: list[str]) -> bool:
    """Whether cells are names that count, as 0, 1, 2 of a frame without names."""
    inner = [cell for cell in cells if cell.isdigit()]
    return len(inner) >= len(cells) - 1 and all(int(b) == int(a) + 1 for a, b in pairwise(inner))


def has_header(path: Path) -> bool:
    """Whether a `.txt` or `.tsv` is a table: names in the first line, as many cells in the next."""
    if path.suffix.lower() in WHOLE:
        return False
    if path.suffix.lower() == ".csv":
        return class_place(path) is None
    first, second, *_ = *_head(path), "", ""
    if any(map(_is_number, _cells(first))):
        return False
    return any(0 < first.count(mark) == second.count(mark) for mark in ",\t")


def _head(path: Path) -> list[str]:
    """The first lines of a file, none of what is no text; a single long one ends at a blank."""
    try:
        lines = head_lines(path) or []
    except DataError:
        return []
    cut = len(lines) == 1 and len(lines[0]) >= HEAD // 4  # of at most four bytes a symbol
    whole = re.match(r".*[\s,]", lines[0]) if cut else None
    return [whole[0]] if whole else lines


def counterpart(path: Path) -> Path | None:
    """The `…_TEST` file beside a `…_TRAIN` file, as the archives name them; None without one."""
    other = path.with_name(re.sub(r"_TRAIN(?=\.\w+$)", "_TEST", path.name))
    return other if other != path and other.is_file() else None


def read_lines(path: Path) -> list[str]:
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
        values.append(dimensions(place, dims))
    return Ragged(values, where_known(labels), source=str(path))


def where_known(labels: list[str | None]) -> np.ndarray | None:
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


def dimensions(place: str, dims: list[str]) -> np.ndarray:
    """The dimensions of a sequence as (T, D); one that ends early is missing from there on."""
    if not dims:  # a label, and no colon before it
        raise DataError(f"{place}: the sequence has length 0, expected at least one time step")
    columns = [numbers(place, dim.split(",")) for dim in dims]
    values = np.full((max(map(len, columns)), len(columns)), np.nan)
    for d, column in enumerate(columns):
        values[: len(column), d] = column
    return values


def numbers(place: str, cells: list[str]) -> np.ndarray:
    """Numbers from texts; an empty one, "?" and "NaN" are missing."""
    if not any(cell.strip() for cell in cells):
        raise DataError(f"{place}: the sequence has length 0, expected at least one time step")
    try:
        found = np.array([_number(cell) for cell in cells])
    except ValueError:
        odd = next(cell.strip() for cell in cells if not _is_number(cell))
        raise DataError(f"{place}: {odd!r} is not a number") from None
    if infinite(found).any():
        raise DataError(f"{place}: value {int(np.argmax(infinite(found))) + 1} is infinite")
    return found


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
    named = path.suffix.lower() == ".csv"  # there a class may be a text
    last = named and class_place(path) == "last"
    for i, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"read {path}: line {i}"
        cells = _cells(line)
        label = cells.pop(-1 if last else 0)
        series = numbers(place, cells)
        if np.isnan(series).all():
            raise DataError(f"{place}: the sequence has no value, expected at least one")
        values.append(series[:, None])
        labels.append(_class_name(place, label, named))
    return Ragged(values, where_known(labels), source=str(path))


def _cells(line: str) -> list[str]:
    """The cells of a row: between commas or tabs, where one may be empty, or between blanks."""
    for mark in ",\t":
        if mark in line:
            cells = [cell.strip() for cell in line.rstrip("\r\n").split(mark)]
            if not any(re.search(r"\s", cell) for cell in cells):
                return cells
    return re.split(r"[\s,]+", line.strip(" \t\r\n,"))


def _class_name(place: str, label: str, named: bool) -> str | None:
    """The name of a class: "1.0000000e+00" is 1."""
    if named and not _is_number(label):
        return label
    if not _is_number(label):
        raise DataError(f"{place}: expected the number of a class first, got {label!r}")
    number = _number(label)
    if number != number:
        return None
    if infinite(np.array(number)):
        raise DataError(f"{place}: the class {label!r} is infinite")
    return str(int(number)) if number == int(number) else label
