"""Inference with a fitted language model: the state after a text, the symbol to come."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import torch
from torch import Tensor

from unrolled.data.text.vocabulary import Vocabulary
from unrolled.runs.fit import Fit
from unrolled.tasks.language.ensemble import AnyNetwork
from unrolled.tasks.language.network import State
from unrolled.tasks.language.settings import LanguageSettings

LanguageFit = Fit[LanguageSettings, Vocabulary, AnyNetwork]
"""A fitted language model; its settings leave nothing open."""


@dataclass(frozen=True, eq=False)
class TextState:
    """All that a language model knows after some text: a value, to go on from as often as wanted.

    layers: the state of each layer; logs: the logarithm of the probability of each symbol to come
    next (V,).
    """

    layers: State
    logs: Tensor


def encoded(vocabulary: Vocabulary, text: str) -> list[int]:
    """The numbers of a text, put in composed form first."""
    numbers: list[int] = vocabulary.encode(unicodedata.normalize("NFC", text)).tolist()
    return numbers


def read(network: AnyNetwork, tokens: list[int], state: TextState | None) -> TextState:
    """The state after some more numbers; from None, the state before any text."""
    if state is None:
        tokens = [network.vocabulary, *tokens]
    elif not tokens:
        return state
    network.eval()
    with torch.no_grad():
        symbols = torch.tensor(tokens, device=network.device).unsqueeze(1)
        features, layers = network(symbols, None if state is None else state.layers)
        return TextState(layers, network.log_probabilities(features[-1])[0].cpu())
