"""Why the native engine does not take a call, in words."""

import operator
from functools import lru_cache
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.utils.rnn import PackedSequence
from torch.utils._device import DeviceContext

from unrolled.layers import extension as _native
from unrolled.layers.catalogue import CATALOGUE, of_mode, state_shapes

KERNELS = {mode: name for row in CATALOGUE for mode, name in row.kernels.items()}
_PLAIN = (Tensor, nn.Parameter)

# mode, inputs, hidden, layers, directions, bias, batch_first
Kind = tuple[str, int, int, int, int, bool, bool]


class KernelJob(NamedTuple):
    """What a call of the kernels needs beside tensors."""

    kind: Kind
    sizes: Tensor | None  # of a PackedSequence's steps
    shape: Any  # _kernels.Shape
    steps: Any  # _kernels.Steps
    parts: int  # tensors of the state
    output: tuple[int, ...]  # shape of the outputs, as the caller sees them
    strides: tuple[int, ...]  # and theirs, with (T, B, ·) in memory
    input_strides: tuple[int, ...]  # likewise of the inputs' gradient
    state: tuple[int, ...]  # shape of each of them
    state_strides: tuple[int, ...]


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


def step_refusal(cell: nn.RNNCellBase, inputs: Any, state: Any = None) -> str | None:
    """Why the native engine does not take one step of torch's cell; None when it does."""
    if torch.compiler.is_compiling():
        return "torch.compile and torch.export trace torch's own operators"
    if _native.kernels is None:
        return f"the native engine is not there: {_native.reason}"
    refused = _refused_context()
    if refused or shape_of(step_kind(cell)).takes_step(step_weights(cell), inputs, state):
        return refused
    return "it takes a step of float32 on the CPU: inputs (B, D), each of a state (B, H), B > 0"


def step_kind(cell: nn.RNNCellBase) -> Kind:
    """What all calls of a cell have in common: those of a layer of one time step."""
    mode = "LSTM" if isinstance(cell, nn.LSTMCell) else "GRU"
    if isinstance(cell, nn.RNNCell):
        mode = f"RNN_{cell.nonlinearity.upper()}"
    return mode, cell.input_size, cell.hidden_size, 1, 1, cell.bias, False


def step_weights(cell: nn.RNNCellBase) -> list[Tensor]:
    """A cell's weights in torch's order."""
    weights = [cell.weight_ih, cell.weight_hh]
    return [*weights, cell.bias_ih, cell.bias_hh] if cell.bias else weights


@lru_cache(maxsize=256)
def shape_of(kind: Kind) -> Any:
    """The kernels' name for it, a _kernels.Shape."""
    assert _native.kernels is not None
    mode, *sizes = kind
    return _native.kernels.Shape(KERNELS[mode], *sizes)


def _taken(layer: nn.RNNBase, inputs: Any, state: Any) -> bool:
    """A quick yes to most calls: half the time that it takes to look for the words of a no."""
    if layer.proj_size or layer.mode not in KERNELS or type(inputs) is not Tensor:
        return False
    weights = _weights(layer)
    return cast(bool, shape_of(kind_of(layer)).takes(weights, inputs, state))


def _refused_context() -> str | None:
    looking = watched()
    if looking:
        return f"{looking} needs torch's own operators"
    if torch._C._len_torch_function_stack() and not _only_devices():
        return "a TorchFunctionMode is active, and sees torch's own operators only"
    if forward_ad._current_level >= 0:
        return "forward-mode derivatives need torch's own operators"
    if torch._C._get_tracing_state() is not None:
        return "torch.jit.trace records torch's own operators"
    if torch.is_autocast_enabled("cpu"):
        return "autocast is on, and the native engine computes in float32 only"
    return None


def watched() -> str | None:
    """Who must see every operator that runs, and would see nothing of the kernels; None: nobody.

    A mode counts operators or FLOPs, records them, or runs them on tensors without numbers.
    """
    if torch._C._functorch.peek_interpreter_stack() is not None:
        return "a torch.func transform (vmap, grad, ...)"
    if torch._C._len_torch_dispatch_stack():
        return "a TorchDispatchMode (make_fx, FakeTensorMode, a FLOP counter, ...)"
    return None


def _only_devices() -> bool:
    """Whether every TorchFunctionMode is a default device, which changes nothing here."""
    stack = torch.overrides._get_current_function_mode_stack()
    return all(type(mode) is DeviceContext for mode in stack)


def _refused_layer(layer: nn.RNNBase) -> str | None:
    if layer.proj_size:
        return "proj_size is not supported"
    if layer.mode not in KERNELS:
        return f"the native engine has no kernel for the mode {layer.mode}"
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
    gates = len(of_mode(layer.mode).gates)
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
        refused = _refused_sizes(inputs.batch_sizes, data.shape[0])
        if refused:
            return refused
        batch, steps = int(inputs.batch_sizes[0]), len(inputs.batch_sizes)
    else:
        batch = data.shape[batch_axis] if batched else 1
        steps = data.shape[1 - batch_axis] if batched else data.shape[0]
    if steps == 0:
        return "there is no time step"
    if state is None:
        return None
    return _refused_state(layer, state, (batch,) if batched else ())


def _refused_sizes(sizes: Any, rows: int) -> str | None:
    """The extension says what is wrong with batch_sizes alone."""
    assert _native.kernels is not None
    try:
        found = _native.kernels.Steps(sizes).rows
    except ValueError as error:
        return str(error)
    if found != rows:
        return f"batch_sizes speak of {found} rows, and there are {rows}"
    return None


def _refused_state(layer: nn.RNNBase, state: Any, batch: tuple[int, ...]) -> str | None:
    names, several = ", ".join(of_mode(layer.mode).state), isinstance(state, tuple | list)
    shapes = state_shapes(layer, batch)
    parts = state if several else (state,)
    if several != (len(shapes) > 1) or len(parts) != len(shapes):
        return f"the state must be {f'({names})' if len(shapes) > 1 else f'one tensor, {names}'}"
    for tensor, expected in zip(parts, shapes, strict=True):
        refused = _refused_tensor(tensor, "the state is")
        if refused:
            return refused
        if tuple(tensor.shape) != expected:
            return f"a state of shape {tuple(tensor.shape)} is not the expected {expected}"
    return None
