"""What was found in a text: its sizes, frequent symbols, parts, characters that look odd."""

from __future__ import annotations

import unicodedata

import numpy as np

from unrolled.data.text.corpus import Corpus, blocks

FREQUENT = 8  # symbols that are shown
ODD = ("Cc", "Co", "Cn")  # control, private and unassigned characters
LAYOUT = "\t\n\r\f"


def describe(corpus: Corpus) -> str:
    """The sizes of a text, its symbols, its parts, and what looks odd in it."""
    found, vocabulary = corpus.findings, corpus.vocabulary
    encodings = f" of {', '.join(found['encodings'])}" if "encodings" in found else ""
    lines = [
        f"{found['source']}: {found['characters']:,} characters in {found['bytes']:,} bytes"
        + encodings,
        f"{len(vocabulary):,} symbols, level {vocabulary.level}{_frequent(corpus)}",
    ]
    for name, part in found["parts"].items():
        if part["symbols"]:
            unknown = f", {part['unknown']:,} never seen in training" if part["unknown"] else ""
            lines.append(f"{name:<10}  {part['symbols']:>11,} symbols{unknown}")
    notes = [f"note: {note}" for note in found.get("notes", ())]
    return "\n".join([*lines, *oddities(corpus), *notes])


def _frequent(corpus: Corpus) -> str:
    """The symbols that the training part has most of."""
    if corpus.vocabulary.level != "char":
        return ""
    size = len(corpus.vocabulary)
    counts = np.zeros(size, np.int64)
    for _, tokens in blocks(corpus.part("train")):
        counts += np.bincount(tokens, minlength=size)
    shown = [f"{corpus.text([i])!r} {counts[i] / counts.sum():.0%}" for i in np.argsort(-counts)]
    return f", most often {', '.join(shown[:FREQUENT])}"


def oddities(corpus: Corpus) -> list[str]:
    """Characters that a text should not have: control, private, unassigned, U+FFFD; where."""
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
