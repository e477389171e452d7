"""What the library calls `time=` is `--time` on the command line, in every message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import unrolled
from unrolled.cli.app import main
from unrolled.console.groups import as_options

main(["--version"])  # so that the options are known


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time= names it, time='none' counts the rows", "--time names it, --time none counts"),
        ("date_format= says how, as %d.%m.%y", "--date-format says how, as %d.%m.%y"),
        ("holds text, date_format=%Y%m reads integers", "--date-format %Y%m reads integers"),
        ("resample='Mon-Fri 09:00' brings", "--resample 'Mon-Fri 09:00' brings"),
        ("resample=1h or test=0.", "--resample 1h or --test 0."),
        ("date_format: expected two codes", "--date-format: expected two codes"),
        ("time: expected two rows", "time: expected two rows"),
        ("column 'time=3' is text", "column 'time=3' is text"),
        ("Roles(time=x)", "Roles(time=x)"),
        ("nothing=3 is no option", "nothing=3 is no option"),
    ],
)
def test_options_are_said_as_they_are_typed(text: str, words: str) -> None:
    assert words in as_options(text)


def test_no_message_says_an_option_in_two_ways() -> None:
    package = Path(unrolled.__file__).parent
    for path in package.rglob("*.py"):
        found = re.search(r"--[a-z-]+ \([a-z_]+=\)", path.read_text("utf-8"))
        assert not found, f"{path}: {found}"
