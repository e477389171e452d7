"""What a file is, by its first bytes, then by its ending: the one place that says so."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from unrolled.data.source.encoding import head_lines
from unrolled.data.source.opening import GZIP, ZIP, head, members, shown
from unrolled.errors import DataError

TABLE, TEXT, SEQUENCES, NOTHING = "table", "text", "sequences", "nothing"
CSV = "save it as CSV or Parquet"
PICTURE = "there are no numbers in it to read"
UNPACK = "unpack it first"


@dataclass(frozen=True)
class Kind:
    """What a file is.

    name: "csv", "json", "parquet", "arrow", "excel", "text", ..., or "" for what is not read.
    words: "an Excel workbook"; why: "its name ends in .xlsx"; way: what to do about one that is not
    read. holds: `TABLE`, `TEXT`, `SEQUENCES`, or `NOTHING` that can be read. rows: whether a text
    looks like a table by its first lines.
    """

    name: str
    words: str
    why: str
    holds: str
    way: str = ""
    rows: bool = False


# Ending -> name, words, what it holds.
_ENDINGS = {
    **dict.fromkeys((".csv", ".tsv", ".tab"), ("csv", "a CSV file", TABLE)),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), ("json", "a JSON file", TABLE)),
    **dict.fromkeys((".txt", ".text", ".md"), ("text", "a text", TEXT)),
    ".ts": ("ts", "a .ts file", SEQUENCES),
    ".arff": ("arff", "an ARFF file", SEQUENCES),
    **dict.fromkeys(
        (".conll", ".conllu", ".iob", ".iob2", ".bio"), ("conll", "a CoNLL file", SEQUENCES)
    ),
}
EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PARQUET = (".parquet", ".pq")
# First bytes -> words, way out.
_REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF", "copy its table into a CSV file, or its text into a .txt file"),
    (b"\x89PNG", "a picture (PNG)", PICTURE),
    (b"\xff\xd8\xff", "a picture (JPEG)", PICTURE),
    (b"GIF8", "a picture (GIF)", PICTURE),
    (b"II*\0", "a picture (TIFF)", PICTURE),
    (b"MM\0*", "a picture (TIFF)", PICTURE),
    (b"RIFF", "a sound, picture or film (RIFF)", "read its samples into a CSV file or an array"),
    (b"ID3", "a sound (MP3)", "read its samples into a CSV file or an array"),
    (b"OggS", "a sound (Ogg)", "read its samples into a CSV file or an array"),
    (b"SQLite format 3\0", "an SQLite database", "export the table: sqlite3 -csv -header"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", f"{CSV}: pandas.read_hdf, h5py"),
    (b"CDF\x01", "a netCDF file", f"{CSV}: xarray.open_dataset(…).to_dataframe()"),
    (b"CDF\x02", "a netCDF file", f"{CSV}: xarray.open_dataset(…).to_dataframe()"),
    (b"FEA1", "a Feather file of version 1", CSV),
    (b"ORC", "an ORC file", f"{CSV}: pyarrow.orc.read_table"),
    (b"Obj\x01", "an Avro file", CSV),
    (b"\x93NUMPY", "a numpy array", "pass the array itself, or save it as CSV"),
    (b"\x80\x02", "a pickle, which is never opened", f"{CSV} where it was made"),
    (b"\x80\x03", "a pickle, which is never opened", f"{CSV} where it was made"),
    (b"\x80\x04", "a pickle, which is never opened", f"{CSV} where it was made"),
    (b"\x80\x05", "a pickle, which is never opened", f"{CSV} where it was made"),
    (b"MATLAB 5.0", "a MATLAB file", f"{CSV}: writetable"),
    (b"<stata_dta>", "a Stata file", f"{CSV}: pandas.read_stata"),
    (b"$FL2", "an SPSS file", f"{CSV}: pandas.read_spss"),
    (b"RDX", "an R data file", f"{CSV}: write.csv"),
    (b"RDA", "an R data file", f"{CSV}: write.csv"),
    (b"X\n\0\0\0", "an R data file", f"{CSV}: write.csv"),
    (b"{\\rtf", "an RTF document", "save it as plain text"),
    (b"BZh", "a bzip2 archive", UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"PK\x05\x06", "an empty zip archive", "name the file that was meant"),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\x7fELF", "a program", PICTURE),
    (b"version https://git-lfs", "a pointer of Git LFS to a file", "fetch it: git lfs pull"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP = ("<!doctype html", "<html", "<?xml")
# A file that only such a zip holds -> words, way out.
_IN_ZIP: tuple[tuple[str, str, str], ...] = (
    ("word/", "a Word document", "save its text as a .txt file"),
    ("ppt/", "a PowerPoint file", "save its text as a .txt file"),
    ("META-INF/container.xml", "an e-book (EPUB)", "save its text as a .txt file"),
)


def find_kind(path: Path) -> Kind:
    """What a file is: by its first bytes, then its ending, then by what its first lines look like.

    Raises DataError where there is no such file or it cannot be opened.

    >>> find_kind(Path("/")).words
    'a folder'
    """
    if path.is_dir():
        return Kind("folder", "a folder", "it is a folder", TEXT)
    start, inner = head(path, unpack=False), path
    names = members(path) if start.startswith(ZIP) else []
    if names and (found := _of_zip(names)):
        return found
    if len(names) == 1:
        inner = Path(names[0])
    elif start.startswith(GZIP) and path.suffix.lower() == ".gz":
        inner = path.with_suffix("")
    if names or start.startswith(GZIP):
        start = head(path)
    return _of_bytes(start, inner) or _of_text(path, inner)


def readable(path: Path, holds: tuple[str, ...] = ()) -> Kind:
    """What a file is; DataError that says so where it cannot be read, with the way out.

    holds: what is wanted of it, where not anything.
    """
    kind = find_kind(path)
    if kind.holds == NOTHING or (holds and kind.holds not in holds):
        raise DataError(refusal(path, kind))
    return kind


def refusal(path: Path, kind: Kind) -> str:
    """What a file is, why, and what to do about it."""
    return f"read {shown(path)}: this is {kind.words} ({kind.why}); {kind.way}"


def _of_zip(names: list[str]) -> Kind | None:
    """What a zip is that is a file of another format; None for one that is an archive."""
    why = "by what is in it"
    if any(name.startswith("xl/") for name in names):
        return Kind("excel", "an Excel workbook", why, TABLE)
    if "content.xml" in names:
        return Kind("excel", "an OpenDocument file", why, TABLE)
    for part, words, way in _IN_ZIP:
        if any(name.startswith(part) for name in names):
            return Kind("", words, why, NOTHING, way)
    if all(name.endswith(".npy") for name in names):
        return Kind("npz", "a file of numpy arrays", why, SEQUENCES, "pass the arrays themselves")
    return None


def _of_bytes(start: bytes, path: Path) -> Kind | None:
    """What the first bytes say alone; None for a text."""
    ending = path.suffix.lower()
    begins = f"it begins with {start[:4]!r}"
    if start.startswith(b"PAR1"):
        return Kind("parquet", "a Parquet file", begins, TABLE)
    if start.startswith(b"ARROW1"):
        return Kind("arrow", "an Arrow file", begins, TABLE)
    if start.startswith(_OLE):
        if ending == ".doc":
            return Kind("", "a Word document", begins, NOTHING, "save its text as a .txt file")
        return Kind("excel", "an Excel workbook", begins, TABLE)
    for magic, words, way in _REFUSED:
        if start.startswith(magic):
            return Kind("", words, begins, NOTHING, way)
    if start[257:262] == b"ustar":
        return Kind("", "a tar archive", "by its first bytes", NOTHING, UNPACK)
    if start and ending in PARQUET:
        return Kind("", "no Parquet file, though its name says so", begins, NOTHING, CSV)
    return None


def _of_text(path: Path, inner: Path) -> Kind:
    """What is a text by its bytes: by its ending, else by its first lines."""
    ending = inner.suffix.lower()
    why = f"its name ends in {ending if inner is path else ending + path.suffix.lower()}"
    lines = head_lines(path)
    if lines == [] and ending in (*PARQUET, *EXCEL):
        return Kind("csv", "an empty file", why, TABLE)
    if lines is None:
        start = head(path)
        at = next((i for i, byte in enumerate(start) if byte in _CONTROL), 0)
        where = f"byte 0x{start[at]:02x} at offset {at}" if start else "it is empty"
        return Kind("", "binary data of an unknown kind", where, NOTHING, CSV)
    first = next((line for line in lines if line.strip()), "").lstrip().lower()
    if ending in _ENDINGS:
        name, words, holds = _ENDINGS[ending]
        if holds == TABLE and first.startswith(_MARKUP):
            return Kind("", "a web page or XML", "by its first line", NOTHING, CSV)
        way = _WAYS.get(name, "")
        return Kind(name, words, why, holds, way, looks_like_rows(lines))
    if ending in EXCEL and first.startswith(_MARKUP):
        return Kind("", "a web page or XML", "by its first line", NOTHING, f"open it, and {CSV}")
    if first.startswith("@relation"):
        return Kind("arff", "an ARFF file", "by its first line", SEQUENCES, _WAYS["arff"])
    if first.startswith(("{", "[{")) and looks_like_records(lines):
        return Kind("json", "records of JSON", "by its first line", TABLE)
    if looks_like_rows(lines):
        return Kind("csv", "a table", "its first lines are rows of as many cells", TABLE)
    return Kind("text", "a text", "it is text", TEXT)


_CONTROL = frozenset(range(32)) - frozenset(b"\t\r\n\f\x1a\x1b")
_WAYS = {
    "ts": "it holds labelled sequences: Sequences.read, unrolled fit FILE",
    "conll": "it holds a label for each word: Sequences.read, unrolled fit FILE",
    "arff": "save its rows as CSV, the names of @attribute in the first line",
    "text": "a table needs names in its first line and another ending, such as .csv",
}


def looks_like_records(lines: list[str]) -> bool:
    """Whether lines are JSON, a record in each line or a list of records."""
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("["):
        return True
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def looks_like_rows(lines: list[str]) -> bool:
    """Whether lines are a table: at least three with the same cells, of which one is a number."""
    rows = [line for line in lines if line.strip()][:50]
    for mark in ",;\t|":
        counts = {row.count(mark) for row in rows[1:]}
        numbers = all(re.search(r"(?:^|[,;\t|])\s*-?\d", row) for row in rows[1:])
        names = [cell.strip() for cell in rows[0].split(mark)] if rows else []
        named = any(name and not re.match(r"[-+\d.]", name) for name in names)
        if named and len(rows) > 2 and counts == {len(names) - 1} and numbers and len(names) > 1:
            return True
    return False
