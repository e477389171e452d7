"""What a FILE is: a table to forecast, labelled sequences, or a text; and how it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from unrolled.console.groups import given
from unrolled.console.options import LabelColumn, Rows
from unrolled.console.values import nearest
from unrolled.errors import DataError, SettingsError

if TYPE_CHECKING:
    from unrolled.data import Corpus, Sequences

TASKS = {
    "forecast": "a table to forecast",
    "classification": "labelled sequences",
    "language": "a text",
}
ALIASES = {"labels": "classification"}  # what people type
TABLES = (".csv", ".gz", ".parquet", ".pq", ".tsv")
TEXTS = (".txt", ".text", ".md")


class Taken(NamedTuple):
    """The task a file was taken for, and why."""

    task: str
    why: str


def source(file: str) -> Path:
    """The path of a file, or of the sample of that name."""
    from unrolled.data import samples

    path = Path(file)
    found = [one.name for one in samples.available()]
    if file in found and not path.exists():
        return samples.path(file)
    if not path.exists() and (near := get_close_matches(file, found, n=1)):
        raise DataError(f"read {file}: there is no such file; did you mean the sample {near[0]!r}?")
    return path


def is_text_sample(file: str) -> bool:
    """Whether a file is the name of a sample that is text."""
    from unrolled.data import samples

    texts = [one.name for one in samples.available() if one.rows is None]
    return file in texts and not Path(file).exists()


def looks_like(file: str) -> Taken | None:
    """The task a file shows by itself; None where that takes an option, or is not certain."""
    from unrolled.data.sequences.tsfile import looks_labelled

    if is_text_sample(file):
        return Taken("language", "this sample is text")
    path = source(file)
    suffix = path.suffix.lower()
    if looks_labelled(path):
        rows = "every row is numbers, a class first"
        return Taken("classification", "its name ends in .ts" if suffix == ".ts" else rows)
    if suffix in TEXTS and not path.is_dir():
        return Taken("language", f"its name ends in {suffix}")
    return None


def recognise(
    file: str, task: str | None, asked: Iterable[Any], table: Taken | None = None
) -> Taken:
    """The task of a file: as asked, by what it is, or by the options given for it.

    asked: the groups of options; table: what a table is of which nothing is asked, by default a
    SettingsError, as for an unknown task.
    """
    if task is not None:
        task = ALIASES.get(task, task)
        if task not in TASKS:
            raise SettingsError(f"--task: {nearest(task, TASKS)}, got {task!r}")
        return Taken(task, "--task says so")
    if found := looks_like(file):
        return found
    asked = list(asked)
    for wanted in ("classification", "forecast"):
        if option := _first(asked, wanted):
            return Taken(wanted, f"{option} says so")
    path = source(file)
    if path.is_dir() or path.suffix.lower() not in TABLES:
        return Taken("language", f"it is a {'folder' if path.is_dir() else 'file of another kind'}")
    if table is not None:
        return table
    raise SettingsError(
        f"{file} is a table: --horizon forecasts it; --series and --label learn labels; "
        "--task language reads it as a text"
    )


def _first(asked: Iterable[Any], task: str) -> str | None:
    """The first option given that belongs to this task alone."""
    for group in asked:
        if getattr(group, "tasks", ()) == (task,) and (names := given(group)):
            return written(next(iter(names)))
    return None


def check_belong(file: str, taken: Taken, asked: Iterable[Any]) -> None:
    """SettingsError for an option that belongs to another task than the file was taken for."""
    for group in asked:
        tasks = getattr(group, "tasks", tuple(TASKS))
        if taken.task not in tasks and (names := given(group)):
            kinds = " or ".join(TASKS[task] for task in tasks)
            raise SettingsError(
                f"{written(next(iter(names)))} is for {kinds}, but {file} is taken for "
                f"{TASKS[taken.task]} ({taken.why}); --task {' or '.join(tasks)} overrules"
            )


def written(name: str) -> str:
    """An option as it is written."""
    return "--" + name.replace("_", "-")


def read_corpus(file: str, **how: Any) -> Corpus:
    """A text, from a file, a folder or the sample of that name; options as for `Corpus.read`."""
    from unrolled.data import Corpus, samples

    if not is_text_sample(file):
        return Corpus.read(file, **how)
    if how.pop("encoding", None) is not None:
        raise SettingsError("--encoding is for files, a sample needs none")
    corpus = Corpus.of(str(samples.load(file)), **how)
    return replace(corpus, findings={**corpus.findings, "source": file})


def says_itself(file: str) -> bool:
    """Whether a file says itself what its sequences and labels are, as no table does."""
    from unrolled.data.sequences.sequences import FILES
    from unrolled.data.sequences.tsfile import has_header

    path = source(file)
    return path.suffix.lower() in FILES and not has_header(path)


def read_sequences(file: str, rows: Rows, column: LabelColumn) -> Sequences:
    """Labelled sequences, from a .ts or UCR file or a long table."""
    from unrolled.data import Sequences

    path = source(file)
    per_step = _per_step(column.label_per)
    if says_itself(file):
        if names := {**given(rows), **given(column)}:
            name = written(next(iter(names)))
            raise SettingsError(f"{name} is for a table; {path} says itself what its parts are")
        return Sequences.read(path)
    if rows.series is None:
        raise SettingsError(f"{path}: --series names the column that tells the sequences apart")
    return Sequences.read(
        path, series=rows.series, label=column.label, time=rows.time, per_step=per_step
    )


def read_unlabelled(file: str, rows: Rows, label: str | None) -> Sequences:
    """Sequences to be labelled: a column of a table that has labels already is left out."""
    from unrolled.data import Sequences
    from unrolled.data.columns.read import read_columns

    if says_itself(file) or label is None or rows.series is None:
        return read_sequences(file, rows, LabelColumn())
    columns = {k: v for k, v in read_columns(source(file)).columns.items() if k != label}
    return Sequences.read(columns, series=rows.series, time=rows.time)


def _per_step(label_per: str | None) -> bool:
    if label_per not in (None, "sequence", "step"):
        raise SettingsError(f"--label-per: expected sequence or step, got {label_per!r}")
    return label_per == "step"
