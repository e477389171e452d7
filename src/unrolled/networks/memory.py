"""Refuse a network that is too large for the machine, before it is made."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from unrolled.errors import SettingsError

TRAINED = 6  # copies: weights, gradients, two moments, their running mean, the best so far
_MAKERS = {torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn}


class Budget(TorchFunctionMode):
    """Inside it tensors may be made, up to the memory of the machine; then SettingsError.

    copies: of these tensors that will be needed. Nothing is made of what would be too much.
    """

    def __init__(self, copies: int = TRAINED) -> None:
        super().__init__()
        self.copies, self.numbers, self.there = copies, 0, _memory()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Count what a factory is about to make."""
        if func in _MAKERS:
            sizes = args[0] if args and isinstance(args[0], list | tuple) else args
            self.numbers += math.prod(size for size in sizes if isinstance(size, int))
            needed = 4 * self.copies * self.numbers
            if needed > self.there:
                raise SettingsError(
                    f"the network needs at least {needed / 2**30:,.0f} GiB, this machine has "
                    f"{self.there / 2**30:,.0f} GiB; fewer hidden units, layers or networks take "
                    "less"
                )
        return func(*args, **(kwargs or {}))


def _memory() -> float:
    """The bytes of memory of this machine; infinite where it does not say."""
    if not hasattr(os, "sysconf"):  # not on Windows
        return math.inf
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
