# ruff: noqa: E501  one mutant to a line
"""Break each gate of each kernel once, and show that a test fails every time.

    python scripts/mutate_kernels.py

Works on a copy in a temporary folder and prints a Markdown table; exits 1 if a mutant survives.
Needs a C++ compiler, cmake and ninja.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
RUN_TESTS = """
import sys
sys.path.insert(0, sys.argv.pop(1))
sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in type(f).__module__.lower()]
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


class Mutant(NamedTuple):
    """One change of one line of one file in csrc."""

    file: str
    cell: str
    what: str
    old: str
    new: str


MUTANTS = [
    Mutant("cells/lstm.h", "Lstm", "i, f: tanh", "sigmoids(z, 3", "tanhs(z, 2 * stride);\n    sigmoids(z + 2 * stride, 1"),
    Mutant(
        "cells/lstm.h",
        "Lstm",
        "g: sigmoid",
        "tanhs(z + 3 * stride, stride);",
        "sigmoids(z + 3 * stride, stride);",
    ),
    Mutant("cells/lstm.h", "Lstm", "o: tanh", "sigmoids(z, 3 * stride)", "sigmoids(z, 2 * stride);\n    tanhs(z + 2 * stride, stride)"),
    Mutant("cells/lstm.h", "Lstm", "c: without f", "f * before + i * g;\n      store(c", "before + i * g;\n      store(c"),
    Mutant("cells/lstm.h", "Lstm", "h: without tanh", "o * tanh(after)", "o * after"),
    Mutant("cells/lstm.h", "Lstm", "di", "d * g * (i * (1.0f - i))", "d * g * (i * (1.0f + i))"),
    Mutant("cells/lstm.h", "Lstm", "df", "d * before * (f * (1.0f - f))", "d * (f * (1.0f - f))"),
    Mutant("cells/lstm.h", "Lstm", "dg", "d * i * (1.0f - g * g)", "d * i * (1.0f - g)"),
    Mutant("cells/lstm.h", "Lstm", "do", "from_h * tanh_c * (o", "from_h * (o"),
    Mutant("cells/lstm.h", "Lstm", "dc passed on", "store(dc + u, d * f)", "store(dc + u, d)"),
    Mutant("cells/lstm.h", "Lstm", "dc from h", "(1.0f - tanh_c * tanh_c)", "(1.0f - tanh_c)"),
    Mutant("cells/gru.h", "Gru", "r, z: tanh", "{ sigmoids(z, 2 * stride); }", "{ tanhs(z, 2 * stride); }"),
    Mutant("cells/gru.h", "Gru", "n: without r", "reset * from_h);", "from_h);"),
    Mutant("cells/gru.h", "Gru", "h: z the other way", "update * (load(before + u) - n)", "(1.0f - update) * (load(before + u) - n)"),
    Mutant("cells/gru.h", "Gru", "dn", "d * (1.0f - update) * (1.0f - n * n)", "d * update * (1.0f - n * n)"),
    Mutant("cells/gru.h", "Gru", "dn from h", "store(dz + u, dn * reset)", "store(dz + u, dn)"),
    Mutant("cells/gru.h", "Gru", "dr", "dn * from_h * (reset", "dn * (reset"),
    Mutant("cells/gru.h", "Gru", "dz", "d * (load(before + u) - n) * (update", "d * (update"),
    Mutant("cells/gru.h", "Gru", "dh passed on", "store(dh + u, d * update)", "store(dh + u, d)"),
    Mutant("cells/rnn.h", "Rnn", "tanh and relu exchanged", "kRelu ? at_least(sum, 0.0f) : tanh(sum)", "kRelu ? tanh(sum) : at_least(sum, 0.0f)"),
    Mutant("cells/rnn.h", "Rnn", "dz of tanh", "d * (1.0f - after * after)", "d * (1.0f - after)"),
    Mutant("cells/rnn.h", "Rnn", "dz of relu", "after <= 0.0f ? splat(0.0f) : d", "after <= 0.0f ? d : d"),
    Mutant("forward.h", "all", "bias of x left out", "if (u < H && Cell::kFromX[stage] && f.w.b_ih)", "if (u < 0 && f.w.b_ih)"),
    Mutant("forward.h", "all", "bias of h left out", "if (u < H && Cell::kFromH[stage] && f.w.b_hh)", "if (u < 0 && f.w.b_hh)"),
    Mutant("backward.h", "all", "dh without dy", "load(dh + at + v) + load(from_y + v)", "load(dh + at + v)"),
    Mutant("backward.h", "all", "dW without earlier chunks", "first ? nullptr : out, columns", "nullptr, columns"),
    Mutant("parts.h", "all", "dW of part 0 alone", "load(to + j) + load(from + j)", "load(to + j)"),
    Mutant("parts.h", "all", "a part without rows is not cleared", "if (whole[i]) zero(at(part, i), sizes[i]);", ";"),
    Mutant("tile.h", "all", "products lose their last k", "j < k; ++j, b", "j + 1 < k; ++j, b"),
]  # fmt: skip


def call(*command: str, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **settings)  # type: ignore[call-overload,no-any-return]


def caught(work: Path, mutant: Mutant | None) -> str:
    """Build the copy with the mutant in it and run the tests; what the tests said."""
    csrc = work / "src" / "unrolled" / "csrc"
    shutil.copytree(ROOT / "src" / "unrolled" / "csrc", csrc, dirs_exist_ok=True)
    if mutant:
        text = (csrc / mutant.file).read_text()
        if text.count(mutant.old) != 1:
            return "the line is not there any more"
        (csrc / mutant.file).write_text(text.replace(mutant.old, mutant.new))
    built = call("ninja", "-C", str(work / "build"))
    if built.returncode:
        return "does not compile"
    for module in (work / "build").glob("_kernels*.so"):
        shutil.copy(module, work / "src" / "unrolled")
    tests = (
        "tests/layers/test_native.py",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        "equals or packed",
    )
    ran = call(sys.executable, "-c", RUN_TESTS, str(work / "src"), *tests, cwd=ROOT)
    return "survives" if ran.returncode == 0 else "caught" if ran.returncode == 1 else "broken"


def main() -> int:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        shutil.copytree(ROOT / "src", work / "src", ignore=shutil.ignore_patterns("*.so"))
        shutil.copy(ROOT / "CMakeLists.txt", work)
        made = call(
            *("cmake", "-S", name, "-B", f"{name}/build", "-G", "Ninja"),
            *(f"-DPython_EXECUTABLE={sys.executable}", "-DUNROLLED_PORTABLE_ONLY=ON"),
            "-DUNROLLED_OPTIMIZE=-O1",
        )
        if made.returncode or caught(work, None) != "survives":
            print("the unchanged kernels do not build or do not pass:", made.stderr)
            return 1
        print("| cell | broken | tests |\n|---|---|---|")
        results = []
        for mutant in MUTANTS:
            results.append(caught(work, mutant))
            print(f"| {mutant.cell} | {mutant.what} | {results[-1]} |", flush=True)
    print(f"\n{results.count('caught')} of {len(results)} mutants caught")
    return 0 if set(results) == {"caught"} else 1


if __name__ == "__main__":
    sys.exit(main())
