"""A TOML file that holds the options of a command: reading it, and writing one."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from unrolled.console.values import nearest
from unrolled.errors import SettingsError

CONFIG = "config.toml"


def read_config(context: typer.Context, path: Path | None) -> Path | None:
    """Take the options in a TOML file for defaults; what is given on the command line wins.

    SettingsError for a file that cannot be read, and for an option the command does not have.
    """
    if path is None or context.resilient_parsing:
        return path
    options = {option.name: option for option in context.command.params if option.name}
    del options["config"]
    check_kept(path)
    given = {name.replace("-", "_"): value for name, value in read_toml(path).items()}
    for name, value in given.items():
        if name not in options:
            raise SettingsError(f"config {path}: no option {name!r}; {nearest(name, options)}")
        given[name] = _as_written(value, options[name], f"config {path}: {name}")
    context.default_map = {**(context.default_map or {}), **given}
    return path


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds; SettingsError when it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"config {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise SettingsError(f"config {path}: expected TOML, {error}") from None
    except RecursionError:
        raise SettingsError(f"config {path}: expected TOML, it is nested too deep") from None


def check_kept(path: Path) -> None:
    """SettingsError for the config.toml of a run that no longer says what the run was fitted with.

    Any other file of options is taken as it is.
    """
    card = path.with_name("run.json")
    if path.name != CONFIG or not (path.is_file() and card.is_file()):
        return
    from unrolled import files
    from unrolled.runs.vouch import is_own

    content = files.read_json(card)
    kept = content["fingerprints"].get(CONFIG) if is_own(content) else None
    if kept is not None and kept != files.digest(path.read_bytes()):
        raise SettingsError(
            f"config {path} was changed after it was written: its fingerprint differs from the one "
            "in run.json; it says what this run was fitted with. For other options copy it out of "
            "the run folder, or give them on the command line"
        )


def _as_written(value: Any, option: Any, place: str) -> Any:
    """A value as it would be written on the command line, so that the same checks apply to it."""
    multiple, is_flag = getattr(option, "multiple", False), getattr(option, "is_flag", False)
    if isinstance(value, dict) or (isinstance(value, list) and not multiple):
        raise SettingsError(f"{place}: expected one value, got {value}")
    if isinstance(value, list):
        from unrolled.data.columns.roles import quoted

        return [quoted(str(item)) for item in value]
    if multiple:
        return [str(value)]
    return value if isinstance(value, bool) and is_flag else str(value)


def toml(values: Mapping[str, Any]) -> str:
    """Options as a TOML file that `--config` reads; what is None or empty is left out."""
    lines = [
        f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
        if value is not None and value != []
    ]
    return "\n".join(lines) + "\n"
