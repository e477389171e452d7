"""Memory and time of windows over 10 million rows x 8 features with 168 past steps.

Run `python -m benchmarks.windows_memory`. A fresh process makes the table, notes its resident
memory, then windows it and gathers batches from everywhere; the peak it reached, over what it had
before the table, is set against the size of the table. Goal: at most 1.3.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROWS, FEATURES, PAST, HORIZON, BATCH, BATCHES = 10_000_000, 8, 168, 24, 256, 2000
GOAL = 1.3


def resident() -> int:
    """Bytes of memory in use by this process now (VmRSS)."""
    return _status("VmRSS")


def peak() -> int:
    """The most bytes it ever had (VmHWM)."""
    return _status("VmHWM")


def _status(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {field} in /proc/self/status")


def child() -> None:
    """Build the table and its windows, gather batches, print the figures as JSON."""
    from unrolled.data.table.windows import Windows

    rng = np.random.default_rng(0)
    before = resident()
    table = np.empty((ROWS, FEATURES), dtype=np.float32)
    rng.standard_normal(dtype=np.float32, out=table)
    windows = Windows(table, lookback=PAST, horizon=HORIZON, targets=table[:, :1])
    seconds = []
    for _ in range(BATCHES):
        indices = rng.integers(len(windows), size=BATCH)
        start = time.perf_counter()
        windows.batch(indices).tensors()
        seconds.append(time.perf_counter() - start)
    figures = {
        "table_mb": table.nbytes / 1e6,
        "windows": len(windows),
        "peak_over_table": (peak() - before) / table.nbytes,
        "batch_microseconds": statistics.median(seconds) * 1e6,
        "process_peak_mb": peak() / 1e6,
    }
    print(json.dumps(figures))


def measure() -> dict[str, float]:
    """The figures of a fresh process."""
    command = [sys.executable, "-m", "benchmarks.windows_memory", "child"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(output)
    return figures


def main() -> None:
    """Print the figures; fail when the goal is missed."""
    figures = measure()
    ratio = figures["peak_over_table"]
    print(
        f"windows: {figures['windows']:,.0f} over a table of {figures['table_mb']:.0f} MB\n"
        f"  peak memory / table   {ratio:.3f} (goal {GOAL}; whole process with torch "
        f"{figures['process_peak_mb']:.0f} MB)\n"
        f"  one batch ({BATCH}, {PAST}, {FEATURES})   {figures['batch_microseconds']:.0f} µs"
    )
    if ratio > GOAL:
        raise SystemExit(f"peak memory is {ratio:.3f} x the table, the goal is {GOAL}")


if __name__ == "__main__":
    child() if sys.argv[1:] == ["child"] else main()
