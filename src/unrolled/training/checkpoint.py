"""The checkpoint from which training resumes: one file, replaced after each epoch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from unrolled import files
from unrolled.errors import RunError

STATE = "checkpoint/state.safetensors"
HISTORY = "history.jsonl"
SAMPLES = "samples.jsonl"


class Checkpoint:
    """The checkpoint of a run: tensors, and a few plain values in the header of the same file.

    One file, because two could be of different epochs after a kill between them. `history.jsonl`
    beside it is written from it and can always be written again.

    run: its folder; mark: what tells this run from others. The header holds the mark, and a
    fingerprint of everything else: what was cut, changed or is of another run is refused by name.
    It vouches for the lines of `history.jsonl` and `samples.jsonl` of its epochs too.
    """

    def __init__(self, run: Path, mark: str = "") -> None:
        self.folder, self.mark = run, mark
        self.path = run / STATE

    def exists(self) -> bool:
        """Whether an epoch was finished."""
        return self.path.exists()

    def save(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Replace the checkpoint, then write the history out for people and for the report."""
        samples = _digest(self._lines(SAMPLES)[: len(state["history"])])
        note = {"run": self.mark, "state": state, "samples": samples}
        note["fingerprint"] = _fingerprint(tensors, note)
        files.write_tensors(self.path, tensors, json.dumps(note))
        files.write_lines(self.folder / HISTORY, state["history"])

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and values; RunError when the file is damaged, or of another run."""
        tensors, note = self._read()
        state: dict[str, Any] = note["state"]
        files.write_lines(self.folder / HISTORY, state["history"])  # a kill may have come before
        return tensors, state

    def check(self) -> None:
        """RunError unless the checkpoint, if there is one, and what it vouches for are whole."""
        if not self.exists():
            return
        note = self._read()[1]
        rows = note["state"]["history"]
        told = [json.dumps(row, ensure_ascii=False).encode() for row in rows]
        # Either may have an epoch more than the other: Ctrl-C and kills come between them.
        if any(line != row for line, row in zip(self._lines(HISTORY), told, strict=False)):
            self._refuse(HISTORY)
        if _digest(self._lines(SAMPLES)[: len(rows)]) != note["samples"]:
            self._refuse(SAMPLES)

    def _read(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors, text = files.read_tensors(self.path)
        try:
            note: dict[str, Any] = json.loads(text)
            whole = note.pop("fingerprint") == _fingerprint(tensors, note)
        except (ValueError, RecursionError, KeyError, AttributeError, TypeError):
            raise RunError(f"{self.path} is damaged: its header holds no state") from None
        if not whole:
            raise RunError(f"{self.path} is damaged: its fingerprint differs from its content")
        if note["run"] != self.mark:
            raise RunError(f"{self.path} is of another run: its mark is not that of run.json")
        return tensors, note

    def _lines(self, name: str) -> list[bytes]:
        """The lines of a file beside it, none where there is no such file."""
        path = self.folder / name
        return files.read_bytes(path).splitlines() if path.is_file() else []

    def _refuse(self, name: str) -> None:
        raise RunError(f"{self.folder / name} is damaged: it is not what the checkpoint says")


def _digest(lines: Sequence[bytes]) -> str:
    return files.digest(b"\n".join(lines))


def _fingerprint(tensors: Mapping[str, Tensor], note: Mapping[str, Any]) -> str:
    """Of the names, shapes, types and bytes of all tensors, and of the values beside them."""
    mark = hashlib.blake2b(json.dumps(note, sort_keys=True).encode(), digest_size=16)
    for name, tensor in sorted(tensors.items()):
        value = tensor.detach().cpu().contiguous()
        mark.update(repr((name, tuple(value.shape), value.dtype)).encode())
        mark.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return mark.hexdigest()
