"""What is shown cannot command a terminal, nor run in a spreadsheet; errors of the machine."""

from __future__ import annotations

import io
import sys
import tomllib
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from unrolled.cli import app, main
from unrolled.console.show import View, write_frame
from unrolled.console.terminal import printable
from unrolled.errors import SettingsError
from unrolled.networks.memory import Budget
from unrolled.training import device

HOSTILE = "a\x1b]0;title\x07b\x9b31mc\x7f\u202ed"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 온도 é\n\tnext", "plain 온도 é\n\tnext"),
        ("\x1b[2J", "\\u001b[2J"),
        ("a\rb", "a\\u000db"),
        (HOSTILE, "a\\u001b]0;title\\u0007b\\u009b31mc\\u007f\\u202ed"),
    ],
)
def test_control_characters_are_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("json", [True, False])
def test_every_way_out_is_covered(json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    view = View(json=json)
    view.say(HOSTILE)
    view.result(HOSTILE, {"name": HOSTILE})
    app._explain(SettingsError(HOSTILE))
    out, err = capsys.readouterr()
    assert not set(out + err) & set("\x1b\x07\x9b\x7f\u202e")
    if json:
        import json as parser

        assert parser.loads(out) == {"name": HOSTILE}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "kept"), [(Terminal, False), (io.StringIO, True)])
def test_a_csv_is_data_unless_it_goes_to_a_terminal(
    stream: type[io.StringIO], kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = stream()
    monkeypatch.setattr(sys, "stdout", shown)
    View().frame(pa.table({"name": ["\x1b[31m"]}), None, {})
    assert ("\x1b" in shown.getvalue()) is kept


FORMULAS = pa.table(
    {
        "=name": ["=1+1", "+a", "-b", "@c", "plain", "a=b", None, "\tx"],
        "number": [-1.5, 2, 3, 4, 5, 6, 7, 8],
        "kind": pa.array(["=x", "y"] * 4).dictionary_encode(),
    }
)


def test_formulas_become_texts_where_that_is_asked(tmp_path: Path) -> None:
    View().frame(FORMULAS, tmp_path / "safe.csv", {}, formulas=False)
    lines = (tmp_path / "safe.csv").read_text().splitlines()
    assert lines[0] == '"\'=name","number","kind"'
    starts = [line.split(",")[0].strip('"') for line in lines[1:]]
    assert starts[:7] == ["'=1+1", "'+a", "'-b", "'@c", "plain", "a=b", ""]
    assert starts[7] == "'\tx"
    assert [line.split(",")[1] for line in lines[1:3]] == ["-1.5", "2"]
    assert "'=x" in lines[1]
    View().frame(FORMULAS, tmp_path / "as-is.csv", {})
    assert "'" not in (tmp_path / "as-is.csv").read_text()
    write_frame(FORMULAS, tmp_path / "same.csv")
    assert (tmp_path / "same.csv").read_bytes() == (tmp_path / "as-is.csv").read_bytes()


BEYOND: list[tuple[Exception, str]] = [
    (MemoryError(), "not enough memory"),
    (pa.ArrowMemoryError("malloc of size 9"), "not enough memory"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory: 64 bytes"), "not enough memory"),
    (RecursionError("maximum recursion depth exceeded"), "nested too deep"),
    (OverflowError("int too large"), "out of range"),
    (pa.ArrowInvalid("Cannot locate timezone"), "damaged"),
    (pa.ArrowNotImplementedError("list"), "damaged"),
    (UnicodeDecodeError("idna", b"x", 0, 1, "bad"), "damaged"),
    (zlib.error("Error -3"), "damaged"),
    (EOFError("ended early"), "damaged"),
]


@pytest.mark.parametrize(("error", "word"), BEYOND)
def test_errors_of_machine_and_libraries_are_one_line(
    error: Exception, word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("unrolled.cli.inspect.recognise", fail)
    assert main(["inspect", "nyc-weather"]) == 2
    line = capsys.readouterr().err
    assert word in line
    assert line.strip().count("\n") == 0


def test_a_bug_of_ours_is_still_called_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("unrolled.cli.inspect.recognise", {}.__getitem__)
    assert main(["inspect", "nyc-weather"]) == 1
    assert "internal error (" in capsys.readouterr().err


@pytest.mark.parametrize("threads", [0, -1, 65_536, 10**9])
def test_threads_that_are_none_or_too_many(threads: int) -> None:
    with pytest.raises(SettingsError, match=f"threads must be >= 1 .*, got {threads}"):
        device.set_threads(threads)


def _network(hidden: int) -> Callable[[], object]:
    from unrolled import GRU

    return lambda: GRU(8, hidden)


def test_a_network_that_does_not_fit_is_not_made() -> None:
    with Budget():
        _network(32)()
    with pytest.raises(SettingsError, match=r"needs at least .* GiB, this machine has"), Budget():
        _network(10_000_000)()


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000 + "]" * 5000, "a = " + "{b = " * 5000 + "1" + "}" * 5000]
)
def test_options_nested_too_deep(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises((RecursionError, tomllib.TOMLDecodeError)):
        tomllib.loads(text)
    assert main(["fit", "--config", str(tmp_path / "c.toml")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
