"""The native engine: torch's layers on the C++ kernels of `src/unrolled/csrc`.

`refusal` says in words why a layer or its inputs are not for it; `forward` runs it and returns
exactly what torch's layer returns. The readable twin of the kernels is `layers/reference.py`.

Letters: B batch, T time steps, D input features, H hidden, L layers, R directions, N rows in all.
A state goes through as a tuple of as many tensors as the cell has, None for zeros.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from unrolled.layers import extension as _native
from unrolled.layers.catalogue import of_mode
from unrolled.layers.native_call import run
from unrolled.layers.native_support import (
    KERNELS,
    KernelJob,
    Kind,
    kind_of,
    refusal,
    shape_of,
    step_kind,
    step_refusal,
    step_weights,
)

__all__ = ["forward", "refusal", "step", "step_refusal"]


@lru_cache(maxsize=256)  # a training step makes the same job each time, and takes as long as that
def _dense_job(kind: Kind, shape: tuple[int, ...]) -> KernelJob:
    """The job for inputs (T, B, D), (B, T, D) or (T, D)."""
    assert _native.kernels is not None
    transposed = kind[-1] and len(shape) == 3
    *batch, steps = shape[:-1] if transposed else reversed(shape[:-1])
    return _job(kind, shape, _native.kernels.Steps(steps, *(batch or [1])), batch)


def _job(
    kind: Kind,
    shape: tuple[int, ...],
    steps: Any,
    batch: Sequence[int],
    sizes: Tensor | None = None,
) -> KernelJob:
    mode, _, hidden, layers, directions, _, _ = kind
    *lead, _ = shape
    output = (*lead, hidden * directions)
    return KernelJob(
        kind,
        sizes,
        shape_of(kind),
        steps,
        len(of_mode(mode).state),
        output,
        _time_major(kind, output),
        _time_major(kind, shape),
        (layers * directions, *batch, hidden),
        (math.prod(batch) * hidden, *(hidden for _ in batch), 1),
    )


def _time_major(kind: Kind, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides with which a tensor of this shape lies in memory as (T, B, ·)."""
    *lead, width = shape
    if kind[-1] and len(lead) == 2:
        return width, lead[0] * width, 1
    return (lead[-1] * width, width, 1)[-len(shape) :]


def forward(layer: nn.RNNBase, inputs: Any, state: Any = None) -> Any:
    """Run the layer on the native engine; what `refusal` declines must not come here.

    Shapes, results and the order of the last states are those of torch's layer; so are the random
    numbers of the dropout between layers. A profiler sees it as one span, unrolled::gru.
    """
    if torch._C._autograd._profiler_enabled():
        with torch.profiler.record_function(f"unrolled::{KERNELS[layer.mode]}"):
            return _forward(layer, inputs, state)
    return _forward(layer, inputs, state)


def _forward(layer: nn.RNNBase, inputs: Any, state: Any) -> Any:
    if isinstance(inputs, PackedSequence):
        return _forward_packed(layer, inputs, state)
    return _stack(layer, inputs, state, _dense_job)


def step(cell: nn.RNNCellBase, inputs: Tensor, state: Any = None) -> Any:
    """Run one step of torch's cell; what `step_refusal` declines must not come here."""
    job = _step_job(step_kind(cell), inputs.shape[0])
    first = (None,) * job.parts if state is None else tuple(state) if job.parts > 1 else (state,)
    by_name = getattr(cell, "_engine", "native") == "native"
    _, *last = run(job, inputs, first, step_weights(cell), by_name)
    return tuple(last) if job.parts > 1 else last[0]


@lru_cache(maxsize=256)
def _step_job(kind: Kind, batch: int) -> KernelJob:
    """The job for inputs (B, D): a packed sequence of one step, with a state without layers."""
    assert _native.kernels is not None
    sizes = torch.tensor([batch], device="cpu")
    job = _job(kind, (batch, kind[1]), _native.kernels.Steps(sizes), (batch,), sizes)
    return job._replace(state=job.state[1:], state_strides=job.state_strides[1:])


def _forward_packed(layer: nn.RNNBase, inputs: PackedSequence, state: Any) -> Any:
    data, sizes, order, back = inputs
    assert _native.kernels is not None
    batch, steps = int(sizes[0]), _native.kernels.Steps(sizes)
    state = None if state is None else layer.permute_hidden(state, order)

    def job(kind: Kind, shape: tuple[int, ...]) -> KernelJob:
        return _job(kind, shape, steps, (batch,), sizes)

    outputs, last = _stack(layer, data, state, job)
    return PackedSequence(outputs, sizes, order, back), layer.permute_hidden(last, back)


def _stack(
    layer: nn.RNNBase,
    inputs: Tensor,
    state: Any,
    job: Callable[[Kind, tuple[int, ...]], KernelJob],
) -> Any:
    """Run all layers; `job` says what a call on inputs of such a shape is."""
    kind, by_name = kind_of(layer), getattr(layer, "_engine", "native") == "native"
    parts = len(of_mode(layer.mode).state)
    first = (None,) * parts if state is None else tuple(state) if parts > 1 else (state,)
    if layer.dropout and layer.training and layer.num_layers > 1:
        outputs, *last = _one_by_one(layer, kind, inputs, first, job, by_name)
    else:
        weights = cast(list[Tensor], layer._flat_weights)
        outputs, *last = run(job(kind, inputs.shape), inputs, first, weights, by_name)
    return outputs, tuple(last) if parts > 1 else last[0]


def _one_by_one(
    layer: nn.RNNBase,
    kind: Kind,
    outputs: Tensor,
    first: tuple[Any, ...],
    job: Callable[[Kind, tuple[int, ...]], KernelJob],
    by_name: bool,
) -> tuple[Any, ...]:
    """A call for each layer, with dropout between them."""
    mode, _, hidden, layers, directions, *rest = kind
    weights, last = cast(list[Tensor], layer._flat_weights), []
    per_layer = len(weights) // layers
    for i in range(layers):
        if i:
            outputs = functional.dropout(outputs, layer.dropout, training=True)
        rows = slice(i * directions, (i + 1) * directions)
        one: Any = (mode, outputs.shape[-1], hidden, 1, directions, *rest)
        outputs, *ends = run(
            job(one, outputs.shape),
            outputs,
            tuple(None if part is None else part[rows] for part in first),
            weights[i * per_layer : (i + 1) * per_layer],
            by_name,
        )
        last.append(ends)
    return outputs, *map(torch.cat, zip(*last, strict=True))
