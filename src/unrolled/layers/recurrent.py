"""RNN, LSTM and GRU: torch's own layers with a choice of the engine that runs them.

Letters: B batch, T time steps, D input features, H hidden, L layers, R directions (2 when
bidirectional, else 1).
"""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, overload

from torch import Tensor, nn
from torch.fx import Proxy
from torch.nn.utils.rnn import PackedSequence

from unrolled.layers import engines, foreign
from unrolled.layers.catalogue import CATALOGUE
from unrolled.layers.engines import EngineName

S = TypeVar("S")


class _LayerCall(Protocol[S]):
    """A call of a layer whose state is an `S`, which torch types as Any."""

    @overload
    def __call__(self, input: Tensor, hx: S | None = None) -> tuple[Tensor, S]: ...
    @overload
    def __call__(self, input: PackedSequence, hx: S | None = None) -> tuple[PackedSequence, S]: ...


class _OnEngine:
    """What turns a layer of torch into one with an engine; stands before it among the parents.

    The engine is kept on the class until one is chosen, so that a layer of torch whose class is
    swapped (`accelerate`) or whose pickle is old has one too.
    """

    _engine: EngineName = "auto"

    def __init__(self, *args: Any, engine: EngineName = "auto", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.engine = engine

    @property
    def engine(self) -> EngineName:
        """The engine asked for: "auto", "native", "torch" or "reference". It may be set anew."""
        return self._engine

    @engine.setter
    def engine(self, name: EngineName) -> None:
        self._engine = engines.named(name)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Run the layer; arguments, results and errors are those of torch's layer."""
        if type(input) is not Tensor:
            if isinstance(input, PackedSequence):
                self._check_packed(input, hx)
            elif isinstance(input, Proxy):
                return foreign.as_leaf(self, input, hx)  # type: ignore[arg-type]
        if self._engine == "torch":
            return super().forward(input, hx)  # type: ignore[misc]
        return engines.run(self, input, hx)  # type: ignore[arg-type]

    def _check_packed(self, input: PackedSequence, hx: Any) -> None:
        """Check as torch's RNN and GRU do; its LSTM does not, and computes nonsense instead."""
        layer: Any = self
        layer.check_input(input.data, input.batch_sizes)
        if hx is not None:
            layer.check_forward_args(input.data, hx, input.batch_sizes)

    def extra_repr(self) -> str:
        words: str = super().extra_repr()  # type: ignore[misc]
        return f"{words}, engine={self._engine}"

    __prepare_scriptable__ = foreign.refuse_script


class RNN(_OnEngine, nn.RNN, metaclass=foreign.Stands, for_=nn.RNN):
    """torch.nn.RNN on an engine of your choice; see RNNCell for the equations.

    RNN(input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, batch_first=False,
    dropout=0.0, bidirectional=False, device=None, dtype=None, *, engine="auto"): all but the last
    is torch's, and so are the weights, the `state_dict` and the results.

    Shapes: inputs (T, B, D), or (B, T, D) with `batch_first=True`, or (T, D) for a single row, or
    a PackedSequence; hx (L·R, B, H), None for zeros -> outputs (T, B, H·R) laid out as the inputs,
    last state (L·R, B, H).

    >>> outputs, last = RNN(3, 4, batch_first=True)(torch.zeros(2, 5, 3))
    >>> outputs.shape, last.shape
    (torch.Size([2, 5, 4]), torch.Size([1, 2, 4]))

    Errors: torch's own for a wrong shape; SettingsError for an unknown engine; EngineError when
    the engine asked for by name cannot run it.
    """

    __call__: _LayerCall[Tensor]
    forward: _LayerCall[Tensor]


class LSTM(_OnEngine, nn.LSTM, metaclass=foreign.Stands, for_=nn.LSTM):
    """torch.nn.LSTM on an engine of your choice; see LSTMCell for the equations.

    LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
    bidirectional=False, proj_size=0, device=None, dtype=None, *, engine="auto"): all but the last
    is torch's, and so are the weights, the `state_dict` and the results.

    Shapes: inputs (T, B, D), or (B, T, D) with `batch_first=True`, or (T, D) for a single row, or
    a PackedSequence; hx = (h (L·R, B, P), c (L·R, B, H)), None for zeros -> outputs (T, B, P·R)
    laid out as the inputs, last state (h, c). P is `proj_size`, or H without one.

    >>> outputs, (hidden, memory) = LSTM(3, 4, batch_first=True)(torch.zeros(2, 5, 3))
    >>> outputs.shape, memory.shape
    (torch.Size([2, 5, 4]), torch.Size([1, 2, 4]))

    Errors: as RNN.
    """

    __call__: _LayerCall[tuple[Tensor, Tensor]]
    forward: _LayerCall[tuple[Tensor, Tensor]]


class GRU(_OnEngine, nn.GRU, metaclass=foreign.Stands, for_=nn.GRU):
    """torch.nn.GRU on an engine of your choice; see GRUCell for the equations.

    GRU(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
    bidirectional=False, device=None, dtype=None, *, engine="auto"): all but the last is torch's,
    and so are the weights, the `state_dict` and the results.

    Shapes and errors: as RNN.

    >>> outputs, last = GRU(3, 4, batch_first=True)(torch.zeros(2, 5, 3))
    >>> outputs.shape, last.shape
    (torch.Size([2, 5, 4]), torch.Size([1, 2, 4]))
    """

    __call__: _LayerCall[Tensor]
    forward: _LayerCall[Tensor]


foreign.run_as_it_is(_OnEngine.forward)

LAYERS: Mapping[str, type[RNN | LSTM | GRU]] = {
    row.name: layer
    for row in CATALOGUE
    for layer in (RNN, LSTM, GRU)
    if issubclass(layer, row.torch_layer)
}
"""Our layers by the name of their cell, in the order of the catalogue."""
