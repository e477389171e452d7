"""One call of the kernels, and its node in autograd's graph."""

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from unrolled.errors import EngineError
from unrolled.layers import extension as _native
from unrolled.layers import operators
from unrolled.layers.native_support import KernelJob, watched

# Numbers in a tensor from which on it is taken from the kernels' pool: the system takes the memory
# of so large a tensor back when it is freed, and hands it out anew page by page.
_LARGE = 32 * 1024


def run(
    job: KernelJob, x: Tensor, first: tuple[Any, ...], weights: list[Tensor], by_name: bool
) -> tuple[Any, ...]:
    """One call; `by_name`: the engine was asked for by name, and no other may do a part of it."""
    try:
        return _call(job, x, first, weights, by_name)
    except BufferError:  # their numbers do not lie in memory as the kernels read them
        first, (x, *weights) = _plain(*first), _plain(x, *weights)
        return _call(job, x, first, weights, by_name)


def _call(
    job: KernelJob, x: Tensor, first: tuple[Any, ...], weights: list[Tensor], by_name: bool
) -> tuple[Any, ...]:
    if torch.is_grad_enabled() and (
        weights[0].requires_grad
        or any(t is not None and t.requires_grad for t in (x, *first, *weights))
    ):
        return _apply(job, by_name, x, *first, *weights)  # type: ignore[no-any-return]
    return _compute(job, x, first, weights, keep=False)[0]


def _compute(
    job: KernelJob, x: Tensor, first: tuple[Any, ...], weights: list[Tensor], *, keep: bool
) -> tuple[tuple[Tensor, ...], Any]:
    """The results, and what the backward pass needs beside the inputs."""
    assert _native.kernels is not None
    y = _empty(x, job.output, job.strides)
    results = (y, *_states(x, job, [True] * job.parts))
    threads = torch.get_num_threads()
    return results, _native.kernels.forward(
        job.shape, job.steps, weights, x, first, results, keep, threads
    )


def _states(like: Tensor, job: KernelJob, wanted: Sequence[bool]) -> tuple[Any, ...]:
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
    if of.numel() < _LARGE:
        return torch.empty_like(of, memory_format=torch.contiguous_format)
    return _empty(of, of.shape, (of.shape[-1], 1)[-of.dim() :])


class _Recurrence(torch.autograd.Function):
    """The kernels as one node of autograd's graph.

    The outputs are the caller's, who may change them in place as with torch: the kernels keep what
    they need of them. Not those of an LSTM, where torch on a CPU raises an error as this does, but
    for packed sequences, where torch does not.
    """

    @staticmethod
    def forward(ctx: Any, job: KernelJob, by_name: bool, x: Tensor, *tensors: Any) -> Any:
        first, weights = tensors[: job.parts], list(tensors[job.parts :])
        results, saved = _compute(job, x, first, weights, keep=True)
        ctx.job, ctx.by_name = job, by_name
        ctx.set_materialize_grads(False)
        y = None
        if not job.shape.keeps_h:
            y = results[0] if job.sizes is None else results[0].clone()
        ctx.save_for_backward(y, saved, x, *tensors)
        return results

    @staticmethod
    def backward(ctx: Any, *given: Any) -> Any:
        job: KernelJob = ctx.job
        y, saved, *inputs = ctx.saved_tensors
        wanted = ctx.needs_input_grad[2:]
        unlike = "a derivative of a derivative" if torch.is_grad_enabled() else watched()
        if not unlike:
            try:
                return None, None, *_gradients(job, inputs, y, saved, given, wanted)
            except BufferError:
                unlike = "a gradient or saved value that is no plain tensor of float32 on the CPU"
        if ctx.by_name:
            raise EngineError(
                f"backward: {unlike} needs torch's operators, and engine 'native' was asked for "
                'by name; use engine="auto" or engine="torch" for this layer'
            )
        return None, None, *operators.gradients(job, inputs, wanted, given)


def _gradients(
    job: KernelJob, inputs: Sequence[Any], y: Any, saved: Tensor, given: Any, wanted: Sequence[bool]
) -> tuple[Any, ...]:
    """The backward pass of the kernels; BufferError for tensors that they cannot read."""
    x, *tensors = inputs
    want_x, *want = wanted
    first, weights = tuple(tensors[: job.parts]), tensors[job.parts :]
    dx = _empty(x, x.shape, job.input_strides) if want_x else None
    ends = (dx, *_states(x, job, want[: job.parts]))
    grads = [_gradient(w) if w_ else None for w, w_ in zip(weights, want[job.parts :], strict=True)]
    try:
        _differentiate(job, weights, x, first, y, saved, given, ends, grads)
    except BufferError:  # the gradient of a sum is one number in many places
        first, given, (y, saved, x, *weights) = (
            _plain(*first), _plain(*given), _plain(y, saved, x, *weights)
        )  # fmt: skip
        _differentiate(job, weights, x, first, y, saved, given, ends, grads)
    return *ends, *grads


def _differentiate(job: KernelJob, *tensors: Any) -> None:
    assert _native.kernels is not None
    _native.kernels.backward(job.shape, job.steps, *tensors, torch.get_num_threads())


# Function.apply without its first half, which is for torch.func's transforms: those are refused
# before, and looking for them takes a third as long as all the rest.
_apply: Callable[..., Any] = super(torch.autograd.Function, _Recurrence).apply
