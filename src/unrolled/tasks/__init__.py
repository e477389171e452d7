"""The tasks by name, each imported when first used; their folders hold the same file names."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from unrolled.runs.estimator import Estimator
    from unrolled.tasks.classification.estimator import Classifier
    from unrolled.tasks.forecasting.estimator import Forecaster
    from unrolled.tasks.language.estimator import LanguageModel
    from unrolled.tasks.language.settings import Dropout
    from unrolled.tasks.task import Task

FOLDERS = {"forecast": "forecasting", "classification": "classification", "language": "language"}
"""The one list of the tasks: the name of each, as run.json and `--task` have it, and its folder.

In this order they are asked whether a file is for them. The first inspects a table of which
nothing is asked; the last takes what is no table and nobody knows.
"""

_HOMES = {
    "Classifier": "classification.estimator",
    "Dropout": "language.settings",
    "Forecaster": "forecasting.estimator",
    "LanguageModel": "language.estimator",
}

__all__ = [
    "Classifier",
    "Dropout",
    "Forecaster",
    "LanguageModel",
    "get",
    "load",
    "names",
    "recognise",
    "write_report",
]


def names() -> tuple[str, ...]:
    """The names of the tasks."""
    return tuple(FOLDERS)


def get(name: str) -> Task:
    """The task of a name; RunError for a name that is none."""
    if name not in FOLDERS:
        from unrolled.errors import RunError

        raise RunError(f"expected a run of {' or '.join(FOLDERS)}, got task {name!r}")
    return cast("Task", import_module(f"{__name__}.{FOLDERS[name]}.command"))


def recognise(file: str) -> tuple[Task, str] | None:
    """The task that a file shows by itself, and why; None where that takes an option.

    file: a path, or the name of a sample.

    >>> task, why = recognise("python-docs")
    >>> task.NAME, why
    ('language', 'this sample is text')
    """
    for name in FOLDERS:
        if why := get(name).recognise(file):
            return get(name), why
    return None


def load(run: str | Path) -> Estimator[Any, Any, Any]:
    """The estimator of any run folder; RunError when a file in it is missing, cut or changed.

    >>> load("runs/weather").predict("weather.csv")  # doctest: +SKIP
    """
    from unrolled.runs.fit import load as read

    stored = read(run)
    return get(stored.card.task).load(stored)


def write_report(run: str | Path) -> Path:
    """Write report.html into a run folder and return its path.

    The page is made from run.json, and from history.jsonl and results.json where they are. It
    needs no network and nothing beside itself, and every name in it is escaped. Raises RunError
    when there is no run folder, a file in it is damaged, or the page cannot be written.

    >>> write_report("runs/nyc")  # doctest: +SKIP
    PosixPath('runs/nyc/report.html')
    """
    from unrolled import files, report
    from unrolled.runs.read import Run
    from unrolled.runs.vouch import reading

    found = Run.read(Path(run))
    name = found.task
    task = get(name)
    path = Path(run) / "report.html"
    with reading(Path(run)):
        page = report.render(found, task.sections(found), f"{__name__}.{FOLDERS[name]}")
    files.write_text(path, page)
    return path


def __getattr__(name: str) -> Any:
    """Import an estimator when it is first used: the command line must not wait for torch."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
