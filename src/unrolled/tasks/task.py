"""What a task brings to the command line and the report: the protocol that its module fulfils."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from unrolled.console.groups import Groups

if TYPE_CHECKING:
    from unrolled.console.options import Order
    from unrolled.report.page import Section
    from unrolled.runs.estimator import Estimator
    from unrolled.runs.fit import Plan, Stored
    from unrolled.runs.read import Run

NOTHING = "there is no test part: nothing was measured\n"


@dataclass(frozen=True)
class Job:
    """Data that were read, and a model that is to be fitted to them.

    described: what was found in the data, and how they are cut; resolved: the options of this task
    with the values they came to, once the model is fitted.
    """

    model: Estimator[Any, Any, Any]
    plan: Plan[Any, Any, Any]
    described: str
    resolved: Callable[[], dict[str, Any]]


class Task(Protocol):
    """A task, as `tasks/<folder>/command.py` gives it; importing one must stay cheap.

    NAME: as `--task` and run.json have it; ALIASES: other names that `--task` takes; DATA and
    MODEL: in words, "a table to forecast", "a forecaster"; FROM_TABLE: what makes a table be for
    it, "--horizon forecasts it"; NEXT: what to type after a fit; FOR_REPORT: results that only the
    report shows.
    OPTIONS: the groups of options of `fit` that are of this task (a group may be of several);
    READS, EVALUATES, PREDICTS: those among them, or others, that say how a file is read by
    `inspect`, `evaluate` and `predict`; COMMANDS: commands of this task alone.
    """

    NAME: str
    ALIASES: Sequence[str]
    DATA: str
    MODEL: str
    FROM_TABLE: str
    NEXT: str
    FOR_REPORT: Sequence[str]
    OPTIONS: Sequence[type]
    READS: Sequence[type]
    EVALUATES: Sequence[type]
    PREDICTS: Sequence[type]
    COMMANDS: Sequence[Callable[..., None]]

    def recognise(self, file: str) -> str | None:
        """Why a file is for this task, as far as it shows that by itself."""
        ...

    def job(self, order: Order) -> Job:
        """Read the data; what cannot be learned from is refused here."""
        ...

    def inspect(self, file: str, own: Groups) -> tuple[str, dict[str, Any]]:
        """What is found in a file, in words and as plain values."""
        ...

    def load(self, stored: Stored) -> Estimator[Any, Any, Any]:
        """The estimator of a run folder that was read."""
        ...

    def predict(self, stored: Stored, file: str, own: Groups) -> tuple[Any, Sequence[str]]:
        """Predictions for a file, as a pyarrow table, and notes to know before believing them."""
        ...

    def evaluate(self, stored: Stored, file: str, own: Groups) -> tuple[str, dict[str, Any]]:
        """The errors of a run on a file, in words and as plain values."""
        ...

    def words(self, results: Mapping[str, Any]) -> str:
        """Results as tables and verdicts for the terminal."""
        ...

    def sections(self, run: Run) -> list[Section | None]:
        """The sections of the report page."""
        ...


def in_words(task: Task, results: Mapping[str, Any] | None) -> str:
    """Results for the terminal, also where there are none."""
    return task.words(results) if results else NOTHING


def in_short(results: Mapping[str, Any] | None, for_report: Sequence[str]) -> dict[str, Any]:
    """Results for JSON, without what is there for the report alone."""
    left_out = ("task", *for_report)
    return {name: value for name, value in (results or {}).items() if name not in left_out}
