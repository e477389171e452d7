"""Records of JSON: one in each line, or a list of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from unrolled.data.source.encoding import decode, find_encoding
from unrolled.data.source.opening import shown
from unrolled.errors import DataError

SHAPE = 'a list of records, [{"time": …, "y": …}, …], or a record in each line'


def records(path: Path, encoding: str | None = None) -> Iterator[dict[str, Any]]:
    """The records of a file, one by one where each has a line.

    Raises DataError that names the line or the record where there is another thing.
    """
    name = encoding or find_encoding(path).name
    lines = _lines(decode(path, name))
    first = next((line for line in lines if line[1].strip()), None)
    if first is None:
        return
    if _is_record(first[1]):
        for number, line in chain([first], lines):
            if line.strip():
                yield _record(path, f"line {number}", _parsed(path, f"line {number}", line))
        return
    whole = _parsed(path, "", "\n".join(line for _, line in chain([first], lines)))
    if not isinstance(whole, list):
        raise DataError(f"read {shown(path)}: expected {SHAPE}, got {_kind(whole)}")
    for number, one in enumerate(whole, 1):
        yield _record(path, f"record {number}", one)


def _lines(blocks: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, from blocks of text."""
    number, parts = 1, [""]
    for block in blocks:
        first, *others = block.split("\n")
        parts.append(first)
        for line in others:
            yield number, "".join(parts)
            number, parts = number + 1, [line]
    yield number, "".join(parts)


def _is_record(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _parsed(path: Path, place: str, text: str) -> Any:
    where = f"read {shown(path)}: {place}{': ' if place else ''}"
    try:
        return json.loads(text)
    except RecursionError:
        raise DataError(f"{where}expected {SHAPE}, got JSON that is nested too deeply") from None
    except ValueError as error:
        raise DataError(f"{where}expected JSON, {error}") from None


def _record(path: Path, place: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"read {shown(path)}: {place}: expected a record, got {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        some = ", ".join(map(repr, [*value][:3]))
        return f"one object with {some}{', …' if len(value) > 3 else ''}"
    return "a list" if isinstance(value, list) else "a single value"
