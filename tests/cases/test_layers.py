"""The cases of ../shared/cases/layers: each file ends with exit code 0 when it is right."""

from __future__ import annotations

import subprocess
import sys

import pytest
from helpers.cases import CASES

pytestmark = pytest.mark.slow  # each a process of its own
NUMBERS = tuple(f"{number:02}" for number in range(1, 13))


@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=pytest.mark.case(f"layers/{n}")) for n in NUMBERS]
)
def test_a_program_with_our_layers_goes_on(number: str) -> None:
    (program,) = (CASES / "layers").glob(f"{number}-*.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(program)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
