"""All benchmarks, one after the other: `make bench`, or `python -m benchmarks NAME …` for some.

Each runs in a process of its own, prints its table and writes its figures to benchmarks/results/.
Close everything else: two sides are compared in one run, but a busy machine blurs both.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ORDER = ("imports", "windows_memory", "engine", "activations", "fit", "forecast")


def main(names: list[str]) -> int:
    """Run the named benchmarks, all by default; the exit code is the number that failed."""
    known = {path.stem for path in Path(__file__).parent.glob("*.py")} - {"__init__", "__main__"}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    failed = 0
    for name in names or ORDER:
        print(f"\n== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
