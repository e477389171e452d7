"""What a fitted classifier says of sequences."""

from __future__ import annotations

import numpy as np
import torch

from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.sequences.sequences import Sequences
from unrolled.runs.fit import Fit
from unrolled.tasks.classification.batches import chunks
from unrolled.tasks.classification.network import ClassEnsemble
from unrolled.tasks.classification.settings import ClassifierSettings

ClassifierFit = Fit[ClassifierSettings, SequencePreprocessor, ClassEnsemble]
"""A fitted classifier."""


@torch.no_grad()
def probabilities(
    fit: ClassifierFit, sequences: Sequences, *, each_step: bool = False
) -> np.ndarray:
    """Probabilities (B, C), or after each step (B, T, C), as float64.

    With a pool and `bidirectional`, those after each step are not of the sequence cut there.
    """
    inputs = torch.from_numpy(fit.preprocessor.inputs(sequences))
    lengths = torch.from_numpy(sequences.lengths)
    network = fit.network.eval()
    run = network.scores if each_step else network
    found = []
    for rows in chunks(lengths):
        longest = inputs.shape[1] if each_step else int(lengths[rows].max())
        some = inputs[rows, :longest].to(network.device)
        scores = run(some, lengths[rows]).double().exp().cpu().numpy()
        if each_step:
            scores = np.pad(scores, ((0, 0), (0, inputs.shape[1] - scores.shape[1]), (0, 0)))
        found.append(scores)
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
            "step": np.concatenate([np.arange(1, n + 1) for n in lengths]),
        }
        shares = np.concatenate([each[:n] for each, n in zip(shares, lengths, strict=True)])
    classes = fit.preprocessor.classes
    each = {f"p_{name}": shares[:, c] for c, name in enumerate(classes.tolist())}
    return {**rows, "label": classes[shares.argmax(1)], **each}
