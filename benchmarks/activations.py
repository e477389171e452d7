"""Memory that a forward pass keeps for the backward: ours beside torch's own layers.

    python -m benchmarks.activations

Two measures. `kept`: the bytes of all tensors that autograd saves, each storage once, inputs and
weights left out, for they are there anyway; torch's LSTM has oneDNN's workspace among them. `peak`:
how far one forward and backward in a fresh process raises its resident memory, scratch and all.
Goal: kept no more than torch's. I = 16, T = 50.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import torch
from torch import nn

from benchmarks.timing import keep
from benchmarks.windows_memory import peak, resident
from unrolled import layers
from unrolled.layers import extension as _native

INPUTS, STEPS = 16, 50
CELLS, HIDDEN, BATCH = ("GRU", "RNN", "LSTM"), (16, 64, 256, 512), (1, 32, 128)
PEAK_BATCH = 128  # smaller ones drown in the noise of a process


@dataclass(frozen=True)
class Shape:
    """One layer and one batch; inputs are (T, B, 16)."""

    cell: str
    hidden: int
    batch: int

    def layer(self, native: bool) -> nn.RNNBase:
        torch.manual_seed(0)
        kind = getattr(layers if native else nn, self.cell)
        settings = {"engine": "native"} if native else {}
        made: nn.RNNBase = kind(INPUTS, self.hidden, **settings)
        return made

    def inputs(self) -> torch.Tensor:
        return torch.randn(STEPS, self.batch, INPUTS)


@dataclass(frozen=True)
class Memory:
    """Bytes kept for the backward and, where measured, by which a step raised the process."""

    shape: Shape
    kept_native: int
    kept_torch: int
    peak_native: int | None = None
    peak_torch: int | None = None

    @property
    def ratio(self) -> float:
        return self.kept_native / self.kept_torch


def kept(layer: nn.RNNBase, inputs: torch.Tensor) -> int:
    """Bytes of the storages that one forward pass saves beside its inputs and weights."""
    assert _native.kernels is not None, _native.reason
    _native.kernels.release_free_buffers()  # or a larger free one would be taken
    given = {t.untyped_storage().data_ptr() for t in (inputs, *layer.parameters())}
    saved: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in given:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor  # and so alive: no other storage can come to the same address

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        outputs, _ = layer(inputs)
    outputs.sum().backward()  # what is counted must be enough for it
    return sum(saved.values())


def rise(shape: Shape, native: bool) -> int:
    """Bytes by which one training step raises a process that has done nothing large before."""
    small = Shape(shape.cell, shape.hidden, 1)
    small.layer(native)(small.inputs()[:2])[0].sum().backward()  # code is loaded, threads are made
    layer, inputs = shape.layer(native), shape.inputs()
    before = resident()
    layer(inputs)[0].sum().backward()
    return peak() - before


def rise_apart(shape: Shape, native: bool) -> int:
    """`rise` in a process of its own."""
    work = json.dumps([asdict(shape), native])
    command = [sys.executable, "-m", "benchmarks.activations", work]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure() -> Iterator[Memory]:
    for shape in (Shape(c, h, b) for c in CELLS for h in HIDDEN for b in BATCH):
        inputs = shape.inputs()
        ours, theirs = (kept(shape.layer(native), inputs) for native in (True, False))
        peaks = [rise_apart(shape, n) for n in (True, False)] if shape.batch == PEAK_BATCH else []
        yield Memory(shape, ours, theirs, *peaks)


def row(memory: Memory) -> str:
    """One line of the table, in millions of bytes."""
    shape, cells = memory.shape, []
    for ours, theirs in (
        (memory.kept_native, memory.kept_torch),
        (memory.peak_native, memory.peak_torch),
    ):
        if ours is None or theirs is None:
            cells += [""] * 3
        else:
            cells += [f"{ours / 1e6:.2f}", f"{theirs / 1e6:.2f}", f"{ours / theirs:.2f}"]
    return f"| {shape.cell} | {shape.hidden} | {shape.batch} | " + " | ".join(cells) + " |"


def main() -> int:
    """Print the table and keep it; the exit code is the number of shapes over torch's memory."""
    print("| cell | H | B | kept MB, ours | torch | ratio | peak MB, ours | torch | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    found = []
    for memory in measure():
        found.append(memory)
        print(row(memory), flush=True)
    keep("activations", [{**asdict(m), "ratio": m.ratio} for m in found])
    return sum(m.ratio > 1 for m in found)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        description, native = json.loads(sys.argv[1])
        print(rise(Shape(**description), native))
    else:
        sys.exit(main())
