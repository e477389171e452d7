"""What was found in labelled sequences."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from unrolled.data.sequences.sequences import Sequences


def describe(learned: Sequences, held: int, tested: Sequences | None) -> dict[str, Any]:
    """What was found in the sequences, for `run.json`."""
    lengths = learned.lengths
    real = np.arange(learned.inputs.shape[1]) < lengths[:, None]
    missing = np.isnan(learned.inputs[real]).sum(axis=0)
    features = learned.features or [f"feature {d}" for d in range(learned.inputs.shape[2])]
    classes = np.unique(np.array(learned.labels[learned.known].tolist()), return_counts=True)
    counts = {str(name): int(count) for name, count in zip(*classes, strict=True)}
    measured = 0 if tested is None else len(tested)
    each = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:20])
    return {
        "source": learned.source,
        "rows": int(lengths.sum()),
        "series": len(learned),
        "missing": {f: int(n) for f, n in zip(features, missing, strict=True) if n},
        "features": list(features),
        "classes": counts,
        "shortest": int(lengths.min()),
        "longest": int(lengths.max()),
        "columns": None if learned.columns is None else asdict(learned.columns),
        "held_out": held,
        "tested": measured,
        "notes": [
            f"{len(learned):,} sequences of {lengths.min():,} to {lengths.max():,} steps were "
            f"learned from, {held:,} held out to decide when to stop, {measured:,} measured on",
            f"labels: {each}",
            *learned.notes,
        ],
    }
