"""The native engine beside torch, both measured against torch in float64, on every instruction set.

What is compared is a tensor's largest error over its largest value, the median of several seeds: of
a single draw it is a matter of luck which of two roundings was kinder, and on which side of zero
relu found a sum that is nearly zero.
"""

import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unrolled.layers import extension as _native
from unrolled.layers import native
from unrolled.layers.native_support import KERNELS

KINDS = tuple(KERNELS)
SEEDS = 8
BOUND = 2.0  # times torch's own error
HALF_ULP = 2.0**-24  # an error below half a unit in the last place is rounding itself

Errors = dict[str, float]  # of outputs, last states and every gradient, by name


@dataclass(frozen=True)
class Sizes:
    """One layer and one batch."""

    inputs: int
    hidden: int
    batch: int
    steps: int


@dataclass(frozen=True)
class Call:
    """A layer, what goes into it, and the gradients that come back to its results."""

    layer: nn.RNNBase
    given: tuple[Tensor, ...]  # x, then the first states
    slopes: tuple[Tensor, ...]  # of the outputs, then of the last states

    @property
    def names(self) -> list[str]:
        states = ("h", "c")[: len(self.given) - 1]
        weights = (f"d{name}" for name, _ in self.layer.named_parameters())
        return ["outputs", *states, "dx", *(f"d{s}0" for s in states), *weights]


def grid(count: int) -> list[Sizes]:
    """Random sizes, the same ones every time.

    Not one input, nor a handful of units: so narrow a matrix BLAS multiplies by dot products in
    many partial sums, and errs less than it does anywhere else.
    """
    draw = random.Random(5)
    hidden, steps = (16, 33, 64, 100, 128), (1, 2, 10, 30, 60, 100)
    return [
        Sizes(draw.randint(2, 40), draw.choice(hidden), draw.randint(1, 24), draw.choice(steps))
        for _ in range(count)
    ]


def call(kind: str, sizes: Sizes) -> Call:
    """A layer and random numbers for it; the states are such as an earlier sequence leaves."""
    name, _, nonlinearity = kind.partition("_")
    settings = {"nonlinearity": nonlinearity.lower()} if nonlinearity else {}
    layer: nn.RNNBase = getattr(nn, name)(sizes.inputs, sizes.hidden, **settings)
    x, earlier = (torch.randn(sizes.steps, sizes.batch, sizes.inputs) for _ in range(2))
    with torch.no_grad():
        outputs, last = layer(earlier)
    states = last if kind == "LSTM" else (last,)
    return Call(layer, (x, *states), tuple(torch.randn_like(t) for t in (outputs, *states)))


def everything(run: Callable[..., Any], one: Call, dtype: torch.dtype) -> list[Tensor]:
    """Results, then the gradients of inputs, first states and weights, in the order of names."""
    x, *state = (tensor.to(dtype).requires_grad_() for tensor in one.given)
    lstm = len(state) == 2
    outputs, last = run(x, tuple(state) if lstm else state[0])
    results = [outputs, *(last if lstm else [last])]
    leaves = [x, *state, *one.layer.parameters()]
    return [*results, *torch.autograd.grad(results, leaves, [s.to(dtype) for s in one.slopes])]


def errors(kind: str, sizes: Sizes, seed: int) -> dict[str, Errors]:
    """Against float64: torch's errors, and those of the native engine on each instruction set."""
    assert _native.kernels is not None, _native.reason
    torch.manual_seed(seed)
    one = call(kind, sizes)
    found = {"torch": everything(one.layer, one, torch.float32)}
    before = _native.kernels.isa()
    for isa in _native.kernels.supported_isas():
        assert _native.kernels.choose_isa(isa)
        found[isa] = everything(lambda x, s: native.forward(one.layer, x, s), one, torch.float32)
    _native.kernels.choose_isa(before)
    truth = everything(one.layer.double(), one, torch.float64)  # its weights change in place: last
    return {
        side: {
            name: ((tensor - exact).abs().max() / exact.abs().max()).item()
            for name, tensor, exact in zip(one.names, tensors, truth, strict=True)
        }
        for side, tensors in found.items()
    }


@pytest.mark.parametrize("sizes", grid(8), ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_error_is_at_most_twice_torchs(kind: str, sizes: Sizes) -> None:
    draws = [errors(kind, sizes, seed) for seed in range(SEEDS)]
    worse = []
    for isa in draws[0].keys() - {"torch"}:
        for name in draws[0][isa]:
            ours, theirs = (
                statistics.median(draw[side][name] for draw in draws) for side in (isa, "torch")
            )
            if not ours <= BOUND * max(theirs, HALF_ULP):
                worse.append(f"{isa} {name}: {ours:.1e}, torch {theirs:.1e}")
    assert not worse, "; ".join(sorted(worse))
