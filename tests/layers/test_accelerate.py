"""`accelerate` changes the class of a layer and nothing else; `restore` changes it back."""

import copy
import io
from typing import Any

import pytest
import torch
from helpers.laws import flat
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from unrolled.errors import EngineError, SettingsError
from unrolled.layers import GRU, LSTM, RNN, accelerate, restore

PAIRS = [(nn.RNN, RNN), (nn.LSTM, LSTM), (nn.GRU, GRU)]


class MyLSTM(nn.LSTM):
    """Someone's own layer: its forward may mean something else."""


class Model(nn.Module):
    """Layers at several depths, one of them used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleList([nn.GRU(3, 4), nn.Sequential(nn.LSTM(3, 4))])
        self.shared = nn.RNN(3, 4)
        self.again = self.shared
        self.own = MyLSTM(3, 4)
        self.head = nn.Linear(4, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        names = ("encoder.0", "encoder.1.0", "shared", "again", "own")
        layers = [self.get_submodule(name) for name in names]
        total: torch.Tensor = self.head(sum(layer(inputs)[0] for layer in layers))
        return total


def test_every_layer_is_found_and_counted_once() -> None:
    model = Model()
    swap = accelerate(model)
    assert swap.swapped == ("encoder.0", "encoder.1.0", "shared")
    assert swap.count == 3
    assert type(model.get_submodule("encoder.1.0")) is LSTM
    assert type(model.again) is RNN
    assert type(model.own) is MyLSTM
    assert str(swap) == (
        "3 layers swapped: encoder.0, encoder.1.0, shared; 1 left alone\n"
        "  own: MyLSTM is a class derived from torch's; its forward may differ"
    )


def test_the_numbers_the_weights_and_the_names_stay() -> None:
    model, inputs = Model(), torch.randn(5, 2, 3)
    before, weights = model(inputs), dict(model.named_parameters())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    accelerate(model)
    after = dict(model.named_parameters())
    assert list(after) == list(weights)
    assert all(after[name] is weights[name] for name in weights)
    torch.testing.assert_close(model(inputs), before)
    model(inputs).sum().backward()
    optimizer.step()
    assert not torch.allclose(model(inputs), before)


def test_twice_is_once() -> None:
    model = Model()
    accelerate(model, engine="reference")
    swap = accelerate(model)
    assert swap.count == 0
    assert swap.left["shared"] == "already ours"
    assert model.shared.engine == "reference"


@pytest.mark.parametrize(("theirs", "ours"), PAIRS)
def test_the_model_may_itself_be_a_layer(theirs: Any, ours: Any) -> None:
    layer = theirs(3, 4)
    assert accelerate(layer).swapped == ("(model)",)
    assert type(layer) is ours
    assert restore(layer).swapped == ("(model)",)
    assert type(layer) is theirs


def test_restore_leaves_no_trace_and_touches_nothing_else() -> None:
    model = Model()
    model.ours_by_birth = GRU(3, 4, engine="torch")
    everything = {name: set(vars(module)) for name, module in model.named_modules()}
    words = repr(model)
    accelerate(model)
    assert repr(model) != words
    swap = restore(model)
    assert swap.swapped == ("encoder.0", "encoder.1.0", "shared")
    assert swap.left["ours_by_birth"] == "not swapped by accelerate"
    assert repr(model) == words
    assert {name: set(vars(module)) for name, module in model.named_modules()} == everything
    assert restore(model).count == 0


@pytest.mark.parametrize(("theirs", "ours"), PAIRS)
def test_hooks_stay(theirs: Any, ours: Any) -> None:
    layer, calls = theirs(3, 4), []
    layer.register_forward_pre_hook(lambda *_: calls.append("before"))
    layer.register_forward_hook(lambda *_: calls.append("after"))
    accelerate(layer)
    layer(torch.zeros(5, 2, 3))
    restore(layer)
    layer(torch.zeros(5, 2, 3))
    assert calls == ["before", "after"] * 2


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize(("theirs", "ours"), PAIRS)
def test_parametrisations_stay(theirs: Any, ours: Any, engine: Any) -> None:
    layer, inputs = theirs(3, 4), torch.randn(5, 2, 3)
    parametrizations.weight_norm(layer, "weight_hh_l0")
    twin = copy.deepcopy(layer)
    before = layer(inputs)[0]
    assert accelerate(layer, engine=engine).count == 1
    assert isinstance(layer, ours)
    assert not isinstance(twin, ours)
    torch.testing.assert_close(layer(inputs)[0], before)
    layer(inputs)[0].sum().backward()
    assert layer.parametrizations.weight_hh_l0.original0.grad.abs().sum() > 0
    with torch.no_grad():
        layer.parametrizations.weight_hh_l0.original0.mul_(2)
    assert not torch.allclose(layer(inputs)[0], before)

    assert restore(layer).count == 1
    assert not isinstance(layer, ours)
    assert parametrize.is_parametrized(layer, "weight_hh_l0")
    parametrize.remove_parametrizations(layer, "weight_hh_l0")
    assert type(layer) is theirs


def test_a_parametrisation_made_after_and_removed_leaves_ours() -> None:
    layer = nn.GRU(3, 4)
    accelerate(layer)
    parametrizations.spectral_norm(layer, "weight_ih_l0")
    parametrize.remove_parametrizations(layer, "weight_ih_l0")
    assert type(layer) is GRU
    parametrizations.spectral_norm(layer, "weight_ih_l0")
    restore(layer)
    parametrize.remove_parametrizations(layer, "weight_ih_l0")
    assert type(layer) is nn.GRU


def test_a_parametrised_layer_of_someones_own_is_left_alone() -> None:
    layer = parametrizations.weight_norm(MyLSTM(3, 4), "weight_hh_l0")
    swap = accelerate(layer)
    assert swap.count == 0
    assert "derived from torch's" in swap.left["(model)"]


def test_weight_norm_of_the_old_kind_stays() -> None:
    layer, inputs = nn.LSTM(3, 4), torch.randn(5, 2, 3)
    with pytest.warns(FutureWarning, match="deprecated"):
        torch.nn.utils.weight_norm(layer, "weight_hh_l0")
    before = layer(inputs)[0]
    accelerate(layer)
    torch.testing.assert_close(layer(inputs)[0], before)
    layer.get_parameter("weight_hh_l0_g").data.mul_(2)
    assert not torch.allclose(layer(inputs)[0], before)


def test_copies_and_files_of_an_accelerated_model_can_be_restored() -> None:
    model, file = Model(), io.BytesIO()
    accelerate(model)
    torch.save(model, file)
    file.seek(0)
    for again in (copy.deepcopy(model), torch.load(file, weights_only=False)):
        assert restore(again).count == 3
        assert type(again.shared) is nn.RNN
    assert type(model.shared) is RNN


def test_a_compiled_model_is_swapped_within() -> None:
    model, inputs = nn.Sequential(nn.GRU(3, 4)), torch.randn(5, 2, 3)
    torch._dynamo.reset()
    compiled: Any = torch.compile(model, backend="eager")
    before = compiled(inputs)
    assert accelerate(compiled).count == 1
    torch.testing.assert_close(flat(compiled(inputs)), flat(before))


def test_a_model_without_recurrent_layers_is_no_error() -> None:
    assert str(accelerate(nn.Linear(3, 4))) == "0 layers swapped; 0 left alone"


def test_an_unknown_engine_changes_nothing() -> None:
    model = Model()
    with pytest.raises(SettingsError, match="did you mean 'native'"):
        accelerate(model, engine="nativ")  # type: ignore[arg-type]
    assert type(model.shared) is nn.RNN


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRUCell])
def test_a_layer_whose_forward_someone_replaced_is_left_alone(kind: Any) -> None:
    model = nn.Sequential(kind(3, 4))
    whole = model[0].forward
    model[0].forward = lambda *args: whole(*args)
    swap = accelerate(model)
    assert swap.count == 0
    assert "forward was replaced on the layer itself" in swap.left["0"]
    del model[0].forward
    assert accelerate(model).count == 1


CELLS: list[tuple[Any, dict[str, Any]]] = [
    (nn.RNNCell, {}),
    (nn.RNNCell, {"nonlinearity": "relu"}),
    (nn.LSTMCell, {}),
    (nn.GRUCell, {"bias": False}),
]


@pytest.mark.parametrize(("kind", "settings"), CELLS)
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("shape", [(5, 3), (1, 3), (3,), (0, 3)])
def test_a_cell_steps_as_torchs_does(
    kind: Any, settings: Any, with_state: bool, shape: tuple[int, ...]
) -> None:
    theirs = kind(3, 20, **settings)
    ours = copy.deepcopy(theirs)
    assert accelerate(ours).swapped == ("(model)",)
    x = torch.randn(shape)
    part = torch.randn(*shape[:-1], 20)
    state = None if not with_state else (part, part * 2) if kind is nn.LSTMCell else part
    found = []
    for cell in (theirs, ours):
        leaf = x.clone().requires_grad_()
        once = cell(leaf, state)
        again = cell(leaf, once)
        torch.stack([(i + 1) * t.sum() for i, t in enumerate(flat(again))]).sum().backward()
        found.append([*flat(again), leaf.grad, *(p.grad for p in cell.parameters())])
    torch.testing.assert_close(found[1], found[0], rtol=1e-5, atol=1e-5)
    restore(ours)
    assert type(ours) is kind


def test_a_cell_asked_for_by_name_says_what_it_cannot() -> None:
    cell = nn.GRUCell(3, 4)
    accelerate(cell, engine="native")
    assert cell(torch.randn(2, 3)).shape == (2, 4)
    with pytest.raises(EngineError, match="engine 'native' cannot run this"):
        cell(torch.randn(3))
    other = nn.GRUCell(3, 4)
    assert "not single steps" in accelerate(other, engine="reference").left["(model)"]


def test_what_will_not_help_is_said() -> None:
    class Holder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = [nn.GRU(3, 4), nn.Linear(3, 4)]
            self.by_name = {"a": nn.LSTM(3, 4)}
            self.wide = nn.GRU(3, 4).double()
            self.projected = nn.LSTM(3, 4, proj_size=2)
            self.fast = nn.LSTM(3, 4)

    assert str(accelerate(Holder())) == (
        "3 layers swapped: wide, projected, fast; 2 left alone\n"
        "  layers[0]: a plain list is no part of the model; hold it in a torch.nn.ModuleList\n"
        "  by_name['a']: a plain dict is no part of the model; hold it in a torch.nn.ModuleDict; "
        "2 of them no faster\n"
        "  wide: its weights are float64, not float32\n"
        "  projected: it has a proj_size"
    )
