"""The run folder: a model and all that was found out about it, readable without running anything.

    RUN/model.safetensors   weights
    RUN/run.json            this schema: settings, findings, preprocessor, metrics, fingerprints
    RUN/history.jsonl       one line for each epoch
    RUN/samples.jsonl       what a language model wrote after each epoch
    RUN/results.json        what the report shows
    RUN/report.html
    RUN/config.toml         the options of the command line, for `--config`
    RUN/checkpoint/         what `--resume` goes on from

Every file is written whole or not at all. `run.json` comes last and holds the fingerprints of the
others and of itself: what was cut or changed since is refused by name, when it is read. The
checkpoint vouches for itself, and for the epochs that are not in `run.json` yet.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import Tensor, nn

from unrolled import files
from unrolled.errors import RunError
from unrolled.runs.card import Card
from unrolled.runs.same import check_same
from unrolled.runs.vouch import (
    CARD,
    check_own,
    check_schema,
    checked,
    is_own,
    own,
    reading,
    vouched,
)
from unrolled.training.checkpoint import HISTORY, SAMPLES, STATE, Checkpoint
from unrolled.training.outcome import Epoch, Outcome

MODEL = "model.safetensors"
RESULTS = "results.json"
CONFIG = "config.toml"
VOUCHED = (MODEL, RESULTS, HISTORY, SAMPLES, CONFIG)
WRITTEN = (*VOUCHED, "report.html", STATE)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold a run folder, which is made, for one writer; RunError while another process has it.

    The lock is of the folder itself and ends with the process, however that ends.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except (FileExistsError, NotADirectoryError):
        yield  # a file lies there: whoever claims it says so
        return
    except OSError as error:
        raise RunError(f"cannot write {folder}: {error.strerror or error}") from None
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # not on Windows
        return
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise RunError(
            f"{folder} is being written by another fit; wait for its end or choose another place"
        ) from None
    except OSError:  # file systems without locks
        return


def claim(folder: Path, *, resume: bool = False, overwrite: bool = False) -> bool:
    """Make sure that a run may be written to this folder, and return whether one is there.

    A folder that holds anything is left alone, with a RunError, unless it is a run of ours and
    `resume` or `overwrite` say what is to become of it. What a killed process left half-written is
    removed.
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
    if taken and not resume:
        check_ours(folder)
    old = WRITTEN if overwrite and not resume else ()
    sweep(folder, (*(str(part.relative_to(folder)) for part in parts), *old))
    return taken


def check_ours(folder: Path) -> None:
    """RunError unless run.json is one of ours, of whatever schema: else nothing is overwritten."""
    if not is_own(files.read_json(folder / CARD)):
        raise RunError(
            f"{folder / CARD} is not as this program writes it, so that {folder} is not "
            "overwritten; choose another place, or remove it yourself"
        )


def sweep(folder: Path, names: Sequence[str]) -> None:
    """Remove files of a run; RunError for one that cannot be."""
    for path in (folder / name for name in names):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"cannot remove {path}: {error.strerror or error}") from None


def begin(folder: Path, card: Card, *, resume: bool, overwrite: bool) -> Checkpoint:
    """Claim a folder for the run of this card: the first write of a fit.

    Returns where its epochs are kept. With `resume` a run that is there must have the same data,
    split and settings, and its checkpoint must be whole and of this run, else RunError.
    """
    store = Checkpoint(folder, _mark(card))
    if claim(folder, resume=resume, overwrite=overwrite) and resume:
        before = load_card(folder, card.task)
        with reading(folder / CARD):
            check_same(before, card)
        for name in before.fingerprints:
            if name in (HISTORY, SAMPLES):
                vouched(folder, name, before.model_dump(by_alias=True))
        store.check()
        if before.status == "finished":
            return store  # it stays so: there is nothing left to train
    save_card(folder, card)
    return store


def _mark(card: Card) -> str:
    """What tells one run from another: its data, split, settings and columns."""
    content = card.model_dump(mode="json", include={"task", "settings", "preprocessor"})
    marks = card.findings["fingerprint"]
    return files.digest(json.dumps([content, marks], sort_keys=True).encode())


def save_card(folder: Path, card: Card) -> None:
    """Write `run.json` with its own fingerprint."""
    content = card.model_dump(by_alias=True)
    content["fingerprints"] = {**card.fingerprints, CARD: own(content)}
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
    save_card(folder, card.model_copy(update={"fingerprints": _marks(folder)}))


def _marks(folder: Path) -> dict[str, str]:
    there = [name for name in VOUCHED if (folder / name).is_file()]
    return {name: files.digest((folder / name).read_bytes()) for name in there}


def keep(folder: Path, name: str, text: str) -> None:
    """Write a text into a run folder, one of its own files, and let the card vouch for it."""
    files.write_text(folder / name, text)
    card = load_card(folder)
    marks = {**card.fingerprints, name: files.digest(text.encode("utf-8"))}
    save_card(folder, card.model_copy(update={"fingerprints": marks}))


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
    check_own(content, path)
    check_task(card, task, folder)
    return card


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
    if vouched(folder, MODEL, card.model_dump(by_alias=True)) is None:
        raise RunError(f"{path} is missing")
    return card, files.read_tensors(path)[0]


def load_results(folder: Path, card: Card) -> tuple[dict[str, Any] | None, Outcome]:
    """The results of a run, None where nothing was measured, and what its training came to."""
    content = card.model_dump(by_alias=True)
    found, lines = (vouched(folder, name, content) for name in (RESULTS, HISTORY))
    results = None if found is None else files.parse_json(found, folder / RESULTS)
    if not isinstance(results, dict | None):
        raise RunError(f"{folder / RESULTS} is damaged: expected results by name")
    rows = files.parse_lines(lines or b"", folder / HISTORY)
    history = checked(list[Epoch], rows, folder / HISTORY, "line")
    outcome = Outcome(history)
    if history:
        best = min(history, key=lambda epoch: epoch.validation_loss)
        outcome.best_epoch, outcome.best_loss = best.epoch, best.validation_loss
        whole = len(history) == card.settings.get("training", {}).get("epochs")
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
