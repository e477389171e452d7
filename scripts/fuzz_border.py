"""Try hostile calls on the kernels' border: sizes, numbers, strides and types that do not fit.

    python scripts/fuzz_border.py [cases] [seed]

A call that fits but for one or two things is made of the extension itself, of a layer, or of its
backward pass through hooks that bring back something else. It must be refused in words, or compute;
that it leaves no tensor is seen by the AddressSanitizer: scripts/sanitize.sh border [cases] [seed].
Prints the first case that ends in another way, with the seed that makes it again, and exits 1.
"""

import random
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from unrolled import layers
from unrolled.errors import EngineError
from unrolled.layers import explain
from unrolled.layers import extension as _native
from unrolled.layers.catalogue import CATALOGUE, state_shapes

SIZES = (1, 2, 3, 5, 8, 16, 17, 33)
HUGE = (2**40, 2**60, 2**62, 2**63 - 1)
# AttributeError is torch's own word for an input that is None.
REFUSALS = (
    RuntimeError, ValueError, TypeError, BufferError, IndexError, AttributeError, EngineError,
)  # fmt: skip


class Own(Tensor):
    """A tensor of a class that the kernels do not know."""


def other_size(tensor: Tensor, draw: random.Random) -> Tensor:
    """Another number on some axis, larger or smaller."""
    shape = list(tensor.shape) or [1]
    axis = draw.randrange(len(shape))
    shape[axis] = max(0, shape[axis] + draw.choice((-2, -1, 1, 2, 7)))
    return torch.randn(shape)


def expanded(tensor: Tensor, draw: random.Random) -> Tensor:
    """One number that stands for ever so many."""
    shape = list(tensor.shape) or [1]
    axis = draw.randrange(len(shape))
    shape[axis] = draw.choice((shape[axis], 7, *HUGE))
    try:
        return torch.zeros([1] * len(shape)).expand(shape)
    except RuntimeError:  # torch itself cannot count them
        return tensor


def strided(tensor: Tensor, draw: random.Random) -> Tensor:
    """The same numbers, elsewhere in memory."""
    axes = list(range(tensor.dim()))
    draw.shuffle(axes)
    back = [axes.index(axis) for axis in range(tensor.dim())]
    return tensor.permute(axes).contiguous().permute(back)


def emptied(tensor: Tensor) -> Tensor:
    """A tensor whose memory was taken away."""
    tensor = tensor.detach().clone()
    if not tensor.is_meta and not tensor.is_sparse:
        tensor.untyped_storage().resize_(0)
    return tensor


CHANGES: tuple[Callable[[Tensor, random.Random], Any], ...] = (
    other_size,
    other_size,
    other_size,
    expanded,
    strided,
    lambda t, draw: None,
    lambda t, draw: draw.choice((3, "tensor", [], {}, object())),
    lambda t, draw: t.to(draw.choice((torch.float64, torch.int64, torch.bfloat16, torch.bool))),
    lambda t, draw: t.to("meta"),
    lambda t, draw: t.to_sparse(),
    lambda t, draw: t.as_subclass(Own),
    lambda t, draw: t.unsqueeze(0),
    lambda t, draw: t.flatten(),
    lambda t, draw: t.reshape(-1)[: t.numel() // 2],
    lambda t, draw: torch._neg_view(t),
    lambda t, draw: t.transpose(0, -1) if t.dim() else t,
)


def changed(tensor: Any, draw: random.Random) -> Any:
    """Something hostile in the place of a tensor."""
    if not isinstance(tensor, Tensor) or tensor.numel() > 2**30:  # the huge ones are not copied
        return tensor
    return draw.choice(CHANGES)(tensor, draw)


def sizes_of(steps: int, batch: int, draw: random.Random) -> Tensor:
    """batch_sizes, of which some make no sense."""
    falling = sorted((draw.randint(1, batch) for _ in range(steps - 1)), reverse=True)
    sizes = [batch, *falling]
    if draw.random() < 0.6:
        for _ in range(draw.randint(1, 2)):
            sizes[draw.randrange(steps)] = draw.choice((0, -1, batch + 1, 4000, *HUGE))
    dtype = torch.int64
    if draw.random() < 0.1 and all(abs(size) < 2**31 for size in sizes):
        dtype = torch.int32
    return torch.tensor(sizes, dtype=dtype)


def of_extension(draw: random.Random) -> None:
    """A forward and a backward call as native_call.py makes them, with something changed."""
    kernels: Any = _native.kernels
    cell, gates, count = draw.choice(kernels.cells())
    inputs, hidden = draw.choice(SIZES), draw.choice(SIZES)
    depth, ways, batch, steps = (
        draw.choice((1, 1, 2, 3)),
        draw.choice((1, 2)),
        *draw.sample(SIZES, 2),
    )
    biased, batch_first = draw.random() < 0.7, draw.random() < 0.5
    shape = kernels.Shape(cell, inputs, hidden, depth, ways, biased, batch_first)
    packed = draw.random() < 0.4
    rows: list[int]
    if packed:
        sizes = sizes_of(steps, batch, draw)
        plan = kernels.Steps(sizes)
        rows = [plan.rows if plan.rows < 10_000 and draw.random() < 0.8 else steps * batch]
    else:
        numbers = [steps, batch]
        if draw.random() < 0.15:
            numbers[draw.randrange(2)] = draw.choice((0, -1, *HUGE))
        plan = kernels.Steps(*numbers)
        rows = [batch, steps] if batch_first else [steps, batch]
    weights = []
    for layer in range(depth):
        wide = inputs if layer == 0 else ways * hidden
        for _ in range(ways):
            weights += [torch.randn(gates * hidden, wide), torch.randn(gates * hidden, hidden)]
            weights += [torch.randn(gates * hidden) for _ in range(2 if biased else 0)]
    state = [torch.randn(depth * ways, batch, hidden) for _ in range(count)]
    x, y = torch.randn(*rows, inputs), torch.randn(*rows, ways * hidden)
    if batch_first and not packed:
        y = y.transpose(0, 1).contiguous().transpose(0, 1)
    last, threads = [torch.empty_like(part) for part in state], draw.choice((1, 2, 3, -1))

    call: dict[str, list[Any]] = {"x": [x], "states": list(state), "results": [y, *last]}
    call["weights"] = list(weights)
    spoil(call, draw)
    saved = None
    try:
        saved = kernels.forward(
            shape, plan, call["weights"], *call["x"], tuple(call["states"]), tuple(call["results"]),
            True, threads,
        )  # fmt: skip
    except REFUSALS:
        if draw.random() < 0.7:
            return
    saved = torch.randn(draw.choice((0, 1, 100, 5000))) if saved is None else saved
    back: dict[str, list[Any]] = {
        "x": [x], "states": list(state), "y": [y], "saved": [saved], "weights": list(weights),
        "given": [y.clone(), *last], "wanted": [torch.empty_like(x), *map(torch.empty_like, state)],
        "gradients": [torch.empty_like(weight) for weight in weights],
    }  # fmt: skip
    spoil(back, draw)
    kernels.backward(
        shape, plan, back["weights"], *back["x"], tuple(back["states"]), *back["y"], *back["saved"],
        tuple(back["given"]), tuple(back["wanted"]), back["gradients"], threads,
    )  # fmt: skip


def spoil(call: dict[str, list[Any]], draw: random.Random) -> None:
    """Change one or two of a call's tensors, or how many there are."""
    for _ in range(draw.choice((0, 1, 1, 2))):
        tensors = call[draw.choice(list(call))]
        if len(tensors) > 1 and draw.random() < 0.1:
            tensors.pop() if draw.random() < 0.5 else tensors.append(tensors[0])
        else:
            at = draw.randrange(len(tensors))
            tensors[at] = changed(tensors[at], draw)
    tensors = call[draw.choice(list(call))]
    if draw.random() < 0.05 and isinstance(tensors[-1], Tensor) and tensors[-1].numel() < 2**30:
        tensors[-1] = emptied(tensors[-1])  # last: torch itself falls over such a one


def of_layer(draw: random.Random) -> None:
    """A layer's call with inputs, state, batch_sizes, weights or saved tensors that do not fit."""
    row = draw.choice(CATALOGUE)
    made: Any = getattr(layers, row.torch_layer.__name__)
    depth, ways, batch, steps = draw.choice((1, 2)), draw.choice((1, 2)), *draw.sample(SIZES, 2)
    width, hidden = draw.choice(SIZES), draw.choice(SIZES)
    layer: nn.RNNBase = made(
        width, hidden, depth, batch_first=draw.random() < 0.5, bidirectional=ways == 2,
        engine=draw.choice(("auto", "native")),
    )  # fmt: skip
    state: list[Any] = [torch.randn(shape) for shape in state_shapes(layer, (batch,))]
    given: Any = torch.randn(steps, batch, width)
    if draw.random() < 0.5:
        sizes = sizes_of(steps, batch, draw)
        rows = int(sizes.sum()) if draw.random() < 0.5 else steps * batch
        given = PackedSequence(torch.randn(max(0, min(rows, 9999)), width), sizes)
    elif draw.random() < 0.5:
        given = changed(given, draw)
    if draw.random() < 0.3:
        at = draw.randrange(len(state))
        state[at] = changed(state[at], draw)
    if draw.random() < 0.2:
        weight = draw.choice(list(layer.parameters()))
        weight.data = other_size(weight.data, draw)
    hidden_state = None if draw.random() < 0.5 else state[0] if len(state) == 1 else tuple(state)
    # Not where torch's own LSTM would run: by weights or saved tensors that do not fit, oneDNN
    # leaves its tensors, with no code of ours in the program.
    if layer.mode == "LSTM" and explain(layer, given, hidden_state).engine != "native":
        return
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, hook(draw)):
        outputs, _ = layer(given, hidden_state)
    data = outputs.data if isinstance(outputs, PackedSequence) else outputs
    if data.requires_grad and data.numel() < 10_000_000:
        data.sum().backward(create_graph=draw.random() < 0.05)


def hook(draw: random.Random) -> Callable[[Tensor], Any]:
    """What brings a saved tensor back: as it was, or now and then something else."""
    spoilt = random.Random(draw.random())
    often = draw.choice((0, 0, 0.2))
    return lambda t: changed(t.detach(), spoilt) if spoilt.random() < often else t


def case(seed: int) -> str | None:
    """Run one hostile call; None when it computed or was refused, else how it ended."""
    draw = random.Random(seed)
    torch.manual_seed(seed)
    try:
        draw.choice((of_extension, of_extension, of_layer))(draw)
    except REFUSALS:
        return None
    except Exception as error:
        return f"seed {seed}: {type(error).__name__}: {error}"
    return None


def fuzz(cases: int, seed: int) -> str | None:
    """Try so many cases; return the first that ended in another way than a refusal in words."""
    assert _native.kernels is not None, _native.reason
    for i in range(cases):
        failure = case(seed + i)
        if failure:
            return failure
        if i % 100 == 0:
            _native.kernels.release_free_buffers()  # so that the sanitizer sees each as it is
    return None


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    start = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    found = fuzz(number, start)
    print(found or f"{number} hostile calls from seed {start}: each computed or was refused")
    sys.exit(1 if found else 0)
