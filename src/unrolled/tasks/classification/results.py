"""results.json of a classifier, checked."""

from pydantic import BaseModel

from unrolled.runs.read import Number, Text


class BaselineAccuracy(BaseModel):
    """The accuracy of a baseline."""

    name: str
    accuracy: float


class ReliabilityBin(BaseModel):
    """Labels of about one confidence: how sure the model was on average, how often it was right."""

    confidence: float
    accuracy: float
    count: int


class Calibration(BaseModel):
    """The expected calibration error, and the bins it is of."""

    error: float
    bins: list[ReliabilityBin]


class ClassRow(BaseModel):
    """One class: how many there are, its precision, recall and F1."""

    name: Text
    count: int
    precision: Number = None
    recall: Number = None
    f1: Number = None


class PrefixAccuracy(BaseModel):
    """The accuracy after some share of each sequence."""

    share: float
    accuracy: float


class Example(BaseModel):
    """One sequence with the prediction after each step, or of each step."""

    name: Text
    steps: int
    stride: int = 1
    features: dict[str, list[Number]]
    truth: Text | None = None
    label: Text | None = None
    confidence: Number = None
    right: bool | None = None
    by_step: dict[str, list[Number]] = {}
    truth_by_step: list[Text | None] = []
    label_by_step: list[Text] = []
    accuracy: Number = None


class ClassifierResults(BaseModel):
    """results.json of a classifier."""

    network: str
    ensemble: int
    classes: list[Text]
    per_step: bool
    test: dict[str, int]
    accuracy: float
    balanced_accuracy: float
    log_loss: float
    calibration: Calibration | None = None
    mixture: dict[str, float] | None = None
    baselines: list[BaselineAccuracy] = []
    confusion: list[list[int]]
    by_class: list[ClassRow] = []
    seen: list[PrefixAccuracy] = []
    examples: list[Example] = []
    verdict: str = ""
