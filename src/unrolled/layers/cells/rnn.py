"""The simple recurrent network: a new hidden state at every step."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from unrolled.errors import SettingsError
from unrolled.layers.cells.cell import CellWeights, Width


class RNNCell(CellWeights[Tensor]):
    """One step of the simple recurrent network, h' = tanh(W x + b + U h + b').

    `nonlinearity="relu"` puts max(0, ·) in the place of tanh. Takes the weights of
    torch.nn.RNNCell as they are: `cell.load_state_dict(torch.nn.RNNCell(3, 4).state_dict())`.

    Shapes: inputs (B, D), state (B, H) -> outputs (B, H), state (B, H): the same tensor.

    >>> cell = RNNCell(3, 4)
    >>> outputs, state = cell(torch.zeros(2, 3), cell.initial_state(2))
    >>> outputs.shape
    torch.Size([2, 4])

    Errors: SettingsError for a size or nonlinearity out of range, DataError for a wrong shape.
    Source: Elman, Finding structure in time, Cognitive Science 14 (1990).
    """

    modes = ("RNN_TANH", "RNN_RELU")
    gates = ("h",)
    state: ClassVar[Mapping[str, Width]] = {"h": "projected"}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if nonlinearity not in ("tanh", "relu"):
            raise SettingsError(f"RNNCell: nonlinearity is tanh or relu, got {nonlinearity!r}")
        self.nonlinearity = nonlinearity
        like = torch.empty(0, device=device, dtype=dtype)
        self._make((input_size, hidden_size, 0), bias, like)

    def _copy_settings(self, layer: nn.RNNBase) -> None:
        self.nonlinearity = "relu" if layer.mode == "RNN_RELU" else "tanh"

    def forward(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        from_inputs, from_state = self._products(inputs, state)
        activation = torch.tanh if self.nonlinearity == "tanh" else torch.relu
        hidden = activation(from_inputs + from_state)
        return hidden, hidden
