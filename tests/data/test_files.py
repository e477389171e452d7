"""Files as people have them: what one is, its header, workbooks, JSON, packed files and pipes."""

from __future__ import annotations

import gzip
import io
import json
import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from unrolled import Corpus, DataError, Format, Table
from unrolled.data.columns.excel import write_excel
from unrolled.data.columns.read import read_columns
from unrolled.data.source.kind import find_kind
from unrolled.data.source.opening import is_pipe
from unrolled.data.text.files import composed

ROWS = [f"2013-01-{day:02d},{day}.5" for day in range(1, 29)]
CSV = "\n".join(["day,y", *ROWS, ""])
FRAME = pd.DataFrame({"day": [row[:10] for row in ROWS], "y": [float(row[11:]) for row in ROWS]})
RECORDS = FRAME.to_dict("records")
LINES = "\n".join(map(json.dumps, RECORDS)).encode()
NESTED = json.dumps({"data": RECORDS}, indent=1).encode()
UNSURE = ("Report\n" + CSV.replace("day,y", "day,2013")).encode()
FOOTER = (CSV + "Source: FRED\n").encode()
LFS = b"version https://git-lfs.github.com/spec/v1\n"
MOVED = CSV.replace("\n2013-01-20", "\n# moved\n2013-01-20").encode()


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def workbook(*, above: int = 0, sheets: tuple[str, ...] = ("rows",)) -> bytes:
    data = io.BytesIO()
    with pd.ExcelWriter(data, engine="openpyxl") as writer:
        for sheet in sheets:
            FRAME.to_excel(writer, sheet_name=sheet, index=False, startrow=above)
    return data.getvalue()


def feather() -> bytes:
    data = io.BytesIO()
    pyarrow.feather.write_feather(pa.table(FRAME), data)
    return data.getvalue()


# name -> (its name, its bytes, a word of a note)
READ: dict[str, tuple[str, bytes, str]] = {
    "csv": ("t.csv", CSV.encode(), ""),
    "no ending": ("table", CSV.encode(), ""),
    "another ending": ("t.dat", CSV.encode(), ""),
    "a text by its name": ("t.txt", CSV.encode(), ""),
    "gzip": ("t.csv.gz", gzip.compress(CSV.encode()), ""),
    "zip": ("t.zip", zipped({"t.csv": CSV.encode()}), ""),
    "zip of a Mac": ("t.zip", zipped({"t.csv": CSV.encode(), "__MACOSX/._t.csv": b"x"}), ""),
    "CRLF": ("t.csv", CSV.replace("\n", "\r\n").encode(), ""),
    "semicolons": ("t.csv", CSV.replace(",", ";").encode(), ""),
    "tabs": ("t.tsv", CSV.replace(",", "\t").encode(), ""),
    "bars": ("t.csv", CSV.replace(",", "|").encode(), ""),
    "sep=": ("t.csv", ("sep=;\n" + CSV.replace(",", ";")).encode(), ""),
    "comments above": ("t.csv", ("# by a logger\n#\n" + CSV).encode(), ""),
    "comments within": (
        "t.csv",
        CSV.replace("\n2013-01-20", "\n# moved\n2013-01-20").encode(),
        "#",
    ),
    "a header that is a comment": ("t.csv", ("# " + CSV).encode(), ""),
    "titles": ("t.csv", ("Report of sales\nby the ERP\n\n" + CSV).encode(), "line 4"),
    "titles with commas": ("t.csv", ("Report of sales,\n,\n" + CSV).encode(), "line 3"),
    "trailing commas": ("t.csv", CSV.replace("\n", ",,\n").encode(), "2 columns without a name"),
    "trailing commas in rows": ("t.csv", CSV.replace(".5\n", ".5,\n").encode(), "1 column"),
    "empty rows": ("t.csv", (CSV + ",\n,\n").encode(), "2 rows without any value"),
    "blanks": ("t.csv", CSV.replace(",", ", ").encode(), ""),
    "a line end in a name": ("t.csv", CSV.replace("y\n", '"y\n"\n', 1).encode(), ""),
    "xlsx": ("t.xlsx", workbook(), ""),
    "xlsx under titles": ("t.xlsx", workbook(above=2), ""),
    "xlsx of two sheets": ("t.xlsx", workbook(sheets=("one", "two")), "'one' is read, not 'two'"),
    "records": ("t.json", json.dumps(RECORDS).encode(), ""),
    "records, spread": ("t.json", json.dumps(RECORDS, indent=2).encode(), ""),
    "JSON lines": ("t.jsonl", LINES, ""),
    "JSON lines, packed": (
        "t.jsonl.gz",
        gzip.compress(LINES),
        "",
    ),
    "feather": ("t.feather", feather(), ""),
}


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read(tmp_path: Path, name: str) -> None:
    file, data, note = READ[name]
    (tmp_path / file).write_bytes(data)
    raw = read_columns(tmp_path / file)
    assert list(raw.columns) == ["day", "y"]
    assert raw.columns["y"].to_pylist() == FRAME["y"].tolist()
    assert [str(day) for day in raw.columns["day"].to_pylist()] == FRAME["day"].tolist()
    assert note in " ".join(raw.notes)
    assert len(raw.notes) == bool(note)


# name -> (its name, its bytes, words that the line must have)
REFUSED: dict[str, tuple[str, bytes, list[str]]] = {
    "a PDF": ("t.csv", b"%PDF-1.7 ...", ["PDF", "CSV"]),
    "a picture": ("t.png", b"\x89PNG\r\n\x1a\n" + bytes(20), ["picture"]),
    "a JPEG under another name": ("t.csv", b"\xff\xd8\xff\xe0" + bytes(20), ["JPEG"]),
    "a pickle": ("t.pkl", b"\x80\x04\x95" + bytes(20), ["pickle", "never opened"]),
    "a database": ("t.db", b"SQLite format 3\0" + bytes(20), ["SQLite", "export"]),
    "HDF5": ("t.h5", b"\x89HDF\r\n\x1a\n" + bytes(20), ["HDF5"]),
    "a numpy array": ("t.npy", b"\x93NUMPY" + bytes(20), ["numpy"]),
    "a Word document": ("t.docx", zipped({"word/document.xml": b"x"}), ["Word", ".txt"]),
    "an archive": ("t.zip", zipped({"a.csv": b"", "b.csv": b""}), ["one file", "a.csv, b.csv"]),
    "an empty archive": ("t.zip", zipped({}), ["empty zip"]),
    "7z": ("t.7z", b"7z\xbc\xaf\x27\x1c" + bytes(9), ["7z", "unpack"]),
    "a tar archive": ("t.tar", bytes(257) + b"ustar" + bytes(250), ["tar", "unpack"]),
    "a web page": ("t.csv", b"<!DOCTYPE html><html><body>404</body></html>", ["web page"]),
    "a web page named .xls": ("t.xls", b"<html><table></table></html>", ["web page"]),
    "a pointer of Git LFS": ("t.csv", LFS, ["git lfs pull"]),
    "ARFF": ("t.arff", b"@relation x\n@attribute a numeric\n@data\n1\n", ["ARFF", "CSV"]),
    "a damaged workbook": ("t.xlsx", workbook()[:900], ["t.xlsx"]),
    "gzip, cut": ("t.csv.gz", gzip.compress(CSV.encode())[:60], ["gzip", "damaged"]),
    "gzip, a bit": ("t.csv.gz", gzip.compress(CSV.encode())[:40] + b"\xff" * 60, ["damaged"]),
    "binary": ("t.bin", bytes(range(256)) * 9, ["binary data", "offset 0"]),
    "nested JSON": ("t.json", b"[" * 100_000, ["nested too deeply"]),
    "a JSON object": ("t.json", b'{"a": {"0": 1}}\n{', ["line 2", "JSON"]),
    "an API's answer": ("t.json", NESTED, ["list of records", "'data'"]),
    "a list of numbers": ("t.json", b"[1, 2]", ["record 1", "expected a record"]),
    "a huge number": ("t.json", b'[{"a": 1' + b"0" * 400 + b"}]", ["'a'"]),
    "a footer": ("t.csv", FOOTER, ["2 columns", "got 1 in data row 29", "'Source: FRED'"]),
    "a header that is not sure": (
        "t.csv", UNSURE, ["seems to be in line 2"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_named(tmp_path: Path, name: str) -> None:
    file, data, words = REFUSED[name]
    (tmp_path / file).write_bytes(data)
    with pytest.raises(DataError) as refused:
        read_columns(tmp_path / file)
    line = str(refused.value)
    assert file in line
    assert "\n" not in line
    assert "corpus" not in line
    for word in words:
        assert word in line


def test_the_row_of_a_footer_counts_from_the_header(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a title\n\nday,y\n2013-01-01,1\n\n2013-01-02\n")
    with pytest.raises(DataError, match=r"got 1 in data row 2: '2013-01-02'"):
        read_columns(tmp_path / "t.csv")


def test_a_column_without_a_name_is_called_as_pandas_calls_it(tmp_path: Path) -> None:
    FRAME[FRAME.y > 5].to_csv(tmp_path / "t.csv")
    raw = read_columns(tmp_path / "t.csv")
    assert list(raw.columns) == ["Unnamed: 0", "day", "y"]
    assert raw.notes == ("column 1 has no name: it is called 'Unnamed: 0'",)


def test_a_sheet_is_named_or_numbered(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(workbook(sheets=("one", "two")))
    for sheet in ("two", "2", 2):
        assert read_columns(path, Format(sheet=sheet)).notes == ()  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"no sheet 'three'; there are 'one', 'two'"):
        read_columns(path, Format(sheet="three"))


def test_cells_of_a_workbook_keep_their_types(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2013-01-01", periods=3),
            "hour": pd.date_range("2013-01-01", periods=3, freq="h"),
            "n": [1, 2, 3],
            "x": [1.5, None, 3.0],
            "open": [True, False, True],
            "code": ["a", None, "=1+1"],
            "sold": ["1.234,5", "2,5", "3"],
        }
    )
    write_excel(pa.Table.from_pandas(frame), tmp_path / "t.xlsx")
    raw = read_columns(tmp_path / "t.xlsx")
    types = {name: str(column.type) for name, column in raw.columns.items()}
    assert types["day"] in ("date32[day]", "timestamp[us]")
    assert types["n"] == "int64"
    assert raw.columns["x"].to_pylist() == [1.5, None, 3.0]
    assert raw.columns["open"].to_pylist() == [True, False, True]
    assert raw.columns["code"].to_pylist() == ["a", None, "=1+1"]
    assert raw.columns["sold"].to_pylist() == [1234.5, 2.5, 3.0]
    assert str(Table.read(tmp_path / "t.xlsx").step) == "1D"


def test_without_the_package_a_workbook_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    (tmp_path / "t.xlsx").write_bytes(workbook())
    with pytest.raises(DataError, match=r"pip install 'unrolled\[excel\]'; or save .* as CSV"):
        read_columns(tmp_path / "t.xlsx")


def test_a_text_is_no_workbook(tmp_path: Path) -> None:
    for name, data in (("t.xlsx", workbook()), ("t.pdf", b"%PDF-1.7"), ("t.png", b"\x89PNG\r\n")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match=r"this is an? (Excel|PDF|picture)") as refused:
            Corpus.read(tmp_path / name)
        assert "corpus" not in str(refused.value)


@pytest.fixture
def through_a_pipe(tmp_path: Path) -> Callable[[bytes], Path]:
    """A named pipe that gives these bytes once."""

    def of(data: bytes) -> Path:
        path = tmp_path / "pipe"
        os.mkfifo(path)

        def write() -> None:
            with path.open("wb") as pipe:
                pipe.write(data)

        threading.Thread(target=write, daemon=True).start()
        return path

    return of


def test_a_pipe_is_read(through_a_pipe: Callable[[bytes], Path]) -> None:
    path = through_a_pipe(CSV.encode())
    assert is_pipe(path)
    raw = read_columns(path)
    assert len(raw.columns["y"]) == 28
    assert raw.label == str(path)


def test_a_text_is_read_from_a_pipe(through_a_pipe: Callable[[bytes], Path]) -> None:
    path = through_a_pipe(b"to be or not to be. " * 10_000)
    found = Corpus.read(path).findings
    assert (found["characters"], found["source"]) == (200_000, f"{path} (200,000 bytes)")


def test_a_pipe_that_nobody_writes_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unrolled.data.source.opening.PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="the pipe gave none"):
        read_columns(tmp_path / "pipe")


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "a.txt").write_text("to be")
    (tmp_path / "code" / "b.py").write_text("def be(): pass")
    assert Corpus.read(tmp_path).findings["characters"] == 5
    assert Corpus.read(tmp_path, glob="**/*.py").findings["characters"] == 14
    with pytest.raises(DataError, match=r"no file that fits '\*\.rs'"):
        Corpus.read(tmp_path, glob="*.rs")


def test_the_texts_of_records(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps({"text": f"to be {i}"}) + "\n" for i in range(3)))
    corpus = Corpus.read(path, column="text", level="byte")
    assert corpus.text(corpus.tokens) == "to be 0\nto be 1\nto be 2\n"
    with pytest.raises(DataError, match=r"record 1 has no 'words'; it has 'text'"):
        Corpus.read(path, column="words")


def test_packed_texts(tmp_path: Path) -> None:
    text = b"to be or not to be. " * 30
    (tmp_path / "t.txt.gz").write_bytes(gzip.compress(text))
    (tmp_path / "t.zip").write_bytes(zipped({"t.txt": text}))
    for name in ("t.txt.gz", "t.zip"):
        assert find_kind(tmp_path / name).holds == "text"
        assert Corpus.read(tmp_path / name).findings["characters"] == 600


def test_a_text_without_a_blank_is_composed_in_pieces() -> None:
    blocks = ["가나다라마바사아자차" * 1000] * 20
    pieces = list(composed(blocks))
    assert "".join(pieces) == "".join(blocks)
    assert max(map(len, pieces)) < 20_000


def test_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    path.write_text(CSV)
    table = Table.read(path)
    assert table.findings.source.endswith(r"caf\xe9.csv")
    pa.parquet.write_table(pa.table(FRAME), tmp_path / "t.parquet")
    (tmp_path / "t.parquet").rename(tmp_path / os.fsdecode(b"\xe9.parquet"))
    assert len(Table.read(tmp_path / os.fsdecode(b"\xe9.parquet"))) == 28


def test_numbers_of_an_array_are_told(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.arange(5))
    with pytest.raises(DataError, match="numpy array"):
        Table.read(tmp_path / "t.npy")
