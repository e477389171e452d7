"""Which engine runs a layer, and why.

| engine | what it is | what it takes |
|---|---|---|
| `native` | the C++ kernels of this package | float32 on a CPU; see `unrolled.layers.native` |
| `torch` | torch's own layer | everything |
| `reference` | the cells in a Python loop, to be read | everything but autocast |
| `auto` | `native` where it takes the work, else `torch` | everything |

An engine asked for by name never silently becomes another: it runs, or EngineError says why not.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, cast, get_args

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from unrolled.errors import EngineError, SettingsError
from unrolled.layers import native, reference
from unrolled.layers.catalogue import of_mode, state_shapes

EngineName = Literal["auto", "native", "torch", "reference"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)


@dataclass(frozen=True)
class Choice:
    """The engine that runs a layer and the reason in words; `engine` is None where none does."""

    engine: Literal["native", "torch", "reference"] | None
    reason: str

    def __str__(self) -> str:
        return f"{self.engine or 'no engine'}: {self.reason}"


NAMED_TORCH = Choice("torch", "asked for by name")
NAMED_REFERENCE = Choice("reference", "asked for by name")
NAMED_NATIVE = Choice("native", "asked for by name")
FREE_NATIVE = Choice("native", "the native engine takes this layer and these inputs")
MISFIT = Choice("torch", "the inputs do not fit the layer, and torch says why")
NOT_OURS = Choice("torch", "this is torch's own layer; unrolled.accelerate(model) makes it ours")


def named(engine: str) -> EngineName:
    """Return the name if there is such an engine, else raise SettingsError with the nearest."""
    for name in ENGINES:
        if engine == name:
            return name
    near = get_close_matches(str(engine), ENGINES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise SettingsError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}{hint}")


def explain(
    layer: nn.RNNBase, inputs: Tensor | PackedSequence | None = None, state: Any = None
) -> Choice:
    """Say which engine would run the layer on these inputs, and why; nothing is run.

    Without `inputs` the answer is for one row of one time step on the layer's device.

    >>> from unrolled.layers import GRU, explain
    >>> print(explain(GRU(3, 4, engine="torch")))
    torch: asked for by name
    """
    if inputs is None:
        inputs = _weight(layer).new_zeros(1, 1, layer.input_size)
    asked: EngineName | None = getattr(layer, "engine", None)
    if asked is None:
        return NOT_OURS
    if asked == "torch":
        return NAMED_TORCH
    if asked == "reference":
        if torch.is_autocast_enabled(_data(inputs).device.type):
            return Choice(None, "the reference engine does not run under autocast")
        return NAMED_REFERENCE if fits(layer, inputs, state) else MISFIT
    refusal = native.refusal(layer, inputs, state)
    if refusal is None:
        return NAMED_NATIVE if asked == "native" else FREE_NATIVE
    if asked == "auto":
        return Choice("torch", refusal)
    return Choice(None, refusal) if fits(layer, inputs, state) else MISFIT


def run(layer: nn.RNNBase, inputs: Tensor | PackedSequence, state: Any) -> Any:
    """Run the layer on the engine that `explain` names, and return what torch returns.

    Errors: EngineError when the engine asked for by name cannot do it; torch's own errors when
    the inputs do not fit the layer.
    """
    choice = explain(layer, inputs, state)
    if choice.engine == "native":
        return native.forward(layer, inputs, state)
    if choice.engine == "reference":
        return reference.forward(layer, inputs, state)
    kind = type(layer).__name__
    if choice.engine is None:
        raise EngineError(f"{kind}: engine {layer.engine!r} cannot run this: {choice.reason}")
    outputs = of_mode(layer.mode).torch_layer.forward(layer, inputs, state)
    if choice is MISFIT:
        raise EngineError(
            f"{kind}: torch takes these inputs, but engine {layer.engine!r} does not know them"
        )
    return outputs


def fits(layer: nn.RNNBase, inputs: Tensor | PackedSequence, state: Any = None) -> bool:
    """Whether inputs and state have the shapes, number type and device the layer asks for.

    Where they do not, torch's forward is the one to say so: every such error is torch's own.
    """
    data, weight = _data(inputs), _weight(layer)
    rank = 2 if isinstance(inputs, PackedSequence) else data.dim()
    parts, shapes = _parts(state), state_shapes(layer, _batch(layer, inputs))
    return (
        data.dim() == rank
        and rank in (2, 3)
        and data.shape[-1] == layer.input_size
        and _steps(layer, inputs) > 0
        and (state is None or [part.shape for part in parts] == shapes)
        and all((t.dtype, t.device) == (weight.dtype, weight.device) for t in (data, *parts))
    )


def _weight(layer: nn.RNNBase) -> Tensor:
    return cast(Tensor, layer.weight_ih_l0)


def _data(inputs: Tensor | PackedSequence) -> Tensor:
    return inputs.data if isinstance(inputs, PackedSequence) else inputs


def _parts(state: Any) -> tuple[Tensor, ...]:
    if state is None:
        return ()
    return (state,) if isinstance(state, Tensor) else tuple(state)


def _steps(layer: nn.RNNBase, inputs: Tensor | PackedSequence) -> int:
    if isinstance(inputs, PackedSequence):
        return len(inputs.batch_sizes)
    return inputs.shape[1 if layer.batch_first and inputs.dim() == 3 else 0]


def _batch(layer: nn.RNNBase, inputs: Tensor | PackedSequence) -> tuple[int, ...]:
    """(B,), or () for a single row."""
    if isinstance(inputs, PackedSequence):
        return (int(inputs.batch_sizes[0]),)
    return (inputs.shape[0 if layer.batch_first else 1],) if inputs.dim() == 3 else ()
