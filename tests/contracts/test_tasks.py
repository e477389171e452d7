"""A task plugs in by one module: those that are there fulfil the protocol, and a new one works."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, ClassVar

import pytest
import typer
from helpers.sealed import seal

from unrolled import tasks
from unrolled.cli.recognise import kinds, recognise
from unrolled.console.groups import Groups, spread
from unrolled.errors import SettingsError
from unrolled.report.page import Section
from unrolled.runs.card import SCHEMA
from unrolled.runs.read import Run
from unrolled.tasks.classification import command as classification
from unrolled.tasks.forecasting import command as forecasting
from unrolled.tasks.language import command as language
from unrolled.tasks.task import Task, in_short, in_words

EVERY: tuple[Task, ...] = (forecasting, classification, language)  # mypy holds them to it


@dataclass(frozen=True)
class PitchOptions:
    """An option of the new task."""

    heading: ClassVar[str] = "To count tones"

    pitch: Annotated[str | None, typer.Option(metavar="NAME", help="The tone.")] = None


class Tones(ModuleType):
    """A fourth task, as its module would stand in tasks/tones/command.py."""

    NAME, ALIASES, DATA, MODEL = "tones", ("notes",), "a melody", "a counter of tones"
    FROM_TABLE, NEXT = "--pitch counts a tone in it", "unrolled predict {run} FILE"
    FOR_REPORT: Sequence[str] = ("score",)
    OPTIONS: Sequence[type] = (PitchOptions,)
    READS = EVALUATES = PREDICTS = OPTIONS
    COMMANDS: Sequence[Callable[..., None]] = ()

    @staticmethod
    def recognise(file: str) -> str | None:
        return "its name ends in .mid" if file.endswith(".mid") else None

    @staticmethod
    def words(results: Mapping[str, Any]) -> str:
        return f"{results['tones']} tones"

    @staticmethod
    def sections(run: Run) -> list[Section | None]:
        return [Section("settings", "", {"title": "Tones of a run", "groups": {}}), None]


@pytest.fixture
def fourth(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """One folder and one line: the folder is made up, the line stands here."""
    module = Tones("unrolled.tasks.tones.command")
    package = ModuleType("unrolled.tasks.tones")
    package.__path__ = [str(tmp_path / "tones")]
    package.__file__ = str(tmp_path / "tones" / "__init__.py")
    (tmp_path / "tones" / "templates").mkdir(parents=True)
    package.__spec__ = sys.modules["unrolled.tasks.language"].__spec__
    monkeypatch.setitem(sys.modules, "unrolled.tasks.tones", package)
    monkeypatch.setitem(sys.modules, "unrolled.tasks.tones.command", module)
    monkeypatch.setattr(tasks, "FOLDERS", {"tones": "tones", **tasks.FOLDERS})
    return module


def test_the_tasks_are_those_of_the_one_list() -> None:
    assert tuple(task.NAME for task in EVERY) == tasks.names()
    assert all(tasks.get(task.NAME) is task for task in EVERY)


def test_folders_of_tasks_have_the_same_file_names() -> None:
    folder = Path(tasks.__file__).parent
    files = [{path.stem for path in (folder / name).iterdir()} for name in tasks.FOLDERS.values()]
    common = "command estimator plan settings objective inference evaluate baselines network"
    for found in files:
        assert {*common.split(), "results", "page", "templates"} <= found


def test_a_fourth_task_is_asked_like_the_others(fourth: ModuleType, tmp_path: Path) -> None:
    none = Groups(PitchOptions())
    (tmp_path / "song.mid").write_bytes(b"MThd")
    song = str(tmp_path / "song.mid")
    assert recognise(song, None, none, fitting=True) == (fourth, "its name ends in .mid")
    (tmp_path / "a.csv").write_text("x\n1\n")
    table = str(tmp_path / "a.csv")
    asked = Groups(PitchOptions("c"))
    assert recognise(table, None, asked, fitting=True) == (fourth, "--pitch says so")
    assert recognise(table, "notes", none, fitting=True) == (fourth, "--task says so")
    with pytest.raises(SettingsError, match="--pitch counts a tone in it; --horizon"):
        recognise(table, None, none, fitting=True)
    with pytest.raises(SettingsError, match=r"--pitch is for a melody, but .* a table to forecast"):
        recognise(table, "forecast", asked, fitting=True)


def test_its_options_stand_in_the_commands(fourth: ModuleType) -> None:
    def command(*, own: Groups) -> None:
        found.append(own[PitchOptions].pitch)

    found: list[str | None] = []
    values = {name: None for kind in kinds("OPTIONS") for name in vars(kind())}
    spread(command, kinds("OPTIONS"))(**{**values, "pitch": "c"})
    assert found == ["c"]


def test_its_run_is_shown(fourth: Any, tmp_path: Path) -> None:
    card = {"schema": SCHEMA, "task": "tones", "status": "finished", "settings": {}}
    (tmp_path / "run.json").write_text(json.dumps(card))
    seal(tmp_path)
    assert "Tones of a run" in tasks.write_report(tmp_path).read_text()
    assert in_words(fourth, {"tones": 7}) == "7 tones"
    assert in_short({"tones": 7, "score": [1], "task": "tones"}, fourth.FOR_REPORT) == {"tones": 7}
