# The extension module, built from csrc/bindings.cpp. Addresses are those of float32 unless said.
from collections.abc import Sequence

from torch import Tensor

class Shape:
    def __init__(
        self, kind: int, input: int, hidden: int, layers: int, directions: int
    ) -> None: ...

class Steps:
    def __init__(self, steps: int, batch: int, sizes: int) -> None: ...
    @property
    def rows(self) -> int: ...

def forward(
    shape: Shape,
    steps: Steps,
    weights: Sequence[int],
    x: int,
    states: Sequence[int],
    results: Sequence[int],
    keep: bool,
    threads: int,
) -> Tensor | None: ...
def backward(
    shape: Shape,
    steps: Steps,
    weights: Sequence[int],
    x: int,
    states: Sequence[int],
    y: int,
    saved: int,
    given: Sequence[int],
    wanted: Sequence[int],
    weight_gradients: Sequence[int],
    threads: int,
) -> None: ...
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
