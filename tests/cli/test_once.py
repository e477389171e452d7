"""What a command needs is read, cut and encoded once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from helpers.made import MOVES, fit_labels, fit_text
from helpers.tables import write_table
from typer.testing import CliRunner

from unrolled import files
from unrolled.cli import main
from unrolled.console.groups import Command, Several, spread
from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.text.vocabulary import Characters
from unrolled.tasks.forecasting import plan

Counted = Callable[[Any, str], list[int]]
SMALL = ("--hidden", "3", "--epochs", "1", "--quiet")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Count the calls of a function: a list that has one more for each."""

    def count(owner: Any, name: str) -> list[int]:
        original, calls = getattr(owner, name), list[int]()

        def call(*arguments: Any, **named: Any) -> Any:
            calls.append(1)
            return original(*arguments, **named)

        monkeypatch.setattr(owner, name, call)
        return calls

    return count


def test_a_table_is_split_and_its_preprocessor_fitted_once(
    tmp_path: Path, counted: Counted
) -> None:
    table = write_table(tmp_path / "table.csv", 120)
    split, fitted = counted(plan, "split"), counted(TablePreprocessor, "fit")
    words = ("--target", "temp", "--horizon", "3", "--lookback", "6", *SMALL)
    assert main(["fit", str(table), *words, "--out", str(tmp_path / "run")]) == 0
    assert (len(split), len(fitted)) == (1, 1)


def test_the_preprocessor_of_sequences_is_fitted_once(tmp_path: Path, counted: Counted) -> None:
    (tmp_path / "moves.csv").write_text(MOVES)
    fitted = counted(SequencePreprocessor, "fit")
    words = ("--series", "id", "--label", "kind", "--ensemble", "1", *SMALL)
    assert main(["fit", str(tmp_path / "moves.csv"), *words, "--out", str(tmp_path / "run")]) == 0
    assert len(fitted) == 1


def test_run_json_is_read_once_to_predict(
    tmp_path: Path, counted: Counted, capsys: pytest.CaptureFixture[str]
) -> None:
    run = fit_labels(tmp_path)
    read = counted(files, "read_json")
    assert main(["predict", str(run), str(tmp_path / "moves.csv")]) == 0
    assert len(read) == 1, "run.json"
    assert '"sequence","label"' in capsys.readouterr().out


def test_a_prompt_is_encoded_once(
    tmp_path: Path, counted: Counted, capsys: pytest.CaptureFixture[str]
) -> None:
    run = fit_text(tmp_path)
    encoded = counted(Characters, "encode")
    assert main(["generate", str(run), "--prompt", "to be ü", "--length", "3"]) == 0
    assert len(encoded) == 1
    assert "never saw: 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--level", ".1", ".5", "--other", "1"], (".1,.5", "1")),
        (["--level", ".1,.5", ".9"], (".1,.5,.9", None)),
        (["--other", "1"], (None, "1")),
        (["--level", ".1", "--other", ".2"], (".1", ".2")),
    ],
)
def test_numbers_after_an_option_marked_several_are_one_value(
    words: list[str], found: tuple[str | None, str | None]
) -> None:
    said: list[tuple[str | None, str | None]] = []

    def command(
        *,
        level: Annotated[str | None, typer.Option(), Several] = None,
        other: Annotated[str | None, typer.Option()] = None,
    ) -> None:
        said.append((level, other))

    app = typer.Typer()
    app.command(cls=Command)(spread(command))
    assert CliRunner().invoke(app, words).exit_code == 0
    assert said == [found]
    assert CliRunner().invoke(app, ["--other", "1", "2"]).exit_code == 2
