"""The bytes of a file, unpacked, from a pipe too; whatever goes wrong is one line."""

from __future__ import annotations

import gzip
import os
import stat
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from unrolled.errors import DataError

BLOCK = 1 << 20  # bytes copied at a time
HEAD = 1 << 16  # bytes that are looked at to tell what a file is
PATIENCE = 10.0  # seconds that a named pipe without a writer is waited for
STDIN = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
_COPIES: dict[str, str] = {}  # of pipes, by what they are called
_DAMAGE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError)


def shown(path: str | Path) -> str:
    r"""A path for people and for files in UTF-8: bytes that are none are written as \xNN.

    >>> shown(Path("data.csv"))
    'data.csv'
    """
    return os.fsencode(_COPIES.get(str(path), path)).decode("utf-8", "backslashreplace")


@contextmanager
def opened(path: Path, *, unpack: bool = True) -> Iterator[IO[bytes]]:
    """The bytes of a file, those within it where it is gzip or a zip of one file.

    Raises DataError where there is no such file, it is a folder, or it is damaged, also for what is
    found while it is read.
    """
    packed = ""
    try:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if not unpack:
                yield file
            elif start.startswith(GZIP):
                packed = "gzip "
                with gzip.open(file) as inside:
                    yield cast("IO[bytes]", inside)
            elif start == ZIP:
                packed = "zip "
                with zipfile.ZipFile(file) as archive, _member(path, archive) as inside:
                    yield inside
            else:
                yield file
    except FileNotFoundError:
        raise DataError(f"read {shown(path)}: there is no such file") from None
    except IsADirectoryError:
        raise DataError(f"read {shown(path)}: expected a file, got a folder") from None
    except _DAMAGE as error:
        reason = getattr(error, "strerror", None) or error
        damage = f"the {packed}file is damaged ({reason})" if packed else str(reason)
        raise DataError(f"read {shown(path)}: {damage}") from None


def head(path: Path, *, unpack: bool = True) -> bytes:
    """The first 64 KiB of a file, unpacked."""
    with opened(path, unpack=unpack) as file:
        return file.read(HEAD)


def members(path: Path) -> list[str]:
    """The names of the files in a zip, none for what is no zip or a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [one.filename for one in _files(archive)]
    except (*_DAMAGE, ValueError):
        return []


def _files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files of an archive, without those that macOS adds."""
    return [
        one
        for one in archive.infolist()
        if not one.is_dir()
        and not one.filename.startswith("__MACOSX/")
        and not Path(one.filename).name.startswith(".")
    ]


def _member(path: Path, archive: zipfile.ZipFile) -> IO[bytes]:
    """The one file in an archive; DataError where there are none or several."""
    found = _files(archive)
    if len(found) != 1:
        names = ", ".join(one.filename for one in found[:5]) or "none"
        raise DataError(
            f"read {shown(path)}: expected a zip of one file, it holds {len(found)} ({names}); "
            "unpack it and name one"
        )
    if found[0].flag_bits & 1:
        raise DataError(f"read {shown(path)}: the zip file needs a password; unpack it first")
    return archive.open(found[0])


def is_pipe(path: Path) -> bool:
    """Whether a path can be read only once: stdin, `<(…)`, a named pipe."""
    if str(path) == "-":
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextmanager
def settled(path: Path) -> Iterator[Path]:
    """A path that can be read as often as wanted: of a pipe a copy that is deleted afterwards."""
    if not is_pipe(path):
        yield path
        return
    copy = spool(path)
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def spool(path: Path) -> Path:
    """Copy what a pipe gives into a temporary file, and return its path.

    Raises DataError when nothing arrives, and for a named pipe that nobody writes to.
    """
    handle, name = tempfile.mkstemp(prefix="unrolled-")
    try:
        with os.fdopen(handle, "wb") as copy:
            size = 0
            for block in _blocks(path):
                size += copy.write(block)
        if not size:
            raise DataError(f"read {shown(path)}: expected data, but the pipe gave none")
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise DataError(f"read {shown(path)}: the pipe cannot be read ({reason})") from None
        raise
    called = "standard input" if str(path) in STDIN else str(path)
    _COPIES[name] = f"{called} ({size:,} bytes)"
    return Path(name)


def _blocks(path: Path) -> Iterator[bytes]:
    """What a pipe gives until its writer closes it."""
    stdin = str(path) in STDIN
    source = os.dup(0) if stdin else os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stdin and not str(path).startswith(("/dev/", "/proc/")):
            yield _first(source)
        os.set_blocking(source, True)
        while block := os.read(source, BLOCK):
            yield block
    finally:
        os.close(source)


def _first(source: int) -> bytes:
    """What comes first through a named pipe, whose writer may not be there yet."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if block := os.read(source, BLOCK):
                return block
        except BlockingIOError:  # somebody has opened it and not written yet
            until = time.monotonic() + PATIENCE
        time.sleep(0.02)
    return b""
