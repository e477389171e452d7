"""The n-gram baseline: interpolated Witten-Bell counts of what follows the last few symbols."""

from __future__ import annotations

import numpy as np

LONGEST = 4  # symbols of context; more does not help texts of some megabytes
MOST = 1 << 23  # training symbols that are counted: the last ones, so that it takes seconds


def ngram_nll(train: np.ndarray, text: np.ndarray, symbols: int) -> list[np.ndarray]:
    """-ln p of each symbol of a text, with contexts of 0, 1, 2 ... symbols: each (N,) nats.

    Interpolated Witten-Bell (Chen and Goodman 1999): with T(h) kinds of symbols seen after h,

        p(w | h) = (count(h w) + T(h) p(w | h without its first)) / (count(h) + T(h))

    and 1 / V below the shortest. `symbols` is V; the numbers of both texts are below it (unknown
    ones may stand in `text`: what is given for them means nothing).

    >>> train = np.array([0, 1, 0, 1, 0, 1])
    >>> [round(float(nats[-1]), 2) for nats in ngram_nll(train, np.array([0, 1]), 2)][:2]
    [0.69, 0.13]
    """
    base = symbols + 2
    train, text = (part.astype(np.int64) for part in (train[-MOST:], text))
    chances = np.full(len(text), 1 / symbols)
    found = []
    for context in range(min(LONGEST, int(62 / np.log2(base)) - 1) + 1):
        if min(len(train), len(text)) <= context:
            break
        counted, asked = _packed(train, context, base), _packed(text, context, base)
        after, total, kinds = _counts(counted, asked, base)
        rest = chances[context:]
        seen = total > 0
        mixed = (after + kinds * rest)[seen] / (total + kinds)[seen]
        chances = chances.copy()
        chances[context:][seen] = mixed
        found.append(-np.log(chances))
    return found


def _packed(tokens: np.ndarray, context: int, base: int) -> np.ndarray:
    """Each symbol with those before it as one number: (N,) to (N - context,)."""
    windows = np.lib.stride_tricks.sliding_window_view(tokens, context + 1)
    packed = np.zeros(len(windows), np.int64)
    for column in windows.T:
        packed = packed * base + column
    return packed


def _counts(
    train: np.ndarray, asked: np.ndarray, base: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """count(h w), count(h) and T(h) for each of what is asked."""
    grams, counts = np.unique(train, return_counts=True)
    contexts, first, kinds = np.unique(grams // base, return_index=True, return_counts=True)
    totals = np.add.reduceat(counts, first)
    return (
        _looked_up(grams, counts, asked),
        _looked_up(contexts, totals, asked // base),
        _looked_up(contexts, kinds, asked // base),
    )


def _looked_up(keys: np.ndarray, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    places = np.searchsorted(keys, asked).clip(max=len(keys) - 1)
    return np.where(keys[places] == asked, values[places], 0)
