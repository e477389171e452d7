"""Language on the command line: its options, reading a text, results in words, `generate`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from unrolled.console import options
from unrolled.console.groups import Groups, given, written
from unrolled.console.options import EncodingOptions, EnsembleOptions, Order
from unrolled.console.show import View, aligned
from unrolled.console.sources import is_table, is_text_sample, lasting, source
from unrolled.console.terminal import printable
from unrolled.console.values import number, share, whole
from unrolled.errors import DataError, SettingsError
from unrolled.tasks.language.options import (
    DynamicOptions,
    LanguageOptions,
    SymbolOptions,
    TextOptions,
)
from unrolled.tasks.task import Job

if TYPE_CHECKING:
    from unrolled.data import Corpus
    from unrolled.report.page import Section
    from unrolled.runs.fit import Stored
    from unrolled.runs.read import Run
    from unrolled.tasks.language.estimator import LanguageModel
    from unrolled.tasks.language.plan import LanguagePlan

NAME, DATA, MODEL = "language", "a text", "a language model"
NEXT = "unrolled generate {run}"
ALIASES: Sequence[str] = ()
FROM_TABLE = "--task language reads it as a text"
FOR_REPORT: Sequence[str] = ("samples", "passage", "corpus")


OPTIONS: Sequence[type] = (
    SymbolOptions,
    TextOptions,
    EncodingOptions,
    LanguageOptions,
    EnsembleOptions,
)
READS: Sequence[type] = (SymbolOptions, TextOptions, EncodingOptions)
EVALUATES: Sequence[type] = (TextOptions, EncodingOptions, DynamicOptions)
PREDICTS: Sequence[type] = ()


def recognise(file: str) -> str | None:
    """A sample that is text, or a file whose name ends as a text's does."""
    if is_text_sample(file):
        return "this sample is text"
    from unrolled.data.text import files

    return files.recognise(source(file))


def job(order: Order) -> Job:
    """Read the text, and plan the language model."""
    from unrolled.data.text.findings import describe
    from unrolled.tasks.language.estimator import LanguageModel, default_training

    symbols = order.own[SymbolOptions]
    if symbols.size is not None and symbols.level != "bpe":
        raise SettingsError("--size is for --level bpe; at other levels the text decides")
    settings = given(order.own[LanguageOptions]) | given(order.own[EnsembleOptions])
    weights = settings.pop("weight_dropout", None)
    model = LanguageModel(**settings, **given(order.network))
    if weights is not None:
        model.settings = replace(
            model.settings, dropout=replace(model.settings.dropout, weights=weights)
        )
    parts = {name: share(name, text) for name, text in given(order.split).items()}
    corpus = _read(order.file, order.own, **parts)
    default = default_training(len(corpus.part("train")), model.settings.bptt)
    plan = model.plan(corpus, training=replace(default, **given(order.training)))
    return Job(model, plan, describe(corpus), lambda: _resolved(order, plan))


def _resolved(order: Order, plan: LanguagePlan) -> dict[str, Any]:
    settings, corpus, file = plan.settings, plan.corpus, order.file
    return {
        "file": file if is_text_sample(file) else lasting(file),
        "level": corpus.vocabulary.level,
        "size": order.own[SymbolOptions].size,
        "encoding": order.own[EncodingOptions].encoding,
        **given(order.own[TextOptions]),
        "embed": settings.embed,
        "bptt": settings.bptt,
        "ensemble": settings.ensemble,
        "tie": settings.tie,
        "dropout": settings.dropout.outputs,
        "weight_dropout": settings.dropout.weights,
        "validation": str(corpus.characters["validation"]),
        "test": str(corpus.characters["test"]),
    }


def _read(file: str, own: Groups, **how: Any) -> Corpus:
    """A text, from a file, a folder or the sample of that name; how: as for `Corpus.read`."""
    from unrolled.data import Corpus, samples

    how |= given(own[SymbolOptions])
    files = given(own[EncodingOptions]) | given(own[TextOptions])
    if not is_text_sample(file):
        return Corpus.read(source(file), **how, **files)
    if files:
        raise SettingsError(f"{written(next(iter(files)))} is for files, a sample needs none")
    corpus = Corpus.of(str(samples.load(file)), **how)
    return replace(corpus, findings={**corpus.findings, "source": file})


def inspect(file: str, own: Groups) -> tuple[str, dict[str, Any]]:
    """The size of a text, its symbols, what looks odd in it."""
    corpus = _read(file, own)
    from unrolled.data.text.findings import describe

    return describe(corpus), corpus.findings


def load(stored: Stored) -> LanguageModel:
    """The language model of a run."""
    from unrolled.tasks.language.estimator import LanguageModel

    return LanguageModel.load(stored)


def predict(stored: Stored, file: str, own: Groups) -> NoReturn:
    """Refused: a language model writes or measures."""
    run = stored.path
    raise SettingsError(
        f"predict: {run} holds {MODEL}: unrolled generate {run} writes text, "
        f"unrolled evaluate {run} FILE measures it"
    )


def evaluate(stored: Stored, file: str, own: Groups) -> tuple[str, dict[str, Any]]:
    """Nats per character of a text."""
    model = load(stored)
    _check_text(stored.path, file, model.fitted.findings["source"])
    vocabulary = model.fitted.preprocessor
    corpus = _read(file, own, vocabulary=vocabulary, validation=0.0)
    score = model.evaluate(corpus)
    if not own[DynamicOptions].dynamic:
        return str(score), score.to_dict()
    dynamic = model.evaluate(corpus, dynamic=True)
    lines = [["static", str(score)], ["dynamic", str(dynamic)]]
    return aligned(lines), {**score.to_dict(), "dynamic": dynamic.to_dict()}


def _check_text(run: Path, file: str, fitted_on: str) -> None:
    """DataError for a table or labelled sequences, unless it was such a file that was learned."""
    from unrolled.data.sequences.tsfile import looks_labelled

    if is_text_sample(file):
        return
    path = source(file)
    kind = "labelled sequences" if looks_labelled(path) else "a table" if is_table(file) else DATA
    if kind != DATA and path.suffix.lower() != Path(fitted_on).suffix.lower():
        raise DataError(f"evaluate: {run} holds {MODEL}, but {file} looks like {kind}")


def words(results: Mapping[str, Any]) -> str:
    """The score of each part beside those of n-grams, and the verdict."""
    blocks = []
    for part, rows in results["parts"].items():
        lines = [[part, "nats per character", "bits", "perplexity"]]
        lines += [
            [
                row["name"],
                f"{row['nats_per_character']:.4f}",
                f"{row['bits_per_character']:.4f}",
                f"{row['perplexity']:.2f}",
            ]
            for row in rows
        ]
        blocks.append(f"{aligned(lines)}\n")
    return "\n".join([*blocks, f"{results['verdict']}\n"])


def sections(run: Run) -> list[Section | None]:
    """The sections of the report page."""
    from unrolled.tasks.language.page import sections

    return sections(run)


def generate(
    run: options.Run,
    *,
    prompt: Annotated[str, typer.Option(metavar="TEXT", help="What the text begins with.")] = "",
    length: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Characters to write.")
    ] = 500,
    temperature: Annotated[
        float,
        typer.Option(parser=number, metavar="X", help="Below 1 plainer; 0 the likeliest always."),
    ] = 1.0,
    top_k: Annotated[
        int, typer.Option(parser=whole, metavar="K", help="Draw among the K likeliest; 0 all.")
    ] = 0,
    top_p: Annotated[
        float,
        typer.Option(parser=number, metavar="P", help="Draw among the likeliest of this share."),
    ] = 1.0,
    adapt: Annotated[
        bool, typer.Option("--adapt", help="Learn from the prompt first; the run stays as it is.")
    ] = False,
    seed: options.Seed = None,
    config: options.Config = None,
    view: View,
) -> None:
    """Write text as the language model of a run would go on.

    It is written symbol by symbol, as it is made.

    \b
    Example: unrolled generate runs/book --prompt "Once upon" --length 300 --temperature 0.8
    """
    from unrolled.tasks.language.estimator import LanguageModel

    model = LanguageModel.load(run)
    tokens = model.encode(prompt)
    pieces = model.generate(
        tokens, length=length, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed,
        adapt=adapt,
    )  # fmt: skip
    unknown = sum(token >= len(model.fitted.preprocessor) for token in tokens)
    if unknown:
        view.say(f"symbols of the prompt that training never saw: {unknown:,}")
    if view.json:
        view.result("", {"run": str(run), "prompt": prompt, "text": "".join(pieces)})
        return
    for piece in chain([prompt], pieces):
        sys.stdout.write(printable(piece, keep="\n\t\r\f"))
        sys.stdout.flush()
    print()


COMMANDS: Sequence[Callable[..., None]] = (generate,)
