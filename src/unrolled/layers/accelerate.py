"""Make the recurrent layers of any existing model ours, in place, and back again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils import parametrize

from unrolled.layers.catalogue import CATALOGUE
from unrolled.layers.engines import EngineName, named
from unrolled.layers.recurrent import LAYERS

KINDS: tuple[type[nn.RNNBase], ...] = tuple(row.torch_layer for row in CATALOGUE)
OURS: Mapping[type, type] = {row.torch_layer: LAYERS[row.name] for row in CATALOGUE}
THEIRS: Mapping[type, type] = {ours: theirs for theirs, ours in OURS.items()}


@dataclass(frozen=True)
class Swap:
    """What was swapped in a model: names of layers, and the layers left alone with the reason.

    A layer that is the model itself has the name "(model)".
    """

    swapped: tuple[str, ...]
    left: Mapping[str, str]

    @property
    def count(self) -> int:
        """How many layers were swapped."""
        return len(self.swapped)

    def __str__(self) -> str:
        layers = "layer" if self.count == 1 else "layers"
        names = f": {', '.join(self.swapped)}" if self.swapped else ""
        alone = "".join(f"\n  {name}: {reason}" for name, reason in self.left.items())
        return f"{self.count} {layers} swapped{names}; {len(self.left)} left alone{alone}"


def accelerate(model: nn.Module, *, engine: EngineName = "auto") -> Swap:
    """Make every torch.nn.RNN, LSTM and GRU in a model ours, in place.

    Only the class of each layer changes: the weights are the same tensors, so that optimizers,
    hooks, parametrisations and checkpoints go on as they are. A class that someone derived from
    torch's is left alone, for its own forward may mean something else. Doing it twice does
    nothing more; `restore(model)` undoes it.

    >>> model = nn.Sequential(nn.LSTM(3, 4), nn.Flatten())
    >>> print(accelerate(model))
    1 layer swapped: 0; 0 left alone
    >>> model[0]
    LSTM(3, 4, engine=auto)

    Errors: SettingsError for an unknown engine.
    """
    name = named(engine)

    def take(layer: nn.Module) -> str | None:
        if isinstance(layer, tuple(THEIRS)):
            return "already ours"
        if not _change_class(layer, OURS):
            kind = type(layer).__name__
            return f"{kind} is a class derived from torch's; its forward may differ"
        layer.__dict__.update(_engine=name, _swapped=True)
        return None

    return _walk(model, take)


def restore(model: nn.Module) -> Swap:
    """Undo `accelerate`: make torch's own again what it swapped, and nothing else.

    >>> model = nn.LSTM(3, 4)
    >>> _ = accelerate(model)
    >>> print(restore(model))
    1 layer swapped: (model); 0 left alone
    >>> model
    LSTM(3, 4)
    """

    def give_back(layer: nn.Module) -> str | None:
        if "_swapped" not in layer.__dict__ or not _change_class(layer, THEIRS):
            return "not swapped by accelerate"
        for mark in ("_swapped", "_engine"):
            del layer.__dict__[mark]
        return None

    return _walk(model, give_back)


def _walk(model: nn.Module, change: Callable[[nn.Module], str | None]) -> Swap:
    """Change each recurrent layer once; `change` says why not, or None when it did."""
    swapped, left = [], {}
    for path, module in model.named_modules():
        name = path or "(model)"
        if isinstance(module, KINDS):
            reason = change(module)
            if reason is None:
                swapped.append(name)
            else:
                left[name] = reason
        elif isinstance(module, torch.jit.ScriptModule) and _is_scripted_layer(module):
            left[name] = "compiled by torch.jit, its class cannot change"
    return Swap(tuple(swapped), left)


def _is_scripted_layer(module: torch.jit.ScriptModule) -> bool:
    return getattr(module, "original_name", None) in {kind.__name__ for kind in KINDS}


def _change_class(layer: nn.Module, classes: Mapping[type, type]) -> bool:
    """Give the layer the class that `classes` has for its own; say whether there is one."""
    kind = type(layer)
    if kind in classes:
        layer.__class__ = classes[kind]
        return True
    parent = kind.__bases__[0]
    if not parametrize.is_parametrized(layer) or parent not in classes:
        return False
    # A parametrised layer has a class of its own, made by torch with the weights as properties.
    # Copies of the layer share that class, so it is made anew with the other parent.
    members = {k: v for k, v in vars(kind).items() if k not in ("__dict__", "__weakref__")}
    layer.__class__ = type(kind.__name__, (classes[parent],), members)
    return True
