"""Evaluate a classifier: accuracy, confusion matrix, examples, accuracy of sequences cut short.

Shapes: n sequences, T time steps, C classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.data.sequences.sequences import Sequences
from unrolled.tasks.classification.baselines import nearest_labels
from unrolled.tasks.classification.calibration import calibration
from unrolled.tasks.classification.inference import ClassifierFit, probabilities

SHARES = tuple(round(0.1 * i, 1) for i in range(1, 11))
EXAMPLES, EXAMPLE_FEATURES, EXAMPLE_STEPS = 6, 4, 300  # what the report shows stays small


def headline(results: dict[str, Any] | None) -> dict[str, Any]:
    """The few numbers of `run.json`."""
    if results is None:
        return {}
    return {name: results[name] for name in ("accuracy", "balanced_accuracy", "log_loss")}


def evaluate(
    fit: ClassifierFit, sequences: Sequences, train: Sequences | None = None
) -> dict[str, Any]:
    """Measure on labelled sequences; with the training part, simple baselines stand beside it."""
    codes = fit.preprocessor.codes(sequences)
    known = codes >= 0
    per_step = fit.preprocessor.per_step
    shares = probabilities(fit, sequences, each_step=per_step)
    truth, flat = codes[known], shares[known]
    names = [str(name) for name in fit.preprocessor.classes.tolist()]
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(confusion, (truth, flat.argmax(1)), 1)
    results = {
        "task": fit.task,
        "network": fit.settings.cell.upper(),
        "ensemble": fit.settings.ensemble,
        "classes": names,
        "per_step": per_step,
        "test": {"sequences": len(sequences), "labels": len(truth)},
        "accuracy": _accuracy(confusion),
        "balanced_accuracy": _balanced(confusion),
        "log_loss": float(-np.log(np.maximum(flat[np.arange(len(truth)), truth], 1e-12)).mean()),
        "calibration": calibration(flat, truth),
        "mixture": _mixture(fit),
        "baselines": _baselines(fit, train, sequences, truth),
        "confusion": confusion.tolist(),
        "by_class": _by_class(names, confusion),
        "seen": [] if per_step else _seen(fit, sequences, codes, shares),
        "examples": _examples(fit, sequences, codes, shares),
    }
    results["verdict"] = _verdict(results)
    return results


def _mixture(fit: ClassifierFit) -> dict[str, float] | None:
    """What the recurrent networks count beside the kernels; None where they are alone."""
    network = fit.network
    if network.kernels is None:
        return None
    return {"networks": float(network.share), "kernels": 1 - float(network.share)}


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
    fit: ClassifierFit, train: Sequences | None, test: Sequences, truth: np.ndarray
) -> list[dict[str, Any]]:
    """The most frequent class of the training part, and the nearest of its sequences."""
    if train is None:
        return []
    codes = fit.preprocessor.codes(train)
    often = int(np.bincount(codes[codes >= 0]).argmax())
    rows = [{"name": "most frequent class", "accuracy": float((truth == often).mean())}]
    if not fit.preprocessor.per_step:
        nearest = nearest_labels(fit.preprocessor, train, codes, test)
        if nearest is not None:
            rows.append(
                {"name": "1-nearest neighbour", "accuracy": float((nearest == truth).mean())}
            )
        if fit.network.kernels is not None:
            found = probabilities(fit, test, half="kernels").argmax(1)
            rows.append({"name": "kernels + ridge", "accuracy": float((found == truth).mean())})
    return rows


def _seen(
    fit: ClassifierFit, sequences: Sequences, codes: np.ndarray, shares: np.ndarray
) -> list[dict[str, float]]:
    """The accuracy when only the first part of each sequence has been read."""
    found = []
    each = None if fit.settings.bidirectional else probabilities(fit, sequences, each_step=True)
    for share in SHARES:
        lengths = np.maximum(1, np.ceil(share * sequences.lengths - 1e-9).astype(np.int64))
        if share == 1:
            guess = shares
        elif each is not None:
            guess = each[sequences.offsets[:-1] + lengths - 1]
        else:
            guess = probabilities(fit, sequences.first(lengths), half="recurrent")
        found.append({"share": share, "accuracy": float((guess.argmax(1) == codes).mean())})
    return found


def _examples(
    fit: ClassifierFit, sequences: Sequences, codes: np.ndarray, shares: np.ndarray
) -> list[dict[str, Any]]:
    """Some sequences labelled wrongly, the surest first, and as many rightly, of many classes."""
    guess, sure = shares.argmax(-1), shares.max(-1)
    if fit.preprocessor.per_step:
        odd = np.concatenate([[0], ((guess != codes) & (codes >= 0)).cumsum()])
        wrongs = np.diff(odd[sequences.offsets])
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
    found = []
    for b in map(int, chosen):
        own = slice(*sequences.offsets[b : b + 2]) if fit.preprocessor.per_step else b
        found.append(_example(fit, sequences, b, codes[own], shares[own]))
    return found


def _example(
    fit: ClassifierFit, sequences: Sequences, b: int, code: np.ndarray, share: np.ndarray
) -> dict[str, Any]:
    length = int(sequences.lengths[b])
    names = [str(name) for name in fit.preprocessor.classes.tolist()]
    stride = -(-length // EXAMPLE_STEPS)
    values = sequences.sequence(b)[::stride, :EXAMPLE_FEATURES]
    features = fit.preprocessor.scaler.names[:EXAMPLE_FEATURES]
    shown: dict[str, Any] = {
        "name": sequences.name(b),
        "steps": length,
        "stride": stride,
        "features": {n: [_plain(v) for v in values[:, d]] for d, n in enumerate(features)},
    }
    if fit.preprocessor.per_step:
        truth = [names[c] if c >= 0 else None for c in code[::stride]]
        guess = [names[c] for c in share[::stride].argmax(1)]
        known = code >= 0
        right = float((share.argmax(1) == code)[known].mean())
        return {**shown, "truth_by_step": truth, "label_by_step": guess, "accuracy": right}
    guessed = int(share.argmax())
    by_step = _by_step(fit, sequences, b, stride)
    return {
        **shown,
        "truth": names[int(code)],
        "label": names[guessed],
        "confidence": _plain(share[guessed]),
        "right": guessed == int(code),
        "by_step": {
            names[c]: [_plain(v) for v in by_step[:, c]]
            for c in dict.fromkeys((guessed, int(code)))
        },
    }


def _by_step(fit: ClassifierFit, sequences: Sequences, b: int, stride: int) -> np.ndarray:
    """The probabilities after each `stride`-th step of one sequence, from the first: (n, C).

    What reads from both ends reads the whole beginning for each of them: so they must be few.
    """
    one = sequences.select(np.array([b]))
    if not fit.settings.bidirectional:
        each: np.ndarray = probabilities(fit, one, each_step=True)[::stride]
        return each
    ends = np.arange(1, int(one.lengths[0]) + 1, stride)
    prefixes = one.select(np.zeros(len(ends), dtype=np.int64)).first(ends)
    by_step: np.ndarray = probabilities(fit, prefixes, half="recurrent")
    return by_step


def _verdict(results: dict[str, Any]) -> str:
    """One plain sentence: how often it is right, and how often the simple ways are."""
    what = "time steps" if results["per_step"] else "sequences"
    words = f"{results['accuracy']:.1%} of {results['test']['labels']:,} {what} get the right label"
    others = [f"{row['name']} {row['accuracy']:.1%}" for row in results["baselines"]]
    better = [r["name"] for r in results["baselines"] if r["accuracy"] > results["accuracy"]]
    beside = f" ({', '.join(others)})" if others else ""
    lost = f" Here {better[0]} alone is better." if better else ""
    return f"{words}{beside}.{_halves(results['mixture'])}{lost}"


def _halves(mixture: dict[str, float] | None) -> str:
    """What speaks, where that is not all of the network."""
    if mixture is None:
        return ""
    if mixture["kernels"] in (0, 1):
        return f" The {'kernels' if mixture['kernels'] else 'networks'} speak alone."
    return f" The networks count {mixture['networks']:.0%}, the kernels {mixture['kernels']:.0%}."


def _plain(value: Any) -> float | None:
    number = float(value)
    return float(f"{number:.4g}") if np.isfinite(number) else None
