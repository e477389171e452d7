"""Small right files of every kind, and how each is changed: for `fuzz_readers.py`."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.made import BOOK, moves
from helpers.sealed import seal
from helpers.tables import write_table
from unrolled import files
from unrolled.cli import main as unrolled

# What has broken readers: numbers out of range, odd dates, letters that steer, names that collide.
CELLS = (
    *("", " ", "nan", "NA", "-", ".", "inf", "-inf", "1e400", "1e-400", "-0", "1e300", "1,5"),
    *("1.234.567", "0x10", "1_000", "９", "½", "12 %", "€5", "True", "null", "9" * 400, "-999"),
    *("2013-01-01", "2013-02-30", "0001-01-01", "9999-12-31T23:59:59-14:00", "1e9", "24:00"),
    *("2013-01-01T00:00:00.123456789+05:45", "Jan 5 2000", "2005Q1", "201513", "13/13/2013"),
    *('"', '""', "'", ",", ";", "\t", "\n", "\r", "\r\n", "\x00", "\x1b[31m", "\u202e", "\ufeff"),
    *("a" * 5000, " " * 3000, "=1+1", "ý" * 40, "각", "\ud7ff", "[1, 2]", '{"a": 1}', "time", "y"),
    *("[" * 3000, "-" * 300, "2013-01-01" + " " * 2000 + "x", "time missing", "temp_lo_90"),
)
BYTES = (b"", b"\x00", b"\xff", b"\x1a", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe0\x80", b"\x80\x04c")
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 10**30, 0.5, -1.5, 1e300, float("nan")),
    *(float("inf"), "", "x", "1", [], {}, [1, "a", None], {"a": {"b": []}}, [[[[]]]], "\x1b[2J"),
    *("../../etc/passwd", ["x"] * 50, "1h", "2013-01-01", "temp", [0.5], [1.0, 2.0, 3.0]),
)
Mutation = Callable[[Path, random.Random], None]


def bytewise(path: Path, draw: random.Random) -> None:
    """Some bytes changed, left out, put in or said twice; or the end cut off."""
    data = bytearray(path.read_bytes())
    for _ in range(draw.choice((1, 1, 2, 5, 20))):
        at, size = draw.randrange(len(data) + 1), draw.choice((1, 1, 2, 8, 60))
        match draw.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << draw.randrange(8)
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = draw.choice(BYTES)
            case 3:
                data[at:at] = data[at : at + size] * draw.choice((1, 2, 50))
            case 4:
                del data[at:]
            case 5:
                data[at : at + size] = draw.randbytes(size)
    path.write_bytes(bytes(data))


def cellwise(separator: str) -> Mutation:
    """Cells, columns and lines of a text table changed."""

    def mutate(path: Path, draw: random.Random) -> None:
        text = path.read_text(encoding="utf-8")
        rows = [line.split(separator) for line in text.splitlines()]
        for _ in range(draw.choice((1, 1, 2, 4, 30))):
            row = draw.choice(rows)
            at = draw.randrange(len(row)) if row else 0
            match draw.randrange(9):
                case 0 | 1 if row:
                    row[at] = draw.choice(CELLS)
                case 2:
                    row[at:at] = [draw.choice(CELLS)]
                case 3:
                    del row[at:]
                case 4:
                    rows.insert(draw.randrange(len(rows)), list(draw.choice(rows)))
                case 5:
                    draw.shuffle(rows) if draw.random() < 0.2 else rows.reverse()
                case 6:
                    column, cell = draw.randrange(4), draw.choice(CELLS)
                    for other in rows[draw.choice((0, 1)) :]:
                        other[column : column + 1] = [cell]
                case 7 if rows[0]:
                    rows[0][draw.randrange(len(rows[0]))] = draw.choice((*CELLS, *rows[0]))
                case 8:
                    del rows[draw.randrange(len(rows)) :]
            if not rows:
                break
        end = draw.choice(("\n", "\n", "\r\n", "\r"))
        encoding = draw.choice(("utf-8", "utf-8", "utf-8", "utf-16", "cp949", "utf-8-sig"))
        text = end.join(separator.join(row) for row in rows) + draw.choice((end, ""))
        path.write_bytes(text.encode(encoding, "replace"))

    return mutate


def inside(
    inner: Mutation, unpack: Callable[[bytes], bytes], pack: Callable[[bytes], bytes]
) -> Mutation:
    """What is in an archive changed, then packed again."""

    def mutate(path: Path, draw: random.Random) -> None:
        packed = path.read_bytes()
        path.write_bytes(unpack(packed))
        inner(path, draw)
        path.write_bytes(pack(path.read_bytes()))

    return mutate


def _unzip(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(archive.namelist()[0])


def _zip(data: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", data)
    return kept.getvalue()


def any_of(*mutations: Mutation) -> Mutation:
    """One of several, now and then two."""

    def mutate(path: Path, draw: random.Random) -> None:
        for _ in range(draw.choice((1, 1, 1, 2))):
            try:
                draw.choice(mutations)(path, draw)
            except Exception:  # what the first did can no longer be parsed
                bytewise(path, draw)

    return mutate


def _columns(draw: random.Random, rows: int) -> list[Any]:
    """A column as Arrow may hold it, of a type that tables seldom have."""
    import pyarrow as pa

    makers: tuple[Callable[[], Any], ...] = (
        lambda: pa.array([draw.choice(CELLS) for _ in range(rows)]),
        lambda: pa.array([draw.random() for _ in range(rows)], pa.float32()),
        lambda: pa.array([None] * rows),
        lambda: pa.array([[1, 2]] * rows),
        lambda: pa.array([{"a": 1}] * rows),
        lambda: pa.array([b"\xff"] * rows),
        lambda: pa.array([True, None] * (rows // 2) + [False] * (rows % 2)),
        lambda: pa.array(["a", "b"] * (rows // 2) + ["c"] * (rows % 2)).dictionary_encode(),
        lambda: pa.array([draw.randrange(-(2**62), 2**62) for _ in range(rows)]),
        lambda: pa.array(range(rows), pa.timestamp("ns", draw.choice(("UTC", "Mars/Phobos")))),
        lambda: pa.array([draw.randrange(2**40) for _ in range(rows)], pa.timestamp("s")),
        lambda: pa.array(range(rows), pa.date32()),
        lambda: pa.array(range(rows), pa.time32("s")),
        lambda: pa.array(range(rows), pa.duration("us")),
        lambda: pa.array(range(rows)).cast(pa.decimal128(20, 4)),
        lambda: pa.array([float("inf"), float("nan")] * (rows // 2) + [0.0] * (rows % 2)),
        lambda: pa.array(range(rows), pa.uint64()),
    )
    return [draw.choice(makers)()]


def typewise(path: Path, draw: random.Random) -> None:
    """Columns of a Parquet file changed for others, renamed, left out, said twice; rows too."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    for _ in range(draw.choice((1, 1, 2))):
        at = draw.randrange(table.num_columns) if table.num_columns else 0
        name = draw.choice((*table.column_names, *CELLS[:60]))
        match draw.randrange(5):
            case 0 | 1:
                column = _columns(draw, table.num_rows)[0]
                there = table.column_names[at] if table.num_columns else name
                table = table.drop_columns([there]) if there in table.column_names else table
                table = table.append_column(there, column)
            case 2:
                table = table.append_column(name, _columns(draw, table.num_rows)[0])
            case 3 if table.num_columns:
                table = table.rename_columns(
                    [name if i == at else old for i, old in enumerate(table.column_names)]
                )
            case 4:
                table = table.slice(0, draw.choice((0, 1, 2, 10)))
    if len(set(table.column_names)) == table.num_columns or draw.random() < 0.5:
        pq.write_table(table.replace_schema_metadata(None), path)
    assert isinstance(table, pa.Table)


def jsonwise(value: Any, draw: random.Random) -> Any:
    """A value somewhere in a value of JSON changed for another."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        key = draw.choice(list(value))
        match draw.randrange(8):
            case 0:
                return {k: v for k, v in value.items() if k != key}
            case 1:
                return {**value, "new": draw.choice(VALUES)}
            case _:
                return {**value, key: jsonwise(value[key], draw)}
    if isinstance(value, list) and value and draw.random() < 0.9:
        at = draw.randrange(len(value))
        match draw.randrange(6):
            case 0:
                return value[:at]
            case 1:
                return [*value, *value[at:]]
            case _:
                return [*value[:at], jsonwise(value[at], draw), *value[at + 1 :]]
    return draw.choice(VALUES)


def linewise(path: Path, draw: random.Random) -> None:
    """Values of some lines of JSON changed."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for _ in range(draw.choice((1, 2, 10))):
        at = draw.randrange(len(lines))
        lines[at] = json.dumps(jsonwise(json.loads(lines[at]), draw))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def documentwise(path: Path, draw: random.Random) -> None:
    """A value of a file of JSON changed."""
    value = jsonwise(json.loads(path.read_text(encoding="utf-8")), draw)
    path.write_text(json.dumps(value), encoding="utf-8")


OF_FILE = {
    ".json": any_of(bytewise, *[documentwise] * 4),
    ".jsonl": any_of(bytewise, linewise),
}


def of_run(path: Path, draw: random.Random) -> None:
    """A file of a run folder changed, with fingerprints that do not fit or that are made to fit."""
    there = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix != ".html")
    for _ in range(draw.choice((1, 1, 2))):
        file = draw.choice(there)
        if draw.random() < 0.1:
            file.unlink()
        else:
            OF_FILE.get(file.suffix, bytewise)(file, draw)
        if draw.random() < 0.7 and (path / "run.json").is_file():
            _resealed(path)
        there = sorted(file for file in path.rglob("*.json*") if file.is_file())
        if not there:
            return


def _resealed(path: Path) -> None:
    try:
        seal(path)
    except (ValueError, TypeError, KeyError, AttributeError, UnicodeError, RecursionError):
        return  # run.json is no longer JSON


@dataclass(frozen=True)
class Seed:
    """A right file or run folder: how it is changed, the commands that read it, and what else."""

    mutate: Mutation
    commands: tuple[tuple[str, ...], ...]
    beside: tuple[str, ...] = ()
    weight: int = 4


SMALL = ("--hidden", "2", "--epochs", "1", "--batch-size", "64", "--threads", "1", "-q")
FORECAST = ("--horizon", "2", "--lookback", "3", *SMALL, "--out", "made")
LABELS = ("--series", "id", "--label", "kind")
ASKED = ("inspect", "FILE", "--target", "temp")
TABLE = (
    *(("inspect", "FILE"), ("inspect", "FILE"), ASKED, (*ASKED, "--future", "wind")),
    ("fit", "FILE", "--target", "temp", *FORECAST, "--no-refit-all"),
    ("predict", "forecast", "FILE"),
)
_RUN = (("evaluate", "RUN"), ("report", "RUN"), ("evaluate", "RUN", "--json"))
SEEDS: dict[str, Seed] = {
    "table.csv": Seed(any_of(bytewise, *[cellwise(",")] * 3), TABLE[:5], weight=12),
    "table.tsv": Seed(any_of(bytewise, cellwise("\t")), TABLE[:4]),
    "table.parquet": Seed(any_of(bytewise, *[typewise] * 3), TABLE[:5], weight=8),
    "table.jsonl": Seed(any_of(bytewise, linewise), TABLE[:4]),
    "table.csv.gz": Seed(
        any_of(bytewise, inside(cellwise(","), gzip.decompress, gzip.compress)), TABLE[:4]
    ),
    "table.zip": Seed(any_of(bytewise, inside(cellwise(","), _unzip, _zip)), TABLE[:4]),
    "table.xlsx": Seed(bytewise, TABLE[:4], weight=2),
    "moves.csv": Seed(
        any_of(bytewise, *[cellwise(",")] * 3),
        (("inspect", "FILE", *LABELS), ("inspect", "FILE", "--task", "classification", *LABELS)),
        weight=8,
    ),
    "moves.ts": Seed(
        any_of(bytewise, cellwise(","), cellwise(":")), (("inspect", "FILE"),), weight=8
    ),
    "moves.txt": Seed(any_of(bytewise, cellwise(",")), (("inspect", "FILE"),)),
    "book.txt": Seed(
        any_of(bytewise, cellwise(" ")),
        (
            ("inspect", "FILE"),
            ("inspect", "FILE", "--level", "byte"),
            ("inspect", "FILE", "--level", "bpe"),
        ),
        weight=8,
    ),
    "options.toml": Seed(
        any_of(bytewise, cellwise(" ")),
        (("fit", "--config", "FILE", *FORECAST), ("inspect", "table.csv", "--config", "FILE")),
        ("table.csv",),
    ),
    "forecast": Seed(of_run, (*_RUN, ("predict", "RUN", "table.csv")), ("table.csv",), 16),
    "labels": Seed(of_run, (*_RUN, ("predict", "RUN", "moves.csv")), ("moves.csv",), 12),
    "language": Seed(
        of_run,
        (*_RUN, ("generate", "RUN", "--length", "3"), ("evaluate", "RUN", "book.txt")),
        ("book.txt",),
        12,
    ),
    "going-on": Seed(
        of_run,
        (("fit", "table.csv", "--target", "temp", *FORECAST[:-2], "--out", "RUN", "--resume"),),
        ("table.csv",),
        4,
    ),
}
WEIGHTED = [name for name, seed in SEEDS.items() for _ in range(seed.weight)]


def make_seeds(folder: Path) -> None:
    """Write all right files, and fit the runs."""
    import pyarrow.csv
    import pyarrow.parquet

    table = write_table(folder / "table.csv", 120)
    text = table.read_text(encoding="utf-8")
    read = pyarrow.csv.read_csv(table)
    pyarrow.parquet.write_table(read, folder / "table.parquet")
    (folder / "table.tsv").write_text(text.replace(",", "\t"))
    rows = [json.dumps(row, default=str) for row in read.to_pylist()]
    (folder / "table.jsonl").write_text("\n".join(rows) + "\n")
    (folder / "table.csv.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "table.zip").write_bytes(_zip(text.encode()))
    _write_excel(folder / "table.xlsx", text)
    (folder / "moves.csv").write_text(moves(12))
    cases = [",".join(str((i + k) % 5 / 2) for k in range(6)) for i in range(12)]
    lines = [f"{case}:{case}:{'ab'[i % 2]}" for i, case in enumerate(cases)]
    head = "@problemName m\n@timestamps false\n@univariate false\n@classLabel true a b\n@data\n"
    (folder / "moves.ts").write_text(head + "\n".join(lines) + "\n")
    rows_of = [f"{i % 2 + 1},{case}" for i, case in enumerate(cases)]
    (folder / "moves.txt").write_text("\n".join(rows_of) + "\n")
    (folder / "book.txt").write_text(BOOK[:1500])
    options = f'file = {json.dumps(str(table))}\ntarget = ["temp"]\nseed = 3\ntest = "0.2"\n'
    (folder / "options.toml").write_text(options)
    asked = {
        "forecast": (str(table), "--target", "temp", *FORECAST[:-2]),
        "labels": (str(folder / "moves.csv"), *LABELS, "--ensemble", "1", *SMALL),
        "language": (str(folder / "book.txt"), "--embed", "2", *SMALL),
        "going-on": (str(table), "--target", "temp", *FORECAST[:-2]),
    }
    for name, words in asked.items():
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            code = unrolled(["fit", *words, "--out", str(folder / name)])
        assert code == 0, name
    assert files.read_json(folder / "forecast" / "run.json")["status"] == "finished"


def _write_excel(path: Path, text: str) -> None:
    try:
        import openpyxl
    except ImportError:
        path.write_bytes(b"PK\x03\x04")
        return
    book = openpyxl.Workbook()
    sheet = book.create_sheet("table", 0)
    for line in text.splitlines():
        sheet.append(line.split(","))
    book.save(path)
