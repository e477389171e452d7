# The extension module, built from csrc/bindings.cpp. Tensors are read as torch lays them out;
# BufferError says that one of them is not laid out as the kernels read it.
from collections.abc import Sequence

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
    def takes(
        self,
        weights: list[Tensor],
        x: Tensor,
        state: Tensor | Sequence[Tensor] | None,
    ) -> bool: ...

class Steps:
    def __init__(self, steps: int, batch: int, sizes: int) -> None: ...
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
    y: Tensor,
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
