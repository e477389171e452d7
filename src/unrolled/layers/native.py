"""The native engine: torch's layers on the C++ kernels of `src/unrolled/csrc`.

`refusal` says in words why a layer or its inputs are not for it; `forward` runs it and returns
exactly what torch's layer returns. The readable twin of the kernels is `layers/reference.py`.

Letters: B batch, T time steps, D input features, H hidden, L layers, R directions, N rows in all.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from unrolled.errors import EngineError
from unrolled.layers import _native
from unrolled.layers.refusals import KINDS, refusal

__all__ = ["forward", "refusal"]


# Numbers in a tensor from which on it is taken from the kernels' pool: the system takes the memory
# of so large a tensor back when it is freed, and hands it out anew page by page.
_LARGE = 32 * 1024


class _Job(NamedTuple):
    """What a call of the kernels needs beside tensors."""

    shape: Any  # _kernels.Shape
    steps: Any  # _kernels.Steps
    lstm: bool
    transposed: bool  # inputs and outputs are (B, T, ·): the kernels want (T, B, ·)
    output: tuple[int, ...]  # shape of the outputs, as the caller sees them
    strides: tuple[int, ...]  # and theirs, with (T, B, ·) in memory
    states: tuple[int, ...]  # shape of the last states
    state_strides: tuple[int, ...]
    biased: bool


class _Kind(NamedTuple):
    """What all calls of a layer have in common."""

    mode: str
    hidden: int
    directions: int
    batch_first: bool
    biased: bool


def _kind(layer: nn.RNNBase) -> _Kind:
    directions = 2 if layer.bidirectional else 1
    return _Kind(layer.mode, layer.hidden_size, directions, layer.batch_first, layer.bias)


@lru_cache(maxsize=256)  # a training step makes the same job each time, and takes as long as that
def _dense_job(kind: _Kind, layers: int, shape: tuple[int, ...]) -> _Job:
    """The job for inputs (T, B, D), (B, T, D) or (T, D)."""
    assert _native.kernels is not None
    transposed = kind.batch_first and len(shape) == 3
    *batch, steps = shape[:-1] if transposed else reversed(shape[:-1])
    return _job(
        kind, layers, shape, _native.kernels.Steps(steps, *(batch or [1]), 0), batch, transposed
    )


def _job(
    kind: _Kind,
    layers: int,
    shape: tuple[int, ...],
    steps: Any,
    batch: Sequence[int],
    transposed: bool = False,
) -> _Job:
    assert _native.kernels is not None
    mode, hidden, directions, _, biased = kind
    *lead, width = *shape[:-1], hidden * directions
    strides = (width, lead[0] * width, 1) if transposed else (lead[-1] * width, width, 1)
    return _Job(
        _native.kernels.Shape(KINDS[mode], shape[-1], hidden, layers, directions),
        steps,
        mode == "LSTM",
        transposed,
        (*lead, width),
        strides[-len(shape) :],
        (layers * directions, *batch, hidden),
        (math.prod(batch) * hidden, *(hidden for _ in batch), 1),
        biased,
    )


def forward(layer: nn.RNNBase, inputs: Any, state: Any = None) -> Any:
    """Run the layer on the native engine; what `refusal` declines must not come here.

    Shapes, results and the order of the last states are those of torch's layer; so are the random
    numbers of the dropout between layers.
    """
    if isinstance(inputs, PackedSequence):
        return _forward_packed(layer, inputs, state)
    kind = _kind(layer)
    return _stack(layer, inputs, state, lambda layers, shape: _dense_job(kind, layers, shape))


def _forward_packed(layer: nn.RNNBase, inputs: PackedSequence, state: Any) -> Any:
    data, sizes, order, back = inputs
    assert _native.kernels is not None
    sizes_at_hand = sizes.contiguous()
    batch = int(sizes[0])
    steps = _native.kernels.Steps(len(sizes), batch, sizes_at_hand.data_ptr())
    state = None if state is None else layer.permute_hidden(state, order)
    kind = _kind(layer)

    def job(layers: int, shape: tuple[int, ...]) -> _Job:
        return _job(kind, layers, shape, steps, (batch,))

    outputs, last = _stack(layer, data, state, job)
    return PackedSequence(outputs, sizes, order, back), layer.permute_hidden(last, back)


def _stack(
    layer: nn.RNNBase,
    inputs: Tensor,
    state: Any,
    job: Callable[[int, tuple[int, ...]], _Job],
) -> Any:
    """Run all layers; `job` says what a call of so many layers on inputs of such a shape is."""
    lstm = layer.mode == "LSTM"
    h0, c0 = (None, None) if state is None else state if lstm else (state, None)
    if layer.dropout and layer.training and layer.num_layers > 1:
        outputs, hidden, memory = _one_by_one(layer, inputs, h0, c0, job)
    else:
        outputs, hidden, memory = _run(
            job(layer.num_layers, inputs.shape), inputs, h0, c0, layer._flat_weights
        )
    return outputs, (hidden, memory) if lstm else hidden


def _one_by_one(
    layer: nn.RNNBase,
    outputs: Tensor,
    h0: Any,
    c0: Any,
    job: Callable[[int, tuple[int, ...]], _Job],
) -> tuple[Any, ...]:
    """A call for each layer, with dropout between them."""
    directions = 2 if layer.bidirectional else 1
    weights, last = layer._flat_weights, []
    per_layer = len(weights) // layer.num_layers
    for i in range(layer.num_layers):
        if i:
            outputs = functional.dropout(outputs, layer.dropout, training=True)
        rows = slice(i * directions, (i + 1) * directions)
        outputs, *ends = _run(
            job(1, outputs.shape),
            outputs,
            None if h0 is None else h0[rows],
            None if c0 is None else c0[rows],
            weights[i * per_layer : (i + 1) * per_layer],
        )
        last.append(ends)
    return outputs, *map(_join, zip(*last, strict=True))


def _join(parts: tuple[Any, ...]) -> Any:
    return None if parts[0] is None else torch.cat(parts)


def _run(job: _Job, x: Tensor, h0: Any, c0: Any, weights: list[Any]) -> tuple[Any, ...]:
    if torch.is_grad_enabled() and (
        weights[0].requires_grad
        or any(t is not None and t.requires_grad for t in (x, h0, c0, *weights))
    ):
        return _apply(job, x, h0, c0, *weights)  # type: ignore[no-any-return]
    return _compute(job, x, h0, c0, weights, keep=False)[0]


def _compute(
    job: _Job, x: Tensor, h0: Any, c0: Any, weights: Any, *, keep: bool
) -> tuple[tuple[Tensor, Tensor, Tensor | None], Any, tuple[Any, ...]]:
    """One call of the kernels: results, the saved buffer, and the inputs laid out for them."""
    kernels = _native.kernels
    assert kernels is not None
    x = _time_major(job, x)
    h0, c0 = _plain(h0), _plain(c0)
    weights = [_plain(weight) for weight in weights]
    y = _empty(x, job.output, job.strides)
    hn = _state(job, x)
    cn = _state(job, x) if job.lstm else None
    saved = kernels.forward(
        job.shape,
        job.steps,
        _weight_addresses(job, weights),
        x.data_ptr(),
        (_address(h0), _address(c0)),
        (y.data_ptr(), hn.data_ptr(), _address(cn)),
        keep,
        torch.get_num_threads(),
    )
    return (y, hn, cn), saved, (x, h0, c0, *weights)


def _time_major(job: _Job, tensor: Tensor) -> Tensor:
    """(T, B, ·) in memory, as torch's own layer makes it for itself."""
    dense = _plain(tensor.transpose(0, 1) if job.transposed else tensor)
    assert dense is not None
    return dense


def _plain(tensor: Tensor | None) -> Tensor | None:
    """Numbers as they are in memory: an address says nothing of strides or a pending minus."""
    if tensor is None or (tensor.is_contiguous() and not tensor.is_neg()):
        return tensor  # asked first, for it is quicker than the two calls which change nothing
    return tensor.resolve_neg().contiguous()


def _empty(like: Tensor, shape: Sequence[int], strides: Sequence[int]) -> Tensor:
    """Memory for a result, which must be a tensor of its own and no view of another."""
    if math.prod(shape) < _LARGE:
        return like.new_empty_strided(shape, strides)
    assert _native.kernels is not None
    return _native.kernels.empty(shape, strides)  # type: ignore[no-any-return]


def _state(job: _Job, like: Tensor) -> Tensor:
    # A third quicker with its strides than without.
    return like.new_empty_strided(job.states, job.state_strides)


def _gradient(of: Tensor) -> Tensor:
    # empty_like is the quicker where it will do, and a step needs one for every weight.
    return torch.empty_like(of) if of.numel() < _LARGE else _empty(of, of.shape, of.stride())


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def _weight_addresses(job: _Job, weights: Any) -> list[int]:
    """Four to a layer and direction: w_ih, w_hh, b_ih, b_hh, the last two 0 without a bias."""
    addresses = [0 if weight is None else weight.data_ptr() for weight in weights]
    if job.biased:
        return addresses
    return [n for i in range(0, len(addresses), 2) for n in (*addresses[i : i + 2], 0, 0)]


class _Recurrence(torch.autograd.Function):
    """The kernels as one node of autograd's graph. It cannot be differentiated twice."""

    @staticmethod
    def forward(ctx: Any, job: _Job, x: Tensor, h0: Any, c0: Any, *weights: Tensor) -> Any:
        results, saved, inputs = _compute(job, x, h0, c0, weights, keep=True)
        ctx.job = job
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(results[0], saved, *inputs)
        return results

    @staticmethod
    def backward(ctx: Any, dy: Any, dhn: Any, dcn: Any) -> Any:
        if torch.is_grad_enabled():
            raise EngineError(
                "second derivatives: expected first derivatives only, got create_graph=True; "
                'the native engine has none, use engine="torch" for this layer'
            )
        job: _Job = ctx.job
        kernels = _native.kernels
        assert kernels is not None
        y, saved, x, h0, c0, *weights = ctx.saved_tensors
        _, want_x, want_h0, want_c0, *want = ctx.needs_input_grad
        dy = None if dy is None else _time_major(job, dy)
        dhn, dcn = _plain(dhn), _plain(dcn)
        dx = _gradient(x) if want_x else None
        dh0 = _state(job, x) if want_h0 else None
        dc0 = _state(job, x) if want_c0 else None
        grads = [_gradient(w) if w_ else None for w, w_ in zip(weights, want, strict=True)]
        kernels.backward(
            job.shape,
            job.steps,
            _weight_addresses(job, weights),
            x.data_ptr(),
            (_address(h0), _address(c0)),
            y.data_ptr(),
            saved.data_ptr(),
            (_address(dy), _address(dhn), _address(dcn)),
            (_address(dx), _address(dh0), _address(dc0)),
            _weight_addresses(job, grads),
            torch.get_num_threads(),
        )
        if job.transposed and dx is not None:
            dx = dx.transpose(0, 1)
        return None, dx, dh0, dc0, *grads


# Function.apply without its first half, which is for torch.func's transforms: those are refused
# before, and looking for them takes a third as long as all the rest.
_apply: Callable[..., Any] = super(torch.autograd.Function, _Recurrence).apply
