"""Imports go down the floors of the house and in no circle; the package and its help are light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from contracts.imports import Arrow, arrows, circles, forbidden, report

from unrolled.version import __version__

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (  # pydantic is not among them: typer itself imports it for the help of a command
    *("holidays", "jinja2", "narwhals", "numpy", "pandas", "polars", "pyarrow", "rich"),
    *("safetensors", "sklearn", "tokenizers", "torch", "matplotlib", "onnx", "ray", "optuna"),
    *("fastapi", "uvicorn", "redis"),
)


def test_imports_go_down_and_in_no_circle() -> None:
    found = arrows()
    print("\n" + report(found))
    assert len(found) > 300
    assert forbidden(found) == set(), "the floors of the house forbid these imports"
    assert circles(found) == set(), "these modules import each other"


@pytest.mark.parametrize(
    "statement",
    [
        "import unrolled",
        "from unrolled import cli; assert cli.main(['--help']) == 0",
        "from unrolled import cli; assert cli.main(['fit', '--help']) == 0",
        "from unrolled import UnrolledError, tasks",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_used(statement: str) -> None:
    program = f"{statement}\nimport sys; print('loaded:', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.rpartition("loaded:")[2].split()
    assert "unrolled" in loaded
    assert set(HEAVY) & set(loaded) == set()


def test_the_version_is_that_of_the_project() -> None:
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8").splitlines()


MADE = {
    "__init__": "",
    "errors": "",
    "data/__init__": "from unrolled.data.table import Table",
    "data/table": "from ..errors import DataError\ndef f():\n  from unrolled import layers",
    "layers/__init__": "if TYPE_CHECKING:\n  import unrolled.cli.app",
    "training": 'importlib.import_module("unrolled.tasks.language.page")',
    "tasks/language/page": "from unrolled.tasks.language.results import Results\n"
    "from . import estimator",
    "tasks/language/results": "",
    "tasks/language/estimator": 'import_module(f"unrolled.training.{name}")',
    "tasks/language/settings": "from unrolled.tasks.language.estimator import LanguageModel",
    "cli/app": "from unrolled.data.table import Table",
}


@pytest.fixture
def made(tmp_path: Path) -> set[Arrow]:
    """The arrows of a small package with every kind of import in it."""
    for name, text in MADE.items():
        path = tmp_path / "unrolled" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return arrows(tmp_path)


def test_imports_are_seen_wherever_they_stand(made: set[Arrow]) -> None:
    assert made == {
        ("data", "data.table"),
        ("data.table", "errors"),
        ("data.table", "layers"),
        ("layers", "cli.app"),
        ("training", "tasks.language.page"),
        ("tasks.language.page", "tasks.language.results"),
        ("tasks.language.page", "tasks.language.estimator"),
        ("tasks.language.estimator", "training"),
        ("tasks.language.settings", "tasks.language.estimator"),
        ("cli.app", "data.table"),
    }


def test_arrows_against_the_floors_are_found(made: set[Arrow]) -> None:
    assert forbidden(made) == {
        ("data.table", "layers"),  # neighbours that do not know each other
        ("layers", "cli.app"),
        ("training", "tasks.language.page"),
        ("tasks.language.page", "tasks.language.estimator"),  # a page knows the results only
        ("tasks.language.settings", "tasks.language.estimator"),  # against the order in a task
    }
    assert circles(made) == {
        frozenset({"data.table", "layers", "cli.app"}),
        frozenset({"training", "tasks.language.page", "tasks.language.estimator"}),
    }


def test_a_module_without_a_room_is_named() -> None:
    with pytest.raises(LookupError, match=r"models\.network lies in no room"):
        forbidden({("models.network", "errors")})


def test_one_name_is_one_thing() -> None:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "src" / "unrolled").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(path.name)
    assert len(found) > 100
    assert {name: places for name, places in found.items() if len(places) > 1} == {}
