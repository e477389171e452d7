"""The engine of the recurrent layers in a network: chosen, and refused early."""

from collections.abc import Iterator

from torch import nn

from unrolled import layers
from unrolled.errors import EngineError
from unrolled.layers.engines import EngineName
from unrolled.layers.recurrent import LAYERS


def choose_engine(network: nn.Module, name: EngineName) -> None:
    """Set the engine of every recurrent layer in a network."""
    for layer in _recurrent(network):
        layer.engine = name


def refuse_early(network: nn.Module) -> None:
    """EngineError when an engine that was asked for by name cannot run a layer of a network."""
    for layer in _recurrent(network):
        choice = layers.explain(layer)
        if choice.engine is None:
            raise EngineError(f"fit: engine {layer.engine!r} cannot run: {choice.reason}")


def _recurrent(network: nn.Module) -> Iterator[layers.RNN | layers.LSTM | layers.GRU]:
    kinds: tuple[type[layers.RNN | layers.LSTM | layers.GRU], ...] = tuple(LAYERS.values())
    return (layer for layer in network.modules() if isinstance(layer, kinds))
