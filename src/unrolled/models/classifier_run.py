"""The run folder of a classifier: what is written, and what is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from unrolled import files, labels
from unrolled.checkpoint import Checkpoint
from unrolled.data.sequences import Sequences
from unrolled.errors import RunError
from unrolled.models.resume import check_same
from unrolled.training import describe_device

if TYPE_CHECKING:
    from unrolled import runs
    from unrolled.models.classifier import Classifier


def begin(
    model: Classifier, folder: Path, learned: Sequences, *, resume: bool, overwrite: bool
) -> Checkpoint:
    """Claim the run folder; a run that is gone on with must be this one."""
    from unrolled import runs  # pydantic costs a fifth of a second: only when a run is kept

    taken = runs.claim(folder, resume=resume, overwrite=overwrite)
    codes = model.encoder.codes(learned)
    model.data["fingerprint"] = files.digest(learned.inputs.tobytes() + codes.tobytes())
    if resume and taken:
        check_same(runs.load_card(folder, labels.TASK), _card(model, "training"))
    else:
        runs.save_card(folder, _card(model, "training"))
    return Checkpoint(folder)


def save(model: Classifier, folder: Path) -> None:
    """Write results, weights and the card that vouches for them."""
    from unrolled import runs

    card = _card(model, runs.status_of(model.outcome.ended))
    runs.save(folder, card, model.model.state_dict(), model.results)


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


def read(folder: Path) -> tuple[runs.Card, dict[str, Tensor]]:
    """The card and the weights of a run of labels."""
    from unrolled import runs

    return runs.load(folder, labels.TASK)


def settings(card: runs.Card) -> dict[str, Any]:
    """The settings of the classifier that a card holds."""
    found = dict(card.settings["model"])
    if isinstance(found["class_weight"], list):
        found["class_weight"] = dict(found["class_weight"])
    return found


def fill(network: nn.Module, tensors: Mapping[str, Tensor], folder: Path) -> None:
    """Put weights into a network; RunError when they are not for it."""
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise RunError(f"{folder} is damaged: the weights do not fit: {reason}") from None
