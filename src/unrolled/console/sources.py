"""Where the data of a command come from: a file, or a sample by its name."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from unrolled.errors import DataError


def source(file: str) -> Path:
    """The path of a file, or of the sample of that name."""
    from unrolled.data import samples

    path = Path(file)
    found = [one.name for one in samples.available()]
    if file in found and not path.exists():
        return samples.path(file)
    if not path.exists() and (near := get_close_matches(file, found, n=1)):
        raise DataError(f"read {file}: there is no such file; did you mean the sample {near[0]!r}?")
    return path


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

    path = source(file)
    return samples.name_of(path) or str(path.resolve())
