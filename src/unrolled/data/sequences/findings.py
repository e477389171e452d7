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
    missing = np.isnan(train.values).sum(axis=0)
    features = train.features or [f"feature {d}" for d in range(train.values.shape[1])]
    classes = np.unique(np.array(train.targets[train.known].tolist()), return_counts=True)
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
            *_alone(counts),
            *train.notes,
        ],
    }


def _alone(counts: dict[str, int]) -> list[str]:
    """A note that names the classes of one case, where there are any."""
    alone = [name for name, count in counts.items() if count == 1]
    named = ", ".join(alone[:MOST_CLASSES])
    return [f"labels that only one has: {named}; nothing is left to tell how it varies"] * bool(
        alone
    )


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
    notes = [*_alone(found["classes"]), *sequences.notes]
    return {k: v for k, v in found.items() if k not in parts} | {"notes": notes}
