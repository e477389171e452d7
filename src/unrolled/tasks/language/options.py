"""Options of the language model on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from unrolled.console.values import number, whole


@dataclass(frozen=True)
class SymbolOptions:
    """What a text is cut into."""

    heading: ClassVar[str] = "To learn a text"

    level: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A symbol is a char, byte or bpe [default: char]."),
    ] = None
    size: Annotated[
        int | None, typer.Option(parser=whole, metavar="V", help="Vocabulary size, for bpe.")
    ] = None


@dataclass(frozen=True)
class TextOptions:
    """Where a text is in a folder or a file."""

    heading: ClassVar[str] = SymbolOptions.heading

    glob: Annotated[
        str | None,
        typer.Option(metavar="PATTERN", help="Of a folder, as *.py [default: .txt, .text, .md]."),
    ] = None
    column: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What holds the texts of a file of JSON records."),
    ] = None


@dataclass(frozen=True)
class LanguageOptions:
    """Settings of the language model; `LanguageModel` says what each means."""

    heading: ClassVar[str] = SymbolOptions.heading

    embed: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Length of a symbol's embedding.")
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
class DynamicOptions:
    """Whether the network goes on learning from what it is measured on."""

    heading: ClassVar[str] = SymbolOptions.heading

    dynamic: Annotated[
        bool | None,
        typer.Option("--dynamic", help="Also measure while it learns from what it has read."),
    ] = None
