"""The run folder of a classifier: what is written, and what is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unrolled import files
from unrolled.data.sequences.sequences import Sequences
from unrolled.tasks.classification import evaluate as labels
from unrolled.training import describe_device
from unrolled.training.checkpoint import Checkpoint

if TYPE_CHECKING:
    from unrolled import runs
    from unrolled.tasks.classification.estimator import Classifier


def begin(
    model: Classifier, folder: Path, learned: Sequences, *, resume: bool, overwrite: bool
) -> Checkpoint:
    """Claim the run folder; a run that is gone on with must be this one."""
    from unrolled import runs  # pydantic costs a fifth of a second: only when a run is kept

    codes = model.encoder.codes(learned)
    model.data["fingerprint"] = files.digest(learned.inputs.tobytes() + codes.tobytes())
    runs.begin(folder, _card(model, "training"), resume=resume, overwrite=overwrite)
    return Checkpoint(folder)


def save(model: Classifier, folder: Path) -> None:
    """Write results, weights and the card that vouches for them."""
    from unrolled import runs

    card = _card(model, runs.status_of(model.outcome.ended))
    state, history = model.model.state_dict(), model.outcome.history
    runs.save(folder, card, state, model.results, history)


def _card(model: Classifier, status: runs.Status) -> runs.Card:
    from unrolled import runs

    weight = model.class_weight
    # Labels may be numbers, and JSON has only texts as names: so pairs, not a mapping.
    pairs = [list(pair) for pair in weight.items()] if isinstance(weight, Mapping) else weight
    return runs.Card(
        task=labels.TASK,
        status=status,
        versions=runs.versions(),
        device=describe_device(model.training.device),
        settings={
            "model": {**asdict(model.settings), "class_weight": pairs},
            "training": asdict(model.training),
        },
        data=model.data,
        encoder=model.encoder.to_dict(),
        metrics=labels.headline(model.results),
    )


def settings(card: runs.Card) -> dict[str, Any]:
    """The settings of the classifier that a card holds."""
    found = dict(card.settings["model"])
    if isinstance(found["class_weight"], list):
        found["class_weight"] = dict(found["class_weight"])
    return found
