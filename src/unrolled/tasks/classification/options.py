"""Options of the classifier on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from unrolled.console.options import COLUMN
from unrolled.console.values import whole


@dataclass(frozen=True)
class LabelOptions:
    """Where the labels of a table are."""

    heading: ClassVar[str] = "To learn labels"

    label: Annotated[
        str | None, typer.Option(metavar=COLUMN, help="The label, where FILE is a table.")
    ] = None


@dataclass(frozen=True)
class LabelScopeOptions:
    """What a label of a table is for."""

    heading: ClassVar[str] = LabelOptions.heading

    label_per: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help="sequence, step or row (a row is a whole sequence): what has a label "
            "[default: sequence].",
        ),
    ] = None
    text: Annotated[
        str | None,
        typer.Option(metavar=COLUMN, help="A text whose symbols are the steps of a sequence."),
    ] = None
    layout: Annotated[
        str | None,
        typer.Option(metavar="AXES", help="Of an .npz file: BTD (batch, time, features) or BDT."),
    ] = None


@dataclass(frozen=True)
class ClassifierOptions:
    """Settings of the classifier; `Classifier` says what each means."""

    heading: ClassVar[str] = LabelOptions.heading

    pool: Annotated[
        str | None, typer.Option(metavar="NAME", help="Pool over time: mean, last or attention.")
    ] = None
    bidirectional: Annotated[
        bool | None, typer.Option("--bidirectional/--one-way", help="Read from both ends, or one.")
    ] = None
    kernels: Annotated[
        int | None,
        typer.Option(
            parser=whole,
            metavar="N",
            help="Kernel features beside the networks, 0 for none [default: 10000].",
        ),
    ] = None
    balanced: Annotated[
        bool | None,
        typer.Option("--balanced", help="Weight classes inversely to their frequency."),
    ] = None
    class_weight: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL=W", help="Weight of a mistake on a label; may be repeated."),
    ] = None
