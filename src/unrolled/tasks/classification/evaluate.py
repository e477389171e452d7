"""What is made of labels: accuracies, the confusion of classes, examples, and the part seen so far.

Shapes: n sequences, T time steps, C classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.data.sequences.sequences import Sequences
from unrolled.tasks.classification.baselines import nearest_labels

if TYPE_CHECKING:
    from unrolled.tasks.classification.estimator import Classifier

TASK = "classification"
SHARES = tuple(round(0.1 * i, 1) for i in range(1, 11))
EXAMPLES, EXAMPLE_FEATURES, EXAMPLE_STEPS = 6, 4, 300  # what the report shows stays small


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
        "held_out": held,
        "tested": measured,
        "notes": [
            f"{len(learned):,} sequences of {lengths.min():,} to {lengths.max():,} steps were "
            f"learned from, {held:,} held out to decide when to stop, {measured:,} measured on",
            f"labels: {each}",
            *learned.notes,
        ],
    }


def headline(results: dict[str, Any] | None) -> dict[str, Any]:
    """The few numbers of `run.json`."""
    if results is None:
        return {}
    return {name: results[name] for name in ("accuracy", "balanced_accuracy", "log_loss")}


def columns(model: Classifier, sequences: Sequences) -> dict[str, np.ndarray]:
    """Predictions as columns of a table: a row for each sequence, or for each of its time steps.

    `sequence` is its name or number, `step` counts from 1 (only with labels per step), `label` is
    the likeliest, and `p_<label>` the probability of each.
    """
    names = np.array([sequences.name(b) for b in range(len(sequences))], dtype=object)
    shares = model.predict_proba(sequences)
    rows: dict[str, np.ndarray] = {"sequence": names}
    if model.encoder.per_step:
        lengths = sequences.lengths
        rows = {
            "sequence": np.repeat(names, lengths),
            "step": np.concatenate([np.arange(1, n + 1) for n in lengths]),
        }
        shares = np.concatenate(shares)
    each = {f"p_{name}": shares[:, c] for c, name in enumerate(model.classes_.tolist())}
    return {**rows, "label": model.classes_[shares.argmax(1)], **each}


def evaluate(
    model: Classifier, sequences: Sequences, learned: Sequences | None = None
) -> dict[str, Any]:
    """Measure on labelled sequences; with those learned from, simple baselines stand beside it."""
    codes = model.encoder.codes(sequences)
    known = codes >= 0
    per_step = model.encoder.per_step
    shares = model.probabilities(sequences, each_step=per_step)
    truth, flat = codes[known], shares[known]
    names = [str(name) for name in model.classes_.tolist()]
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(confusion, (truth, flat.argmax(1)), 1)
    results = {
        "task": TASK,
        "network": model.cell.upper(),
        "ensemble": model.ensemble,
        "classes": names,
        "per_step": per_step,
        "test": {"sequences": len(sequences), "labels": len(truth)},
        "accuracy": _accuracy(confusion),
        "balanced_accuracy": _balanced(confusion),
        "log_loss": float(-np.log(np.maximum(flat[np.arange(len(truth)), truth], 1e-12)).mean()),
        "baselines": _baselines(model, learned, sequences, truth),
        "confusion": confusion.tolist(),
        "by_class": _by_class(names, confusion),
        "seen": [] if per_step else _seen(model, sequences, codes, shares),
        "examples": _examples(model, sequences, codes, shares),
    }
    results["verdict"] = _verdict(results)
    return results


def _accuracy(confusion: np.ndarray) -> float:
    return float(np.trace(confusion) / confusion.sum())


def _balanced(confusion: np.ndarray) -> float:
    """The mean over classes of the share that is found."""
    counts = confusion.sum(axis=1)
    there = counts > 0
    return float((np.diag(confusion)[there] / counts[there]).mean())


def _by_class(names: list[str], confusion: np.ndarray) -> list[dict[str, Any]]:
    rows = []
    for c, name in enumerate(names):
        right, said, count = confusion[c, c], confusion[:, c].sum(), confusion[c].sum()
        precision = float(right / said) if said else None
        recall = float(right / count) if count else None
        both = float(2 * right / (said + count)) if said + count else None
        rows.append(
            {
                "name": name,
                "count": int(count),
                "precision": precision,
                "recall": recall,
                "f1": both,
            }
        )
    return rows


def _baselines(
    model: Classifier, learned: Sequences | None, tested: Sequences, truth: np.ndarray
) -> list[dict[str, Any]]:
    """The most frequent class of the training part, and the nearest of its sequences."""
    if learned is None:
        return []
    codes = model.encoder.codes(learned)
    often = int(np.bincount(codes[codes >= 0]).argmax())
    rows = [{"name": "most frequent class", "accuracy": float((truth == often).mean())}]
    if not model.encoder.per_step:
        nearest = nearest_labels(model.encoder, learned, codes, tested)
        if nearest is not None:
            rows.append({"name": "nearest neighbour", "accuracy": float((nearest == truth).mean())})
    return rows


def _seen(
    model: Classifier, sequences: Sequences, codes: np.ndarray, shares: np.ndarray
) -> list[dict[str, float]]:
    """The accuracy when only the first part of each sequence has been read."""
    found = []
    each = None if model.bidirectional else model.probabilities(sequences, each_step=True)
    for share in SHARES:
        lengths = np.maximum(1, np.ceil(share * sequences.lengths - 1e-9).astype(np.int64))
        if share == 1:
            guess = shares
        elif each is not None:
            guess = each[np.arange(len(codes)), lengths - 1]
        else:
            guess = model.probabilities(sequences.first(lengths))
        found.append({"share": share, "accuracy": float((guess.argmax(1) == codes).mean())})
    return found


def _examples(
    model: Classifier, sequences: Sequences, codes: np.ndarray, shares: np.ndarray
) -> list[dict[str, Any]]:
    """Some sequences labelled wrongly, the surest first, and as many rightly, of many classes."""
    guess, sure = shares.argmax(-1), shares.max(-1)
    if model.encoder.per_step:
        wrongs = ((guess != codes) & (codes >= 0)).sum(1)
        wrong, right = np.argsort(-wrongs, kind="stable"), np.argsort(wrongs, kind="stable")
        wrong = wrong[wrongs[wrong] > 0]
        right = right[wrongs[right] == 0]
    else:
        order = np.argsort(-sure, kind="stable")
        wrong = order[(guess != codes)[order]]
        right = order[(guess == codes)[order]]
        first = {int(codes[b]): int(b) for b in right[::-1]}
        right = np.array([*first.values(), *(b for b in right if b not in first.values())])
    half = EXAMPLES // 2
    chosen = [*wrong[:half], *right[: EXAMPLES - min(half, len(wrong))]]
    return [_example(model, sequences, int(b), codes[b], shares[b]) for b in chosen]


def _example(
    model: Classifier, sequences: Sequences, b: int, code: np.ndarray, share: np.ndarray
) -> dict[str, Any]:
    length = int(sequences.lengths[b])
    names = [str(name) for name in model.classes_.tolist()]
    stride = -(-length // EXAMPLE_STEPS)
    values = sequences.inputs[b, :length:stride, :EXAMPLE_FEATURES]
    features = model.encoder.scaler.names[:EXAMPLE_FEATURES]
    shown: dict[str, Any] = {
        "name": sequences.name(b),
        "steps": length,
        "stride": stride,
        "features": {n: [_plain(v) for v in values[:, d]] for d, n in enumerate(features)},
    }
    if model.encoder.per_step:
        truth = [names[c] if c >= 0 else None for c in code[:length:stride]]
        guess = [names[c] for c in share[:length:stride].argmax(1)]
        known = code[:length] >= 0
        right = float((share[:length].argmax(1) == code[:length])[known].mean())
        return {**shown, "truth_by_step": truth, "label_by_step": guess, "accuracy": right}
    guessed = int(share.argmax())
    opinions = _opinions(model, sequences, b, stride)
    return {
        **shown,
        "truth": names[int(code)],
        "label": names[guessed],
        "confidence": _plain(share[guessed]),
        "right": guessed == int(code),
        "opinion": {
            names[c]: [_plain(v) for v in opinions[:, c]]
            for c in dict.fromkeys((guessed, int(code)))
        },
    }


def _opinions(model: Classifier, sequences: Sequences, b: int, stride: int) -> np.ndarray:
    """The probabilities after each `stride`-th step of one sequence, from the first: (n, C).

    What reads from both ends reads the whole beginning for each of them: so they must be few.
    """
    one = sequences.select(np.array([b]))
    if not model.bidirectional:
        each: np.ndarray = model.probabilities(one, each_step=True)[0, ::stride]
        return each
    ends = np.arange(1, int(one.lengths[0]) + 1, stride)
    prefixes = one.select(np.zeros(len(ends), dtype=np.int64)).first(ends)
    opinions: np.ndarray = model.probabilities(prefixes)
    return opinions


def _verdict(results: dict[str, Any]) -> str:
    """One plain sentence: how often it is right, and how often the simple ways are."""
    what = "time steps" if results["per_step"] else "sequences"
    words = f"{results['accuracy']:.1%} of {results['test']['labels']:,} {what} get the right label"
    others = [f"{row['name']} {row['accuracy']:.1%}" for row in results["baselines"]]
    better = [r["name"] for r in results["baselines"] if r["accuracy"] > results["accuracy"]]
    beside = f" ({', '.join(others)})" if others else ""
    lost = f" Here the {better[0]} is better: use it, or more data." if better else ""
    return f"{words}{beside}.{lost}"


def _plain(value: Any) -> float | None:
    number = float(value)
    return float(f"{number:.4g}") if np.isfinite(number) else None
