"""The report page of a language model: headline, a text by surprise, samples, scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from unrolled.report import page
from unrolled.report.charts import Bar, Size, bar_chart, both
from unrolled.report.page import Section
from unrolled.report.ticks import number
from unrolled.runs.read import Run
from unrolled.tasks.language.results import LanguageResults

STEPS = ((0.7, "1 in 2"), (1.6, "1 in 5"), (3.0, "1 in 20"), (4.6, "1 in 100"), (6.9, "1 in 1,000"))
"""Where the colour changes, in nats, and the probability that is."""


def sections(run: Run) -> list[Section | None]:
    """The sections of the page; None for what the run folder says nothing about."""
    results = run.results(LanguageResults)
    if results is None:
        return [headline(run, None), page.training(run), page.settings(run), reading(None)]
    return [
        headline(run, results),
        surprise(results),
        samples(run, results),
        scores(results),
        page.training(run),
        corpus(results),
        page.settings(run),
        reading(results),
    ]


def headline(run: Run, results: LanguageResults | None) -> Section:
    """The title, the verdict in one sentence, the nats beside those of n-grams."""
    if results is None:
        return Section("language", "", {"title": "Language model", "run": run.name, "score": None})
    bars = [
        Bar(score.name, score.nats_per_character, number(score.nats_per_character, 3), tone)
        for score, tone in zip(results.table, ("network", "rival-1", "rival-2"), strict=False)
    ]

    def draw(size: Size) -> Markup:
        words = ", ".join(f"{bar.name} {bar.text}" for bar in bars)
        narrower = Size(460 if size.width > 500 else size.width, 0)
        return bar_chart(f"Nats per character: {words}", bars, size=narrower)

    best = min(score.nats_per_character or 0.0 for score in results.table)
    values = {
        "title": f"{results.network} language model",
        "run": run.name,
        "verdict": results.verdict,
        "loses": (results.table[0].nats_per_character or 0.0) > best,
        "score": results.table[0],
        "number": bars[0].text,
        "figure": both(draw) if len(bars) > 1 else None,
        "measured_on": results.measured_on,
    }
    return Section("language", "", values)


@dataclass(frozen=True)
class Stretch:
    """Letters of one colour; `nats` says how unexpected each of them was."""

    step: int
    letters: Sequence[tuple[str, str]]


def surprise(results: LanguageResults) -> Section | None:
    """A text coloured by how unexpected each symbol was."""
    if not results.passage:
        return None
    steps = [(step_of(nats), text, nats) for text, nats in results.passage]
    stretches = [
        Stretch(step, [(text, number(nats, 1)) for _, text, nats in letters])
        for step, letters in groupby(steps, key=lambda item: item[0])
    ]
    legend = [(i, words) for i, (_, words) in enumerate(STEPS, 1)]
    values = {"stretches": stretches, "legend": legend, "measured_on": results.measured_on}
    return Section("surprise", "Surprise", values)


def step_of(nats: float) -> int:
    """The colour of a symbol: 0 for what was more likely than not, 5 for the least expected.

    >>> step_of(0.1), step_of(2.0), step_of(9.0)
    (0, 2, 5)
    """
    return sum(nats > edge for edge, _ in STEPS)


def samples(run: Run, results: LanguageResults) -> Section | None:
    """What the network wrote after each epoch, the kept one open."""
    if not results.samples:
        return None
    losses = {e.epoch: e.validation_loss for e in run.history}
    known = {epoch: loss for epoch, loss in losses.items() if loss is not None}
    best = min(known, key=lambda epoch: known[epoch]) if known else len(results.samples)
    shown = [
        (epoch, text, number(losses.get(epoch), 3), epoch in (1, best))
        for epoch, text in enumerate(results.samples, 1)
    ]
    return Section("samples", "Samples by epoch", {"samples": shown, "best": best})


def scores(results: LanguageResults) -> Section:
    """Nats, bits and perplexity of each part, by the network and by n-grams."""
    tables = [
        (name, table, min((s.nats_per_character or 0.0) for s in table))
        for name, table in results.parts.items()
    ]
    return Section("text_scores", "Scores", {"tables": tables, "number": number})


def corpus(results: LanguageResults) -> Section | None:
    """Where the text came from, its symbols, its parts."""
    if not results.corpus.characters:
        return None
    found = results.corpus
    words = {"char": "characters", "byte": "bytes", "bpe": "byte pairs"}
    facts = [
        ("source", found.source),
        ("encoding", ", ".join(found.encodings) or "in memory"),
        ("characters", f"{found.characters:,}"),
        ("symbols", f"{found.vocabulary:,} {words.get(found.level, found.level)}"),
    ]
    parts = {name: part for name, part in found.parts.items() if part.characters}
    return Section("corpus", "Text", {"facts": facts, "parts": parts, "total": found.characters})


def reading(results: LanguageResults | None) -> Section:
    """How to read the page, in plain words."""
    chosen = results is not None and results.measured_on == "validation"
    return Section("text_reading", "How to read this page", {"chosen": chosen})
