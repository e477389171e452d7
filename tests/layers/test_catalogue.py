"""A cell is declared once: whatever knows the cells is held against the catalogue."""

import inspect
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, get_type_hints

import pytest
import torch
from helpers.laws import flat

from unrolled import layers
from unrolled.console.options import NetworkOptions
from unrolled.layers import GRU, cells, explain, native_support
from unrolled.layers import extension as _native
from unrolled.layers.catalogue import BY_MODE, CATALOGUE, CellRow, state_shapes
from unrolled.layers.cells import CellWeights
from unrolled.layers.recurrent import LAYERS

every_row = pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.name)


def test_every_kernel_is_in_the_catalogue_with_its_gates_and_states() -> None:
    assert _native.kernels is not None, _native.reason
    rows = [
        (kernel, len(row.gates), len(row.state))
        for row in CATALOGUE
        for kernel in row.kernels.values()
    ]
    assert sorted(_native.kernels.cells()) == sorted(rows)


def test_every_header_of_a_cell_is_in_the_list() -> None:
    folder = Path(__file__).parents[2] / "src" / "unrolled" / "csrc" / "cells"
    listed = re.findall(r'#include "(\w+\.h)"', (folder / "list.h").read_text())
    assert {*listed, "cell.h", "list.h"} == {path.name for path in folder.glob("*.h")}


def test_every_file_of_a_cell_has_a_row() -> None:
    modules = [import_module(f"{cells.__name__}.{m.name}") for m in iter_modules(cells.__path__)]
    written = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, CellWeights) and value is not CellWeights
    }
    assert written == {row.cell for row in CATALOGUE}
    assert written <= {getattr(layers, name) for name in layers.__all__}


def test_names_and_modes_are_those_of_one_row() -> None:
    assert len({row.name for row in CATALOGUE}) == len(CATALOGUE)
    assert len(BY_MODE) == sum(len(row.cell.modes) for row in CATALOGUE)
    assert all(set(row.kernels) <= set(row.cell.modes) for row in CATALOGUE)


@every_row
def test_the_networks_and_the_command_line_know_the_cell_by_its_name(row: CellRow) -> None:
    assert issubclass(LAYERS[row.name], row.torch_layer)
    assert list(LAYERS) == [row.name for row in CATALOGUE]
    hints = get_type_hints(NetworkOptions, include_extras=True)
    (option,) = hints["cell"].__metadata__
    assert row.name in option.help


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@every_row
@pytest.mark.parametrize("projected", [0, 2])
def test_gates_and_state_are_those_of_the_cell_and_of_torch(row: CellRow, projected: int) -> None:
    if projected and "hidden" not in row.state.values():
        pytest.skip("torch projects the state of an LSTM alone")
    settings: dict[str, Any] = {"proj_size": projected} if projected else {}
    kind: Any = row.torch_layer
    layer = kind(3, 5, num_layers=2, bidirectional=True, **settings)
    cell = row.cell.from_layer(layer)
    assert cell.weight_ih.shape[0] == len(row.gates) * 5
    _, last = layer(torch.zeros(4, 6, 3))
    assert [part.shape for part in flat(last)] == state_shapes(layer, (6,))
    made: Any = cell
    first = flat(made.initial_state(6))
    assert [part.shape for part in first] == [(6, w) for w in row.widths(5, projected)]


def test_the_border_to_the_kernels_counts_the_states() -> None:
    kernels = _native.kernels
    assert kernels is not None, _native.reason
    with pytest.raises(ValueError, match="no kernels of a cell mamba"):
        kernels.Shape("mamba", 3, 4, 1, 1, True, False)
    shape, steps = kernels.Shape("lstm", 3, 4, 1, 1, True, False), kernels.Steps(5, 2)
    weights = list(torch.nn.LSTM(3, 4).parameters())
    x, y, state = torch.zeros(5, 2, 3), torch.zeros(5, 2, 4), torch.zeros(1, 2, 4)
    for first, last in (((None,), (state, state)), ((None, None), (state,))):
        with pytest.raises(ValueError, match="another number of states"):
            kernels.forward(shape, steps, weights, x, first, (y, *last), False, 1)


def test_a_cell_without_a_kernel_is_not_for_the_native_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(native_support.KERNELS, "GRU")
    assert str(explain(GRU(3, 4))) == "torch: the native engine has no kernel for the mode GRU"
    assert explain(GRU(3, 4, engine="native")).engine is None
