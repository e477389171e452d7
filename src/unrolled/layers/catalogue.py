"""Every cell once: its name, its class, torch's layer of it, and its kernels.

Whatever must tell cells apart reads it here: the engines, `accelerate`, the networks. Gates and
state are declared by the cell's class, beside its equations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from unrolled.layers.cells import CellWeights, GRUCell, LSTMCell, RNNCell, Width


@dataclass(frozen=True)
class CellRow:
    """One cell: what the rest of the package knows of it.

    name: as in `--cell` and in settings; cell: its class; torch_layer: torch's layer of it;
    kernels: the name that csrc/cells/ has for each mode of a layer; a mode that is not among them
    has no kernel, and the native engine refuses it.
    """

    name: str
    cell: type[CellWeights[Any]]
    torch_layer: type[nn.RNNBase]
    kernels: Mapping[str, str]

    @property
    def gates(self) -> tuple[str, ...]:
        """The names of the gates, in the order they stand in the weights."""
        return self.cell.gates

    @property
    def state(self) -> Mapping[str, Width]:
        """The tensors of the state by name, with the size that each is as wide as."""
        return self.cell.state

    def widths(self, hidden: int, projected: int = 0) -> tuple[int, ...]:
        """The width of each tensor of the state; `projected` is 0 where nothing is projected.

        >>> of_mode("LSTM").widths(hidden=5, projected=2)
        (2, 5)
        """
        sizes = {"hidden": hidden, "projected": projected or hidden}
        return tuple(sizes[of] for of in self.state.values())


CATALOGUE: tuple[CellRow, ...] = (
    CellRow("rnn", RNNCell, nn.RNN, {"RNN_TANH": "rnn_tanh", "RNN_RELU": "rnn_relu"}),
    CellRow("lstm", LSTMCell, nn.LSTM, {"LSTM": "lstm"}),
    CellRow("gru", GRUCell, nn.GRU, {"GRU": "gru"}),
)
BY_MODE: Mapping[str, CellRow] = {mode: row for row in CATALOGUE for mode in row.cell.modes}


def of_mode(mode: str) -> CellRow:
    """The row of a layer, by its `mode` as torch has it.

    >>> of_mode("GRU").gates
    ('r', 'z', 'n')

    Errors: KeyError for a mode that no cell has.
    """
    return BY_MODE[mode]


def state_shapes(layer: nn.RNNBase, batch: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shapes of a layer's state: (L·R, B, H or P) each; `batch` is (B,), or () for one row.

    >>> state_shapes(nn.LSTM(3, 4, num_layers=2, proj_size=1), (5,))
    [(2, 5, 1), (2, 5, 4)]
    """
    cells = layer.num_layers * (2 if layer.bidirectional else 1)
    widths = of_mode(layer.mode).widths(layer.hidden_size, layer.proj_size)
    return [(cells, *batch, width) for width in widths]
