"""Every option of the command line, in the groups that commands take.

What is None was not given: the library's default holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from unrolled.console.config import read_config
from unrolled.console.values import number, whole

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result alone, no progress.")]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE.toml",
        is_eager=True,
        callback=read_config,
        help="Read options from a file; those on the command line win.",
    ),
]
File = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A table, a text, a .ts file, or the name of a sample."),
]
Table = Annotated[
    str, typer.Argument(metavar="FILE", help="CSV (also .gz) or Parquet, or the name of a sample.")
]
Task = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="forecast, labels or language [default: by the input]."),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
OutFile = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write a .csv or .parquet file instead."),
]
Encoding = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Of the text's files, as cp1252 [default: found]."),
]
Seed = Annotated[
    int | None, typer.Option(parser=whole, metavar="N", help="Same seed, same result.")
]
COLUMN = "COLUMN"


@dataclass(frozen=True)
class Rows:
    """How the rows of a table are read, whatever is made of it."""

    heading: ClassVar[str] = "Columns of any table"
    tasks: ClassVar[tuple[str, ...]] = ("forecast", "classification")

    time: Annotated[
        str | None,
        typer.Option(metavar=COLUMN, help="The time; several that make one up as year,month,day."),
    ] = None
    series: Annotated[
        str | None, typer.Option(metavar=COLUMN, help="What tells the series (sequences) apart.")
    ] = None


@dataclass(frozen=True)
class Columns:
    """What the columns of a table mean for a forecast."""

    heading: ClassVar[str] = "To forecast a table"
    tasks: ClassVar[tuple[str, ...]] = ("forecast",)

    target: Annotated[
        list[str] | None,
        typer.Option("--target", "-t", metavar=COLUMN, help="What to forecast; may come again."),
    ] = None
    past: Annotated[
        list[str] | None,
        typer.Option(
            metavar=COLUMN, help="Past covariates, known up to now [default: every usable column]."
        ),
    ] = None
    future: Annotated[
        list[str] | None,
        typer.Option(metavar=COLUMN, help="Future covariates, known ahead: planned, a price."),
    ] = None
    static: Annotated[
        list[str] | None,
        typer.Option(metavar=COLUMN, help="Static covariates: constant within a series."),
    ] = None
    step: Annotated[
        str | None,
        typer.Option(metavar="STEP", help="The time step, 15min or 1h [default: found]."),
    ] = None


@dataclass(frozen=True)
class Ahead:
    """How far a forecast looks ahead and back."""

    heading: ClassVar[str] = Columns.heading
    tasks: ClassVar[tuple[str, ...]] = Columns.tasks

    horizon: Annotated[
        int | None, typer.Option(parser=whole, metavar="F", help="How many steps to forecast.")
    ] = None
    lookback: Annotated[
        int | None,
        typer.Option(parser=whole, metavar="T", help="How many steps the network looks back."),
    ] = None


@dataclass(frozen=True)
class LabelColumn:
    """Where the labels of a table are."""

    heading: ClassVar[str] = "To learn labels"
    tasks: ClassVar[tuple[str, ...]] = ("classification",)

    label: Annotated[
        str | None, typer.Option(metavar=COLUMN, help="The label, where the input is a table.")
    ] = None
    label_per: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT", help="sequence or step: what has a label [default: sequence]."
        ),
    ] = None


@dataclass(frozen=True)
class Judge:
    """How a classifier comes to its opinion; `Classifier` says what each setting means."""

    heading: ClassVar[str] = LabelColumn.heading
    tasks: ClassVar[tuple[str, ...]] = LabelColumn.tasks

    pool: Annotated[
        str | None, typer.Option(metavar="NAME", help="Judge by the mean, last or attention.")
    ] = None
    bidirectional: Annotated[
        bool | None, typer.Option("--bidirectional/--one-way", help="Read from both ends, or one.")
    ] = None
    balanced: Annotated[
        bool | None, typer.Option("--balanced", help="Weight classes inversely to their frequency.")
    ] = None
    class_weight: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL=W", help="What a mistake on a label costs; may come again."),
    ] = None


@dataclass(frozen=True)
class Symbols:
    """What a text is cut into."""

    heading: ClassVar[str] = "To learn a text"
    tasks: ClassVar[tuple[str, ...]] = ("language",)

    level: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A symbol is a char, byte or bpe [default: char]."),
    ] = None
    size: Annotated[
        int | None, typer.Option(parser=whole, metavar="V", help="Symbols, where they are bpe.")
    ] = None
    encoding: Encoding = None


@dataclass(frozen=True)
class Reader:
    """How a language model reads; `LanguageModel` says what each setting means."""

    heading: ClassVar[str] = Symbols.heading
    tasks: ClassVar[tuple[str, ...]] = Symbols.tasks

    embed: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Length of a symbol's vector.")
    ] = None
    bptt: Annotated[
        int | None,
        typer.Option(
            parser=whole,
            metavar="T",
            help="Truncation length of backpropagation through time, in symbols.",
        ),
    ] = None
    tie: Annotated[
        bool | None,
        typer.Option("--tie/--no-tie", help="Share input and output embeddings (weight tying)."),
    ] = None
    weight_dropout: Annotated[
        float | None,
        typer.Option(
            parser=number,
            metavar="P",
            help="Share of recurrent weights left out [default: by --dropout and the text].",
        ),
    ] = None


@dataclass(frozen=True)
class Network:
    """The recurrent layers, whatever the task."""

    heading: ClassVar[str] = "The network"

    cell: Annotated[str | None, typer.Option(metavar="NAME", help="lstm, gru or rnn.")] = None
    hidden: Annotated[
        int | None, typer.Option(parser=whole, metavar="H", help="Units of a layer.")
    ] = None
    layers: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Layers, one over another.")
    ] = None
    dropout: Annotated[
        float | None, typer.Option(parser=number, metavar="P", help="Share left out in training.")
    ] = None


@dataclass(frozen=True)
class Several:
    """How many networks there are."""

    heading: ClassVar[str] = Network.heading
    tasks: ClassVar[tuple[str, ...]] = ("classification", "language")

    ensemble: Annotated[
        int | None,
        typer.Option(
            parser=whole,
            metavar="N",
            help="Networks in the ensemble; their probabilities are averaged "
            "[default: labels 3, a text 1].",
        ),
    ] = None


@dataclass(frozen=True)
class Learning:
    """How it is trained; the names are those of `Training`."""

    heading: ClassVar[str] = "Training"

    epochs: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="At most so many passes.")
    ] = None
    batch_size: Annotated[
        int | None,
        typer.Option(parser=whole, metavar="B", help="Windows, sequences or streams a step."),
    ] = None
    learning_rate: Annotated[
        float | None, typer.Option(parser=number, metavar="X", help="Of AdamW.")
    ] = None
    seed: Seed = None
    device: Annotated[str | None, typer.Option(metavar="NAME", help="auto, cpu or cuda.")] = None
    engine: Annotated[
        str | None, typer.Option(metavar="NAME", help="auto, native, torch or reference.")
    ] = None


@dataclass(frozen=True)
class Parts:
    """What is kept apart from training."""

    heading: ClassVar[str] = Learning.heading

    validation: Annotated[
        str | None,
        typer.Option(
            metavar="PART",
            help="Decides when to stop: a share (0.15), a count, or for a table when it begins "
            "(2013-10-01).",
        ),
    ] = None
    test: Annotated[
        str | None,
        typer.Option(metavar="PART", help="Measured on, in the same way; for labels also a file."),
    ] = None


@dataclass(frozen=True)
class Place:
    """Where a run is computed and kept."""

    heading: ClassVar[str] = "The run"

    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="The run folder [default: runs/FILE].")
    ] = None
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run.")] = False
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run.")] = False
    threads: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole, help="CPU threads [default: torch's choice]."),
    ] = None


@dataclass(frozen=True)
class Order:
    """One fit as it was asked for."""

    file: File
    task: Task = None
    columns: Columns = Columns()
    ahead: Ahead = Ahead()
    labelled: LabelColumn = LabelColumn()
    judge: Judge = Judge()
    symbols: Symbols = Symbols()
    reader: Reader = Reader()
    rows: Rows = Rows()
    network: Network = Network()
    several: Several = Several()
    learning: Learning = Learning()
    parts: Parts = Parts()
    place: Place = Place()
