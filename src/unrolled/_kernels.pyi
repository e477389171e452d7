# The extension module, built from csrc/bindings.cpp. Tensors are read as torch lays them out.
# BufferError: one of them is not laid out as the kernels read it. RuntimeError: it has other sizes
# than the call asks for, or there is no such memory. ValueError: the call itself makes no sense.
from collections.abc import Sequence
from typing import overload

from torch import Tensor

class Shape:
    def __init__(
        self,
        cell: str,
        input: int,
        hidden: int,
        layers: int,
        directions: int,
        biased: bool,
        batch_first: bool,
    ) -> None: ...
    @property
    def keeps_h(self) -> bool: ...
    def takes(
        self,
        weights: list[Tensor],
        x: Tensor,
        state: Tensor | Sequence[Tensor] | None,
    ) -> bool: ...
    def takes_step(
        self,
        weights: list[Tensor],
        x: Tensor,
        state: Tensor | Sequence[Tensor] | None,
    ) -> bool: ...

class Steps:
    @overload
    def __init__(self, steps: int, batch: int) -> None: ...
    @overload
    def __init__(self, batch_sizes: Tensor) -> None: ...
    @property
    def rows(self) -> int: ...

def forward(
    shape: Shape,
    steps: Steps,
    weights: list[Tensor],
    x: Tensor,
    states: tuple[Tensor | None, ...],
    results: tuple[Tensor, ...],
    keep: bool,
    threads: int,
) -> Tensor | None: ...
def backward(
    shape: Shape,
    steps: Steps,
    weights: list[Tensor],
    x: Tensor,
    states: tuple[Tensor | None, ...],
    y: Tensor | None,
    saved: Tensor,
    given: tuple[Tensor | None, ...],
    wanted: tuple[Tensor | None, ...],
    weight_gradients: list[Tensor | None],
    threads: int,
) -> None: ...
def cells() -> list[tuple[str, int, int]]: ...
def empty(shape: Sequence[int], strides: Sequence[int]) -> Tensor: ...
def isa() -> str: ...
def built_isas() -> list[str]: ...
def supported_isas() -> list[str]: ...
def choose_isa(name: str) -> bool: ...
def cpu_features() -> list[str]: ...
def elementary(x: Sequence[float]) -> list[float]: ...
def free_buffer_bytes() -> int: ...
def release_free_buffers() -> None: ...

build: str
