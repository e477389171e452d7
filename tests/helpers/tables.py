"""Small tables as files, and what a refusal must look like."""

from __future__ import annotations

from pathlib import Path

import numpy as np

ROWS = 100
TINY = ("--lookback", "6", "--cell", "lstm", "--hidden", "3", "--epochs", "1", "--quiet")


def csv(header: str, rows: list[str]) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def hourly(values: list[object], name: str = "temp") -> bytes:
    """One column over hours."""
    rows = [f"2013-01-{1 + i // 24:02d} {i % 24:02d}:00,{v}" for i, v in enumerate(values)]
    return csv(f"time,{name}", rows)


def wave(rows: int = ROWS) -> list[object]:
    return [round(10 + 5 * ((i % 24) / 24) + (i * 7 % 5) / 10, 2) for i in range(rows)]


def weather(rows: int = ROWS, step: int = 1) -> bytes:
    """Two columns, temp and wind, every `step` hours."""
    lines = [
        f"2013-01-{1 + i * step // 24:02d} {i * step % 24:02d}:00,{v},{i % 7}"
        for i, v in enumerate(wave(rows))
    ]
    return csv("time,temp,wind", lines)


def write_table(path: Path, rows: int = 420) -> Path:
    """Hours with a daily wave and noise."""
    random = np.random.default_rng(1)
    hours = np.arange(rows)
    values = 10 + 4 * np.sin(hours * 2 * np.pi / 24) + random.normal(0, 0.5, rows)
    times = np.datetime64("2013-01-01T00") + hours
    lines = [f"{t},{v:.3f},{h % 7}" for t, v, h in zip(times, values, hours, strict=True)]
    path.write_text("\n".join(["time,temp,wind", *lines, ""]))
    return path


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below, with its bytes."""
    paths = sorted(folder.rglob("*"))
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in paths}


def one_line(err: str) -> str:
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("unrolled: ")
    assert "Traceback" not in err
    return lines[0]
