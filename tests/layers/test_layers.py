"""The layers are torch's to whoever builds, calls, prints, saves or exports them."""

import doctest
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.laws import KINDS, THEIRS, Case, flat, random_state, torch_twin
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from unrolled.errors import EngineError, SettingsError
from unrolled.layers import GRU, LSTM, RNN, explain

OURS = [RNN, LSTM, GRU]
every_layer = pytest.mark.parametrize("kind", OURS)
every_free_engine = pytest.mark.parametrize("engine", ["auto", "torch", "reference"])


def test_the_examples_of_the_page_run() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "layers.md").read_text("utf-8")
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", page, re.DOTALL))
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    runner = doctest.DocTestRunner(optionflags=flags)
    runner.run(doctest.DocTestParser().get_doctest(examples, {}, "layers.md", None, 0))
    assert runner.tries > 25
    assert runner.failures == 0


# ------------------------------------------------------------------------------------ building


@pytest.mark.parametrize(
    ("kind", "arguments", "settings"),
    [
        (RNN, (3, 4, 2, "relu", False, True, 0.5, True), {}),
        (RNN, (3, 4), {"nonlinearity": "relu", "dtype": torch.float64}),
        (LSTM, (3, 4, 2, True, True, 0.5, True, 2), {}),
        (LSTM, (), {"input_size": 3, "hidden_size": 4, "proj_size": 2}),
        (GRU, (3, 4, 2, False, True, 0.1, True), {}),
    ],
)
def test_a_layer_is_built_as_torch_builds_it(
    kind: Any, arguments: tuple[Any, ...], settings: dict[str, Any]
) -> None:
    torch.manual_seed(1)
    ours = kind(*arguments, **settings)
    torch.manual_seed(1)
    theirs = THEIRS[kind](*arguments, **settings)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert all(map(torch.equal, ours.state_dict().values(), theirs.state_dict().values()))
    assert repr(ours) == repr(theirs)[:-1] + ", engine=auto)"
    assert isinstance(ours, THEIRS[kind])


@pytest.mark.parametrize(
    ("kind", "arguments", "settings"),
    [
        (LSTM, (0, 4), {}),
        (LSTM, (3, 4.0), {}),
        (LSTM, (3, 4), {"proj_size": 4}),
        (LSTM, (3, 4), {"dropout": 2}),
        (LSTM, (3, 4), {"bias": 1}),
        (GRU, (3, 4), {"proj_size": 2}),
        (GRU, (3, 4, 0), {}),
        (RNN, (3, 4), {"nonlinearity": "gelu"}),
        (RNN, (3,), {}),
    ],
)
def test_what_torch_refuses_to_build_is_refused_in_its_words(
    kind: Any, arguments: tuple[Any, ...], settings: dict[str, Any]
) -> None:
    with pytest.raises((ValueError, TypeError)) as theirs:
        THEIRS[kind](*arguments, **settings)
    with pytest.raises(type(theirs.value)) as ours:
        kind(*arguments, **settings)
    assert str(ours.value) == str(theirs.value)


def test_dropout_between_layers_that_are_not_there_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        GRU(3, 4, dropout=0.5)


# ------------------------------------------------------------------------------------- calling


@every_free_engine
@every_layer
@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param(torch.zeros(3), id="one axis"),
        pytest.param(torch.zeros(1, 2, 5, 3), id="four axes"),
        pytest.param(torch.zeros(5, 2, 4), id="other features"),
        pytest.param(torch.zeros(5, 4), id="other features, single row"),
        pytest.param(torch.zeros(0, 2, 3), id="no time step"),
        pytest.param(torch.zeros(0, 3), id="no time step, single row"),
        pytest.param(torch.zeros(5, 2, 3, dtype=torch.float64), id="other number type"),
        pytest.param(torch.zeros(5, 2, 3, dtype=torch.int64), id="whole numbers"),
    ],
)
def test_inputs_that_do_not_fit_raise_what_torch_raises(
    kind: Any, engine: Any, inputs: Any
) -> None:
    layer = kind(3, 4, engine=engine)
    assert_same_error(layer, inputs, None)


@every_free_engine
@every_layer
@pytest.mark.parametrize(
    ("inputs", "sizes"),
    [
        pytest.param(torch.zeros(5, 2, 3), (1, 3, 4), id="other batch"),
        pytest.param(torch.zeros(5, 2, 3), (2, 2, 4), id="other layers"),
        pytest.param(torch.zeros(5, 2, 3), (1, 2, 5), id="other hidden size"),
        pytest.param(torch.zeros(5, 2, 3), (1, 4), id="two axes"),
        pytest.param(torch.zeros(5, 3), (1, 1, 4), id="three axes, single row"),
    ],
)
def test_a_state_that_does_not_fit_raises_what_torch_raises(
    kind: Any, engine: Any, inputs: Any, sizes: tuple[int, ...]
) -> None:
    state = torch.zeros(sizes)
    assert_same_error(kind(3, 4, engine=engine), inputs, (state, state) if kind is LSTM else state)


@every_free_engine
@every_layer
def test_a_state_of_another_number_type_raises_what_torch_raises(kind: Any, engine: Any) -> None:
    part = torch.zeros(1, 2, 4, dtype=torch.float64)
    state = (part, part) if kind is LSTM else part
    assert_same_error(kind(3, 4, engine=engine), torch.zeros(5, 2, 3), state)


@pytest.mark.parametrize("engine", ["auto", "torch", "reference", "native"])
@every_layer
def test_packed_rows_that_do_not_fit_are_refused_where_torchs_lstm_computes_nonsense(
    kind: Any, engine: Any
) -> None:
    layer = kind(3, 4, engine=engine)
    with pytest.raises(RuntimeError, match=r"must be equal to input_size. Expected 3, got 4"):
        layer(pack_sequence([torch.zeros(2, 4)]))
    state = torch.zeros(1, 1, 5)
    with pytest.raises(RuntimeError, match=r"size \(1, 1, 4\), got \[1, 1, 5\]"):
        layer(pack_sequence([torch.zeros(2, 3)]), (state, state) if kind is LSTM else state)


def assert_same_error(layer: Any, inputs: Any, state: Any) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011  whatever torch raises
        torch_twin(layer)(inputs, state)
    with pytest.raises(type(theirs.value)) as ours:
        layer(inputs, state)
    assert str(ours.value) == str(theirs.value)


@every_free_engine
@every_layer
def test_a_batch_without_rows_is_a_batch(kind: Any, engine: Any) -> None:
    layer = kind(3, 4, num_layers=2, bidirectional=True, engine=engine)
    outputs, last = layer(torch.zeros(5, 0, 3))
    assert outputs.shape == (5, 0, 8)
    assert flat(last)[0].shape == (4, 0, 4)


@pytest.mark.parametrize("packed", [False, True])
@every_layer
def test_the_same_seed_drops_the_same_elements_as_torch(kind: Any, packed: bool) -> None:
    layer = kind(3, 4, num_layers=3, dropout=0.5, engine="reference")
    rows = [torch.randn(n, 3) for n in (3, 6, 1)]
    inputs = pack_sequence(rows, enforce_sorted=False) if packed else torch.randn(6, 5, 3)
    twin = torch_twin(layer)
    torch.manual_seed(2)
    ours = layer(inputs)
    torch.manual_seed(2)
    torch.testing.assert_close(flat(ours), flat(twin(inputs)))
    assert not torch.equal(flat(layer(inputs))[0], flat(ours)[0])
    layer.eval()
    torch.testing.assert_close(flat(layer(inputs)), flat(twin.eval()(inputs)))


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_projections_are_torchs(batch_first: bool, bidirectional: bool) -> None:
    layer = LSTM(
        3, 5, 2, proj_size=2, batch_first=batch_first, bidirectional=bidirectional,
        engine="reference",
    )  # fmt: skip
    for inputs in (torch.randn(6, 4, 3), torch.randn(6, 3), pack_sequence([torch.randn(4, 3)])):
        torch.testing.assert_close(flat(layer(inputs)), flat(torch_twin(layer)(inputs)))
    state = random_state(layer, 4)
    inputs = torch.randn(4, 4, 3)
    torch.testing.assert_close(flat(layer(inputs, state)), flat(torch_twin(layer)(inputs, state)))


@every_layer
def test_hx_may_be_named_as_torch_names_it(kind: Any) -> None:
    layer = kind(3, 4, engine="reference")
    state = random_state(layer, 2)
    inputs = torch.randn(5, 2, 3)
    assert torch.equal(layer(input=inputs, hx=state)[0], layer(inputs, state)[0])


# ------------------------------------------------------------------------------------- engines


def test_an_unknown_engine_is_named_with_the_nearest() -> None:
    with pytest.raises(
        SettingsError, match=r"auto, native, torch, reference, got 'torhc'.*'torch'"
    ):
        LSTM(3, 4, engine="torhc")  # type: ignore[arg-type]
    layer = LSTM(3, 4)
    with pytest.raises(SettingsError, match="got 3"):
        layer.engine = 3  # type: ignore[assignment]
    assert layer.engine == "auto"


def test_the_engine_may_be_chosen_anew() -> None:
    layer = GRU(3, 4, engine="reference")
    layer.engine = "torch"
    assert repr(layer) == "GRU(3, 4, engine=torch)"
    assert explain(layer).engine == "torch"


def test_a_layer_that_never_had_an_engine_has_auto() -> None:
    layer = GRU(3, 4, engine="torch")
    del layer.__dict__["_engine"]
    assert layer.engine == "auto"


def test_explain_answers_in_words() -> None:
    assert str(explain(GRU(3, 4, engine="torch"))) == "torch: asked for by name"
    assert str(explain(GRU(3, 4, engine="reference"))) == "reference: asked for by name"
    assert "torch's own layer" in str(explain(nn.GRU(3, 4)))
    misfit = explain(GRU(3, 4, engine="reference"), torch.zeros(5, 2, 4))
    assert misfit.engine == "torch"
    assert "do not fit" in misfit.reason


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(GRU(3, 4, dtype=torch.float64, engine="native"), id="float64"),
        pytest.param(LSTM(3, 4, proj_size=2, engine="native"), id="projection"),
    ],
)
def test_native_by_name_never_becomes_another(layer: Any) -> None:
    inputs = torch.zeros(5, 2, 3, dtype=layer.weight_ih_l0.dtype)
    choice = explain(layer, inputs)
    assert choice.engine is None
    assert str(choice).startswith("no engine: ")
    with pytest.raises(EngineError, match=f"^{type(layer).__name__}: engine 'native' cannot") as e:
        layer(inputs)
    assert choice.reason in str(e.value)
    layer.engine = "auto"
    assert explain(layer, inputs).engine == "torch"
    assert torch.equal(layer(inputs)[0], torch_twin(layer)(inputs)[0])


def test_the_reference_does_not_run_under_autocast() -> None:
    layer = LSTM(3, 4, engine="reference")
    with torch.autocast("cpu"), pytest.raises(EngineError, match="autocast"):
        layer(torch.zeros(5, 2, 3))


# ------------------------------------------------------------- what torch does with its modules


@every_free_engine
@every_layer
def test_weights_given_from_outside_are_used(kind: Any, engine: Any) -> None:
    layer = kind(3, 4, engine=engine)
    other = torch_twin(kind(3, 4))
    inputs = torch.randn(5, 2, 3)
    outputs, _ = torch.func.functional_call(layer, dict(other.named_parameters()), (inputs,))
    torch.testing.assert_close(outputs, other(inputs)[0])


@every_layer
def test_the_reference_takes_what_torch_cannot_map(kind: Any) -> None:
    layer = kind(3, 4, engine="reference")
    inputs = torch.randn(6, 5, 2, 3)
    outputs, _ = torch.func.vmap(layer)(inputs)
    torch.testing.assert_close(outputs, torch.stack([layer(part)[0] for part in inputs]))


@every_layer
def test_a_layer_moves_to_another_number_type(kind: Any) -> None:
    layer = kind(3, 4).double()
    inputs = torch.randn(5, 2, 3, dtype=torch.float64)
    assert torch.equal(layer(inputs)[0], torch_twin(layer)(inputs)[0])


class Model(nn.Module):
    """A layer with something before and after it."""

    def __init__(self, kind: Any, engine: Any) -> None:
        super().__init__()
        self.encoder = kind(3, 4, num_layers=2, batch_first=True, engine=engine)
        self.head = nn.Linear(4, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.encoder(inputs * 2)
        last: torch.Tensor = self.head(outputs[:, -1])
        return last


# torch.compile looks at .grad of every tensor it meets in the loop of the reference.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.slow
@every_layer
def test_torch_compile_gives_the_same_on_the_reference(kind: Any) -> None:
    assert_compiles_the_same(kind, "reference")


@pytest.mark.parametrize("engine", ["auto", "torch"])
@every_layer
def test_torch_compile_gives_the_same(kind: Any, engine: Any) -> None:
    assert_compiles_the_same(kind, engine)


def assert_compiles_the_same(kind: Any, engine: Any) -> None:
    model, inputs = Model(kind, engine), torch.randn(2, 5, 3)
    torch._dynamo.reset()
    compiled = torch.compile(model, backend="aot_eager")
    ours, theirs = compiled(inputs), model(inputs)
    torch.testing.assert_close(ours, theirs)
    weights = list(model.parameters())
    torch.testing.assert_close(
        torch.autograd.grad(ours.sum(), weights), torch.autograd.grad(theirs.sum(), weights)
    )


@every_free_engine
@every_layer
def test_torch_export_gives_the_same_for_any_batch(kind: Any, engine: Any) -> None:
    model, inputs = Model(kind, engine).eval(), torch.randn(4, 5, 3)
    with warnings.catch_warnings():
        # torch's own layers give it too: their list of weights is made anew while tracing.
        warnings.filterwarnings("ignore", "The tensor attributes .*_flat_weights")
        batch = {"inputs": {0: torch.export.Dim("batch")}}
        program = torch.export.export(model, (inputs,), dynamic_shapes=batch)
    more = torch.randn(7, 5, 3)
    torch.testing.assert_close(program.module()(more), model(more))


@every_free_engine
def test_torch_jit_trace_gives_the_same(engine: Any) -> None:
    model, inputs = Model(LSTM, engine).eval(), torch.randn(2, 5, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jit is deprecated, and warns at every turn
        traced = torch.jit.trace(model, inputs)
    more = torch.randn(2, 5, 3)
    torch.testing.assert_close(traced(more), model(more))


def test_torch_jit_script_is_refused_with_the_way_out() -> None:
    model, words = Model(LSTM, "auto"), r"torch.jit.script.*unrolled.restore\(model\)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(EngineError, match=words):
            torch.jit.script(model)
    assert type(model.encoder) is LSTM


def test_every_layer_of_ours_is_under_the_laws() -> None:
    assert set(KINDS.values()) == {RNN, LSTM, GRU}
    assert Case("rnn_relu", "torch", "float32").layer().mode == "RNN_RELU"
