"""The examples of every docstring run and print what they say."""

from __future__ import annotations

import doctest
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest
import torch
from helpers.laws import require
from torch import nn

SOURCE = Path(__file__).resolve().parents[2] / "src" / "unrolled"
MODULES = [
    info.name
    for info in pkgutil.walk_packages([str(SOURCE)], "unrolled.")
    if not info.name.endswith(("__main__", "_kernels"))
]
NATIVE = ("unrolled.layers.native_support",)  # says what the native engine says


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.usefixtures("one_thread")
def test_the_examples_of_a_module_run(name: str) -> None:
    if name in NATIVE:
        require("native")
    module = import_module(name)
    names = {"torch": torch, "nn": nn}  # those of every page on layers
    found = doctest.testmod(module, extraglobs=names, optionflags=doctest.NORMALIZE_WHITESPACE)
    text = Path(str(module.__file__)).read_text("utf-8")
    assert found.failed == 0
    assert found.attempted == len(re.findall(r"^ *>>> (?!.*\+SKIP)", text, re.MULTILINE))


def test_every_module_with_examples_is_asked() -> None:
    files = {path for path in SOURCE.rglob("*.py") if ">>> " in path.read_text("utf-8")}
    asked = {Path(str(import_module(name).__file__)) for name in MODULES}
    assert len(files) > 15
    assert files <= asked
