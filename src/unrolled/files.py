"""Write files whole or not at all; read them, or say why they cannot be read."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from unrolled.errors import RunError

PARTS = ".*.part"  # what `write` names a file that is not whole yet


def write(path: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a file beside `path`, then move it there in one step.

    Whatever happens, also a kill or a full disk, `path` holds the old content or the new, whole. A
    file that is there keeps its mode, a new one gets what the umask allows; nobody else can read
    it before. Raises RunError when the folder cannot be written or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.parent / f".{path.name}.{secrets.token_hex(4)}.part"
        try:
            part.touch(exist_ok=False)
            mode = (path if path.exists() else part).stat().st_mode & 0o7777
            part.chmod(0o600)
            fill(part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.chmod(mode)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise RunError(f"cannot write {path}: a file lies where its folder should be") from None
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror or error}") from None


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all."""
    write(path, lambda part: void(part.write_text(text, encoding="utf-8")))


def write_json(path: Path, value: Any, indent: int | None = 1) -> None:
    """Write JSON, whole or not at all; NaN and infinity are refused, they are not JSON."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False) + "\n")


def write_lines(path: Path, values: Iterable[Any]) -> None:
    """Write a line of JSON for each value, all of them or none."""
    lines = [json.dumps(value, ensure_ascii=False) + "\n" for value in values]
    write_text(path, "".join(lines))


def write_tensors(path: Path, tensors: Mapping[str, Tensor], note: str = "") -> None:
    """Write tensors as safetensors, whole or not at all, with a note in the header."""
    from safetensors.torch import save

    data = save({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, {"note": note})
    write(path, lambda part: void(part.write_bytes(data)))


def read_bytes(path: Path) -> bytes:
    """What a file holds; RunError when it is missing or cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise RunError(f"{path} is missing") from None
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror or error}") from None


def read_json(path: Path) -> Any:
    """Read JSON; RunError when the file is missing or is not whole."""
    return parse_json(read_bytes(path), path)


def parse_json(data: bytes, path: Path) -> Any:
    """The JSON that a file held; RunError when it is not whole."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is damaged: expected JSON, {error}") from None


def parse_lines(data: bytes, path: Path) -> list[Any]:
    """The lines of JSON that a file held; RunError when one is not whole."""
    return [parse_json(line, path) for line in data.split(b"\n") if line]


def read_tensors(path: Path) -> tuple[dict[str, Tensor], str]:
    """Read safetensors and the note in the header; RunError when missing or not whole."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise RunError(f"{path} is missing")
    try:
        with safe_open(path, framework="pt") as file:
            note = (file.metadata() or {}).get("note", "")
            return {name: file.get_tensor(name) for name in file.keys()}, note  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(f"{path} is damaged: {str(error).splitlines()[0]}") from None


def digest(data: bytes) -> str:
    """A fingerprint of some bytes: BLAKE2b, 32 hexadecimal digits."""
    return digest_of((data,))


def digest_of(parts: Iterable[bytes]) -> str:
    """The fingerprint of bytes that come in parts."""
    mark = hashlib.blake2b(digest_size=16)
    for part in parts:
        mark.update(part)
    return mark.hexdigest()


def void(_: object) -> None:
    """Drop a result, where a function must return nothing."""
