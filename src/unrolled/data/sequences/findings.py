"""What was found in sequences: sizes, classes, missing values; for people and for `run.json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from unrolled.data.sequences.sequences import Sequences

MOST_CLASSES = 20  # that are named, of more


def findings_of(train: Sequences, validation: int, test: Sequences | None) -> dict[str, Any]:
    """The findings of a fit, for `run.json`: of the training part, and the sizes of the others."""
    lengths = train.lengths
    real = np.arange(train.inputs.shape[1]) < lengths[:, None]
    missing = np.isnan(train.inputs[real]).sum(axis=0)
    features = train.features or [f"feature {d}" for d in range(train.inputs.shape[2])]
    classes = np.unique(np.array(train.labels[train.known].tolist()), return_counts=True)
    counts = {str(name): int(count) for name, count in zip(*classes, strict=True)}
    measured = 0 if test is None else len(test)
    each = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:MOST_CLASSES])
    return {
        "source": train.source,
        "rows": int(lengths.sum()),
        "series": len(train),
        "missing": {f: int(n) for f, n in zip(features, missing, strict=True) if n},
        "features": list(features),
        "classes": counts,
        "shortest": int(lengths.min()),
        "longest": int(lengths.max()),
        "columns": None if train.columns is None else asdict(train.columns),
        "validation": validation,
        "test": measured,
        "notes": [
            f"{len(train):,} sequences of {lengths.min():,} to {lengths.max():,} steps were "
            f"trained on, {validation:,} held out for early stopping, {measured:,} measured on",
            f"labels: {each}",
            *train.notes,
        ],
    }


def describe(sequences: Sequences) -> str:
    """The findings for people: sizes, classes, missing values, what was left out."""
    found = findings(sequences)
    classes = list(found["classes"].items())
    shown = ", ".join(f"{name} ({count:,})" for name, count in classes[:MOST_CLASSES])
    more = f" and {len(classes) - MOST_CLASSES:,} more" if len(classes) > MOST_CLASSES else ""
    missing = ", ".join(f"{name} {count:,}" for name, count in found["missing"].items())
    lines = [sequences.source, repr(sequences), f"labels: {shown or 'none'}{more}"]
    return "\n".join([*lines, *[f"missing values: {missing}"] * bool(missing), *found["notes"]])


def findings(sequences: Sequences) -> dict[str, Any]:
    """The findings of sequences that nothing was fitted on, as plain values."""
    found = findings_of(sequences, 0, None)
    parts = ("columns", "validation", "test")
    return {k: v for k, v in found.items() if k not in parts} | {"notes": list(sequences.notes)}
