"""What the kernels compute, by torch's own operators: for derivatives that the kernels do not have.

A derivative of a derivative, gradients under vmap or while a mode looks at every operator: the call
is made again here, from its inputs, and differentiated by torch.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from unrolled.layers.native_support import KernelJob


def gradients(
    job: KernelJob, tensors: Sequence[Any], wanted: Sequence[bool], given: Sequence[Any]
) -> list[Any]:
    """The gradients of the inputs that are wanted, from those of the results; None for the rest.

    tensors: x, the first states, the weights. What comes back can be differentiated once more
    where gradients are being recorded.
    """
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        # Each wanted one by another name: the weights may be in the history of x too, and what
        # reaches them through x is not asked for here.
        tensors = [_alias(t) if want else t for t, want in zip(tensors, wanted, strict=True)]
        results = run(job, *tensors)
        pairs = [(r, g) for r, g in zip(results, given, strict=True) if g is not None]
        asked = [t for t, want in zip(tensors, wanted, strict=True) if want]
        outputs, slopes = zip(*pairs, strict=True) if pairs else ((), ())
        found = iter(
            torch.autograd.grad(outputs, asked, slopes, create_graph=again, allow_unused=True)
        )
    return [next(found) if want else None for want in wanted]


def run(job: KernelJob, x: Tensor, *tensors: Any) -> tuple[Tensor, ...]:
    """The results, outputs and last states, of one call, with torch's history.

    A dense batch runs as a packed one in which every step has all rows: torch's operator for those
    has derivatives of every order, and its other one for an LSTM, of oneDNN, has only the first.
    """
    mode, _, hidden, layers, directions, bias, batch_first = job.kind
    first, weights = tensors[: job.parts], list(tensors[job.parts :])
    data, sizes, rows = x, job.sizes, None
    if sizes is None:
        rows = x.unsqueeze(1) if x.dim() == 2 else x.transpose(0, 1) if batch_first else x
        data, sizes = rows.flatten(0, 1), torch.full((rows.shape[0],), rows.shape[1])
    shape = (layers * directions, int(sizes[0]), hidden)
    state = [x.new_zeros(shape) if part is None else part.reshape(shape) for part in first]
    outputs, *last = getattr(torch._VF, mode.lower())(
        data, sizes, state if len(state) > 1 else state[0], weights, bias, layers,
        0.0, False, directions == 2,
    )  # fmt: skip
    if rows is not None:
        outputs = outputs.reshape(*rows.shape[:2], -1)
        outputs = outputs.transpose(0, 1) if batch_first and x.dim() == 3 else outputs
    return outputs.reshape(job.output), *(part.reshape(job.state) for part in last)


def _alias(tensor: Tensor) -> Tensor:
    if tensor.requires_grad:
        return tensor.view_as(tensor)
    return tensor.detach().requires_grad_()  # brought back by a hook, without its history
