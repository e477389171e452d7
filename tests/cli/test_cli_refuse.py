"""What `fit`, `evaluate`, `predict` and `generate` refuse of texts and labels: one line, exit 2."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.made import BOOK, MOVES, fit_labels, fit_text, ts
from helpers.tables import TINY, contents, one_line, weather

from unrolled.cli import main
from unrolled.runs.folder import load_card, save_card

QUICK = ("--hidden", "4", "--epochs", "1", "--quiet")
CASES = ["1,2,3:a", "2,3,4,5:a", "3,2,1:b", "5,4,3,2:b"]
Refuse = Callable[..., str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where everything happens, with what most rows need."""
    (tmp_path / "book.txt").write_text(BOOK)
    (tmp_path / "moves.csv").write_text(MOVES)
    (tmp_path / "weather.csv").write_bytes(weather())
    (tmp_path / "cases.ts").write_text(ts(CASES))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refuse(place: Path, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Run a command that must be refused, and return its one line."""

    def run(*arguments: str) -> str:
        before = contents(place)
        capsys.readouterr()
        code = main(arguments)
        out, err = capsys.readouterr()
        assert code == 2, err
        assert out == ""
        assert contents(place) == before
        return one_line(err)

    return run


# name -> (file, its content, the options of fit, what the line must say)
FIT: dict[str, tuple[str, bytes, list[str], list[str]]] = {
    "empty text": ("a.txt", b"", [], ["a.txt is empty"]),
    "a text of one symbol": ("a.txt", b"a" * 999, [], ["only one symbol", "'a'"]),
    "a binary file": ("a.txt", b"some text\0\1\2" * 99, [], ["binary", "offset 9"]),
    "binary, of another kind": ("a.bin", bytes(range(256)) * 9, [], ["binary", "offset 0"]),
    "a text shorter than a batch": (
        "a.txt",
        b"to be",
        [],
        ["got 4 in the training part", "4 parallel streams"],
    ),
    "wrong encoding": ("a.txt", b"a\xff b " * 99, [], ["UTF-8", "0xff at offset 1"]),
    "another encoding": ("a.txt", b"a\xff" * 99, ["--encoding", "ascii"], ["ascii", "offset 1"]),
    "no encoding": (
        "a.txt",
        b"abc" * 99,
        ["--encoding", "utf-9"],
        ["encoding: expected", "got 'utf-9'"],
    ),
    "no text in a folder": ("folder/a.png", b"png", [], ["folder", "holds no .txt"]),
    "no level": ("a.txt", b"abc" * 99, ["--level", "word"], ["char, byte, bpe", "'word'"]),
    "a size of characters": ("a.txt", b"abc" * 99, ["--size", "300"], ["--size", "bpe"]),
    "a small bpe": ("a.txt", b"abc" * 99, ["--level", "bpe", "--size", "9"], ["256", "got 9"]),
    "no validation": ("a.txt", b"abc" * 99, ["--validation", "0"], ["validation part is empty"]),
    "validation by time": ("a.txt", b"abc" * 99, ["--validation", "2013-10-01"], ["--validation"]),
    "nothing to learn": ("a.txt", b"abc" * 99, ["--test", "0.95"], ["leave none of 297"]),
    "no steps": ("a.txt", b"abc" * 99, ["--bptt", "0"], ["bptt", ">= 1", "got 0"]),
    "dropout": ("a.txt", b"abc" * 99, ["--dropout", "1"], ["dropout", "[0, 1)"]),
    "weight dropout": ("a.txt", b"abc" * 99, ["--weight-dropout", "1"], ["weights", "[0, 1)"]),
    "no ensemble of a text": ("a.txt", b"abc" * 99, ["--ensemble", "0"], ["ensemble", "got 0"]),
    "members of a forecast": (
        *("a.csv", b"t,x\n1,2\n2,3\n", ["--horizon", "1", "--ensemble", "0"]),
        ["forecaster: ensemble must be a whole number >= 1, got 0"],
    ),
    "a loss that is none": (
        *("a.csv", b"t,x\n1,2\n2,3\n", ["--horizon", "1", "--loss", "mse"]),
        ["loss must be one of quantile, huber, got 'mse'"],
    ),
    "quantiles that are no numbers": (
        *("a.csv", b"t,x\n1,2\n2,3\n", ["--horizon", "1", "--quantiles", "a,b"]),
        ["--quantiles", "expected a number, got 'a'"],
    ),
    "quantiles without pairs": (
        *("a.csv", b"t,x\n1,2\n2,3\n", ["--horizon", "1", "--quantiles", ".1,.5"]),
        ["come in pairs", "got 0.1, 0.5"],
    ),
    "segment longer than the lookback": (
        *("a.csv", b"t,x\n1,2\n2,3\n", ["--horizon", "1", "--lookback", "4", "--segment", "5"]),
        ["segment must be at most the lookback 4, got 5"],
    ),
    "no season": (
        *("a.csv", b"t,x\n1,2\n2,3\n", ["--horizon", "1", "--season", "0"]),
        ["season", "got 0"],
    ),
    "no such cell": ("a.txt", b"abc" * 99, ["--cell", "lstn"], ["lstm", "'lstn'"]),
    "horizon of a text": (
        "a.txt",
        b"abc" * 99,
        ["--horizon", "3"],
        ["--horizon", "a text", ".txt"],
    ),
    "pool of a text": ("a.txt", b"abc" * 99, ["--pool", "last"], ["--pool is for labelled"]),
    "series of a text": ("a.txt", b"abc" * 99, ["--series", "id"], ["--series", "a text"]),
    "unknown task": (
        "a.txt",
        b"abc" * 99,
        ["--task", "label"],
        ["did you mean 'labels'?"],
    ),
    "no sequences": ("a.ts", ts([]).encode(), [], ["expected sequences, got none"]),
    "no data": ("a.ts", b"hello", [], ["line 1", "@data"]),
    "length 0": ("a.ts", ts(["1,2:a", ":b"]).encode(), [], ["line 4", "length 0"]),
    "no labels": ("a.ts", ts(["1,2", "2,3"], classes="").encode(), [], ["expected labels"]),
    "labels all the same": (
        "a.ts",
        ts(["1,2:a", "2,3:a"]).encode(),
        [],
        ["at least two different labels", "all are 'a'"],
    ),
    "an unknown label": ("a.ts", ts(["1,2:a", "2,3:c"]).encode(), [], ["'c'", "a, b"]),
    "no number": ("a.ts", ts(["1,2:a", "2,x:b"]).encode(), [], ["line 4", "'x' is not a number"]),
    "no share for the test": (
        *("a.ts", ts(CASES).encode(), ["--test", "0.1"]),
        ["test", "sets none aside"],
    ),
    "a test file that is not there": (
        *("a.ts", ts(CASES).encode(), ["--test", "b.ts"]),
        ["b.ts", "no such file"],
    ),
    "labels that were never seen": (
        *("A_TRAIN.ts", ts(CASES).encode(), ["--test", "other.ts"]),
        ["'c'", "does not occur in training"],
    ),
    "a validation count": (
        *("a.ts", ts(CASES).encode(), ["--test", "0", "--validation", "7"]),
        ["validation", "share in [0, 1)", "7"],
    ),
    "no ensemble": ("a.ts", ts(CASES).encode(), ["--ensemble", "0"], ["ensemble", "got 0"]),
    "no pool": ("a.ts", ts(CASES).encode(), ["--pool", "max"], ["last, mean, attention", "'max'"]),
    "series of a .ts file": ("a.ts", ts(CASES).encode(), ["--series", "id"], ["--series", "a.ts"]),
    "horizon of a .ts file": (
        *("a.ts", ts(CASES).encode(), ["--horizon", "3"]),
        ["--horizon", "labelled sequences", ".ts"],
    ),
    "level of a .ts file": ("a.ts", ts(CASES).encode(), ["--level", "byte"], ["--level", "a text"]),
    "a table and no wish": (
        *("a.csv", MOVES.encode(), []),
        ["is a table", "--horizon", "--series and --label", "--task"],
    ),
    "a label and no series": (
        "a.csv",
        MOVES.encode(),
        ["--label", "kind"],
        ["with --series;", "--label-per row"],
    ),
    "sequences and no label": (
        *("a.csv", MOVES.encode(), ["--task", "labels", "--series", "id"]),
        ["--label names"],
    ),
    "a label and a horizon": (
        *("a.csv", MOVES.encode(), ["--series", "id", "--label", "kind", "--horizon", "3"]),
        ["--label", "a table to forecast", "--horizon says so"],
    ),
    "no such label": (
        *("a.csv", MOVES.encode(), ["--series", "id", "--label", "kinds"]),
        ["'kinds'", "did you mean 'kind'?"],
    ),
    "a label that changes": (
        *("a.csv", MOVES.encode(), ["--series", "id", "--label", "state"]),
        ["'state'", "--label-per step"],
    ),
    "a label per what": (
        *("a.csv", MOVES.encode(), ["--series", "id", "--label", "kind", "--label-per", "word"]),
        ["sequence, step or row", "'word'"],
    ),
    "a label per row of a long table": (
        *("a.csv", MOVES.encode(), ["--series", "id", "--label", "kind", "--label-per", "row"]),
        ["'state' is text", "without --label-per row"],
    ),
    "no labels in a table": (
        *(
            "a.csv",
            b"id,x,y\na,1.5,\na,0.5,\nb,3.5,u\nb,0.1,u\n",
            ["--series", "id", "--label", "y"],
        ),
        ["'y'", "sequence 'a' has none"],
    ),
    "a folder that is no run": ("a.txt", BOOK.encode(), ["--out", "folder"], ["no run folder"]),
    "cases in no run folder": (
        *("a.ts", ts(CASES).encode(), ["--test", "0", "--out", "folder"]),
        ["no run folder"],
    ),
    "no such device": ("a.ts", ts(CASES * 4).encode(), ["--device", "tpu"], ["device", "'tpu'"]),
    "no device for a text": ("a.txt", BOOK.encode(), ["--device", "tpu"], ["device", "'tpu'"]),
}


@pytest.mark.parametrize("name", FIT)
def test_fit_refuses(name: str, place: Path, refuse: Refuse) -> None:
    file, content, given, words = FIT[name]
    (place / "folder").mkdir()
    (place / "folder" / "notes.png").write_text("mine")
    (place / "other.ts").write_text(ts(["1,2:c", "2,3:c"], classes="c"))
    (place / file).write_bytes(content)
    line = refuse("fit", "folder" if "folder" in file else file, *QUICK, *given)
    for word in words:
        assert word in line


@pytest.mark.parametrize("file", ["nope.txt", "nope.ts", "nope.csv", "nope"])
def test_a_file_that_is_not_there(file: str, refuse: Refuse) -> None:
    line = refuse("fit", file, *QUICK)
    assert file in line


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each kind."""
    folder = tmp_path_factory.mktemp("fitted")
    fit_text(folder)
    fit_labels(folder)
    (folder / "weather.csv").write_bytes(weather())
    words = ["--target", "temp", "--horizon", "4", *TINY, "--out", str(folder / "forecast")]
    assert main(["fit", str(folder / "weather.csv"), *words]) == 0
    return folder


ON_RUNS: dict[str, tuple[list[str], list[str]]] = {
    "generate on a forecast": (["generate", "forecast"], ["task 'forecast', not 'language'"]),
    "generate on labels": (["generate", "labels"], ["task 'classification', not 'language'"]),
    "generate on no run": (["generate", "nope"], ["no run folder nope"]),
    "generate on a file": (["generate", "book.txt"], ["no run folder book.txt"]),
    "less than nothing": (["generate", "text", "--length", "-1"], ["length", "got -1"]),
    "a cold one": (["generate", "text", "--temperature", "-1"], ["temperature", "-1"]),
    "no number": (["generate", "text", "--temperature", "hot"], ["--temperature", "'hot'"]),
    "not a number": (["generate", "text", "--temperature", "nan"], ["temperature", "nan"]),
    "top k": (["generate", "text", "--top-k", "-1"], ["top_k", "-1"]),
    "top p": (["generate", "text", "--top-p", "0"], ["top_p", "(0, 1]"]),
    "a seed": (["generate", "text", "--seed", "-1"], ["seed", "-1"]),
    "a large seed": (["generate", "text", "--seed", "1" + "0" * 30], ["seed", "2**63"]),
    "half a symbol": (["generate", "text", "--prompt", "a\udc80"], ["surrogate"]),
    "evaluate no run": (["evaluate", "nope", "book.txt"], ["no run folder nope"]),
    "evaluate what was not finished": (["evaluate", "half"], ["was not finished"]),
    "evaluate a forecast": (
        ["evaluate", "forecast", "weather.csv"],
        ["unrolled backtest forecast"],
    ),
    "a text on labels": (["evaluate", "labels", "book.txt"], ["book.txt", "line 1"]),
    "a table on a text": (["evaluate", "text", "moves.csv"], ["a language model", "a table"]),
    "cases on a text": (["evaluate", "text", "cases.ts"], ["a language model", "labelled"]),
    "an empty text": (["evaluate", "text", "empty.txt"], ["empty.txt is empty"]),
    "a binary text": (["evaluate", "text", "binary"], ["binary", "offset 0"]),
    "no text": (["evaluate", "text", "nope.txt"], ["nope.txt", "no such file"]),
    "a sample on a text": (["evaluate", "text", "seattle-weather"], ["looks like a table"]),
    "encoding of nothing": (["evaluate", "text", "--encoding", "utf-8"], ["name a FILE"]),
    "label of a text": (["evaluate", "text", "book.txt", "--label", "y"], ["--label is not for"]),
    "what adapts a text, for labels": (
        ["evaluate", "labels", "moves.csv", "--dynamic"],
        ["--dynamic is not for a classifier"],
    ),
    "other features": (["predict", "labels", "cases.ts"], ["2 features, got 1"]),
    "other labels": (["evaluate", "labels", "cases.ts"], ["'a'", "does not occur in training"]),
    "unseen labels": (["evaluate", "labels", "new.csv"], ["'still'", "does not occur"]),
    "no such column": (["evaluate", "labels", "moves.csv", "--label", "kin"], ["'kin'", "'kind'"]),
    "another table": (["evaluate", "labels", "weather.csv"], ["no column 'id'"]),
    "predict a text": (["predict", "text", "book.txt"], ["unrolled generate text"]),
    "series of a forecast": (
        ["predict", "forecast", "weather.csv", "--series", "id"],
        ["--series is not for a forecaster"],
    ),
    "labels of a text": (["predict", "labels", "book.txt"], ["book.txt", "line 1"]),
    "no way to write it": (["predict", "labels", "moves.csv", "--out", "o.docx"], [".csv", "docx"]),
    "backtest labels": (
        ["backtest", "labels", "moves.csv"],
        ["task 'classification', not 'forecast'"],
    ),
    "a run that is there": (["fit", "book.txt", *QUICK, "--out", "text"], ["a run already"]),
    "another kind of run": (
        ["fit", "book.txt", *QUICK, "--out", "labels", "--resume"],
        ["labels", "task 'classification', not 'language'"],
    ),
    "other settings": (
        ["fit", "book.txt", *QUICK, "--hidden", "5", "--out", "text", "--resume"],
        ["hidden 4, not 5"],
    ),
    "inspect an empty text": (["inspect", "empty.txt"], ["empty"]),
    "inspect a .ts": (["inspect", "cases.ts", "--target", "x"], ["--target", ".ts"]),
}


@pytest.mark.parametrize("name", ON_RUNS)
def test_a_run_is_not_used_for_what_it_is_not(
    name: str, fitted: Path, place: Path, refuse: Refuse
) -> None:
    arguments, words = ON_RUNS[name]
    for kind in ("text", "labels", "forecast"):
        shutil.copytree(fitted / kind, place / kind)
    shutil.copytree(fitted / "text", place / "half")
    card = load_card(place / "half")
    save_card(place / "half", card.model_copy(update={"status": "training"}))
    (place / "empty.txt").write_bytes(b"")
    (place / "binary").write_bytes(bytes(99))
    (place / "new.csv").write_text(MOVES.replace("slow", "still"))
    line = refuse(*arguments)
    for word in words:
        assert word in line
