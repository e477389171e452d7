"""What a cell is: the protocol that the loops ask for, and the weights that torch's cells share.

A cell takes the inputs of one time step and a state, and returns the outputs and the next state:
`(inputs, state) -> (outputs, state)`. Each cell has a file here, named after it and written as its
equations are; everything else in `layers/` is a loop around one.

Letters: B batch, D input features, H hidden, P projected hidden (H when there is no projection).
In the equations σ is the logistic function, ⊙ multiplies element by element, and each matrix
stands in the rows of `weight_ih` (W) or `weight_hh` (U) in the order the gates are named.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar, cast

from torch import Tensor, nn
from torch.nn import functional

from unrolled.errors import DataError, SettingsError

S = TypeVar("S")
Width = Literal["hidden", "projected"]


class CellCall(Protocol[S]):
    """A call of a cell; `S` is the type of its state, a value in and a value out."""

    def __call__(self, inputs: Tensor, state: S) -> tuple[Tensor, S]:
        """One time step: inputs (B, D) and a state give outputs (B, H) and the next state."""


class Cell(CellCall[S], Protocol[S]):
    """One step of a recurrent network, and the state before the first."""

    def initial_state(self, batch: int) -> S:
        """The state before the first step, for B = `batch` rows: zeros."""


def each_part(function: Callable[..., Tensor], *states: Any) -> Any:
    """Apply `function` to a state that is one tensor, or to each tensor of a state that is a tuple.

    >>> each_part(lambda part: part.shape, (torch.zeros(2, 3), torch.zeros(2, 4)))
    (torch.Size([2, 3]), torch.Size([2, 4]))
    """
    if isinstance(states[0], Tensor):
        return function(*states)
    return tuple(function(*parts) for parts in zip(*states, strict=True))


class CellWeights(nn.Module, Generic[S]):
    """What all cells have: weights under torch's names, the first state, the products of a step.

    weight_ih (G·H, D), weight_hh (G·H, P), bias_ih and bias_hh (G·H), weight_hr (P, H), where G is
    the number of gates. A weight that is not there (no bias, no projection) is None.

    A cell declares `modes`: the `mode` of the layers made of it; `gates`: their names, in the order
    they stand in the weights; `state`: its tensors by name, each as wide as the hidden or as the
    projected size, first the one that the products read. `layers/catalogue.py` hands these on.
    """

    modes: ClassVar[tuple[str, ...]]
    gates: ClassVar[tuple[str, ...]]
    state: ClassVar[Mapping[str, Width]]
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None
    weight_hr: Tensor | None
    __call__: CellCall[S]  # torch types it as Any

    def _make(self, sizes: tuple[int, int, int], bias: bool, like: Tensor) -> None:
        """Take new weights for the sizes D, H and P (0: no projection), drawn as torch does."""
        inputs, hidden, projected = sizes
        if not (inputs > 0 and hidden > 0 and 0 <= projected < hidden):
            raise SettingsError(
                f"{type(self).__name__}: expected input_size > 0, hidden_size > 0 and "
                f"0 <= proj_size < hidden_size, got {inputs}, {hidden} and {projected}"
            )
        rows, state = len(self.gates) * hidden, projected or hidden
        self._hold(
            weight_ih=nn.Parameter(like.new_empty(rows, inputs)),
            weight_hh=nn.Parameter(like.new_empty(rows, state)),
            bias_ih=nn.Parameter(like.new_empty(rows)) if bias else None,
            bias_hh=nn.Parameter(like.new_empty(rows)) if bias else None,
            weight_hr=nn.Parameter(like.new_empty(state, hidden)) if projected else None,
        )
        self.reset_parameters()

    def _hold(self, **weights: Tensor | None) -> None:
        """Keep weights by name; one that is no Parameter (it is computed elsewhere) stays so."""
        for name, weight in weights.items():
            if weight is None:
                self.register_parameter(name, None)
            else:
                setattr(self, name, weight)
        self.input_size = self.weight_ih.shape[1]
        self.hidden_size = self.weight_ih.shape[0] // len(self.gates)

    @classmethod
    def from_layer(cls, layer: nn.RNNBase, index: int = 0, reverse: bool = False) -> Self:
        """Take the cell out of one layer and one direction of a torch.nn.RNN, LSTM or GRU.

        The weights are shared, not copied: what trains one trains the other.
        `index` counts the layers from 0; `reverse` picks the direction that reads backwards.

        >>> from unrolled.layers import LSTMCell
        >>> layer = nn.LSTM(3, 4, num_layers=2)
        >>> LSTMCell.from_layer(layer, index=1)
        LSTMCell(4, 4)

        Errors: SettingsError when the layer is of another kind, or has no such layer or direction.
        """
        suffix = f"_l{index}{'_reverse' if reverse else ''}"
        if layer.mode not in cls.modes:
            raise SettingsError(
                f"{cls.__name__}.from_layer: expected a layer of mode {' or '.join(cls.modes)}, "
                f"got one of mode {layer.mode}"
            )
        if not hasattr(layer, f"weight_ih{suffix}"):
            raise SettingsError(
                f"{cls.__name__}.from_layer: expected index < {layer.num_layers}"
                f"{'' if layer.bidirectional else ' and reverse=False'}, "
                f"got index={index}, reverse={reverse}"
            )
        cell = cls.__new__(cls)
        nn.Module.__init__(cell)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
        cell._hold(**{name: getattr(layer, name + suffix, None) for name in names})
        cell._copy_settings(layer)
        return cell

    def _copy_settings(self, layer: nn.RNNBase) -> None:
        """Take over what the weights do not say."""

    def reset_parameters(self) -> None:
        """Draw every weight from the uniform distribution on ±1/√H, in torch's order."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            nn.init.uniform_(weight, -bound, bound)

    def initial_state(self, batch: int) -> S:
        """Zeros (B, H), or (B, P) where the state is projected; a tuple where it has several."""
        widths = {"hidden": self.hidden_size, "projected": self.weight_hh.shape[1]}
        parts = tuple(self.weight_ih.new_zeros(batch, widths[of]) for of in self.state.values())
        return cast(S, parts[0] if len(parts) == 1 else parts)

    def _products(self, inputs: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """W x + b and U h + b', each (B, G·H)."""
        expected = (*inputs.shape[:-1], self.weight_hh.shape[1])
        if inputs.shape[-1:] != (self.input_size,) or hidden.shape != expected:
            raise DataError(
                f"{type(self).__name__}: expected inputs (B, {self.input_size}) and hidden state "
                f"(B, {self.weight_hh.shape[1]}), got {tuple(inputs.shape)} and "
                f"{tuple(hidden.shape)}"
            )
        return (
            functional.linear(inputs, self.weight_ih, self.bias_ih),
            functional.linear(hidden, self.weight_hh, self.bias_hh),
        )

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + (
            ", bias=False" if self.bias_ih is None else ""
        )
