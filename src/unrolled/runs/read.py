"""Read a run folder for showing it: run.json, history.jsonl and results.json, each checked.

Of a run that is not finished only `run.json` is shown: nothing vouches for the others yet.
"""

import math
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from unrolled.errors import RunError
from unrolled.files import parse_json, parse_lines, read_json
from unrolled.runs.folder import RESULTS
from unrolled.runs.vouch import CARD, check_own, check_schema, vouched
from unrolled.training.checkpoint import HISTORY

Model = TypeVar("Model", bound=BaseModel)


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_finite)]
"""A number, or None where it is missing (null, NaN or infinite in the file)."""

Text = Annotated[str, BeforeValidator(lambda value: value if value is None else str(value))]
"""Text; a whole number of an integer time is taken as text too."""


class ColumnRole(BaseModel):
    """What a column was taken for, and why."""

    role: str
    why: str = ""


class SplitPart(BaseModel):
    """One part of the split."""

    rows: int = 0
    begin: Text | None = Field(None, alias="from")
    end: Text | None = Field(None, alias="to")


class ShownFindings(BaseModel):
    """The findings of the table and the dates of its split."""

    source: str = ""
    rows: int = 0
    grid_rows: int = 0
    series: int = 1
    step: Text = ""
    zone: str | None = None
    start: Text = ""
    end: Text = ""
    roles: dict[str, ColumnRole] = {}
    gaps: dict[str, int] = {}
    missing: dict[str, int] = {}
    left_out: dict[str, str] = {}
    notes: list[str] = []
    decisions: list[str] = []  # what was decided for these data
    split: dict[str, SplitPart] = {}
    validation: int | None = None  # how many sequences were held out for early stopping


class EpochRow(BaseModel):
    """One line of history.jsonl."""

    epoch: int
    train_loss: Number = None
    validation_loss: Number = None
    learning_rate: Number = None
    seconds: Number = None


class Summary(BaseModel):
    """run.json, as far as a page shows it."""

    schema_version: int = Field(alias="schema")
    fingerprints: dict[str, str]
    task: str
    status: str
    versions: dict[str, Text] = {}
    device: str | None = None
    settings: dict[str, Any] = {}
    findings: ShownFindings | None = None


class Run(BaseModel):
    """A run folder: what is not there is empty.

    found: results.json as it is; its task checks it with `checked`.
    """

    name: str
    summary: Summary
    history: list[EpochRow] = []
    found: Any = None
    task: str

    @property
    def validated_on(self) -> str:
        """What the validation loss is of: the training part itself where nothing was held out."""
        findings = self.summary.findings
        held_out = findings is None or findings.validation != 0
        return "validation loss" if held_out else "training loss, no augmentation"

    @classmethod
    def read(cls, folder: Path) -> "Run":
        """Read what a run folder holds.

        Raises RunError when there is none, or when a file in it is damaged.
        """
        path = folder / CARD
        if not path.is_file():
            raise RunError(f"report: expected a run folder with run.json, got {folder}")
        stored = read_json(path)
        check_schema(stored, path)
        summary = checked(Summary, stored, path)
        check_own(stored, path)
        if summary.status == "training":  # what is there is not vouched for yet
            return cls(name=folder.resolve().name, summary=summary, task=summary.task)
        lines, found = (vouched(folder, name, stored) for name in (HISTORY, RESULTS))
        rows = parse_lines(lines or b"", folder / HISTORY)
        return cls(
            name=folder.resolve().name,
            summary=summary,
            history=[checked(EpochRow, row, folder / HISTORY) for row in rows],
            found=None if found is None else parse_json(found, folder / RESULTS),
            task=summary.task,
        )

    def results(self, model: type[Model]) -> Model | None:
        """results.json as a model; None where nothing was measured, RunError where it misfits."""
        return None if self.found is None else checked(model, self.found, Path(self.name) / RESULTS)


def checked(model: type[Model], raw: object, path: Path) -> Model:
    """What a file says as a model; RunError names what is wrong with it."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise RunError(f"{path} is damaged: {where}: {first['msg']}") from None
