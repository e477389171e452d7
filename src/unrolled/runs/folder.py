"""The run folder: a model and all that was found out about it, readable without running anything.

    RUN/model.safetensors   weights
    RUN/run.json            this schema: settings, findings, preprocessor, metrics, fingerprints
    RUN/history.jsonl       one line for each epoch
    RUN/results.json        what the report shows
    RUN/report.html
    RUN/config.toml         the options of the command line, for `--config`
    RUN/checkpoint/         what `--resume` goes on from

Every file is written whole or not at all. `run.json` comes last and holds the fingerprints of the
weights and of itself: what was cut or changed since is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import Tensor, nn

from unrolled import files
from unrolled.errors import RunError
from unrolled.runs.card import SCHEMA, Card
from unrolled.training.outcome import Epoch, Outcome

MODEL = "model.safetensors"
CARD = "run.json"
SAME_FOR = {"classification": 2, "language": 2}  # tasks whose runs did not change with schema 3
RESULTS = "results.json"
HISTORY = "history.jsonl"
WRITTEN = (
    *(MODEL, RESULTS, "report.html", "config.toml", HISTORY, "samples.jsonl"),
    "checkpoint/state.safetensors",
)


def claim(folder: Path, *, resume: bool = False, overwrite: bool = False) -> bool:
    """Make sure that a run may be written to this folder, and return whether one is there.

    A folder that holds anything is left alone, with a RunError, unless it is a run and `resume` or
    `overwrite` say what is to become of it. What a killed process left half-written is removed.
    """
    try:
        parts = [*folder.glob(files.PARTS), *folder.glob(f"checkpoint/{files.PARTS}")]
        taken = folder.exists() and not (folder.is_dir() and {*folder.iterdir()} <= {*parts})
    except OSError as error:
        raise RunError(f"cannot read {folder}: {error.strerror or error}") from None
    if taken and not (folder / CARD).is_file():
        raise RunError(f"{folder} exists and is no run folder; choose another place")
    if taken and not (resume or overwrite):
        raise RunError(f"{folder} holds a run already; resume it, overwrite it or choose another")
    old = [folder / name for name in WRITTEN] if overwrite and not resume else []
    for path in (*parts, *old):
        path.unlink(missing_ok=True)
    return taken


def begin(folder: Path, card: Card, *, resume: bool, overwrite: bool) -> bool:
    """Claim a folder for the run of this card: the first write of a fit.

    Returns whether it goes on with a run that is there, which must have the same settings and the
    same data, else RunError.
    """
    goes_on = claim(folder, resume=resume, overwrite=overwrite) and resume
    if goes_on:
        _check_same(load_card(folder, card.task), card)
    else:
        save_card(folder, card)
    return goes_on


def _check_same(old: Card, new: Card) -> None:
    for kind, settings in new.model_dump(mode="json")["settings"].items():
        for name, value in settings.items():
            before = old.settings.get(kind, {}).get(name)
            if before != value:
                raise RunError(f"resume: the run was started with {name} {before}, not {value}")
    if old.findings.get("fingerprint") != new.findings["fingerprint"]:
        raise RunError("resume: the run was started on other data")


def save_card(folder: Path, card: Card) -> None:
    """Write `run.json` with its own fingerprint."""
    content = card.model_dump(by_alias=True)
    content["fingerprints"] = {**card.fingerprints, CARD: _own(content)}
    files.write_json(folder / CARD, content)


def save(
    folder: Path,
    card: Card,
    tensors: Mapping[str, Tensor],
    results: Mapping[str, Any] | None = None,
    history: Sequence[Epoch] = (),
) -> None:
    """Write what was found, if anything was, the weights, then the card that vouches for them."""
    if results is not None:
        files.write_json(folder / RESULTS, results)
    if history:
        files.write_lines(folder / HISTORY, map(asdict, history))
    files.write_tensors(folder / MODEL, tensors)
    mark = files.digest((folder / MODEL).read_bytes())
    save_card(folder, card.model_copy(update={"fingerprints": {MODEL: mark}}))


def load_card(folder: Path, task: str | None = None) -> Card:
    """Read `run.json`; RunError names what is wrong with it."""
    path = folder / CARD
    if not folder.is_dir():
        raise RunError(f"there is no run folder {folder}")
    content = files.read_json(path)
    check_schema(content, path)
    try:
        card = Card.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "its content"
        raise RunError(f"{path} is damaged: {place}: {first['msg']}") from None
    if card.fingerprints.get(CARD) != _own(content):
        raise RunError(f"{path} was changed after it was written: its fingerprint differs")
    check_task(card, task, folder)
    return card


def check_schema(content: object, path: Path) -> None:
    """RunError when run.json is of another schema: what else it holds is then no damage."""
    if not isinstance(content, dict):
        return
    schema = content.get("schema")
    if isinstance(schema, int) and schema not in (SCHEMA, SAME_FOR.get(str(content.get("task")))):
        raise RunError(f"{path} has schema {schema}, this version reads {SCHEMA}")


def check_task(card: Card, task: str | None, folder: Path) -> None:
    """RunError when a run is of another task than the one that is wanted, if one is."""
    if task is not None and card.task != task:
        raise RunError(f"{folder} holds a run of the task {card.task!r}, not {task!r}")


def load(folder: Path, task: str | None = None) -> tuple[Card, dict[str, Tensor]]:
    """Read the card and the weights; RunError when a file is missing, cut or changed."""
    card = load_card(folder, task)
    path = folder / MODEL
    if card.status == "training":
        raise RunError(f"the run in {folder} was not finished; go on with it by resuming")
    if not path.is_file():
        raise RunError(f"{path} is missing")
    if files.digest(path.read_bytes()) != card.fingerprints.get(MODEL):
        raise RunError(f"{path} is damaged: its fingerprint differs from the one in {CARD}")
    return card, files.read_tensors(path)[0]


def load_results(folder: Path, card: Card) -> tuple[dict[str, Any] | None, Outcome]:
    """The results of a run, None where nothing was measured, and what its training came to."""
    results = files.read_json(folder / RESULTS) if (folder / RESULTS).is_file() else None
    try:
        history = [Epoch(**row) for row in files.read_lines(folder / HISTORY)]
    except TypeError as error:
        raise RunError(f"{folder / HISTORY} is damaged: {error}") from None
    outcome = Outcome(history)
    if history:
        best = min(history, key=lambda epoch: epoch.validation_loss)
        outcome.best_epoch, outcome.best_loss = best.epoch, best.validation_loss
        whole = len(history) == card.settings["training"]["epochs"]
        outcome.ended = "epochs" if whole else "early"
    if card.status == "interrupted":
        outcome.ended = "interrupted"
    return results, outcome


def load_weights(network: nn.Module, tensors: Mapping[str, Tensor], folder: Path) -> None:
    """Put the weights of a run into a network; RunError when they are not for it."""
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise RunError(f"{folder} is damaged: the weights do not fit: {reason}") from None


def _own(content: dict[str, Any]) -> str:
    marks = {k: v for k, v in content.get("fingerprints", {}).items() if k != CARD}
    text = json.dumps({**content, "fingerprints": marks}, sort_keys=True, ensure_ascii=False)
    return files.digest(text.encode())
