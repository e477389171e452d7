"""Fitting a language model to a text, and what is to be said of a text."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unrolled.cli.recognise import is_text_sample, read_corpus
from unrolled.console.groups import given
from unrolled.console.options import Order
from unrolled.console.values import share
from unrolled.errors import SettingsError

if TYPE_CHECKING:
    from unrolled.data import Corpus
    from unrolled.tasks import LanguageModel
    from unrolled.tasks.language.plan import LanguagePlan
    from unrolled.training import Training

FREQUENT = 8  # symbols that are shown
ODD = ("Cc", "Co", "Cn")  # control, private and unassigned characters
LAYOUT = "\t\n\r\f"


@dataclass(frozen=True)
class LanguageJob:
    """A text that was read, and the language model that is to be fitted to it."""

    order: Order
    model: LanguageModel
    plan: LanguagePlan

    @classmethod
    def read(cls, order: Order) -> LanguageJob:
        """Read the text; what cannot be learned from is refused here."""
        from unrolled.tasks import LanguageModel
        from unrolled.tasks.language.estimator import default_training

        symbols = order.symbols
        if symbols.size is not None and symbols.level != "bpe":
            raise SettingsError("--size is for --level bpe; at other levels the text decides")
        settings = given(order.network) | given(order.several) | given(order.reader)
        weights = settings.pop("weight_dropout", None)
        model = LanguageModel(**settings)
        if weights is not None:
            dropout = replace(model.settings.dropout, weights=weights)
            model = LanguageModel(**settings | {"dropout": dropout})
        parts = {name: share(name, text) for name, text in given(order.parts).items()}
        corpus = read_corpus(order.file, **given(symbols), **parts)
        default = default_training(len(corpus.part("train")), model.settings.bptt)
        training = replace(default, **given(order.learning))
        return cls(order, model, model.plan(corpus, training=training))

    @property
    def training(self) -> Training:
        """How it is trained."""
        return self.plan.training

    def describe(self) -> str:
        """What was found in the text, and how it is cut."""
        return describe(self.plan.corpus)

    def fit(self, **run: Any) -> None:
        """Fit and measure."""
        self.model.run(self.plan, **run)

    def resolved(self) -> dict[str, Any]:
        """The options of this task with the values they came to."""
        settings, symbols, corpus = self.plan.settings, self.order.symbols, self.plan.corpus
        file = self.order.file
        return {
            "file": file if is_text_sample(file) else str(Path(file).resolve()),
            "level": corpus.vocabulary.level,
            "size": symbols.size,
            "encoding": symbols.encoding,
            "embed": settings.embed,
            "bptt": settings.bptt,
            "ensemble": settings.ensemble,
            "tie": settings.tie,
            "dropout": settings.dropout.outputs,
            "weight_dropout": settings.dropout.weights,
            "validation": str(corpus.characters["validation"]),
            "test": str(corpus.characters["test"]),
        }


def describe(corpus: Corpus) -> str:
    """The sizes of a text, its symbols, its parts, and what looks odd in it."""
    found, known = corpus.findings, corpus.vocabulary
    encodings = f" of {', '.join(found['encodings'])}" if "encodings" in found else ""
    lines = [
        f"{found['source']}: {found['characters']:,} characters in {found['bytes']:,} bytes"
        + encodings,
        f"{len(known):,} symbols, level {known.level}{_frequent(corpus)}",
    ]
    for name, part in found["parts"].items():
        if part["symbols"]:
            unknown = f", {part['unknown']:,} never seen in training" if part["unknown"] else ""
            lines.append(f"{name:<10}  {part['symbols']:>11,} symbols{unknown}")
    return "\n".join([*lines, *oddities(corpus)])


def _frequent(corpus: Corpus) -> str:
    """The symbols that the training part has most of."""
    import numpy as np

    from unrolled.data.text.corpus import blocks

    if corpus.vocabulary.level != "char":
        return ""
    known = len(corpus.vocabulary)
    counts = np.zeros(known, np.int64)
    for _, tokens in blocks(corpus.part("train")):
        counts += np.bincount(tokens, minlength=known)
    shown = [f"{corpus.text([i])!r} {counts[i] / counts.sum():.0%}" for i in np.argsort(-counts)]
    return f", most often {', '.join(shown[:FREQUENT])}"


def oddities(corpus: Corpus) -> list[str]:
    """Characters that no text should have, how often and where first."""
    import numpy as np

    from unrolled.data.text.corpus import blocks

    if corpus.vocabulary.level != "char":
        return []
    lines = []
    for i, letter in enumerate(corpus.text(range(len(corpus.vocabulary)))):
        if (letter == "\ufffd" or unicodedata.category(letter) in ODD) and letter not in LAYOUT:
            found = [np.flatnonzero(tokens == i) + at for at, tokens in blocks(corpus.tokens)]
            places = np.concatenate(found)
            name = unicodedata.name(letter, "a control character")
            lines.append(
                f"odd: U+{ord(letter):04X} ({name}) {len(places):,} times, first as character "
                f"{places[0] + 1:,}"
            )
    return lines
