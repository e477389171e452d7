"""What is shown in a terminal: no name in it may command the terminal."""

from __future__ import annotations

import os
import re
import sys

# Control characters, and those that turn the direction of writing around.
_COMMANDS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str, keep: str = "\n\t") -> str:
    r"""A text whose control characters are written out as JSON does; keep: those that stay.

    >>> print(printable("te\x1b[31mmp"))
    te\u001b[31mmp
    """
    return _COMMANDS.sub(
        lambda found: found[0] if found[0] in keep else f"\\u{ord(found[0]):04x}", text
    )


def open_streams() -> None:
    """Put nothing in the place of a standard stream that is closed, as by `2>&-`.

    Else the next file that is opened would be taken for it, and `print` takes stdout for stderr.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
