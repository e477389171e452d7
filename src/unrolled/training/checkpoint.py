"""The checkpoint from which training resumes: one file, replaced after each epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from unrolled import files
from unrolled.errors import RunError


class Checkpoint:
    """The checkpoint of a run: tensors, and a few plain values in the header of the same file.

    One file, because two could be of different epochs after a kill between them. `history.jsonl`
    beside it is written from it and can always be written again.
    """

    def __init__(self, run: Path) -> None:
        self.path = run / "checkpoint" / "state.safetensors"
        self.history = run / "history.jsonl"

    def exists(self) -> bool:
        """Whether an epoch was finished."""
        return self.path.exists()

    def save(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Replace the checkpoint, then write the history out for people and for the report."""
        note = json.dumps(state)
        files.write_tensors(self.path, tensors, note)
        self._tell(state)

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and values; RunError when the file is damaged."""
        tensors, note = files.read_tensors(self.path)
        try:
            state: dict[str, Any] = json.loads(note)
        except ValueError:
            raise RunError(f"{self.path} is damaged: its header holds no state") from None
        self._tell(state)  # a kill may have come between the two files
        return tensors, state

    def _tell(self, state: Mapping[str, Any]) -> None:
        files.write_lines(self.history, state["history"])
