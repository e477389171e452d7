"""Options of several commands and tasks, in the groups that commands take.

What is None was not given: the library's default holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from unrolled.console.config import read_config
from unrolled.console.groups import Groups
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
    typer.Argument(
        metavar="FILE", help="A table, a text, a .ts file, a sample's name; - reads a pipe."
    ),
]
Table = Annotated[
    str, typer.Argument(metavar="FILE", help="A table: CSV, Excel, JSON, Parquet; a sample's name.")
]
Task = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="forecast, classification or language [default: by the input]."
    ),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
OutFile = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="FILE", help="Write a .csv, .parquet or .xlsx file instead."
    ),
]
EscapeFormulas = Annotated[
    bool,
    typer.Option(
        "--escape-formulas",
        help="In CSV put ' before texts that a spreadsheet would run (= + - @).",
    ),
]
Seed = Annotated[
    int | None, typer.Option(parser=whole, metavar="N", help="Same seed, same result.")
]
COLUMN = "COLUMN"


@dataclass(frozen=True)
class RowOptions:
    """How the rows of a table are read, whatever is made of it."""

    heading: ClassVar[str] = "Columns of any table"

    time: Annotated[
        str | None,
        typer.Option(metavar=COLUMN, help="The time; several as year,month,day; none counts rows."),
    ] = None
    series: Annotated[
        list[str] | None,
        typer.Option(
            metavar=COLUMN, help="What tells the series (sequences) apart; several as city,item."
        ),
    ] = None


@dataclass(frozen=True)
class EncodingOptions:
    """How a file of text is encoded."""

    heading: ClassVar[str] = "How FILE is written"

    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of CSV or text, as cp1252 or cp949 [default: found]."),
    ] = None


@dataclass(frozen=True)
class FormatOptions:
    """How a table is written; the names are those of `Format`."""

    heading: ClassVar[str] = EncodingOptions.heading

    sheet: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of a workbook, or its number [default: the first]."),
    ] = None
    decimal: Annotated[
        str | None, typer.Option(metavar="SIGN", help="Before fractions: . or , [default: found].")
    ] = None
    thousands: Annotated[
        str | None,
        typer.Option(metavar="SIGN", help="Between thousands: . , ' or a blank [default: found]."),
    ] = None
    na: Annotated[
        list[str] | None,
        typer.Option(metavar="VALUE", help="Missing values, as -999; may be repeated."),
    ] = None


@dataclass(frozen=True)
class NetworkOptions:
    """The recurrent layers, whatever the task."""

    heading: ClassVar[str] = "The network"

    cell: Annotated[str | None, typer.Option(metavar="NAME", help="lstm, gru or rnn.")] = None
    hidden: Annotated[
        int | None, typer.Option(parser=whole, metavar="H", help="Hidden units of a layer.")
    ] = None
    layers: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Stacked layers.")
    ] = None
    dropout: Annotated[
        float | None,
        typer.Option(parser=number, metavar="P", help="Dropout: share left out in training."),
    ] = None


@dataclass(frozen=True)
class EnsembleOptions:
    """How many networks there are."""

    heading: ClassVar[str] = NetworkOptions.heading

    ensemble: Annotated[
        int | None,
        typer.Option(
            parser=whole,
            metavar="N",
            help="Networks in the ensemble, averaged [default: sequences 3, else 1].",
        ),
    ] = None


@dataclass(frozen=True)
class TrainingOptions:
    """How it is trained; the names are those of `Training`."""

    heading: ClassVar[str] = "Training"

    epochs: Annotated[
        int | None,
        typer.Option(
            parser=whole, metavar="N", help="At most so many passes over the training part."
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        typer.Option(
            parser=whole, metavar="B", help="Windows, sequences or streams of text a step."
        ),
    ] = None
    learning_rate: Annotated[
        float | None, typer.Option(parser=number, metavar="X", help="Learning rate of AdamW.")
    ] = None
    seed: Seed = None
    device: Annotated[str | None, typer.Option(metavar="NAME", help="auto, cpu or cuda.")] = None
    engine: Annotated[
        str | None, typer.Option(metavar="NAME", help="auto, native, torch or reference.")
    ] = None


@dataclass(frozen=True)
class SplitOptions:
    """What is kept apart from training."""

    heading: ClassVar[str] = TrainingOptions.heading

    validation: Annotated[
        str | None,
        typer.Option(
            metavar="PART",
            help="Validation split for early stopping: a fraction (0.15), a count, or of a "
            "table the date it begins (2013-10-01).",
        ),
    ] = None
    test: Annotated[
        str | None,
        typer.Option(
            metavar="PART", help="Test split, in the same way; for sequences also a file."
        ),
    ] = None


@dataclass(frozen=True)
class RunOptions:
    """Where a run is computed and kept."""

    heading: ClassVar[str] = "The run"

    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="The run folder [default: runs/FILE].")
    ] = None
    resume: Annotated[bool, typer.Option("--resume", help="Resume an interrupted run.")] = False
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run.")] = False
    threads: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole, help="CPU threads [default: torch's choice]."),
    ] = None


@dataclass(frozen=True)
class Order:
    """One fit as it was asked for: the file, the options of its task, and those of every task."""

    file: str
    task: str | None = None
    own: Groups = field(default_factory=Groups)
    network: NetworkOptions = NetworkOptions()
    training: TrainingOptions = TrainingOptions()
    split: SplitOptions = SplitOptions()
    run: RunOptions = RunOptions()
