"""The long short-term memory: a hidden state, a memory and four gates."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from unrolled.layers.cells.cell import CellWeights, Width


class LSTMCell(CellWeights[tuple[Tensor, Tensor]]):
    """One step of the long short-term memory: a hidden state h and a memory c, and four gates.

        i = σ(W_i x + b_i + U_i h + b'_i)      input gate: how much of the new goes in
        f = σ(W_f x + b_f + U_f h + b'_f)      forget gate: how much of the old stays
        g = tanh(W_g x + b_g + U_g h + b'_g)   what is new
        o = σ(W_o x + b_o + U_o h + b'_o)      output gate: how much of the memory is said
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    c' is a sum, not a product: that is why an LSTM remembers for long. With `proj_size` = P > 0 a
    matrix R = weight_hr (P, H) makes the hidden state smaller: h' = R (o ⊙ tanh(c')).
    Takes the weights of torch.nn.LSTMCell as they are.

    Shapes: inputs (B, D), state (h (B, P), c (B, H)) -> outputs (B, P), state (h', c').

    >>> cell = LSTMCell(3, 4)
    >>> outputs, (hidden, memory) = cell(torch.zeros(2, 3), cell.initial_state(2))
    >>> outputs is hidden, memory.shape
    (True, torch.Size([2, 4]))

    Errors: SettingsError for a size out of range, DataError for a wrong shape.
    Source: Hochreiter and Schmidhuber, Long short-term memory, Neural Computation 9 (1997), with
    the forget gate of Gers, Schmidhuber and Cummins (2000); projection: Sak, Senior and Beaufays,
    arXiv:1402.1128, without peepholes.
    """

    modes = ("LSTM",)
    gates = ("i", "f", "g", "o")
    state: ClassVar[Mapping[str, Width]] = {"h": "projected", "c": "hidden"}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        proj_size: int = 0,
    ) -> None:
        super().__init__()
        like = torch.empty(0, device=device, dtype=dtype)
        self._make((input_size, hidden_size, proj_size), bias, like)

    def forward(
        self, inputs: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        hidden, memory = state
        from_inputs, from_state = self._products(inputs, hidden)
        i, f, g, o = (from_inputs + from_state).chunk(4, dim=-1)
        memory = f.sigmoid() * memory + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * memory.tanh()
        if self.weight_hr is not None:
            hidden = functional.linear(hidden, self.weight_hr)
        return hidden, (hidden, memory)
