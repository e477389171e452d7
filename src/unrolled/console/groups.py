"""Options in groups: each is declared once, as a field of a dataclass, for every command.

A command takes such dataclasses as arguments. `spread` shows typer their fields in their place, and
`Command` prints the options of a group under its heading.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import typer.core

Group = TypeVar("Group")


KNOWN: set[str] = set()
"""The names of all options, as the library has them."""


class Several:
    """A mark in an option's `Annotated`: further numbers may follow, `--quantiles .1 .5 .9`."""


class Groups:
    """Groups of options that are not known by name here, each to be had by its class.

    >>> Groups()[int]
    0
    """

    def __init__(self, *groups: Any) -> None:
        self._groups = {type(group): group for group in groups}

    def __getitem__(self, kind: type[Group]) -> Group:
        """The group of a class; one of defaults where none was given."""
        group: Group = self._groups.get(kind) or kind()
        return group

    def __iter__(self) -> Iterator[Any]:
        return iter(self._groups.values())


def spread(command: Callable[..., None], kinds: Sequence[type] = ()) -> Callable[..., None]:
    """The command with the fields of its groups as its own parameters.

    kinds: the groups that stand where the command has a parameter of type `Groups`.
    """
    hints = _hints(command)
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        hint = hints[parameter.name]
        if is_dataclass(hint):
            parameters += _parameters(hint)
        elif hint is Groups:
            parameters += [one for kind in kinds for one in _parameters(kind)]
        else:
            parameters.append(
                parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY)
            )

    def run(**values: Any) -> None:
        command(
            **{
                name: Groups(*(_packed(kind, "", values) for kind in kinds))
                if hints[name] is Groups
                else _packed(hints[name], name, values)
                for name in hints
                if name != "return"
            }
        )

    KNOWN.update(one.name for one in parameters)
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    several = {written(one.name) for one in parameters if Several in get_args(one.annotation)}
    run.several = several  # type: ignore[attr-defined]
    return run


def _parameters(group: Any) -> Iterator[inspect.Parameter]:
    """A parameter for each field, those of groups within the group too."""
    hints = _hints(group)
    for field in fields(group):
        if is_dataclass(hints[field.name]):
            yield from _parameters(hints[field.name])
        else:
            yield inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is MISSING else field.default,
                annotation=_under(hints[field.name], getattr(group, "heading", None)),
            )


@cache
def _hints(declared: Any) -> dict[str, Any]:
    """The annotations of a command or group; a group stands in several commands."""
    return get_type_hints(declared, include_extras=True)


def _under(hint: Any, heading: str | None) -> Any:
    """An annotated option with its heading; the option itself may stand elsewhere too."""
    kind, option, *marks = get_args(hint)
    option = copy(option)
    option.rich_help_panel = heading
    return Annotated[kind, option, *marks]


def _packed(hint: Any, name: str, values: Mapping[str, Any]) -> Any:
    """The value of a parameter: a group is put together from its fields."""
    if not (isinstance(hint, type) and is_dataclass(hint)):
        return values[name]
    hints = _hints(hint)
    found = {field.name: _packed(hints[field.name], field.name, values) for field in fields(hint)}
    return hint(**found)


def given(group: Any) -> dict[str, Any]:
    """The options of a group that were given, by name."""
    values = {field.name: getattr(group, field.name) for field in fields(group)}
    return {name: value for name, value in values.items() if value not in (None, [])}


class Command(typer.core.TyperCommand):
    """A command whose help shows its options under the headings of their groups."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Numbers after an option that is marked `Several` are one value."""
        joined = _numbers_joined(args, getattr(self.callback, "several", ()))
        rest: list[str] = super().parse_args(ctx, joined)
        return rest

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments first, then each group, and last what has no heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            heading = getattr(parameter, "rich_help_panel", None)
            if parameter.param_type_name == "argument":
                heading = "Arguments"
            if (record := parameter.get_help_record(ctx)) is not None:
                sections.setdefault(heading or "Options", []).append(record)
        others = sections.pop("Options")
        for heading, records in {**sections, "Options": others}.items():
            with formatter.section(heading):
                formatter.write_dl(records)


def _numbers_joined(args: list[str], several: Collection[str]) -> list[str]:
    """The numbers that follow an option which takes several, as one word."""
    joined: list[str] = []
    for word in args:
        follows = len(joined) > 1 and joined[-2] in several
        if follows and re.fullmatch(r"[\d.,]+", word) and re.fullmatch(r"[\d.,]+", joined[-1]):
            joined[-1] += f",{word}"
        else:
            joined.append(word)
    return joined


def written(name: str) -> str:
    """An option as it is written."""
    return "--" + name.replace("_", "-")


def as_options(text: str) -> str:
    """A text of the library as the command line says it: `split=rows` is `--split rows` there."""

    def option(found: re.Match[str]) -> str:
        name, value = found[1], found[2] or ""
        if name not in KNOWN:
            return found[0]
        value = value if " " in value else value.strip("'")
        return f"{written(name)}{value and f' {value}'}"

    found = re.sub(r"(?<![\w.'\"(])([a-z_]+)=('[^']*'|[\w%](?:[\w.:%-]*[\w%])?)?", option, text)
    name, colon, _ = found.partition(":")  # "date_format: expected ..." is of an option too
    return (
        f"{written(name)}{found[len(name) :]}" if colon and "_" in name and name in KNOWN else found
    )
