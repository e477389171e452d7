"""What the law suite runs over: every cell on every engine in every number type it takes."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from unrolled.layers import LSTM, explain
from unrolled.layers.catalogue import CATALOGUE, state_shapes
from unrolled.layers.recurrent import LAYERS

KINDS: dict[str, Callable[..., nn.RNNBase]] = {
    mode.lower(): LAYERS[row.name] for row in CATALOGUE for mode in row.cell.modes
}
THEIRS: dict[type, type] = {LAYERS[row.name]: row.torch_layer for row in CATALOGUE}
DTYPES = {
    "reference": ("float32", "float64"),
    "torch": ("float32", "float64"),
    "native": ("float32",),
}
TOLERANCE: dict[torch.dtype, dict[str, Any]] = {
    torch.float32: {"rtol": 1e-5, "atol": 2e-6},
    torch.float64: {"rtol": 1e-11, "atol": 1e-12},
}


@dataclass(frozen=True)
class Case:
    """One cell on one engine in one number type, in one arrangement of layers."""

    cell: str
    engine: str
    dtype_name: str
    layers: int = 1
    bidirectional: bool = False

    def __str__(self) -> str:
        both = "-bidirectional" if self.bidirectional else ""
        return f"{self.cell}-{self.engine}-{self.dtype_name}-{self.layers}layers{both}"

    @property
    def dtype(self) -> torch.dtype:
        return torch.float32 if self.dtype_name == "float32" else torch.float64

    def layer(self, inputs: int = 3, hidden: int = 5, **settings: Any) -> nn.RNNBase:
        """A layer with its own random weights; torch's random state is left at a known place."""
        torch.manual_seed(7)
        if self.cell == "rnn_relu":
            settings["nonlinearity"] = "relu"
        return KINDS[self.cell](
            inputs,
            hidden,
            num_layers=self.layers,
            bidirectional=self.bidirectional,
            dtype=self.dtype,
            engine=self.engine,
            **settings,
        )

    def close(self, ours: Any, theirs: Any) -> None:
        """Assert that two results (tensors, tuples, packed sequences) agree to rounding."""
        torch.testing.assert_close(flat(ours), flat(theirs), **TOLERANCE[self.dtype])


def cases(*, bidirectional: bool, engines: tuple[str, ...] = tuple(DTYPES)) -> list[Case]:
    """Every cell x engine x dtype, with one layer and two; both directions too where they may."""
    shapes = [(1, False), (2, False)] + ([(2, True)] if bidirectional else [])
    return [
        Case(cell, engine, dtype, layers, both)
        for cell in KINDS
        for engine in engines
        for dtype in DTYPES[engine]
        for layers, both in shapes
    ]


def require(engine: str) -> None:
    """Skip by name where the native engine is not built; where it is demanded, fail instead."""
    if engine != "native":
        return
    choice = explain(LSTM(3, 5, engine="native"))
    if choice.engine is not None:
        return
    if os.environ.get("UNROLLED_REQUIRE_NATIVE") == "1" or os.environ.get("UNROLLED_ISA"):
        pytest.fail(f"the native engine is demanded and does not run: {choice.reason}")
    pytest.skip(f"needs the native engine: {choice.reason}")


def flat(result: Any) -> list[Tensor]:
    """The tensors of a result, in order."""
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, PackedSequence):
        return [result.data, result.batch_sizes]
    return [tensor for part in result if part is not None for tensor in flat(part)]


def torch_twin(layer: nn.RNNBase) -> nn.RNNBase:
    """torch's own layer with copies of the same weights and settings."""
    names = ["input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout"]
    settings = {name: getattr(layer, name) for name in [*names, "bidirectional"]}
    if layer.mode.startswith("RNN"):
        settings["nonlinearity"] = layer.mode.removeprefix("RNN_").lower()
    if layer.proj_size:
        settings["proj_size"] = layer.proj_size
    twin: nn.RNNBase = THEIRS[type(layer)](**settings, dtype=first_weight(layer).dtype)
    twin.load_state_dict(layer.state_dict())
    return twin.train(layer.training)


def first_weight(layer: nn.RNNBase) -> Tensor:
    """The weights of the first layer's inputs."""
    return layer.get_parameter("weight_ih_l0")


def random_state(layer: nn.RNNBase, *batch: int) -> Any:
    """A state of random numbers, as the layer takes it: one tensor, or a tuple of them."""
    dtype = first_weight(layer).dtype
    return as_state([torch.randn(shape, dtype=dtype) for shape in state_shapes(layer, batch)])


def as_state(parts: Sequence[Tensor]) -> Any:
    """Tensors of a state as torch's layers take them: one alone, or a tuple."""
    return parts[0] if len(parts) == 1 else tuple(parts)


def results_and_gradients(layer: nn.RNNBase, inputs: Any, state: Any) -> list[Tensor]:
    """Everything a layer computes: results, then the gradients to inputs, state and weights."""
    packed = isinstance(inputs, PackedSequence)
    parts = [inputs.data if packed else inputs, *([] if state is None else flat(state))]
    leaves = [part.detach().requires_grad_() for part in parts]
    inputs = inputs._replace(data=leaves[0]) if packed else leaves[0]
    if state is not None:
        state = as_state(leaves[1:])
    results = [t for t in flat(layer(inputs, state)) if t.is_floating_point()]
    # Each result counts with weights of its own, so that none can stand for another.
    waves = [
        torch.linspace(0, 9 + i, t.numel()).cos().to(t).view_as(t) for i, t in enumerate(results)
    ]
    total = torch.stack([(t * wave).sum() for t, wave in zip(results, waves, strict=True)]).sum()
    return [*results, *torch.autograd.grad(total, [*leaves, *layer.parameters()])]
