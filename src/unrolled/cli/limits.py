"""Errors of the machine and of libraries that an input can bring about, in words.

Most are refused where a file is read, with its place. This is the net below: an input must never
end in a traceback.
"""

from __future__ import annotations

import sys
import zlib

ALLOCATOR = ("can't allocate memory", "not enough memory", "out of memory")


def beyond(error: BaseException) -> str | None:
    """What to say of an error that comes from the input or the machine; None for a bug of ours."""
    text = str(error)
    if isinstance(error, MemoryError) or any(word in text.lower() for word in ALLOCATOR):
        return (
            f"not enough memory ({text or 'for this input'}); a smaller network, --batch-size or "
            "--lookback, or fewer rows need less"
        )
    if isinstance(error, RecursionError):
        return "the input is nested too deep to be read"
    if isinstance(error, OverflowError):
        return f"a number of the input or of the options is out of range: {text}"
    if isinstance(error, UnicodeError | zlib.error | EOFError) or _of_arrow(error):
        return f"the input is damaged, or of a kind that cannot be read: {text}"
    return None


def _of_arrow(error: BaseException) -> bool:
    """Whether pyarrow says so; where it was not imported, it did not."""
    lib = sys.modules.get("pyarrow.lib")
    return lib is not None and isinstance(error, lib.ArrowException)
