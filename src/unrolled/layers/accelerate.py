"""Make the recurrent layers of any existing model ours, in place, and back again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from unrolled.layers.catalogue import CATALOGUE
from unrolled.layers.engines import EngineName, named
from unrolled.layers.recurrent import LAYERS
from unrolled.layers.steps import STEPS

# By pairs and not by tables: ours equal torch's where they are looked up (foreign.py).
PAIRS: tuple[tuple[type[nn.Module], type[nn.Module]], ...] = (
    *((row.torch_layer, LAYERS[row.name]) for row in CATALOGUE),
    *STEPS.items(),
)
"""torch's class and ours, of every layer and every cell."""
KINDS = tuple(theirs for theirs, _ in PAIRS)
OURS = tuple(ours for _, ours in PAIRS)


@dataclass(frozen=True)
class Swap:
    """What was swapped in a model: names of layers, and the layers left alone with the reason.

    A layer that is the model itself has the name "(model)". `idle`: layers that are ours now, but
    as they are would run on torch's engine, with the reason.
    """

    swapped: tuple[str, ...]
    left: Mapping[str, str]
    idle: Mapping[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many layers were swapped."""
        return len(self.swapped)

    def __str__(self) -> str:
        layers = "layer" if self.count == 1 else "layers"
        names = f": {', '.join(self.swapped)}" if self.swapped else ""
        alone = "".join(f"\n  {name}: {reason}" for name, reason in self.left.items())
        idle = "".join(f"\n  {name}: {reason}" for name, reason in self.idle.items())
        idle = f"; {len(self.idle)} of them no faster{idle}" if idle else ""
        return f"{self.count} {layers} swapped{names}; {len(self.left)} left alone{alone}{idle}"


def accelerate(model: nn.Module, *, engine: EngineName = "auto") -> Swap:
    """Make every torch.nn.RNN, LSTM, GRU and their cells in a model ours, in place.

    Only the class of each layer changes: the weights are the same tensors, so that optimizers,
    hooks, parametrisations and checkpoints go on as they are. Left alone is a class that someone
    derived from torch's and a layer whose `forward` someone replaced, for theirs may mean
    something else, and a layer in a plain list, which torch does not see. Doing it twice does
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
        kind = type(layer).__name__
        if isinstance(layer, OURS):
            return "already ours"
        if "forward" in layer.__dict__:
            return "its forward was replaced on the layer itself, by a hook or a tracer, and stays"
        if name == "reference" and isinstance(layer, nn.RNNCellBase):
            return "the reference engine runs layers, not single steps"
        if not _change_class(layer, PAIRS):
            return f"{kind} is a class derived from torch's; its forward may differ"
        layer.__dict__.update(_engine=name, _swapped=True)
        return None

    done = _walk(model, take)
    left = {**done.left, **dict(_in_plain_lists(model))}
    found = {path: _slow(model.get_submodule(_path(path))) for path in done.swapped}
    idle = {path: reason for path, reason in found.items() if reason and name == "auto"}
    return Swap(done.swapped, left, idle)


def restore(model: nn.Module) -> Swap:
    """Undo `accelerate`: make torch's own again what it swapped, and nothing else.

    >>> model = nn.LSTM(3, 4)
    >>> _ = accelerate(model)
    >>> print(restore(model))
    1 layer swapped: (model); 0 left alone
    >>> model
    LSTM(3, 4)
    """
    back = tuple((ours, theirs) for theirs, ours in PAIRS)

    def give_back(layer: nn.Module) -> str | None:
        if "_swapped" not in layer.__dict__ or not _change_class(layer, back):
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


def _path(name: str) -> str:
    return "" if name == "(model)" else name


def _is_scripted_layer(module: torch.jit.ScriptModule) -> bool:
    return getattr(module, "original_name", None) in {kind.__name__ for kind in KINDS}


def _in_plain_lists(model: nn.Module) -> Iterator[tuple[str, str]]:
    """Recurrent layers that a module holds where torch does not look, as name and reason."""
    for path, module in model.named_modules():
        for attribute, held in vars(module).items():
            pairs: Iterable[tuple[Any, Any]] = ()
            if isinstance(held, list | tuple):
                pairs, kind = enumerate(held), "ModuleList"
            elif isinstance(held, dict) and held is not module._modules:
                pairs, kind = held.items(), "ModuleDict"
            for key, layer in pairs:
                if isinstance(layer, KINDS):
                    name = f"{path}.{attribute}[{key!r}]".removeprefix(".")
                    reason = f"a plain {type(held).__name__} is no part of the model"
                    yield name, f"{reason}; hold it in a torch.nn.{kind}"


def _slow(layer: nn.Module) -> str | None:
    """Why the native engine never takes the layer as it is; None when it may."""
    weight = next(layer.parameters(), None)
    if weight is not None and weight.dtype is not torch.float32:
        return f"its weights are {str(weight.dtype).removeprefix('torch.')}, not float32"
    if weight is not None and not weight.is_cpu:
        return f"its weights are on {weight.device.type}, not on the CPU"
    return "it has a proj_size" if getattr(layer, "proj_size", 0) else None


def _change_class(layer: nn.Module, pairs: tuple[tuple[type, type], ...]) -> bool:
    """Give the layer the class that is paired with its own; say whether there is one."""
    kind = type(layer)
    for given, made in pairs:
        if kind is given:
            layer.__class__ = made
            return True
        # A parametrised layer has a class of its own, made by torch with the weights as properties.
        # Copies of the layer share that class, so it is made anew with the other parent.
        if kind.__bases__[0] is given and parametrize.is_parametrized(layer):
            members = {k: v for k, v in vars(kind).items() if k not in _PYTHONS}
            layer.__class__ = type(made)(kind.__name__, (made,), members)
            return True
    return False


_PYTHONS = ("__dict__", "__weakref__", "__abstractmethods__", "_abc_impl", "_for")
