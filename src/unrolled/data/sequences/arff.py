"""ARFF files of the UCR and UEA archives: a row for each sequence, its class last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unrolled.data.sequences.ragged import Ragged
from unrolled.data.sequences.tsfile import dimensions, numbers, read_lines, where_known
from unrolled.errors import DataError

NUMBERS = ("numeric", "real", "integer")


@dataclass(frozen=True)
class _Header:
    """What the lines before `@data` say.

    steps: how many attributes of numbers there are; relational: whether they lie within one, of
    several features then; classes: the labels.
    """

    steps: int
    relational: bool
    classes: tuple[str, ...]


def read_arff(path: Path) -> Ragged:
    """Read a file of labelled sequences; DataError names the line that does not fit."""
    numbered = ((i, line.strip()) for i, line in enumerate(read_lines(path), 1))
    useful = ((i, line) for i, line in numbered if line and not line.startswith("%"))
    header = _read_header(path, useful)
    values: list[np.ndarray] = []
    labels: list[str | None] = []
    for i, line in useful:
        place = f"read {path}: line {i}"
        if line.startswith("{"):
            raise DataError(f"{place}: sparse rows are not supported")
        inner, _, label = line.rpartition(",")
        label = _bare(label)
        if label not in (*header.classes, "?"):
            known = ", ".join(header.classes[:12])
            raise DataError(f"{place}: the label {label!r} is none of the class attribute: {known}")
        labels.append(None if label == "?" else label)
        values.append(_values(place, inner, header))
        if values[-1].shape[1] != values[0].shape[1]:
            raise DataError(
                f"{place} has {values[-1].shape[1]} dimensions, expected {values[0].shape[1]}"
            )
    if not values:
        raise DataError(f"read {path}: expected sequences, got none")
    return Ragged(values, where_known(labels), source=str(path))


def _values(place: str, inner: str, header: _Header) -> np.ndarray:
    """The steps of a row (T, D)."""
    if header.relational:
        return dimensions(place, re.split(r"\\n|\n", _bare(inner)))
    cells = inner.split(",")
    if len(cells) != header.steps:
        raise DataError(f"{place} has {len(cells)} values before the class, not {header.steps}")
    return numbers(place, cells)[:, None]


def _read_header(path: Path, lines: Iterator[tuple[int, str]]) -> _Header:
    kinds: list[str] = []
    inside, relational = False, False
    for i, line in lines:
        word = line.split()[0].lower()
        place = f"read {path}: line {i}"
        if word == "@data":
            return _checked(path, kinds, relational)
        if word == "@end":
            inside = False
        elif word == "@attribute":
            kind = _kind(place, line)
            if kind.lower() == "relational":
                inside = relational = True
            elif not inside:
                kinds.append(kind)
            elif kind.lower() not in NUMBERS:
                raise DataError(f"{place}: expected an attribute of numbers, got {kind!r}")
        elif word != "@relation":
            raise DataError(f"{place}: expected @relation, @attribute or @data, got {word!r}")
    raise DataError(f"read {path}: expected a line @data, got none")


def _kind(place: str, line: str) -> str:
    """The type of an attribute, behind its name, which may be quoted."""
    found = re.match(r"""@attribute\s+('[^']*'|"[^"]*"|\S+)\s+(.+)$""", line, re.IGNORECASE)
    if found is None:
        raise DataError(f"{place}: expected @attribute, a name and a type, got {line[:60]!r}")
    return found[2].strip()


def _checked(path: Path, kinds: list[str], relational: bool) -> _Header:
    """The header; DataError unless a class follows attributes of numbers."""
    if not kinds or not kinds[-1].startswith("{"):
        got = kinds[-1] if kinds else "none"
        raise DataError(f"read {path}: expected a class {{a,b}} as the last attribute, got {got}")
    odd = [kind for kind in kinds[:-1] if kind.lower() not in NUMBERS]
    if odd or bool(kinds[:-1]) == relational:
        got = odd[0] if odd else "numbers beside a relational attribute" if relational else "none"
        raise DataError(f"read {path}: expected attributes of numbers before the class, got {got}")
    classes = tuple(_bare(name) for name in kinds[-1].strip("{}").split(","))
    return _Header(len(kinds) - 1, relational, classes)


def _bare(text: str) -> str:
    """A text without the quotes around it."""
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
