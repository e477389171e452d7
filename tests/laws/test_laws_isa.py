"""The laws again on each instruction set this machine has, each in a process of its own.

The kernels are chosen when the extension is imported, so one process cannot run two of them.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unrolled.layers import extension as _native

ISAS = [] if _native.kernels is None else list(_native.kernels.supported_isas())


@pytest.mark.slow
@pytest.mark.skipif(not ISAS, reason=f"needs the native engine: {_native.reason}")
@pytest.mark.parametrize("isa", ISAS)
def test_the_laws_hold_on_every_instruction_set(isa: str) -> None:
    laws = Path(__file__).with_name("test_laws.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(laws), "-k", "native", "-p", "no:cacheprovider"],
        env=os.environ | {"UNROLLED_ISA": isa, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " skipped" not in done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_an_instruction_set_that_is_not_there_fails_and_does_not_skip() -> None:
    laws = Path(__file__).with_name("test_laws.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(laws), "-k", "no_state_equals and native"],
        env=os.environ | {"UNROLLED_ISA": "sparc"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout[-3000:]
    assert "the native engine is demanded and does not run" in done.stdout
