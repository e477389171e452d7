"""Which task a FILE is for: as asked, by what it is, or by the options given for it."""

from __future__ import annotations

from typing import Any, NamedTuple

from unrolled import tasks
from unrolled.console.groups import Groups, given, written
from unrolled.console.sources import is_table, is_text_sample, source
from unrolled.console.values import nearest
from unrolled.errors import DataError, SettingsError
from unrolled.tasks.task import Task


class Recognised(NamedTuple):
    """The task of a file, and why."""

    task: Task
    why: str


def recognise(file: str, asked: str | None, own: Groups, *, fitting: bool) -> Recognised:
    """The task of a file; SettingsError for an unknown one, and for options of another.

    fitting: a table of which nothing is asked is refused, with what could be asked; otherwise the
    first task looks at it.
    """
    from unrolled.data.source.kind import NOTHING, SEQUENCES, TEXT, find_kind, refusal

    kind = None if is_text_sample(file) else find_kind(source(file))
    found = _as_asked(asked)
    if found is None and kind and kind.holds == TEXT and kind.rows:
        found = _by_options(file, own)  # a .txt that holds a table
    if found is None and (by_itself := tasks.recognise(file)):
        found = Recognised(*by_itself)
    found = found or _by_options(file, own)
    if found is None and kind and kind.holds in (NOTHING, SEQUENCES):
        raise DataError(refusal(source(file), kind))
    if found is None and not is_table(file):
        found = Recognised(_every()[-1], kind.why if kind else "it is no table")
    if found is None and not fitting:
        found = Recognised(_every()[0], "it is a table")
    if found is None:
        ways = "; ".join(task.FROM_TABLE for task in _every())
        raise SettingsError(f"{file} is a table: {ways}")
    _check_belong(file, found, own)
    return found


def _every() -> list[Task]:
    return [tasks.get(name) for name in tasks.names()]


def _as_asked(asked: str | None) -> Recognised | None:
    if asked is None:
        return None
    for task in _every():
        if asked in (task.NAME, *task.ALIASES):
            return Recognised(task, "--task says so")
    known = [name for task in _every() for name in (task.NAME, *task.ALIASES)]
    raise SettingsError(f"--task: {nearest(asked, known)}, got {asked!r}")


def _by_options(file: str, own: Groups) -> Recognised | None:
    """By an option that is of one task alone; what is no table is the last task's anyway."""
    for task in _every() if is_table(file) else _every()[:-1]:
        if option := _only_of(task, own):
            return Recognised(task, f"{option} says so")
    return None


def owners(group: Any) -> list[Task]:
    """The tasks that have a group of options."""
    return [task for task in _every() if type(group) in task.OPTIONS]


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
    every = [kind for task in _every() for kind in getattr(task, role)]
    return tuple(dict.fromkeys(every))


def refuse(what: str, groups: Groups, allowed: tuple[type, ...] = ()) -> None:
    """SettingsError for an option that this kind of run does not take, if one was given."""
    for group in groups:
        if type(group) not in allowed and (names := given(group)):
            raise SettingsError(f"{written(next(iter(names)))} is not for {what}")
