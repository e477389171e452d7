"""Where the data of a command come from: a file, or a sample by its name."""

from __future__ import annotations

import atexit
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from unrolled.errors import DataError


def source(file: str) -> Path:
    """The path of a file, of the sample of that name, or of a copy of what a pipe gives.

    `-` is standard input.
    """
    from unrolled.data import samples
    from unrolled.data.source.opening import is_pipe

    path = Path(file)
    if is_pipe(path):
        return _copy(path)
    found = [one.name for one in samples.available()]
    if file in found and not path.exists():
        return samples.path(file)
    if not path.exists() and (near := get_close_matches(file, found, n=1)):
        raise DataError(f"read {file}: there is no such file; did you mean the sample {near[0]!r}?")
    return path


@cache
def _copy(path: Path) -> Path:
    """A copy of what a pipe gives, which is read only once; deleted at the end."""
    from unrolled.data.source.opening import spool

    copy = spool(path)
    atexit.register(copy.unlink, missing_ok=True)
    return copy


def is_text_sample(file: str) -> bool:
    """Whether a file is the name of a sample that is text."""
    from unrolled.data import samples

    texts = [one.name for one in samples.available() if one.rows is None]
    return file in texts and not Path(file).exists()


def is_table(file: str) -> bool:
    """Whether a file is a table by its name."""
    from unrolled.data.columns.read import recognise

    return not is_text_sample(file) and recognise(source(file)) is not None


def lasting(file: str) -> str:
    """A file as it is written down: the name of a sample, else the whole path."""
    from unrolled.data import samples
    from unrolled.data.source.opening import is_pipe, shown

    path = Path(file)
    if is_pipe(path):
        return file
    return samples.name_of(source(file)) or shown(path.resolve())
