"""Every case of ../shared/cases as a table: what its test says today.

    python scripts/cases.py [WORD ...]

WORD: only cases whose name has it, as `tables` or `layers/02`. Exits 1 where a case is wrong or has
no test. A case is right when all tests that bear its mark pass.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT.parent / "shared" / "cases"


class Outcomes:
    """A plugin that keeps the outcome of every test by the case that it bears."""

    def __init__(self) -> None:
        self.of: dict[str, list[str]] = defaultdict(list)
        self._names: dict[str, list[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Only tests of cases that were asked for."""
        words = sys.argv[1:]
        chosen = []
        for item in items:
            names = [str(mark.args[0]) for mark in item.iter_markers("case")]
            if names and (not words or any(word in name for word in words for name in names)):
                self._names[item.nodeid] = names
                chosen.append(item)
        items[:] = chosen

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test's call, or what stopped it before."""
        if report.when == "call" or report.outcome != "passed":
            for name in self._names[report.nodeid]:
                self.of[name].append(report.outcome)


def wanted() -> list[str]:
    """The names of all cases: the number that a file of a room begins with, or a row of its README.

    Letters after a number (12a, 12e, 21b) belong to the number.
    """
    found = set()
    for room in sorted(path for path in CASES.iterdir() if path.is_dir()):
        rows = re.findall(r"^\|\s*(\d\d)", (room / "README.md").read_text(), flags=re.MULTILINE)
        files = [path.name[:2] for path in room.iterdir() if path.name[:2].isdigit()]
        found |= {f"{room.name}/{number}" for number in [*rows, *files]}
    words = sys.argv[1:]
    return sorted(name for name in found if not words or any(word in name for word in words))


def main() -> int:
    """Run the tests of all cases and print the table."""
    outcomes = Outcomes()
    pytest.main(["-q", "-m", "case", "--no-header", str(ROOT / "tests")], plugins=[outcomes])
    wrong = 0
    for name in wanted():
        seen = outcomes.of.get(name, [])
        right = bool(seen) and set(seen) == {"passed"}
        wrong += not right
        word = "right" if right else "WRONG" if "failed" in seen else "not tried"
        print(f"{name:<16} {word:<10} {len(seen)} tests")
    print(f"{len(wanted()) - wrong} of {len(wanted())} right")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
