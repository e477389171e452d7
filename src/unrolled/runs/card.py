"""The card of a run, `run.json`: settings, findings, preprocessor, metrics, fingerprints."""

from __future__ import annotations

import platform
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from unrolled.version import __version__

Status = Literal["training", "finished", "interrupted"]
SCHEMA = 4
VOUCHES = 4  # since this schema every file of a run has a fingerprint, before it the weights alone
OLDER = {"forecast": (3,), "classification": (2, 3), "language": (2, 3)}
"""The earlier schemas that are read, by task."""


class Card(BaseModel):
    """What `run.json` holds.

    settings: of the model and of training, by their names; findings: what was found in the data;
    preprocessor: how data become numbers; metrics: the few numbers that matter most; fingerprints:
    of the other files of the run and of the card itself.
    """

    model_config = ConfigDict(extra="forbid")

    schema_version: int = Field(default=SCHEMA, alias="schema")
    task: str
    status: Status
    versions: dict[str, str]
    device: str
    settings: dict[str, dict[str, Any]]
    findings: dict[str, Any]
    preprocessor: dict[str, Any]
    metrics: dict[str, Any] = {}
    fingerprints: dict[str, str] = {}


def versions() -> dict[str, str]:
    """The versions that a result depends on."""
    import numpy
    import torch

    return {
        "unrolled": __version__,
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }
