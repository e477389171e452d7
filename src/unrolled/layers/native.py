"""The native engine: torch's layers on the C++ kernels of `src/unrolled/csrc`.

`refusal` says in words why a layer or its inputs are not for it; `forward` runs it and returns
exactly what torch's layer returns. The readable twin of the kernels is `layers/reference.py`.

Letters: B batch, T time steps, D input features, H hidden, L layers, R directions, N rows in all.
A state goes through as a tuple of as many tensors as the cell has, None for zeros.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from unrolled.errors import EngineError
from unrolled.layers import extension as _native
from unrolled.layers.catalogue import of_mode
from unrolled.layers.native_support import Kind, kind_of, refusal, shape_of

__all__ = ["forward", "refusal"]


# Numbers in a tensor from which on it is taken from the kernels' pool: the system takes the memory
# of so large a tensor back when it is freed, and hands it out anew page by page.
_LARGE = 32 * 1024


class _Job(NamedTuple):
    """What a call of the kernels needs beside tensors."""

    shape: Any  # _kernels.Shape
    steps: Any  # _kernels.Steps
    parts: int  # tensors of the state
    output: tuple[int, ...]  # shape of the outputs, as the caller sees them
    strides: tuple[int, ...]  # and theirs, with (T, B, ·) in memory
    input_strides: tuple[int, ...]  # likewise of the inputs' gradient
    state: tuple[int, ...]  # shape of each of them
    state_strides: tuple[int, ...]


@lru_cache(maxsize=256)  # a training step makes the same job each time, and takes as long as that
def _dense_job(kind: Kind, shape: tuple[int, ...]) -> _Job:
    """The job for inputs (T, B, D), (B, T, D) or (T, D)."""
    assert _native.kernels is not None
    transposed = kind[-1] and len(shape) == 3
    *batch, steps = shape[:-1] if transposed else reversed(shape[:-1])
    return _job(kind, shape, _native.kernels.Steps(steps, *(batch or [1]), 0), batch)


def _job(kind: Kind, shape: tuple[int, ...], steps: Any, batch: Sequence[int]) -> _Job:
    mode, _, hidden, layers, directions, _, _ = kind
    *lead, _ = shape
    output = (*lead, hidden * directions)
    return _Job(
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
    numbers of the dropout between layers.
    """
    if isinstance(inputs, PackedSequence):
        return _forward_packed(layer, inputs, state)
    return _stack(layer, inputs, state, _dense_job)


def _forward_packed(layer: nn.RNNBase, inputs: PackedSequence, state: Any) -> Any:
    data, sizes, order, back = inputs
    assert _native.kernels is not None
    sizes_at_hand = sizes.contiguous()
    batch = int(sizes[0])
    steps = _native.kernels.Steps(len(sizes), batch, sizes_at_hand.data_ptr())
    state = None if state is None else layer.permute_hidden(state, order)

    def job(kind: Kind, shape: tuple[int, ...]) -> _Job:
        return _job(kind, shape, steps, (batch,))

    outputs, last = _stack(layer, data, state, job)
    return PackedSequence(outputs, sizes, order, back), layer.permute_hidden(last, back)


def _stack(
    layer: nn.RNNBase,
    inputs: Tensor,
    state: Any,
    job: Callable[[Kind, tuple[int, ...]], _Job],
) -> Any:
    """Run all layers; `job` says what a call on inputs of such a shape is."""
    kind = kind_of(layer)
    parts = len(of_mode(layer.mode).state)
    first = (None,) * parts if state is None else tuple(state) if parts > 1 else (state,)
    if layer.dropout and layer.training and layer.num_layers > 1:
        outputs, *last = _one_by_one(layer, kind, inputs, first, job)
    else:
        weights = cast(list[Tensor], layer._flat_weights)
        outputs, *last = _run(job(kind, inputs.shape), inputs, first, weights)
    return outputs, tuple(last) if parts > 1 else last[0]


def _one_by_one(
    layer: nn.RNNBase,
    kind: Kind,
    outputs: Tensor,
    first: tuple[Any, ...],
    job: Callable[[Kind, tuple[int, ...]], _Job],
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
        outputs, *ends = _run(
            job(one, outputs.shape),
            outputs,
            tuple(None if part is None else part[rows] for part in first),
            weights[i * per_layer : (i + 1) * per_layer],
        )
        last.append(ends)
    return outputs, *map(torch.cat, zip(*last, strict=True))


def _run(job: _Job, x: Tensor, first: tuple[Any, ...], weights: list[Tensor]) -> tuple[Any, ...]:
    if torch.is_grad_enabled() and (
        weights[0].requires_grad
        or any(t is not None and t.requires_grad for t in (x, *first, *weights))
    ):
        return _apply(job, x, *first, *weights)  # type: ignore[no-any-return]
    return _compute(job, x, first, weights, keep=False)[0]


def _compute(
    job: _Job, x: Tensor, first: tuple[Any, ...], weights: list[Tensor], *, keep: bool
) -> tuple[tuple[Tensor, ...], Any, tuple[Any, ...]]:
    """One call of the kernels: results, the saved buffer, and the inputs laid out for them."""
    kernels = _native.kernels
    assert kernels is not None
    y = _empty(x, job.output, job.strides)
    results = (y, *_states(x, job, [True] * job.parts))
    threads = torch.get_num_threads()
    try:
        saved = kernels.forward(job.shape, job.steps, weights, x, first, results, keep, threads)
    except BufferError:
        first, (x, *weights) = _plain(*first), _plain(x, *weights)
        saved = kernels.forward(job.shape, job.steps, weights, x, first, results, keep, threads)
    return results, saved, (x, *first, *weights)


def _states(like: Tensor, job: _Job, wanted: Sequence[bool]) -> tuple[Any, ...]:
    """Memory for each tensor of a state, or of its gradient; None for what is not wanted."""
    return tuple(
        like.new_empty_strided(job.state, job.state_strides) if want else None for want in wanted
    )


def _plain(*tensors: Any) -> tuple[Any, ...]:
    """Numbers one after another, as they are in memory: no strides, no pending minus."""
    return tuple(None if t is None else t.resolve_neg().contiguous() for t in tensors)


def _empty(like: Tensor, shape: Sequence[int], strides: Sequence[int]) -> Tensor:
    """Memory for a result, which must be a tensor of its own and no view of another."""
    if math.prod(shape) < _LARGE:
        return like.new_empty_strided(shape, strides)
    assert _native.kernels is not None
    return cast(Tensor, _native.kernels.empty(shape, strides))


def _gradient(of: Tensor) -> Tensor:
    # empty_like is the quicker where it will do, and a step needs one for every weight.
    return torch.empty_like(of) if of.numel() < _LARGE else _empty(of, of.shape, of.stride())


class _Recurrence(torch.autograd.Function):
    """The kernels as one node of autograd's graph. It cannot be differentiated twice."""

    @staticmethod
    def forward(ctx: Any, job: _Job, x: Tensor, *tensors: Any) -> Any:
        first, weights = tensors[: job.parts], list(tensors[job.parts :])
        results, saved, inputs = _compute(job, x, first, weights, keep=True)
        ctx.job = job
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(results[0], saved, *inputs)
        return results

    @staticmethod
    def backward(ctx: Any, *given: Any) -> Any:
        if torch.is_grad_enabled():
            raise EngineError(
                "second derivatives: expected first derivatives only, got create_graph=True; "
                'the native engine has none, use engine="torch" for this layer'
            )
        job: _Job = ctx.job
        y, saved, x, *tensors = ctx.saved_tensors
        first, weights = tuple(tensors[: job.parts]), tensors[job.parts :]
        _, want_x, *want = ctx.needs_input_grad
        dx = _empty(x, x.shape, job.input_strides) if want_x else None
        wanted = (dx, *_states(x, job, want[: job.parts]))
        grads = [
            _gradient(w) if w_ else None for w, w_ in zip(weights, want[job.parts :], strict=True)
        ]
        try:
            _differentiate(job, weights, x, first, y, saved, given, wanted, grads)
        except BufferError:
            given = _plain(*given)  # the gradient of a sum is one number in many places
            try:
                _differentiate(job, weights, x, first, y, saved, given, wanted, grads)
            except BufferError:  # what hooks on saved tensors brought back
                first, (saved, x, y, *weights) = _plain(*first), _plain(saved, x, y, *weights)
                _differentiate(job, weights, x, first, y, saved, given, wanted, grads)
        return None, *wanted, *grads


def _differentiate(job: _Job, *tensors: Any) -> None:
    assert _native.kernels is not None
    _native.kernels.backward(job.shape, job.steps, *tensors, torch.get_num_threads())


# Function.apply without its first half, which is for torch.func's transforms: those are refused
# before, and looking for them takes a third as long as all the rest.
_apply: Callable[..., Any] = super(torch.autograd.Function, _Recurrence).apply
