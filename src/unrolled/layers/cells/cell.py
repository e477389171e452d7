"""One step of a recurrent network, written as its equations are.

A cell takes what arrives at one time step and what it remembers, and gives what it says and what
it remembers now: `(inputs, state) -> (outputs, state)`. Everything else in this folder is a loop
around that.

Letters: B batch, D input features, H hidden, P projected hidden (H when there is no projection).
In the equations σ is the logistic function, ⊙ multiplies element by element, and each matrix
stands in the rows of `weight_ih` (W) or `weight_hh` (U) in the order the gates are named.
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar, Protocol, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from unrolled.errors import DataError, SettingsError

S = TypeVar("S")


class Cell(Protocol[S]):
    """One step of a recurrent network; `S` is the type of its state, a value in and a value out."""

    def initial_state(self, batch: int) -> S:
        """The state before the first step, for B = `batch` rows: zeros."""

    def __call__(self, inputs: Tensor, state: S) -> tuple[Tensor, S]:
        """One time step: inputs (B, D) and a state give outputs (B, H) and the next state."""


def each_part(function: Callable[..., Tensor], *states: Any) -> Any:
    """Apply `function` to a state that is one tensor, or to each tensor of a state that is a tuple.

    >>> each_part(lambda part: part.shape, (torch.zeros(2, 3), torch.zeros(2, 4)))
    (torch.Size([2, 3]), torch.Size([2, 4]))
    """
    if isinstance(states[0], Tensor):
        return function(*states)
    return tuple(function(*parts) for parts in zip(*states, strict=True))


class CellWeights(nn.Module):
    """What all cells have: weights under torch's names, and the two products of a step.

    weight_ih (G·H, D), weight_hh (G·H, P), bias_ih and bias_hh (G·H), weight_hr (P, H), where G is
    the number of `gates`. A weight that is not there (no bias, no projection) is None.
    """

    gates: ClassVar[int]
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None
    weight_hr: Tensor | None

    def _make(self, sizes: tuple[int, int, int], bias: bool, like: Tensor) -> None:
        """Take new weights for the sizes D, H and P (0: no projection), drawn as torch does."""
        inputs, hidden, projected = sizes
        if not (inputs > 0 and hidden > 0 and 0 <= projected < hidden):
            raise SettingsError(
                f"{type(self).__name__}: expected input_size > 0, hidden_size > 0 and "
                f"0 <= proj_size < hidden_size, got {inputs}, {hidden} and {projected}"
            )
        rows, state = self.gates * hidden, projected or hidden
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
        self.hidden_size = self.weight_ih.shape[0] // self.gates

    @classmethod
    def from_layer(cls, layer: nn.RNNBase, index: int = 0, reverse: bool = False) -> Self:
        """Take the cell out of one layer and one direction of a torch.nn.RNN, LSTM or GRU.

        The weights are shared, not copied: what trains one trains the other.
        `index` counts the layers from 0; `reverse` picks the direction that reads backwards.

        >>> layer = nn.LSTM(3, 4, num_layers=2)
        >>> LSTMCell.from_layer(layer, index=1)
        LSTMCell(4, 4)

        Errors: SettingsError when the layer is of another kind, or has no such layer or direction.
        """
        suffix = f"_l{index}{'_reverse' if reverse else ''}"
        if layer.mode.split("_")[0] != cls.__name__.removesuffix("Cell"):
            raise SettingsError(f"{cls.__name__}.from_layer: got a layer of mode {layer.mode}")
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

    def _zeros(self, batch: int, features: int) -> Tensor:
        return self.weight_ih.new_zeros(batch, features)

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


class RNNCell(CellWeights):
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

    gates = 1

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

    def initial_state(self, batch: int) -> Tensor:
        """Zeros (B, H)."""
        return self._zeros(batch, self.hidden_size)

    def forward(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        from_inputs, from_state = self._products(inputs, state)
        activation = torch.tanh if self.nonlinearity == "tanh" else torch.relu
        hidden = activation(from_inputs + from_state)
        return hidden, hidden


class LSTMCell(CellWeights):
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

    gates = 4

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

    def initial_state(self, batch: int) -> tuple[Tensor, Tensor]:
        """Zeros: h (B, P) and c (B, H)."""
        hidden = self._zeros(batch, self.weight_hh.shape[1])
        return hidden, self._zeros(batch, self.hidden_size)

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


class GRUCell(CellWeights):
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

    gates = 3

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

    def initial_state(self, batch: int) -> Tensor:
        """Zeros (B, H)."""
        return self._zeros(batch, self.hidden_size)

    def forward(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        from_inputs, from_state = self._products(inputs, state)
        r, z, n = from_inputs.chunk(3, dim=-1)
        r_state, z_state, n_state = from_state.chunk(3, dim=-1)
        reset = torch.sigmoid(r + r_state)
        update = torch.sigmoid(z + z_state)
        candidate = torch.tanh(n + reset * n_state)
        hidden = (1 - update) * candidate + update * state
        return hidden, hidden
