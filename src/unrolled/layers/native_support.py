"""Why the native engine does not take a call, in words."""

import operator
from functools import lru_cache
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.utils.rnn import PackedSequence

from unrolled.layers import extension as _native

KINDS = {"RNN_TANH": 0, "RNN_RELU": 1, "GRU": 2, "LSTM": 3}
_PLAIN = (Tensor, nn.Parameter)

# mode, inputs, hidden, layers, directions, bias, batch_first
Kind = tuple[str, int, int, int, int, bool, bool]


def refusal(layer: nn.RNNBase, inputs: Any, state: Any = None) -> str | None:
    """Why the native engine does not take this call, in words; None when it does.

    >>> refusal(nn.GRU(3, 4).double(), torch.zeros(5, 2, 3).double())
    'the native engine takes float32, and a weight is float64'
    """
    if torch.compiler.is_compiling():
        return "torch.compile and torch.export trace torch's own operators"
    if _native.kernels is None:
        return f"the native engine is not there: {_native.reason}"
    refused = _refused_context()
    if refused or _taken(layer, inputs, state):
        return refused
    return _refused_layer(layer) or _refused_inputs(layer, inputs, state)


def kind_of(layer: nn.RNNBase) -> Kind:
    """What all calls of a layer have in common."""
    directions = 2 if layer.bidirectional else 1
    return (
        layer.mode,
        layer.input_size,
        layer.hidden_size,
        layer.num_layers,
        directions,
        layer.bias,
        layer.batch_first,
    )


@lru_cache(maxsize=256)
def shape_of(kind: Kind) -> Any:
    """The kernels' name for it, a _kernels.Shape."""
    assert _native.kernels is not None
    mode, *sizes = kind
    return _native.kernels.Shape(KINDS[mode], *sizes)


def _taken(layer: nn.RNNBase, inputs: Any, state: Any) -> bool:
    """A quick yes to most calls: half the time that it takes to look for the words of a no."""
    if layer.proj_size or layer.mode not in KINDS or type(inputs) is not Tensor:
        return False
    weights = _weights(layer)
    return cast(bool, shape_of(kind_of(layer)).takes(weights, inputs, state))


def _refused_context() -> str | None:
    if torch._C._functorch.peek_interpreter_stack() is not None:
        return "a torch.func transform (vmap, grad, ...) needs torch's own operators"
    if forward_ad._current_level >= 0:
        return "forward-mode derivatives need torch's own operators"
    if torch._C._get_tracing_state() is not None:
        return "torch.jit.trace records torch's own operators"
    if torch.is_autocast_enabled("cpu"):
        return "autocast is on, and the native engine computes in float32 only"
    return None


def _refused_layer(layer: nn.RNNBase) -> str | None:
    if layer.proj_size:
        return "proj_size is not supported"
    if layer.mode not in KINDS:
        return f"the mode {layer.mode} is not known"
    for weight, shape in zip(_weights(layer), _weight_shapes(*_sizes(layer)), strict=True):
        refused = _refused_tensor(weight, "a weight is")
        if refused:
            return refused
        if weight.shape != shape:
            return f"a weight of shape {tuple(weight.shape)} is not the expected {shape}"
    return None


def _weights(layer: nn.RNNBase) -> list[Tensor]:
    """The layer's weights in torch's order, brought up to date as torch's forward does it.

    torch's own way to see whether one was exchanged takes as long as the rest of the checks.
    """
    held = map(layer._parameters.get, layer._flat_weights_names)
    if not all(map(operator.is_, held, layer._flat_weights)):
        layer._update_flat_weights()
    return cast(list[Tensor], layer._flat_weights)


def _sizes(layer: nn.RNNBase) -> tuple[int, int, int, int, int, bool]:
    gates = {"LSTM": 4, "GRU": 3}.get(layer.mode, 1)
    directions = 2 if layer.bidirectional else 1
    return layer.input_size, layer.hidden_size, gates, layer.num_layers, directions, layer.bias


@lru_cache(maxsize=256)
def _weight_shapes(
    inputs: int, hidden: int, gates: int, layers: int, directions: int, bias: bool
) -> tuple[tuple[int, ...], ...]:
    """The shapes of all weights in torch's order: the kernels read as far as these say."""
    shapes: list[tuple[int, ...]] = []
    for layer in range(layers):
        width = inputs if layer == 0 else hidden * directions
        one = [(gates * hidden, width), (gates * hidden, hidden)]
        shapes += (one + [(gates * hidden,)] * (2 if bias else 0)) * directions
    return tuple(shapes)


def _refused_tensor(tensor: Any, what: str) -> str | None:
    if type(tensor) not in _PLAIN:
        return f"the native engine takes plain tensors, and {what} {type(tensor).__name__}"
    if tensor.dtype is not torch.float32:
        name = str(tensor.dtype).removeprefix("torch.")
        return f"the native engine takes float32, and {what} {name}"
    if not tensor.is_cpu:
        return f"the native engine runs on the CPU, and {what} on {tensor.device.type}"
    if tensor.layout is not torch.strided:
        return f"the native engine takes dense tensors, and {what} {tensor.layout}"
    if tensor.numel() and not tensor.data_ptr():
        return f"the native engine reads memory, and {what} without any"
    return None


def _refused_inputs(layer: nn.RNNBase, inputs: Any, state: Any) -> str | None:
    packed = isinstance(inputs, PackedSequence)
    data = inputs.data if packed else inputs
    refused = _refused_tensor(data, "the inputs are")
    if refused:
        return refused
    if (data.dim() != 2 and (packed or data.dim() != 3)) or data.shape[-1] != layer.input_size:
        return f"inputs of shape {tuple(data.shape)} do not fit the layer"
    batch_axis = 0 if layer.batch_first else 1
    batched = packed or data.dim() == 3
    if packed:
        batch = int(inputs.batch_sizes[0]) if len(inputs.batch_sizes) else 0
        steps = len(inputs.batch_sizes)
    else:
        batch = data.shape[batch_axis] if batched else 1
        steps = data.shape[1 - batch_axis] if batched else data.shape[0]
    if steps == 0:
        return "there is no time step"
    if state is None:
        return None
    return _refused_state(layer, state, (batch,) if batched else ())


def _refused_state(layer: nn.RNNBase, state: Any, batch: tuple[int, ...]) -> str | None:
    lstm = layer.mode == "LSTM"
    if lstm != isinstance(state, tuple | list) or (lstm and len(state) != 2):
        return "the state must be (h, c) for an LSTM and one tensor for the others"
    directions = 2 if layer.bidirectional else 1
    expected = (layer.num_layers * directions, *batch, layer.hidden_size)
    for tensor in state if lstm else (state,):
        refused = _refused_tensor(tensor, "the state is")
        if refused:
            return refused
        if tuple(tensor.shape) != expected:
            return f"a state of shape {tuple(tensor.shape)} is not the expected {expected}"
    return None
