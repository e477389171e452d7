"""The options of a forecast on the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from unrolled.console.groups import Groups, Several, given
from unrolled.console.options import COLUMN, NetworkOptions, TrainingOptions
from unrolled.console.values import number, whole
from unrolled.errors import SettingsError


@dataclass(frozen=True)
class ColumnOptions:
    """What the columns of a table mean for a forecast."""

    heading: ClassVar[str] = "To forecast a table"

    target: Annotated[
        list[str] | None,
        typer.Option("--target", "-t", metavar=COLUMN, help="What to forecast; may be repeated."),
    ] = None
    past: Annotated[
        list[str] | None,
        typer.Option(
            metavar=COLUMN,
            help="Past covariates, known up to now [default: every usable column].",
        ),
    ] = None
    future: Annotated[
        list[str] | None,
        typer.Option(metavar=COLUMN, help="Future covariates, known ahead: planned, a price."),
    ] = None
    static: Annotated[
        list[str] | None,
        typer.Option(metavar=COLUMN, help="Static covariates, constant within a series."),
    ] = None
    holidays: Annotated[
        list[str] | None,
        typer.Option(metavar="COUNTRY", help="Holidays of countries, known ahead: KR,US-NY."),
    ] = None
    date_format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            help="How the time is written: %d.%m.%y, %Y%m, s, ms [default: found].",
        ),
    ] = None
    step: Annotated[
        str | None,
        typer.Option(metavar="STEP", help="The time step, 15min, 1h or 1B [default: found]."),
    ] = None
    resample: Annotated[
        str | None,
        typer.Option(metavar="STEP", help="Bring rows of any times to this step."),
    ] = None
    resample_by: Annotated[
        str | None,
        typer.Option(metavar="RULE", help="Of each step: mean, sum or last [default: mean]."),
    ] = None
    duplicates: Annotated[
        str | None,
        typer.Option(metavar="RULE", help="Rows of one time: error, mean or last."),
    ] = None
    season: Annotated[
        int | None,
        typer.Option(
            parser=whole, metavar="M", help="Steps until it all comes again [default: found]."
        ),
    ] = None
    wide: Annotated[
        bool | None,
        typer.Option("--wide", help="Every column of numbers is a series of its own."),
    ] = None


@dataclass(frozen=True)
class HorizonOptions:
    """How far a forecast looks ahead and back."""

    heading: ClassVar[str] = ColumnOptions.heading

    horizon: Annotated[
        int | None, typer.Option(parser=whole, metavar="F", help="How many steps to forecast.")
    ] = None
    lookback: Annotated[
        int | None,
        typer.Option(
            parser=whole, metavar="T", help="How many steps to look back [default: 21 seasons]."
        ),
    ] = None
    quantiles: Annotated[
        str | None,
        typer.Option(
            metavar="Q,Q,...", help="What to forecast of the distribution [default: .05,.5,.95]."
        ),
        Several,
    ] = None


@dataclass(frozen=True)
class CutOptions:
    """How several series are cut into parts."""

    heading: ClassVar[str] = TrainingOptions.heading

    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Cut all series at the same dates (date) or each by its rows (rows) "
            "[default: date where they share days].",
        ),
    ] = None


@dataclass(frozen=True)
class ModelOptions:
    """What of a fitted forecaster forecasts."""

    heading: ClassVar[str] = ColumnOptions.heading

    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="blend, network, linear, seasonal-naive or naive [default: blend].",
        ),
    ] = None


@dataclass(frozen=True)
class PlanOptions:
    """What is known of the steps to forecast."""

    heading: ClassVar[str] = "To forecast a table"

    future: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Future covariates after the last row of the table."),
    ] = None
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the forecast: .png, .svg, .pdf or .html."),
    ] = None


@dataclass(frozen=True)
class ForecastOptions:
    """What is forecast with; the names are those of `Forecaster`."""

    heading: ClassVar[str] = NetworkOptions.heading

    segment: Annotated[
        int | None,
        typer.Option(
            parser=whole, metavar="N", help="Steps read and forecast at once [default: a season]."
        ),
    ] = None
    loss: Annotated[str | None, typer.Option(metavar="NAME", help="quantile or huber.")] = None
    mixing: Annotated[
        bool | None,
        typer.Option("--mixing", help="Several targets see each other's past."),
    ] = None
    transform: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of the target: auto, none or log [default: auto]."),
    ] = None
    refit_all: Annotated[
        bool | None,
        typer.Option(
            "--refit-all/--no-refit-all",
            help="After measuring, train once more on all rows, for predict [default: yes].",
        ),
    ] = None


def asked_of(own: Groups) -> dict[str, Any]:
    """The settings of a `Forecaster` that the options of a forecast ask for."""
    asked = given(own[ForecastOptions])
    if (refit := asked.pop("refit_all", None)) is not None:
        asked["refit"] = "all" if refit else "none"
    if (quantiles := own[HorizonOptions].quantiles) is not None:
        asked["quantiles"] = _quantiles(quantiles)
    if (season := own[ColumnOptions].season) is not None:
        asked["season"] = season
    return asked


def _quantiles(text: str) -> tuple[float, ...]:
    """Numbers apart by commas or blanks."""
    try:
        return tuple(number(part) for part in re.split(r"[\s,]+", text.strip()))
    except typer.BadParameter as error:
        raise SettingsError(f"--quantiles: {error}") from None
