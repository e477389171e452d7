"""Small texts and labelled sequences for the tests, and runs fitted on them."""

from __future__ import annotations

import math
from pathlib import Path

from unrolled.cli import main

BOOK = "to be or not to be, that is the question. " * 40
TEXT = ("--hidden", "4", "--embed", "4", "--epochs", "1", "--quiet")
LABELS = ("--hidden", "4", "--ensemble", "1", "--epochs", "1", "--quiet")


def ts(cases: list[str], classes: str = "a b") -> str:
    """A .ts file of these lines."""
    header = f"@classLabel true {classes}" if classes else "@classLabel false"
    return "\n".join([header, "@data", *cases, ""])


def moves(count: int = 20) -> str:
    """A long table: slow and fast waves of different lengths, and where they go up."""
    lines = ["id,t,x,y,kind,state"]
    for i in range(count):
        for t in range(8 + i % 4):
            x = math.sin((0.3, 1.2)[i % 2] * t + i)
            state = "up" if x > 0 else "down"
            lines.append(f"s{i},{t},{x:.3f},{i * t % 7},{('slow', 'fast')[i % 2]},{state}")
    return "\n".join([*lines, ""])


MOVES = moves()


def fit_text(folder: Path, *options: str) -> Path:
    """A language model of `BOOK`, in `text`."""
    (folder / "book.txt").write_text(BOOK)
    run = folder / "text"
    assert main(["fit", str(folder / "book.txt"), *TEXT, *options, "--out", str(run)]) == 0
    return run


def fit_labels(folder: Path, *options: str) -> Path:
    """A classifier of `MOVES`, in `labels`."""
    (folder / "moves.csv").write_text(MOVES)
    words = ["--series", "id", "--label", "kind", *LABELS, *options]
    run = folder / "labels"
    assert main(["fit", str(folder / "moves.csv"), *words, "--out", str(run)]) == 0
    return run
