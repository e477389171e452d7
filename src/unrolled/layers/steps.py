"""torch's cells, one step of a layer each, on an engine: what `accelerate` makes of them.

They are not the cells of `unrolled.layers.cells`, which are written to be read: these have torch's
calls, and run on the kernels as a packed sequence of one step.

Letters: B batch, D input features, H hidden.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.fx import Proxy

from unrolled.errors import EngineError
from unrolled.layers import foreign, native
from unrolled.layers.engines import EngineName


class _StepOnEngine:
    """What turns a cell of torch into one with an engine; stands before it among the parents."""

    _engine: EngineName = "auto"

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Run the step; arguments, results and errors are those of torch's cell."""
        if type(input) is not Tensor and isinstance(input, Proxy):
            return foreign.as_leaf(self, input, hx)  # type: ignore[arg-type]
        if self._engine in ("auto", "native"):
            refusal = native.step_refusal(self, input, hx)  # type: ignore[arg-type]
            if refusal is None:
                return native.step(self, input, hx)  # type: ignore[arg-type]
            if self._engine == "native":
                kind = type(self).__name__
                raise EngineError(f"{kind}: engine 'native' cannot run this: {refusal}")
        return super().forward(input, hx)  # type: ignore[misc]

    __prepare_scriptable__ = foreign.refuse_script

    @property
    def qconfig(self) -> Any:
        """How torch.ao.quantization is to quantise the cell."""
        if "qconfig" in self.__dict__:
            return self.__dict__["qconfig"]
        raise AttributeError("qconfig")

    @qconfig.setter
    def qconfig(self, how: Any) -> None:
        # It exchanges a cell whose class *is* torch's, and raises an error for one that equals it.
        theirs = foreign.stands_for(type(self))
        if how is not None and theirs:
            self.__class__ = theirs
        self.__dict__["qconfig"] = how


class RNNStep(_StepOnEngine, nn.RNNCell, metaclass=foreign.Stands, for_=nn.RNNCell):
    """torch.nn.RNNCell on an engine."""


class LSTMStep(_StepOnEngine, nn.LSTMCell, metaclass=foreign.Stands, for_=nn.LSTMCell):
    """torch.nn.LSTMCell on an engine."""


class GRUStep(_StepOnEngine, nn.GRUCell, metaclass=foreign.Stands, for_=nn.GRUCell):
    """torch.nn.GRUCell on an engine."""


foreign.run_as_it_is(_StepOnEngine.forward)

STEPS: Mapping[type[nn.RNNCellBase], type[nn.RNNCellBase]] = {
    nn.RNNCell: RNNStep,
    nn.LSTMCell: LSTMStep,
    nn.GRUCell: GRUStep,
}
"""Ours by torch's class."""
