"""The loop that gives this package its name: one cell, applied at every time step in turn."""

from typing import TypeVar

import torch
from torch import Tensor

from unrolled.errors import DataError
from unrolled.layers.cells import Cell

S = TypeVar("S")


def unroll(cell: Cell[S], inputs: Tensor, state: S | None = None) -> tuple[Tensor, S]:
    """Apply a cell at every time step, carrying the state from each to the next.

    Shapes: inputs (B, T, D) -> outputs (B, T, H) and the state after the last step. `state` is the
    state before the first step; None means `cell.initial_state(B)`. The outputs are h1..hT: the
    step t of them has seen the inputs up to t, none later.

    >>> from unrolled.layers import GRUCell
    >>> outputs, last = unroll(GRUCell(3, 4), torch.zeros(2, 5, 3))
    >>> outputs.shape, torch.equal(outputs[:, -1], last)
    (torch.Size([2, 5, 4]), True)

    Errors: DataError unless inputs have the three axes and at least one time step.
    """
    if inputs.dim() != 3 or inputs.shape[1] == 0:
        raise DataError(
            f"unroll: expected inputs (batch, time_steps >= 1, features), got {tuple(inputs.shape)}"
        )
    if state is None:
        state = cell.initial_state(inputs.shape[0])
    outputs = []
    for step in inputs.unbind(dim=1):
        output, state = cell(step, state)
        outputs.append(output)
    return torch.stack(outputs, dim=1), state
