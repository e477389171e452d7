"""Evaluate a language model: nats per character of its parts beside n-grams, a passage coloured."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from unrolled.data.text.corpus import Corpus, PartName
from unrolled.errors import DataError
from unrolled.tasks.language.adapt import Adapting
from unrolled.tasks.language.baselines import ngram_nll
from unrolled.tasks.language.inference import LanguageFit
from unrolled.tasks.language.score import Score, negative_log_likelihood

MOST = 1 << 17  # symbols of a part that are measured at the end of `fit`: half a minute
PASSAGE = 1500  # symbols of the text that is coloured


@torch.no_grad()
def text_nll(fit: LanguageFit, tokens: np.ndarray) -> np.ndarray:
    """-ln p of each symbol of a text given all before it: (N,) numbers to (N,) nats."""
    return negative_log_likelihood(fit.network.eval(), tokens, fit.preprocessor)


def score(
    fit: LanguageFit, corpus: Corpus, part: PartName | None = None, *, dynamic: bool = False
) -> Score:
    """How well a text, or a part of it, is predicted; see `LanguageModel.evaluate`."""
    tokens = corpus.tokens if part is None else corpus.part(part)
    if not len(tokens):
        raise DataError(f"evaluate: the {part} part of the text is empty")
    characters = corpus.characters[part] if part else sum(corpus.characters.values())
    unknown = int((tokens >= len(fit.preprocessor)).sum())
    nats = (
        Adapting(fit.network, fit.preprocessor).read(tokens) if dynamic else text_nll(fit, tokens)
    )
    return Score(float(nats.sum()), len(tokens), characters, unknown)


def measure(fit: LanguageFit, corpus: Corpus, samples: list[str]) -> dict[str, Any]:
    """Score the validation part, and the test part if there is one, beside counting.

    The epoch was chosen by the validation part: only a test part is new to the model.
    """
    names: tuple[PartName, ...] = ("validation", "test")
    parts = [name for name in names if len(corpus.part(name))]
    measured = {name: _measure(fit, corpus, name) for name in parts}
    last = measured[parts[-1]]
    return {
        "task": fit.task,
        "network": fit.settings.name,
        "corpus": corpus.findings,
        "measured_on": parts[-1],
        "parts": {name: part["table"] for name, part in measured.items()},
        "table": last["table"],
        "verdict": _verdict(last["table"], _measured(corpus, parts[-1])),
        "samples": samples,
        "passage": last["passage"],
    }


def _measure(fit: LanguageFit, corpus: Corpus, name: PartName) -> dict[str, Any]:
    tokens = corpus.part(name)[:MOST]
    characters = corpus.characters[name]
    if len(tokens) < len(corpus.part(name)):
        characters = len(corpus.text(tokens))
    nats = text_nll(fit, tokens)
    rows = [_row(fit.settings.name, nats, tokens, characters, corpus)]
    counted = ngram_nll(corpus.part("train"), tokens, len(corpus.vocabulary))
    counted = [_with_unknown(it, tokens, corpus) for it in counted]
    best = min(range(len(counted)), key=lambda i: float(counted[i].sum()))
    for context in sorted({best, 0}, reverse=True):
        rows.append(_row(f"{context + 1}-gram", counted[context], tokens, characters, corpus))
    return {"table": rows, "passage": passage(corpus, tokens[:PASSAGE], nats)}


def _with_unknown(nats: np.ndarray, tokens: np.ndarray, corpus: Corpus) -> np.ndarray:
    """The same probabilities for symbols that training never saw as the network's."""
    vocabulary = corpus.vocabulary
    nats = nats - vocabulary.log_known
    for i, log in enumerate(vocabulary.log_unknown):
        nats[tokens == len(vocabulary) + i] = -log
    return nats


def _row(
    name: str, nats: np.ndarray, tokens: np.ndarray, characters: int, corpus: Corpus
) -> dict[str, Any]:
    unknown = int((tokens >= len(corpus.vocabulary)).sum())
    score = Score(float(nats.sum()), len(tokens), characters, unknown)
    return {"name": name, **score.to_dict()}


def passage(corpus: Corpus, tokens: np.ndarray, nats: np.ndarray) -> list[list[Any]]:
    """A text piece by piece with the nats of each: bytes of one character are taken together."""
    pieces: list[list[Any]] = []
    waiting = 0.0
    for text, cost in zip(corpus.vocabulary.decode(map(int, tokens)), nats, strict=False):
        waiting += float(cost)
        if text:
            pieces.append([text, round(waiting, 3)])
            waiting = 0.0
    return pieces


def _measured(corpus: Corpus, part: PartName) -> str:
    """What was measured, in words."""
    symbols = len(corpus.part(part))
    if symbols <= MOST:
        return f"the {part} text"
    return f"the first {MOST:,} of {symbols:,} symbols of the {part} text"


def _verdict(table: list[dict[str, Any]], measured: str) -> str:
    own, counts = (row["nats_per_character"] for row in table[:2])
    bits, rival = table[0]["bits_per_character"], table[1]["name"]
    saved = 100 * (1 - own / counts)
    beside = f"{saved:.0f} % less than" if saved >= 0 else "worse than"
    return (
        f"{own:.3f} nats ({bits:.3f} bits) per character of {measured}: {beside} counting "
        f"what follows what ({rival}, {counts:.3f})."
    )


def headline(results: dict[str, Any] | None) -> dict[str, Any]:
    """The numbers that run.json keeps."""
    if results is None:
        return {}
    kept = ("nats_per_character", "bits_per_character", "perplexity")
    own = results["table"][0]
    return {f"{results['measured_on']}_{name}": own[name] for name in kept}
