"""How our layers look to programs that look at modules: those of torch and other people's."""

from abc import ABCMeta
from collections.abc import Callable
from typing import Any, Never

import torch
from torch import nn
from torch.fx import Proxy

from unrolled.errors import EngineError


class Stands(ABCMeta):
    """The class of a class that programs find where they look for torch's by its exact type.

    `type(layer) in table`, with torch's class in the table, is how torch.ao.quantization, opacus
    and counters of FLOPs know a layer; passed by, it would be left out of what they do without a
    word. So ours equals torch's, and hashes like it. A class that someone derives from ours equals
    itself alone, as one derived from torch's does. ABCMeta, so that it may be abstract too.

    >>> from unrolled.layers import GRU
    >>> {nn.GRU: "a GRU"}[type(GRU(3, 4))], GRU is nn.GRU
    ('a GRU', False)
    """

    _for: type | None

    def __new__(cls, name: str, bases: Any, members: Any, for_: type | None = None) -> "Stands":
        made = super().__new__(cls, name, bases, members)
        made._for = for_
        return made

    def __init__(cls, name: str, bases: Any, members: Any, for_: type | None = None) -> None:
        super().__init__(name, bases, members)

    # An abstract class would remember torch's class as ours.
    __instancecheck__ = type.__instancecheck__
    __subclasscheck__ = type.__subclasscheck__

    def __eq__(cls, other: object) -> bool:
        return cls is other or (cls._for is not None and cls._for is other)

    def __hash__(cls) -> int:
        return type.__hash__(cls if cls._for is None else cls._for)


def stands_for(kind: type) -> type | None:
    """torch's class that a class of ours stands for; None for one that stands for itself."""
    return kind._for if isinstance(kind, Stands) else None


def as_leaf(layer: nn.Module, *arguments: Any) -> Proxy:
    """One node of a torch.fx graph, as torch.fx makes of torch's own layers by their module."""
    proxy = next(argument for argument in arguments if isinstance(argument, Proxy))
    given = arguments if arguments[-1] is not None else arguments[:-1]
    path = proxy.tracer.path_of_module(layer)  # type: ignore[attr-defined]
    return proxy.tracer.create_proxy("call_module", path, given, {})


def refuse_script(layer: nn.Module) -> Never:
    """Refuse torch.jit.script: it would put torch's layer in the place of ours for good."""
    raise EngineError(
        f"torch.jit.script: expected torch's own layers, got unrolled's {type(layer).__name__}; "
        "call unrolled.restore(model) first, or build the model with torch.nn "
        "(the state_dict is the same)"
    )


def run_as_it_is(function: Callable[..., Any]) -> None:
    """Keep torch.compile from compiling a function that is called where its graph breaks.

    It breaks at every recurrent layer, torch's too, and calls it outside the graph. Then it would
    compile what that runs, and the layer, which steps aside while it is compiled, would be torch's.
    Inlined into a graph after all (torch.export, allow_rnn), the function is traced as before.
    """
    found: Any = getattr(torch._C._dynamo, "eval_frame", None)
    if hasattr(found, "_FrameExecStrategy"):
        strategy = found._FrameExecStrategy(found._FrameAction.SKIP, found._FrameAction.SKIP)
        found.set_code_exec_strategy(function.__code__, strategy)
