"""Compare the native engine with torch on random shapes, strides and lengths until time is up.

    python scripts/fuzz_kernels.py [seconds] [seed]

Prints the first case that differs, with the seed that makes it again, and exits 1.
"""

import random
import sys
import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from unrolled.layers import _native, native

SIZES = (1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 48, 64, 65, 100, 130, 200)


def tensors(result: Any) -> list[Tensor]:
    """All tensors of a result."""
    if isinstance(result, Tensor):
        return [result]
    return [t for part in result if part is not None for t in tensors(part)]


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
    kind = draw.choice(("RNN", "GRU", "LSTM"))
    settings = {
        "num_layers": draw.choice((1, 1, 2)),
        "bidirectional": draw.random() < 0.4,
        "batch_first": draw.random() < 0.5,
        "bias": draw.random() < 0.8,
        **({"nonlinearity": draw.choice(("tanh", "relu"))} if kind == "RNN" else {}),
    }
    inputs, hidden = draw.choice(SIZES), draw.choice(SIZES)
    batch, steps = draw.choice((1, 1, 2, 3, 5, 8, 13, 40, 257)), draw.choice((1, 2, 5, 9, 30))
    layer = getattr(nn, kind)(inputs, hidden, **settings)
    for weight in layer.parameters():
        weight.requires_grad_(draw.random() < 0.9)
    shape = (batch, steps, inputs) if settings["batch_first"] else (steps, batch, inputs)
    x = strided(shape, draw).requires_grad_(draw.random() < 0.7)
    cells = settings["num_layers"] * (2 if settings["bidirectional"] else 1)
    state: Any = [strided((cells, batch, hidden), draw).requires_grad_() for _ in range(2)]
    state = None if draw.random() < 0.3 else tuple(state) if kind == "LSTM" else state[0]
    lengths = [draw.randint(1, steps) for _ in range(batch)] if draw.random() < 0.4 else None
    leaves = [
        t
        for t in (x, *tensors(() if state is None else state), *layer.parameters())
        if t.requires_grad
    ]

    def run(engine: Any) -> list[Tensor]:
        given: Any = x
        if lengths:
            first = settings["batch_first"]
            given = pack_padded_sequence(x, torch.tensor(lengths), first, enforce_sorted=False)
        outputs, last = engine(given, state)
        results = [outputs.data, *tensors(last)]
        torch.manual_seed(seed)
        loss = sum((r * strided(tuple(r.shape), random.Random(seed))).sum() for r in results)
        grads = torch.autograd.grad(loss, leaves, allow_unused=True) if leaves else ()
        return results + [torch.zeros(()) if g is None else g for g in grads]

    torch.set_num_threads(draw.choice((1, 2, 3)))
    ours, theirs = run(lambda x, s: native.forward(layer, x, s)), run(layer)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        off, largest = (a - b).abs().max().item(), b.abs().max().item()
        if a.shape != b.shape or not off <= 2e-5 * largest + 1e-7:
            what = f"{kind}({inputs}, {hidden}, {settings}), batch {batch}, steps {steps}"
            return f"seed {seed}: {what}, lengths {lengths}: tensor {i} off by {off} of {largest}"
    return None


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
