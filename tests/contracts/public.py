"""The public names of the package with their signatures, as the source has them.

Public is what `unrolled` shows and what the pages of docs/api show besides.

`python tests/contracts/public.py` writes tests/contracts/public.txt anew: read the difference, and
say in CHANGELOG.md what of it a user must know.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import unrolled

SNAPSHOT = Path(__file__).with_name("public.txt")
API = Path(__file__).resolve().parents[2] / "docs" / "api"
SHOWN = ("__init__", "__len__", "__getitem__", "__iter__", "__call__")


def surface() -> str:
    """A line for each public name, and below a class or module one for each public member."""
    pages = "\n".join(page.read_text("utf-8") for page in API.glob("*.md"))
    names = {*unrolled.__all__, *re.findall(r"^::: unrolled\.(\S+)$", pages, re.MULTILINE)}
    names -= {"__version__", "errors"}  # no object of ours, and a module whose names are here
    found = [
        line
        for name in sorted(names)
        for line in _lines(name, pkgutil.resolve_name(f"unrolled.{name}"))
    ]
    return "\n".join([*found, ""])


def _lines(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, ModuleType):
        yield f"module {name}"
        yield from (f"    {line}" for line in _members(_source(value)))
    elif inspect.isclass(value):
        bases = ", ".join(map(ast.unparse, _definition(value).bases))
        yield f"class {name}({bases})"
        for base in value.__mro__:  # those of torch and Python are not ours to keep
            if base.__module__.startswith("unrolled"):
                yield from (f"    {line}" for line in _members(_definition(base)))
    else:
        yield from _members(_source(value))


def _source(value: Any) -> ast.Module:
    return ast.parse(textwrap.dedent(inspect.getsource(value)))


def _definition(kind: type) -> ast.ClassDef:
    (found,) = _source(kind).body
    assert isinstance(found, ast.ClassDef)
    return found


def _members(body: ast.Module | ast.ClassDef) -> Iterator[str]:
    """The functions, and the annotated fields of a class, that a body defines."""
    for node in body.body:
        if isinstance(node, ast.FunctionDef) and (node.name[0] != "_" or node.name in SHOWN):
            marks = "".join(f"@{ast.unparse(mark)} " for mark in node.decorator_list)
            returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            yield f"{marks}{node.name}({ast.unparse(node.args)}){returned}"
        elif isinstance(node, ast.AnnAssign) and isinstance(body, ast.ClassDef):
            name = ast.unparse(node.target)
            yield from [ast.unparse(node)] if name[0] != "_" or name in SHOWN else []


if __name__ == "__main__":
    SNAPSHOT.write_text(surface(), encoding="utf-8")
