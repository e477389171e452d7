"""Time to import, over that of `import torch`, each in fresh processes, in turn.

Run `python -m benchmarks.imports`. Names are imported when first used, so `import unrolled` alone
is measured beside one that brings the layers and the forecaster. Goal: below 1.3.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial

from benchmarks.timing import interleaved, keep

STATEMENTS = (
    "import torch",
    "import unrolled",
    "from unrolled import GRU, Forecaster, Table",
)


def main() -> None:
    """Measure, print, keep."""
    commands = {s: [sys.executable, "-c", s] for s in STATEMENTS}
    for command in commands.values():  # once unmeasured, so that the files are in memory
        subprocess.run(command, check=True)
    sides: dict[str, Callable[[], object]] = {
        s: partial(subprocess.run, c, check=True) for s, c in commands.items()
    }
    seconds = interleaved(sides, 9)
    for statement, value in seconds.items():
        print(f"{statement:<45}{value:6.2f} s{value / seconds['import torch']:7.2f} times torch's")
    keep("imports", seconds)


if __name__ == "__main__":
    main()
