"""Cost at n, 2n and 4n: CPU seconds and peak memory of a process of its own, and their ratios.

Run `python -m benchmarks.scaling [n]`. Predict over n series of 50 rows, fit of 30 n rows with a
horizon of 720. Cost that grows as the work doubles less than 2.2 times from row to row.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.timing import keep

SMALL = (
    "--lookback",
    "12",
    "--hidden",
    "4",
    "--epochs",
    "1",
    "--threads",
    "1",
    "-q",
    "--overwrite",
)


def cost(*words: object, cwd: Path) -> tuple[float, float]:
    """CPU seconds and peak megabytes of a command line."""
    command = [sys.executable, "-m", "unrolled", *map(str, words)]
    child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def write(path: Path, series: int, rows: int) -> None:
    """Series of rows ten minutes apart."""
    names = np.repeat([f"s{i}" for i in range(series)], rows)
    time = pa.array(np.tile(np.arange(rows) * 600, series), pa.timestamp("s"))
    wave = np.sin(np.arange(series * rows) / 20)
    pq.write_table(pa.table({"id": pa.array(names), "t": time, "y": wave}), path)


def main(n: int) -> None:
    """Print a table and keep its figures."""
    figures: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        here, forecast = Path(folder), ("-t", "y", "--series", "id", *SMALL)
        write(here / "few.parquet", 100, 50)
        cost("fit", "few.parquet", *forecast, "--horizon", 2, "--out", "run", cwd=here)
        for size in (n, 2 * n, 4 * n):
            write(here / "many.parquet", size, 50)
            found = cost("predict", "run", "many.parquet", "--out", "p.csv", cwd=here)
            figures.setdefault("predict, series", []).append(found)
            write(here / "long.parquet", 1, 30 * size)
            found = cost("fit", "long.parquet", *forecast, "--horizon", 720, "--out", "a", cwd=here)
            figures.setdefault("fit, horizon 720", []).append(found)
    for name, rows in figures.items():
        seconds, memory = zip(*rows, strict=True)
        print(f"{name:<18} CPU s {[round(s, 1) for s in seconds]}  MB {[round(m) for m in memory]}")
        print(f"{'':<18} ratios {seconds[1] / seconds[0]:.2f} {seconds[2] / seconds[1]:.2f}")
    keep("scaling", figures)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
