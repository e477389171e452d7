"""Every import of the package, read from its source, against the floors of the house.

`python tests/contracts/imports.py` prints the circles and the arrows that the floors forbid.

An arrow goes from a module to one that it imports: at the top, inside a function, under
`TYPE_CHECKING` or by `import_module("unrolled...")`. Importing a module is no arrow to the packages
around it, which only show what is in them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"
TASKS = ("tasks.forecasting", "tasks.classification", "tasks.language")

# From the ground up: a room may import what stands on its own step or on one before it.
STEPS = (
    ("errors", "version"),
    ("files", "metrics", "_kernels"),
    ("layers", "data"),
    ("stream", "networks", "training"),
    ("runs", "export", "console"),
    ("report",),
    ("trace",),
    ("tasks.task",),
    TASKS,
    ("tasks",),  # the tasks by name
    ("",),  # the public names
    ("tuning", "distributed", "lesson"),
    ("serve",),
    ("cli",),
    ("__main__",),
)
APART = ("layers", "data", *TASKS)  # do not know what stands on the same step

# The same inside a task, of the files that every task has.
TASK_STEPS = (
    ("settings",),
    ("network",),
    ("inference",),
    ("evaluate", "backtest", "generate", "stream", "graph"),
    ("estimator",),
    ("command",),
)

Arrow = tuple[str, str]


def arrows(source: Path = SOURCE) -> set[Arrow]:
    """Every import of one module of the package by another; names are without `unrolled.`."""
    paths = (path for end in ("py", "pyi") for path in source.glob(f"unrolled/**/*.{end}"))
    files = {_name(path, source): path for path in paths}
    found = set()
    for module, path in files.items():
        package = module if path.stem == "__init__" else module.rpartition(".")[0]
        for name in _imported(ast.parse(path.read_text("utf-8")), package):
            while name not in files and name:  # a name inside a module, or the module itself
                name = name.rpartition(".")[0]
            if name in files and name != module:
                found.add((_short(module), _short(name)))
    return found


def forbidden(found: set[Arrow]) -> set[Arrow]:
    """The arrows that go up, or sideways between rooms that do not know each other."""
    return {arrow for arrow in found if _goes_up(*arrow) or _goes_up_in_task(*arrow)}


def circles(found: set[Arrow]) -> set[frozenset[str]]:
    """The groups of modules that import each other, directly or through others."""
    modules = {name for arrow in found for name in arrow}
    reached: dict[str, set[str]] = {name: set() for name in modules}
    for start in modules:
        waiting = [start]
        while waiting:
            at = waiting.pop()
            fresh = {end for begin, end in found if begin == at} - reached[start]
            reached[start] |= fresh
            waiting += fresh
    return {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in modules
        if name in reached[name]
    }


def report(found: set[Arrow]) -> str:
    """The number of circles and of forbidden arrows, and which they are."""
    rings, up = circles(found), forbidden(found)
    lines = [f"modules that import each other: {len(rings)} circles"]
    lines += sorted("  " + " <-> ".join(sorted(ring)) for ring in rings)
    lines += [f"imports that go up: {len(up)} of {len(found)}"]
    lines += sorted(f"  {begin} -> {end}" for begin, end in up)
    return "\n".join(lines)


def _name(path: Path, source: Path) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _short(module: str) -> str:
    return module.removeprefix("unrolled").removeprefix(".")


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """The full name of whatever a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (str(part.value).rstrip(".") for part in _beginnings(node))


def _beginnings(call: ast.Call) -> Iterator[ast.Constant]:
    """The text that a module's name begins with: of f"unrolled.tasks.{name}" its first part."""
    first = call.args[0] if call.args else None
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield first


def _room(module: str) -> tuple[int, str]:
    """The step of a module, and the room on it: the longest name that it lies in."""
    found = [
        (room, step)
        for step, rooms in enumerate(STEPS)
        for room in rooms
        if room == module or module.startswith(f"{room}.")
    ]
    if not found:
        raise LookupError(f"{module} lies in no room of the house: give it one in {__file__}")
    room, step = max(found, key=lambda pair: len(pair[0]))
    return step, room


def _goes_up(begin: str, end: str) -> bool:
    (low, room), (high, other) = _room(begin), _room(end)
    return low < high or (low == high and room != other and room in APART)


def _goes_up_in_task(begin: str, end: str) -> bool:
    task = _room(begin)[1]
    if task not in TASKS or not end.startswith(f"{task}."):
        return False
    part, other = (name.removeprefix(f"{task}.").split(".")[0] for name in (begin, end))
    if part.startswith("page"):  # a page is made of the results, whatever measured them
        return other != "results" and not other.startswith("page")
    order = {name: step for step, names in enumerate(TASK_STEPS) for name in names}
    return part in order and other in order and order[part] < order[other]


if __name__ == "__main__":
    print(report(arrows()))
