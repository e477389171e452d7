"""Labels as people have them, brought to texts, whole numbers, numbers or truth values."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from unrolled.data.sequences.nested import kind
from unrolled.errors import DataError

Labels = np.ndarray | list[list[Any]] | None
"""(B,), or B lists with one label (or None) per step, or None where they are not known."""

FEW = 10  # of fewer sequences each may have a label of its own
ABSENT = ("NAType", "NaTType")  # of pandas, which is not imported for that


def check(labels: Any, lengths: Sequence[int] | np.ndarray) -> Labels:
    """Labels as they are kept; DataError when they are not one per sequence or one per step."""
    if isinstance(labels, str) or not hasattr(labels, "__len__"):
        raise DataError(f"labels: got {kind(labels)}, expected one label for each sequence")
    if len(labels) != len(lengths):
        raise DataError(
            f"labels: got {len(labels)} for {len(lengths)} sequences, expected one for each"
        )
    given = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    nested = [isinstance(label, list | tuple | np.ndarray) for label in given]
    if not any(nested):
        plain = [_plain(label, f"sequence {b}") for b, label in enumerate(given)]
        if None in plain:
            raise DataError(f"labels: sequence {plain.index(None)} has none")
        return column(plain)
    rows = []
    for b, (label, many) in enumerate(zip(given, nested, strict=True)):
        if not many or len(label) != lengths[b]:
            got = f"{len(label)} labels" if many else "one label"
            raise DataError(
                f"labels: sequence {b} has {lengths[b]} time steps and {got}, "
                "expected one for each step"
            )
        steps = label.tolist() if isinstance(label, np.ndarray) else list(label)
        rows.append([_plain(one, f"sequence {b}, step {t}") for t, one in enumerate(steps)])
    known = [one for row in rows for one in row if one is not None]
    if known:
        column(known)
    return rows


def _plain(label: Any, place: str) -> Any:
    """A label as a text, number or truth value; None for an absent one.

    Bytes are UTF-8; dates and times become texts (ISO 8601), decimals numbers.
    """
    if label is None or type(label).__name__ in ABSENT:
        return None
    if isinstance(label, np.generic):
        label = label.item()
    if isinstance(label, bytes):
        try:
            return label.decode("utf-8")
        except UnicodeDecodeError:
            raise DataError(
                f"labels: {place} has the bytes {label!r}, which are no UTF-8"
            ) from None
    if isinstance(label, datetime.date | datetime.time):
        return label.isoformat()
    if isinstance(label, Decimal):
        label = int(label) if label.is_finite() and label == int(label) else float(label)
    if isinstance(label, float):
        if label != label:
            return None
        if label in (np.inf, -np.inf):
            raise DataError(f"labels: {place} has {label}, expected a finite number")
    if isinstance(label, str):
        return str(label)
    if isinstance(label, bool | int | float):
        return label
    raise DataError(f"labels: {place} has {kind(label)}, expected a text or a number")


def plain(column: Any) -> list[Any]:
    """The labels of an Arrow column; what is no number nor truth value as text."""
    kept = str(column.type).startswith(("int", "uint", "float", "double", "bool", "decimal"))
    return list((column if kept else column.cast("string")).to_pylist())


def column(plain: Sequence[Any]) -> np.ndarray:
    """An array of numbers or of texts; DataError when labels mix the two."""
    texts = [isinstance(label, str) for label in plain]
    if any(texts) and not all(texts):
        text, number = plain[texts.index(True)], plain[texts.index(False)]
        raise DataError(f"labels: expected all texts or all numbers, got {text!r} and {number!r}")
    array = np.array(plain)
    if array.dtype.kind not in "Ubiuf":
        raise DataError(f"labels: expected numbers of 64 bits, got {max(plain, key=abs)!r}")
    return array


def check_classes(labels: np.ndarray) -> None:
    """DataError unless these (n,) are labels of at least two classes, and no numbers to regress on.

    Numbers are to regress on when they have digits behind the point and more than half of them
    differ, or when each of ten sequences or more has another one.
    """
    classes = np.unique(labels)
    if len(classes) < 2:
        only = classes.tolist()[0]
        raise DataError(f"fit: expected at least two different labels, all are {only!r}")
    numbers = classes.dtype.kind in "iuf"
    whole = not numbers or bool((classes == np.floor(classes)).all())
    alone = len(classes) == len(labels) >= FEW
    if numbers and (alone or (not whole and len(classes) > len(labels) / 2)):
        raise DataError(
            f"fit: the labels are {len(classes):,} different numbers ({classes.tolist()[0]!r}, "
            f"{classes.tolist()[1]!r}, ...) for {len(labels):,}; a classifier learns classes, it "
            "does not regress: bring them into a few classes, or make them texts"
        )
