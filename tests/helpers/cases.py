"""The cases of real users in ../shared/cases, and the command line that they are tried with.

A test of a case bears `@pytest.mark.case("tables/04")`; `scripts/cases.py` prints all as a table.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from unrolled.cli import main

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


@dataclass(frozen=True)
class Answer:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines that the command says to a person about a fault."""
        return [line for line in self.err.splitlines() if line.startswith("unrolled:")]

    @property
    def refused(self) -> bool:
        """Exit code 2 and one clear line."""
        return self.code == 2 and len(self.lines) == 1 and "Traceback" not in self.err


def unrolled(
    *words: object, cwd: Path, stdin: str | None = None, timeout: float = 300, apart: bool = False
) -> Answer:
    """Run the command line in a folder.

    With a stdin, or `apart`, in a process of its own with one thread: it costs seconds.
    """
    if stdin is None and not apart:
        return _here([str(word) for word in words], cwd)
    done = subprocess.run(
        [sys.executable, "-m", "unrolled", *map(str, words)],
        cwd=cwd, input=stdin, capture_output=True, text=True, errors="surrogateescape",
        timeout=timeout, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


def _here(words: list[str], cwd: Path) -> Answer:
    """Run the command line in this process."""
    out, err = (
        io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape", write_through=True)
        for _ in range(2)
    )
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(words)
    written = (stream.buffer.getvalue().decode(errors="surrogateescape") for stream in (out, err))
    return Answer(code, *written)
