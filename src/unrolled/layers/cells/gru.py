"""The gated recurrent unit: the new hidden state is a mix of the old one and a candidate."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from unrolled.layers.cells.cell import CellWeights, Width


class GRUCell(CellWeights[Tensor]):
    """One step of the gated recurrent unit: the new state is a mix of the old and a candidate.

        r = σ(W_r x + b_r + U_r h + b'_r)            reset gate
        z = σ(W_z x + b_z + U_z h + b'_z)            update gate: how much of the old stays
        n = tanh(W_n x + b_n + r ⊙ (U_n h + b'_n))   the candidate
        h' = (1 - z) ⊙ n + z ⊙ h

    As torch has it, r acts after the product U_n h; in the paper it acts on h before.
    Takes the weights of torch.nn.GRUCell as they are.

    Shapes: inputs (B, D), state (B, H) -> outputs (B, H), state (B, H): the same tensor.

    >>> cell = GRUCell(3, 4)
    >>> outputs, state = cell(torch.zeros(2, 3), cell.initial_state(2))
    >>> outputs.shape
    torch.Size([2, 4])

    Errors: SettingsError for a size out of range, DataError for a wrong shape.
    Source: Cho and others, Learning phrase representations using RNN encoder-decoder (2014),
    arXiv:1406.1078.
    """

    modes = ("GRU",)
    gates = ("r", "z", "n")
    state: ClassVar[Mapping[str, Width]] = {"h": "projected"}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        like = torch.empty(0, device=device, dtype=dtype)
        self._make((input_size, hidden_size, 0), bias, like)

    def forward(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        from_inputs, from_state = self._products(inputs, state)
        r, z, n = from_inputs.chunk(3, dim=-1)
        r_state, z_state, n_state = from_state.chunk(3, dim=-1)
        reset = torch.sigmoid(r + r_state)
        update = torch.sigmoid(z + z_state)
        candidate = torch.tanh(n + reset * n_state)
        hidden = (1 - update) * candidate + update * state
        return hidden, hidden
