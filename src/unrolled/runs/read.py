"""What a run folder says, checked as it is read: run.json, history.jsonl, results.json."""

import json
import math
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from unrolled.errors import RunError
from unrolled.files import read_json

Model = TypeVar("Model", bound=BaseModel)


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_finite)]
"""A number, or None where it is missing (null, NaN or infinite in the file)."""

Text = Annotated[str, BeforeValidator(lambda value: value if value is None else str(value))]
"""Text; a whole number of an integer time is taken as text too."""


class Score(BaseModel):
    """One row of the table of errors: a model's name and its metrics, None where not measured."""

    name: str
    metrics: dict[str, Number] = {}

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, row: object) -> object:
        if not isinstance(row, dict):
            return row
        return {
            "name": row.get("name"),
            "metrics": {key: value for key, value in row.items() if key != "name"},
        }


class Panel(BaseModel):
    """One forecast beside the truth: a series, a target and the past that the network saw."""

    series: Text = ""
    target: str = ""
    past_time: list[Text] = []
    past: list[Number] = []
    time: list[Text] = Field(min_length=1)
    truth: list[Number] = []
    forecast: list[Number]
    lo: list[Number] = []
    hi: list[Number] = []
    level: int | None = None
    baselines: dict[str, list[Number]] = {}

    @model_validator(mode="after")
    def _same_lengths(self) -> Self:
        if len(self.past) != len(self.past_time):
            raise ValueError(f"{len(self.past)} past values, {len(self.past_time)} past times")
        lines = {"truth": self.truth, "lo": self.lo, "hi": self.hi, **self.baselines}
        for name, values in {"forecast": self.forecast, **lines}.items():
            if values and len(values) != len(self.time):
                raise ValueError(f"{len(values)} values of {name}, {len(self.time)} times")
        return self


class TestPart(BaseModel):
    """Where the errors were measured."""

    windows: int | None = None
    begin: Text | None = Field(None, alias="from")
    end: Text | None = Field(None, alias="to")


class Measured(BaseModel):
    """The errors of one target: of each model, and by step ahead."""

    table: list[Score] = []
    by_step: dict[str, list[Number]] = {}


class Results(Measured):
    """results.json of a forecast; its own table and steps are those of the first target."""

    network: str = "network"
    targets: list[str] = []
    horizon: int | None = None
    step: Text = ""
    season: int | None = None
    test: TestPart | None = None
    by_target: dict[str, Measured] = {}
    verdict: str = ""
    panels: list[Panel] = []

    def measured(self) -> dict[str, Measured]:
        """What was measured, by target; the name is empty where there is only one."""
        return dict(self.by_target) if len(self.by_target) > 1 else {"": self}


class Role(BaseModel):
    """What a column was taken for, and why."""

    role: str
    why: str = ""


class Part(BaseModel):
    """One part of the split."""

    rows: int = 0
    begin: Text | None = Field(None, alias="from")
    end: Text | None = Field(None, alias="to")


class Data(BaseModel):
    """The findings of the table and the dates of its split."""

    source: str = ""
    rows: int = 0
    grid_rows: int = 0
    series: int = 1
    step: Text = ""
    zone: str | None = None
    start: Text = ""
    end: Text = ""
    roles: dict[str, Role] = {}
    gaps: dict[str, int] = {}
    missing: dict[str, int] = {}
    left_out: dict[str, str] = {}
    notes: list[str] = []
    split: dict[str, Part] = {}
    held_out: int | None = None  # sequences that decided when to stop


class Epoch(BaseModel):
    """One line of history.jsonl."""

    epoch: int
    train_loss: Number = None
    validation_loss: Number = None
    learning_rate: Number = None
    seconds: Number = None


class Summary(BaseModel):
    """run.json, as far as a page shows it."""

    task: str | None = None
    versions: dict[str, Text] = {}
    device: str | None = None
    settings: dict[str, Any] = {}
    findings: Data | None = None


class Run(BaseModel):
    """A run folder; what is not there is empty.

    `found` is results.json as it is: each task but "forecast" checks its own with `checked`.
    """

    name: str
    summary: Summary = Summary()
    history: list[Epoch] = []
    results: Results | None = None
    found: Any = None
    task: str = "forecast"

    @property
    def judged(self) -> str:
        """What the epochs were judged by: the training part itself where nothing was held out."""
        data = self.summary.findings
        return "undisturbed" if data and data.held_out == 0 else "validation"

    @classmethod
    def read(cls, folder: Path) -> "Run":
        """Read what a run folder holds.

        Raises RunError when there is none, or when a file in it is damaged.
        """
        paths = [folder / name for name in ("run.json", "history.jsonl", "results.json")]
        if not any(path.is_file() for path in paths):
            raise RunError(f"report: expected a run folder with run.json, got {folder}")
        stored, raw = (read_json(p) if p.is_file() else None for p in (paths[0], paths[2]))
        summary = checked(Summary, {} if stored is None else stored, paths[0])
        task = summary.task or (raw.get("task") if isinstance(raw, dict) else None) or "forecast"
        return cls(
            name=folder.resolve().name,
            summary=summary,
            history=_history(paths[1]),
            results=None if raw is None or task != "forecast" else checked(Results, raw, paths[2]),
            found=raw,
            task=str(task),
        )


def _history(path: Path) -> list[Epoch]:
    if not path.is_file():
        return []
    try:
        text = path.read_text(encoding="utf-8")
        # A run killed while it wrote leaves a last line without its end.
        lines = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]
        rows = [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise RunError(f"{path} is damaged: not JSON lines ({error})") from None
    return [checked(Epoch, row, path) for row in rows]


def checked(model: type[Model], raw: object, path: Path) -> Model:
    """What a file says as a model; RunError names what is wrong with it."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise RunError(f"{path} is damaged: {where}: {first['msg']}") from None
