"""The native engine: torch's layers on the C++ kernels of `src/unrolled/csrc`.

`refusal` says in words why a layer or its inputs are not for it; `forward` runs it and returns
exactly what torch's layer returns. The readable twin of the kernels is `layers/reference.py`.

Letters: B batch, T time steps, D input features, H hidden, L layers, R directions, N rows in all.
"""

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


class _Job(NamedTuple):
    """What a call of the kernels needs beside tensors."""

    shape: Any  # _kernels.Shape
    steps: Any  # _kernels.Steps
    lstm: bool
    transposed: bool  # inputs and outputs are (B, T, ·): the kernels want (T, B, ·)
    output: tuple[int, ...]  # shape of the outputs, as the caller sees them
    states: tuple[int, ...]  # shape of the last states
    biased: bool


@lru_cache(maxsize=256)
def _shape(kind: int, inputs: int, hidden: int, layers: int, directions: int) -> Any:
    assert _native.kernels is not None
    return _native.kernels.Shape(kind, inputs, hidden, layers, directions)


@lru_cache(maxsize=256)
def _steps(steps: int, batch: int) -> Any:
    assert _native.kernels is not None
    return _native.kernels.Steps(steps, batch, 0)


def forward(layer: nn.RNNBase, inputs: Any, state: Any = None) -> Any:
    """Run the layer on the native engine; what `refusal` declines must not come here.

    Shapes, results and the order of the last states are those of torch's layer; so are the random
    numbers of the dropout between layers.
    """
    if isinstance(inputs, PackedSequence):
        return _forward_packed(layer, inputs, state)
    batched = inputs.dim() == 3
    transposed = batched and layer.batch_first
    if batched:
        batch, steps = inputs.shape[:2] if transposed else (inputs.shape[1], inputs.shape[0])
    else:
        batch, steps = 1, inputs.shape[0]
    lead = inputs.shape[:-1]
    return _stack(layer, inputs, state, _steps(steps, batch), lead, (batch,) * batched)


def _forward_packed(layer: nn.RNNBase, inputs: PackedSequence, state: Any) -> Any:
    data, sizes, order, back = inputs
    assert _native.kernels is not None
    sizes_at_hand = sizes.contiguous()
    batch = int(sizes[0])
    steps = _native.kernels.Steps(len(sizes), batch, sizes_at_hand.data_ptr())
    state = None if state is None else layer.permute_hidden(state, order)
    outputs, last = _stack(layer, data, state, steps, data.shape[:1], (batch,))
    return PackedSequence(outputs, sizes, order, back), layer.permute_hidden(last, back)


def _stack(
    layer: nn.RNNBase,
    inputs: Tensor,
    state: Any,
    steps: Any,
    lead: tuple[int, ...],
    batch: tuple[int, ...],
) -> Any:
    """Run all layers in one call; with dropout between them, layer after layer."""
    lstm = layer.mode == "LSTM"
    h0, c0 = (None, None) if state is None else state if lstm else (state, None)
    directions = 2 if layer.bidirectional else 1
    apart = layer.dropout > 0 and layer.training and layer.num_layers > 1
    deep = 1 if apart else layer.num_layers
    weights = layer._flat_weights
    per_layer = len(weights) // layer.num_layers
    transposed = layer.batch_first and len(lead) == 2
    outputs, last = inputs, []
    for first in range(0, layer.num_layers, deep):
        if first:
            outputs = functional.dropout(outputs, layer.dropout, training=True)
        width = layer.hidden_size * directions
        job = _Job(
            _shape(KINDS[layer.mode], outputs.shape[-1], layer.hidden_size, deep, directions),
            steps,
            lstm,
            transposed,
            (*lead, width),
            (deep * directions, *batch, layer.hidden_size),
            layer.bias,
        )
        rows = slice(first * directions, (first + deep) * directions)
        outputs, *ends = _run(
            job,
            outputs,
            h0 if h0 is None or not apart else h0[rows],
            c0 if c0 is None or not apart else c0[rows],
            weights[first * per_layer : (first + deep) * per_layer],
        )
        last.append(ends)
    hidden, memory = last[0] if len(last) == 1 else ([*map(_join, zip(*last, strict=True))])
    return outputs, (hidden, memory) if lstm else hidden


def _join(parts: tuple[Any, ...]) -> Any:
    return None if parts[0] is None else torch.cat(parts)


def _run(job: _Job, x: Tensor, h0: Any, c0: Any, weights: list[Any]) -> tuple[Any, ...]:
    if torch.is_grad_enabled() and (
        weights[0].requires_grad
        or any(t is not None and t.requires_grad for t in (x, h0, c0, *weights))
    ):
        result: tuple[Any, ...] = _Recurrence.apply(job, x, h0, c0, *weights)  # type: ignore[no-untyped-call]
        return result
    return _compute(job, x, h0, c0, weights, keep=False)[0]


def _compute(
    job: _Job, x: Tensor, h0: Any, c0: Any, weights: Any, *, keep: bool
) -> tuple[tuple[Tensor, Tensor, Tensor | None], Any, tuple[Any, ...]]:
    """One call of the kernels: results, the saved buffer, and the inputs laid out for them."""
    kernels = _native.kernels
    assert kernels is not None
    x = _time_major(job, x)
    h0, c0, *weights = (_plain(t) for t in (h0, c0, *weights))
    y = _empty(job, job.output)
    hn = _new(job.states)
    cn = _new(job.states) if job.lstm else None
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
    return None if tensor is None else tensor.resolve_neg().contiguous()


def _new(shape: tuple[int, ...]) -> Tensor:
    """Memory for results, whatever default number type or device the user has set."""
    return torch.empty(shape, dtype=torch.float32, device="cpu")


def _empty(job: _Job, shape: tuple[int, ...]) -> Tensor:
    """As the caller sees it, with (T, B, ·) in memory: what torch returns under batch_first."""
    if not job.transposed:
        return _new(shape)
    batch, steps, width = shape
    return _new((steps, batch, width)).transpose(0, 1)


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def _weight_addresses(job: _Job, weights: Any) -> list[int]:
    """Four to a layer and direction: w_ih, w_hh, b_ih, b_hh, the last two 0 without a bias."""
    if job.biased:
        return [_address(w) for w in weights]
    addresses = []
    for w_ih, w_hh in zip(weights[::2], weights[1::2], strict=True):
        addresses += [_address(w_ih), _address(w_hh), 0, 0]
    return addresses


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
        dx = _empty(job, (*job.output[:-1], x.shape[-1])) if want_x else None
        dh0 = _new(job.states) if want_h0 else None
        dc0 = _new(job.states) if want_c0 else None
        grads = [torch.empty_like(w) if w_ else None for w, w_ in zip(weights, want, strict=True)]
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
        return None, dx, dh0, dc0, *grads
