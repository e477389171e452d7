"""The reference engine: what a layer means, in a loop that can be read.

It is the twin every other engine is measured against. It is slow, and takes everything torch takes.

All sequences are put in torch's packed form first: time step after time step, each with the rows
that are still running, longest row first. `sizes` says how many rows each step has. A batch of
rows of one length is then the special case where every step has all B of them.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from unrolled.layers.catalogue import of_mode
from unrolled.layers.cells import Cell, each_part


def forward(layer: nn.RNNBase, inputs: Tensor | PackedSequence, state: Any = None) -> Any:
    """Run the layer as torch would and return what torch returns; the arguments are known to fit.

    Shapes: inputs (T, B, D), (B, T, D) with `batch_first`, (T, D) for a single row, or a
    PackedSequence; state as torch has it, None for zeros.
    """
    if isinstance(inputs, PackedSequence):
        return _forward_packed(layer, inputs, state)
    single = inputs.dim() == 2
    if single:
        inputs = inputs.unsqueeze(1)
        state = None if state is None else each_part(lambda part: part.unsqueeze(1), state)
    elif layer.batch_first:
        inputs = inputs.transpose(0, 1)
    steps, batch = inputs.shape[:2]
    outputs, last = _run_layers(layer, inputs.flatten(0, 1), [batch] * steps, state)
    outputs = outputs.reshape(steps, batch, outputs.shape[-1])
    if single:
        return outputs.squeeze(1), each_part(lambda part: part.squeeze(1), last)
    return outputs.transpose(0, 1) if layer.batch_first else outputs, last


def _forward_packed(layer: nn.RNNBase, inputs: PackedSequence, state: Any) -> Any:
    data, sizes, order, back = inputs
    if state is not None and order is not None:
        state = each_part(lambda part: part.index_select(1, order), state)
    outputs, last = _run_layers(layer, data, sizes.tolist(), state)
    if back is not None:
        last = each_part(lambda part: part.index_select(1, back), last)
    return PackedSequence(outputs, sizes, order, back), last


def _run_layers(
    layer: nn.RNNBase, data: Tensor, sizes: list[int], state: Any
) -> tuple[Tensor, Any]:
    """Layer after layer: data (ΣB_t, D) -> data (ΣB_t, H·directions) and the last states."""
    directions = (False, True) if layer.bidirectional else (False,)
    ends: list[Any] = []
    for index in range(layer.num_layers):
        if index > 0:
            data = functional.dropout(data, layer.dropout, layer.training)
        sides = []
        for reverse in directions:
            cell = of_mode(layer.mode).cell.from_layer(layer, index, reverse)
            start = cell.initial_state(sizes[0]) if state is None else _nth(state, len(ends))
            side, end = _run_steps(cell, torch.split(data, sizes), start, reverse)
            sides.append(side)
            ends.append(end)
        data = torch.cat(sides, dim=-1)
    return data, each_part(lambda *parts: torch.stack(parts), *ends)


def _run_steps(
    cell: Cell[Any], steps: Sequence[Tensor], state: Any, reverse: bool
) -> tuple[Tensor, Any]:
    """Step after step, in time or against it.

    Rows that a step does not have keep their state. In time that is their last one, for they have
    ended; against time it is their first one, for they have not begun.
    """
    outputs = []
    for inputs in reversed(steps) if reverse else steps:
        rows = inputs.shape[0]
        running, resting = _rows(state, 0, rows), _rows(state, rows, None)
        output, running = cell(inputs, running)
        state = each_part(lambda *parts: torch.cat(parts), running, resting)
        outputs.append(output)
    return torch.cat(outputs[::-1] if reverse else outputs), state


def _nth(state: Any, index: int) -> Any:
    return each_part(lambda part: part[index], state)


def _rows(state: Any, start: int, stop: int | None) -> Any:
    return each_part(lambda part: part[start:stop], state)
