"""What a fitted classifier says of sequences."""

from __future__ import annotations

import logging

import numpy as np
import torch

from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.sequences.ragged import places
from unrolled.data.sequences.sequences import Sequences
from unrolled.runs.fit import Fit
from unrolled.tasks.classification.batches import Cases, chunks
from unrolled.tasks.classification.mixture import ClassModel, Half
from unrolled.tasks.classification.settings import ClassifierSettings

LOG = logging.getLogger("unrolled")
ClassifierFit = Fit[ClassifierSettings, SequencePreprocessor, ClassModel]
"""A fitted classifier."""


@torch.no_grad()
def probabilities(
    fit: ClassifierFit, sequences: Sequences, *, each_step: bool = False, half: Half = "both"
) -> np.ndarray:
    """Probabilities (B, C), or after each step (N, C), one sequence after the other, as float64.

    With a pool and `bidirectional`, those after each step are not of the sequence cut there.
    half: what the recurrent networks say alone, as of sequences that go on, or the kernels alone.
    """
    cases = Cases.unlabelled(sequences, fit.preprocessor)
    network = fit.network.eval()
    run = network.scores if each_step else network.speaking(half)
    found = []
    for rows in chunks(cases.lengths):
        batch = cases.rows(rows)
        scores = run(batch.inputs.to(network.device), batch.lengths).double().exp().cpu()
        if each_step:
            scores = scores[torch.arange(scores.shape[1]) < batch.lengths[:, None]]
        found.append(scores.numpy())
    return np.concatenate(found)


def columns(fit: ClassifierFit, sequences: Sequences) -> dict[str, np.ndarray]:
    """Predictions as columns of a table: a row for each sequence, or for each of its time steps.

    `sequence` is its name or number, `step` counts from 1 (only with labels per step), `label` is
    the likeliest, and `p_<label>` the probability of each.
    """
    per_step, lengths = fit.preprocessor.per_step, sequences.lengths
    names = np.array([sequences.name(b) for b in range(len(sequences))], dtype=object)
    shares = probabilities(fit, sequences, each_step=per_step)
    rows: dict[str, np.ndarray] = {"sequence": names}
    if per_step:
        rows = {
            "sequence": np.repeat(names, lengths),
            "step": places(lengths) + 1,
        }
    classes = fit.preprocessor.classes
    each = {f"p_{name}": shares[:, c] for c, name in enumerate(classes.tolist())}
    return {**rows, "label": classes[shares.argmax(1)], **each}


def tell_unknown(fit: ClassifierFit, sequences: Sequences) -> None:
    """Warn of symbols of texts that training does not have."""
    if note := fit.preprocessor.unknown(sequences):
        LOG.warning("note: %s", note)
