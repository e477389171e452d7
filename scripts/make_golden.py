"""Make a run folder of each task by today's schema, which every later version must load.

Run `PYTHONPATH=tests python scripts/make_golden.py` once for a schema, when it is final. A folder
that is there is left alone: what it says is what later versions are held to.
"""

from __future__ import annotations

import json
import shutil
from contextlib import chdir
from pathlib import Path

from helpers.estimators import TASKS, Task

from unrolled.runs.card import SCHEMA

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden" / f"schema-{SCHEMA}"
MOST = 60_000  # bytes of a folder: they are kept for good


def make(task: Task, folder: Path) -> None:
    """Fit a tiny model; keep its run, its file and what it says of the file."""
    folder.mkdir(parents=True)
    with chdir(folder):  # the run names its file: no path of this machine belongs there
        path = task.file_in(Path())
        model = task.fit(path, out="run")
        shutil.rmtree("run/checkpoint")
        said = {name: values.tolist() for name, values in task.predict(model, path).items()}
        Path("said.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Make those that are not there."""
    for task in TASKS.values():
        folder = GOLDEN / task.name
        if folder.exists():
            print(f"{folder} is there already")
            continue
        make(task, folder)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"{folder}: {size:,} bytes")
        assert size < MOST, f"expected less than {MOST:,} bytes"


if __name__ == "__main__":
    main()
