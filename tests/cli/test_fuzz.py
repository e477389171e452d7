"""A short run of scripts/fuzz_readers.py; the long one is recorded in docs/decisions/fuzzing.md."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_hostile_files_end_in_an_answer_or_one_line(seed: int) -> None:
    words = [sys.executable, "scripts/fuzz_readers.py", "300", str(seed)]
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"300 cases of seed {seed}: 0 faults" in done.stdout
