"""results.json of a forecaster, checked."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from unrolled.runs.read import Number, Text


class ModelErrors(BaseModel):
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


class MeasuredOn(BaseModel):
    """Where the errors were measured."""

    windows: int | None = None
    begin: Text | None = Field(None, alias="from")
    end: Text | None = Field(None, alias="to")


class SeriesErrors(BaseModel):
    """How one series is forecast; ratio: its error over that of seasonal naive."""

    series: Text = ""
    mae: Number = None
    ratio: Number = None
    mase: Number = None
    best: Text = ""


class ManySeries(BaseModel):
    """Some of the series of a table: the worst, the middle ones and the best."""

    count: int = 0
    better: int = 0
    sizes: Number = None
    rows: list[SeriesErrors] = []


class Period(BaseModel):
    """How often an interval held the truth from a time on."""

    begin: Text = Field("", alias="from")
    share: Number = None


class Coverage(BaseModel):
    """How often the widest interval held the truth, by step ahead and over time."""

    level: int | None = None
    by_step: list[Number] = []
    over_time: list[Period] = []


class TargetErrors(BaseModel):
    """The errors of one target: of each model, by step ahead, by series; how intervals held."""

    table: list[ModelErrors] = []
    by_step: dict[str, list[Number]] = {}
    by_series: ManySeries = ManySeries()
    coverage: Coverage = Coverage()


class ForecastResults(TargetErrors):
    """results.json of a forecast; its own table and steps are those of the first target."""

    network: str = "network"
    targets: list[str] = []
    horizon: int | None = None
    step: Text = ""
    season: int | None = None
    test: MeasuredOn | None = None
    by_target: dict[str, TargetErrors] = {}
    verdict: str = ""
    panels: list[Panel] = []

    def measured(self) -> dict[str, TargetErrors]:
        """What was measured, by target; the name is empty where there is only one."""
        return dict(self.by_target) if len(self.by_target) > 1 else {"": self}
