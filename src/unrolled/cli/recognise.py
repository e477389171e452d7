"""Which task a FILE is for: as asked, by what it is, or by the options given for it."""

from __future__ import annotations

from typing import Any, NamedTuple

from unrolled import tasks
from unrolled.console.groups import Groups, given, written
from unrolled.console.sources import is_table, source
from unrolled.console.values import nearest
from unrolled.errors import SettingsError
from unrolled.tasks.task import Task

ALIASES = {"labels": "classification"}
OTHERWISE = "language"  # whatever is no table can be read as a text


class Recognised(NamedTuple):
    """The task of a file, and why."""

    task: Task
    why: str


def recognise(file: str, asked: str | None, own: Groups, table: str | None = None) -> Recognised:
    """The task of a file; SettingsError for an unknown one, and for options of another.

    table: the task of a table of which nothing is asked; by default that is refused.
    """
    found = _recognise(file, asked, own, table)
    _check_belong(file, found, own)
    return found


def _recognise(file: str, asked: str | None, own: Groups, table: str | None) -> Recognised:
    if asked is not None:
        name = ALIASES.get(asked, asked)
        if name not in tasks.names():
            raise SettingsError(f"--task: {nearest(asked, tasks.names())}, got {asked!r}")
        return Recognised(tasks.get(name), "--task says so")
    every = [tasks.get(name) for name in tasks.names()]
    for task in every:
        if why := task.recognise(file):
            return Recognised(task, why)
    for task in every:
        if (task.NAME != OTHERWISE or is_table(file)) and (option := _only_of(task, own)):
            return Recognised(task, f"{option} says so")
    if not is_table(file):
        kind = "folder" if source(file).is_dir() else "file of another kind"
        return Recognised(tasks.get(OTHERWISE), f"it is a {kind}")
    if table is not None:
        return Recognised(tasks.get(table), "it is a table")
    raise SettingsError(
        f"{file} is a table: --horizon forecasts it; --series and --label learn labels; "
        "--task language reads it as a text"
    )


def owners(group: Any) -> list[Task]:
    """The tasks that have a group of options."""
    every = [tasks.get(name) for name in tasks.names()]
    return [task for task in every if type(group) in task.OPTIONS]


def _only_of(task: Task, own: Groups) -> str | None:
    """The first option given that belongs to this task alone."""
    for group in own:
        if owners(group) == [task] and (names := given(group)):
            return written(next(iter(names)))
    return None


def _check_belong(file: str, found: Recognised, own: Groups) -> None:
    for group in own:
        those = owners(group)
        if found.task not in those and (names := given(group)):
            kinds = " or ".join(task.DATA for task in those)
            raise SettingsError(
                f"{written(next(iter(names)))} is for {kinds}, but {file} is taken for "
                f"{found.task.DATA} ({found.why}); "
                f"--task {' or '.join(task.NAME for task in those)} overrules"
            )


def kinds(role: str | None) -> tuple[type, ...]:
    """The groups of options that the tasks have for a command, each once.

    role: "OPTIONS", "READS", "EVALUATES" or "PREDICTS", see `tasks.task.Task`; None: no groups.
    """
    if role is None:
        return ()
    every = [kind for name in tasks.names() for kind in getattr(tasks.get(name), role)]
    return tuple(dict.fromkeys(every))


def refuse(what: str, groups: Groups, allowed: tuple[type, ...] = ()) -> None:
    """SettingsError for an option that this kind of run does not take, if one was given."""
    for group in groups:
        if type(group) not in allowed and (names := given(group)):
            raise SettingsError(f"{written(next(iter(names)))} is not for {what}")
