"""Read sequences from a table in which each row has a text, such as names and their languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unrolled.data.arrow import is_text
from unrolled.data.columns.infer_time import holds_dates
from unrolled.data.columns.keys import read_key
from unrolled.data.columns.read import Raw
from unrolled.data.columns.roles import Roles, check_roles, column_names
from unrolled.data.sequences.labels import check, plain
from unrolled.data.sequences.ragged import Ragged
from unrolled.data.sequences.symbols import one_hot
from unrolled.errors import DataError


def only_text(raw: Raw, series: str | Sequence[str] | None, label: str | None) -> str | None:
    """The column of texts, where there is no other beside the label and the names.

    None where several rows are of one sequence.
    """
    key = column_names(series, raw.columns) if series else ()
    left = [name for name in raw.columns if name not in (*key, label)]
    if len(left) != 1 or not all(name in raw.columns for name in key):
        return None
    column = raw.columns[left[0]]
    if not is_text(column.type) or holds_dates(column):
        return None
    names = read_key({name: raw.columns[name] for name in key})[1] if key else None
    return left[0] if names is None or len(names) == len(column) else None


def read_texts(
    raw: Raw, series: str | Sequence[str] | None, label: str | None, text: str
) -> Ragged:
    """Each row a sequence, its steps the symbols of its text."""
    check_roles(Roles(None, series, tuple(filter(None, (label, text)))), raw.columns)
    where = f"read {raw.label}: column {text!r}"
    column = raw.columns.pop(text)
    if not is_text(column.type):
        raise DataError(f"{where} is of type {column.type}, expected texts")
    texts = column.cast("string").to_pylist()
    if None in texts:
        raise DataError(f"{where}, data row {texts.index(None) + 1} is empty, expected a text")
    names: tuple[Any, ...] = ()
    if series is not None:
        key = {name: raw.columns.pop(name) for name in column_names(series, raw.columns)}
        codes, found, _ = read_key(key)
        names = tuple(found[code] for code in codes)
    given = None if label is None else raw.columns.pop(label)
    values, symbols = one_hot(texts, f"{where}, row {{}} (from 0)")
    labels = None if given is None else check(plain(given), [1] * len(values))
    note = f"every row is a sequence, its steps the {len(symbols)} symbols of column {text!r}"
    others = [f"left out: {', '.join(raw.columns)}"] * bool(raw.columns)
    notes = (note, *raw.notes, *others)
    return Ragged(values, labels, names, tuple(symbols), raw.label, notes, symbols=True)
