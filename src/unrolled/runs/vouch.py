"""Fingerprints: `run.json` vouches for itself and for the other files of its run.

They find accidents and edits; they are no signature, and do not say who made a run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from unrolled import files
from unrolled.errors import RunError
from unrolled.runs.card import OLDER, SCHEMA, VOUCHES

CARD = "run.json"
Value = TypeVar("Value")


def own(content: Mapping[str, Any]) -> str:
    """The fingerprint of run.json itself: of all that it holds but for this fingerprint."""
    marks = {k: v for k, v in content["fingerprints"].items() if k != CARD}
    text = json.dumps({**content, "fingerprints": marks}, sort_keys=True, ensure_ascii=False)
    return files.digest(text.encode())


def is_own(content: object) -> bool:
    """Whether run.json was written by this program and is as it was written."""
    if not isinstance(content, dict) or not isinstance(content.get("fingerprints"), dict):
        return False
    return bool(content["fingerprints"].get(CARD) == own(content))


def check_schema(content: object, path: Path) -> None:
    """RunError when run.json is of another schema: what else it holds is then no damage."""
    if not isinstance(content, dict):
        return
    schema = content.get("schema")
    if isinstance(schema, int) and schema not in (SCHEMA, *OLDER.get(str(content.get("task")), ())):
        raise RunError(f"{path} has schema {schema}, this version reads {SCHEMA}")


def check_own(content: object, path: Path) -> None:
    """RunError when run.json was changed after it was written."""
    if not is_own(content):
        raise RunError(f"{path} was changed after it was written: its fingerprint differs")


def vouched(folder: Path, name: str, card: Mapping[str, Any]) -> bytes | None:
    """What a file of a run holds, None where the run has no such file.

    card: what run.json holds. RunError when the file is missing, changed, or of another run.
    """
    path, marks = folder / name, card["fingerprints"]
    if name in marks:
        data = files.read_bytes(path)
        if files.digest(data) != marks[name]:
            raise RunError(f"{path} is damaged: its fingerprint differs from the one in {CARD}")
        return data
    if not path.is_file():
        return None
    if card["schema"] >= VOUCHES:
        raise RunError(f"{path} is not of this run: {CARD} has no fingerprint of it")
    return files.read_bytes(path)


def checked(kind: type[Value], state: object, path: Path, place: str) -> Value:
    """Plain values of a file as a dataclass; RunError names the file and the place that misfits."""
    try:
        return TypeAdapter(kind).validate_json(json.dumps(state), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join((place, *map(str, first["loc"])))
        raise RunError(f"{path} is damaged: {where}: {first['msg']}") from None


@contextmanager
def reading(path: Path, place: str = "") -> Iterator[None]:
    """Around what is made of a file's plain values: RunError where they are not what was written.

    The fingerprint fits, so that somebody computed it anew: what he wrote may be anything.
    """
    try:
        yield
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        what = f"{place}: " if place else ""
        kind = type(error).__name__
        raise RunError(f"{path} is damaged: {what}{kind}: {error}") from error
