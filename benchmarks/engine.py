"""Speed of the native engine against torch: interleaved medians, both sides in one run.

    python -m benchmarks.engine [--quick] [--cells GRU,RNN,LSTM]

Each setting (two threads or one, malloc as it comes or tuned) runs in a process of its own, for
both are fixed at a program's start. Tables go to the terminal, all figures to
`benchmarks/results/engine.json`, a chart to `benchmarks/results/engine.svg`.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import torch
from torch import nn

from benchmarks.engine_chart import chart
from benchmarks.timing import RESULTS, keep
from unrolled import layers
from unrolled.layers.doctor import doctor

TUNED = {  # keeps freed memory in the process: without it each step of torch faults it in anew
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "67108864",
}
IN_A_ROW = 5  # steps of one engine before the other's turn
GATES = {"GRU": 3, "RNN": 1, "LSTM": 4}


@dataclass(frozen=True)
class Shape:
    """One layer and one batch; inputs are (B, T, 16)."""

    cell: str
    hidden: int
    batch: int
    steps: int = 50
    layers: int = 1
    bidirectional: bool = False
    inputs: int = 16

    def __str__(self) -> str:
        more = f" x{self.layers} layers" if self.layers > 1 else ""
        both = " both ways" if self.bidirectional else ""
        return f"{self.cell} H{self.hidden} B{self.batch} T{self.steps}{more}{both}"

    def flops(self) -> float:
        """Multiplications and additions of a forward pass of one layer in one direction."""
        weights = GATES[self.cell] * self.hidden * (self.inputs + self.hidden)
        return 2.0 * weights * self.batch * self.steps


@dataclass(frozen=True)
class Timing:
    """Median seconds of one step on each engine."""

    shape: Shape
    training: bool
    native: float
    torch: float

    @property
    def ratio(self) -> float:
        return self.torch / self.native


def shapes(cell: str, quick: bool) -> Iterator[Shape]:
    """The grid, then other lengths, two layers, both directions."""
    sizes = (16, 64, 256) if quick else (16, 32, 64, 128, 256, 512)
    for hidden in sizes:
        for batch in (1, 32) if quick else (1, 8, 32, 128):
            yield Shape(cell, hidden, batch)
    for steps in (10, 200):
        yield Shape(cell, 64, 32, steps)
    yield Shape(cell, 64, 32, layers=2)
    yield Shape(cell, 64, 32, bidirectional=True)


def measure(shape: Shape, training: bool, seconds: float) -> Timing:
    """Time both engines in turn for some seconds, five steps at least."""
    torch.manual_seed(0)
    kind = getattr(nn, shape.cell)
    settings = {"num_layers": shape.layers, "bidirectional": shape.bidirectional}
    layer = kind(shape.inputs, shape.hidden, batch_first=True, **settings)
    ours = getattr(layers, shape.cell)(
        shape.inputs, shape.hidden, batch_first=True, engine="native", **settings
    )
    x = torch.randn(shape.batch, shape.steps, shape.inputs)
    slope = torch.randn_like(layer(x)[0])

    def step(engine: nn.Module) -> float:
        begin = time.perf_counter()
        if training:
            torch.autograd.backward(engine(x)[0], slope)
        else:
            with torch.no_grad():
                engine(x)
        taken = time.perf_counter() - begin
        engine.zero_grad()
        return taken

    engines = (ours, layer)
    times: tuple[list[float], list[float]] = ([], [])
    for engine in engines:
        step(engine)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 5:
        for engine, taken in zip(engines, times, strict=True):
            # Some steps in a row, as in training: after a single one the other side's turn would
            # have emptied the caches of its code.
            taken += [step(engine) for _ in range(IN_A_ROW)]
    return Timing(shape, training, *(statistics.median(t) for t in times))


def product_speed() -> float:
    """GF/s of a large product of matrices in torch: what the machine has to give at this time."""
    a = torch.randn(2048, 2048)
    times = []
    for _ in range(10):
        begin = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - begin)
    return float(2 * 2048**3 / statistics.median(times) / 1e9)


def geomean(ratios: list[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def table(timings: list[Timing]) -> str:
    """Markdown: one row a shape, then the geometric means over the grid."""
    lines = ["| shape | training ms (GF/s) | torch | ratio | inference ms (GF/s) | torch | ratio |"]
    lines.append("|---|---|---|---|---|---|---|")
    for train, infer in zip(timings[::2], timings[1::2], strict=True):
        cells = [str(train.shape)]
        for timing, passes in ((train, 3), (infer, 1)):
            runs = passes * timing.shape.layers * (2 if timing.shape.bidirectional else 1)
            speed = runs * timing.shape.flops() / timing.native / 1e9
            cells += [f"{timing.native * 1e3:.3f} ({speed:.0f})", f"{timing.torch * 1e3:.3f}"]
            cells += [f"{timing.ratio:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *summary(timings)])


def ratios(timings: list[Timing]) -> str:
    """Markdown: times torch's speed, training then inference of each cell, one row a size."""
    cells = list(dict.fromkeys(t.shape.cell for t in timings))
    names = " | ".join(f"{cell} training | inference" for cell in cells)
    rows: dict[str, list[str]] = {}
    for t in timings:
        rows.setdefault(str(t.shape).partition(" ")[2], []).append(f"{t.ratio:.2f}")
    lines = [f"| | {names} |", "|---" * (1 + 2 * len(cells)) + "|"]
    return "\n".join([*lines, *(f"| {size} | {' | '.join(row)} |" for size, row in rows.items())])


def summary(timings: list[Timing]) -> list[str]:
    """Geometric means over the grid, a line for training and one for inference."""
    lines = []
    for training in (True, False):
        grid: dict[str, list[float]] = {}
        for t in timings:
            plain = (t.shape.steps, t.shape.layers, t.shape.bidirectional) == (50, 1, False)
            if t.training == training and plain:
                grid.setdefault(t.shape.cell, []).append(t.ratio)
        everything = [ratio for ratios in grid.values() for ratio in ratios]
        means = ", ".join(f"{cell} {geomean(ratios):.2f}" for cell, ratios in grid.items())
        lowest = min(t.ratio for t in timings if t.training == training)
        name = "training" if training else "inference"
        lines.append(f"{name}: {means}, all {geomean(everything):.2f}; lowest {lowest:.2f}")
    return lines


def run_here(cells: list[str], quick: bool) -> list[Timing]:
    seconds = 0.05 if quick else 0.2
    found = []
    for cell in cells:
        for shape in shapes(cell, quick):
            for training in (True, False):
                found.append(measure(shape, training, seconds))
    return found


def run_apart(
    cells: str, quick: bool, threads: int, tuned: bool
) -> tuple[list[Timing], list[float]]:
    """Run one setting in a process of its own: its figures, and torch's speed at both ends."""
    command = [sys.executable, "-m", "benchmarks.engine", "--cells", cells, "--child", str(threads)]
    environment = {**os.environ, **(TUNED if tuned else {})}
    out = subprocess.run(
        command + ["--quick"] * quick, env=environment, check=True, capture_output=True, text=True
    ).stdout
    found = json.loads(out)
    rows = [Timing(**{**row, "shape": Shape(**row["shape"])}) for row in found["timings"]]
    return rows, found["products"]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="The native engine against torch.")
    parser.add_argument("--quick", action="store_true", help="a small grid, short measurements")
    parser.add_argument("--cells", default="GRU,RNN,LSTM")
    parser.add_argument("--child", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        torch.set_num_threads(options.child)
        products = [product_speed()]
        timings = run_here(options.cells.split(","), options.quick)
        products.append(product_speed())
        print(json.dumps({"timings": [asdict(t) for t in timings], "products": products}))
        return
    report: dict[str, object] = {"doctor": doctor()}
    most = os.cpu_count() or 1
    first: list[Timing] = []
    for threads, tuned in ((most, False), (most, True), (1, False)):
        name = f"{threads} threads, {'tuned' if tuned else 'default'} malloc"
        timings, products = run_apart(options.cells, options.quick, threads, tuned)
        report[name] = {
            "timings": [{**asdict(t), "ratio": t.ratio} for t in timings],
            "torch's product of two 2048 x 2048 matrices, GF/s": products,
        }
        first = first or timings
        print(f"\n## {name}\n\n{table(timings)}\n\n{ratios(timings)}")
        print("torch's product of two 2048 x 2048 matrices, before and after: ", end="")
        print(" and ".join(f"{speed:.0f} GF/s" for speed in products), flush=True)
    keep("engine", report)
    (RESULTS / "engine.svg").write_text(chart([(str(t.shape), t.ratio) for t in first[::2]]))
    print(f"\nwritten: {RESULTS}/engine.json, engine.svg")


if __name__ == "__main__":
    main()
