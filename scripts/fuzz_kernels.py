"""Compare the native engine with torch on random shapes, strides and lengths until time is up.

    python scripts/fuzz_kernels.py [seconds] [seed]

Prints the first case that differs, with the seed that makes it again, and exits 1.
"""

import copy
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from unrolled.layers import extension as _native
from unrolled.layers import native
from unrolled.layers.catalogue import CATALOGUE, state_shapes

SIZES = (1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 48, 64, 65, 100, 130, 200)


def tensors(result: Any) -> list[Tensor]:
    """All tensors of a result."""
    if isinstance(result, Tensor):
        return [result]
    return [t for part in result if part is not None for t in tensors(part)]


def as_state(parts: list[Tensor]) -> Any:
    """Tensors of a state as torch's layers take them: one alone, or a tuple."""
    return parts[0] if len(parts) == 1 else tuple(parts)


def strided(shape: tuple[int, ...], draw: random.Random) -> Tensor:
    """Random numbers, laid out in some order of axes with some steps between them."""
    order = list(range(len(shape)))
    draw.shuffle(order)
    steps = [draw.choice((1, 1, 2)) for _ in shape]
    big = torch.randn([shape[axis] * steps[axis] for axis in order])
    view = big.permute([order.index(axis) for axis in range(len(shape))])
    return view[tuple(slice(None, None, step) for step in steps)]


def case(seed: int) -> str | None:
    """Run one random case; None when both engines agree, else what differs."""
    draw = random.Random(seed)
    torch.manual_seed(seed)
    kind: Any = draw.choice([row.torch_layer for row in CATALOGUE])
    relu = kind is nn.RNN and draw.random() < 0.5
    settings: dict[str, Any] = {
        # Of max(0, z) every layer must be seen: see `disagreement`.
        "num_layers": 1 if relu else draw.choice((1, 1, 2)),
        "bidirectional": draw.random() < 0.4,
        "batch_first": draw.random() < 0.5,
        "bias": draw.random() < 0.8,
        **({"nonlinearity": "relu"} if relu else {}),
    }
    inputs, hidden = draw.choice(SIZES), draw.choice(SIZES)
    batch, steps = draw.choice((1, 1, 2, 3, 5, 8, 13, 40, 257)), draw.choice((1, 2, 5, 9, 30))
    layer = kind(inputs, hidden, **settings)
    for weight in layer.parameters():
        weight.requires_grad_(draw.random() < 0.9)
    shape = (batch, steps, inputs) if settings["batch_first"] else (steps, batch, inputs)
    x = strided(shape, draw).requires_grad_(draw.random() < 0.7)
    parts = [strided(shape, draw).requires_grad_() for shape in state_shapes(layer, (batch,))]
    state = None if draw.random() < 0.3 else as_state(parts)
    lengths = [draw.randint(1, steps) for _ in range(batch)] if draw.random() < 0.4 else None

    def run(layer: nn.RNNBase, x: Tensor, state: Any, engine: Any) -> list[Tensor]:
        given: Any = x
        if lengths:
            first = settings["batch_first"]
            given = pack_padded_sequence(x, torch.tensor(lengths), first, enforce_sorted=False)
        outputs, last = engine(given, state)
        results = [outputs.data, *tensors(last)]
        torch.manual_seed(seed)
        weights = [strided(tuple(r.shape), random.Random(seed)) for r in results]
        loss = sum((r * w).sum() for r, w in zip(results, weights, strict=True))
        given_state = () if state is None else tensors(state)
        leaves = [t for t in (x, *given_state, *layer.parameters()) if t.requires_grad]
        grads = torch.autograd.grad(loss, leaves, allow_unused=True) if leaves else ()
        return results + [torch.zeros(()) if g is None else g for g in grads]

    def torchs(noise: float, dtype: torch.dtype) -> list[Tensor]:
        torch.manual_seed(hash(noise))  # another direction for each size
        there = copy.deepcopy(layer)
        for weight in there.parameters():
            weight.data = changed(weight.detach(), noise)
        there.to(dtype)
        parts = [] if state is None else [changed(t, noise).to(dtype) for t in tensors(state)]
        state_there = None if state is None else as_state(parts)
        return run(there, changed(x, noise).to(dtype), state_there, there)

    torch.set_num_threads(draw.choice((1, 2, 3)))
    ours = run(layer, x, state, lambda x, s: native.forward(layer, x, s))
    theirs = run(layer, x, state, layer)
    found = disagreement(ours, theirs, torchs, relu)
    what = f"{kind.__name__}({inputs}, {hidden}, {settings}), batch {batch}, steps {steps}"
    return f"seed {seed}: {what}, lengths {lengths}: {found}" if found else None


def changed(tensor: Tensor, noise: float) -> Tensor:
    """A leaf with each number changed by about `noise` of itself."""
    moved = tensor.detach() * (1 + noise * torch.randn(tensor.shape))
    return moved.requires_grad_(tensor.requires_grad)


def disagreement(
    ours: list[Tensor],
    theirs: list[Tensor],
    torchs: Callable[[float, torch.dtype], list[Tensor]],
    relu: bool,
) -> str | None:
    """What differs by more than rounding, in words.

    Where terms cancel, or a unit is saturated, rounding is all that is left of a gradient, torch's
    as well as ours: what differs by more than 2e-5 of its largest value, and by more than two
    roundings of numbers near 1, is held against float64, from which it may be four times as far as
    torch is at the worst of eight inputs close by. And the slope of max(0, z) is as good as 1 or 0
    where z is rounding: then there is no one gradient. A number read astray is off by far more.
    """
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        off, largest = distance(a, b), b.abs().max().item()
        if a.shape == b.shape and off <= 2e-5 * largest + 2e-7:
            continue
        outputs, *rest = torchs(0.0, torch.float64)
        if i > 1 and relu and ((ours[0] > 0) != (outputs > 0)).any():
            continue
        error, worst = distance(a, [outputs, *rest][i]), 0.0
        for far in [j * 1e-3 for j in range(8)]:
            there = torchs(far, torch.float32)[i], torchs(far, torch.float64)[i]
            worst = max(worst, distance(*there))
        if a.shape != b.shape or not error <= 4 * worst:
            return (
                f"tensor {i} off by {off} of {largest}; from float64 by {error}, torch by {worst}"
            )
    return None


def distance(a: Tensor, b: Tensor) -> float:
    """The largest difference."""
    return (a - b).abs().max().item()


def fuzz(seconds: float, seed: int) -> tuple[int, str | None]:
    """Try cases for some seconds; return how many, and the first failure."""
    assert _native.kernels is not None, _native.reason
    threads, end, tried = torch.get_num_threads(), time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end:
            failure = case(seed + tried)
            tried += 1
            if failure:
                return tried, failure
    finally:
        torch.set_num_threads(threads)
    return tried, None


if __name__ == "__main__":
    duration = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    start = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    count, found = fuzz(duration, start)
    print(found or f"{count} cases from seed {start} agree")
    sys.exit(1 if found else 0)
