"""Programs that look at every operator, trace or transform find our layers as they find torch's."""

import copy
from abc import ABC
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from unrolled.layers import GRU, LSTM, RNN, accelerate, explain, native, recurrent

KINDS = (nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell)


class Operators(TorchDispatchMode):
    """Names of what ran."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


class Functions(TorchFunctionMode):
    """The same for functions of Python."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def first(result: Any) -> Tensor:
    """The first tensor of what a layer or a cell returns."""
    return result if isinstance(result, Tensor) else first(result[0])


def fake(layer: nn.Module, x: Tensor) -> Any:
    with FakeTensorMode(allow_non_fake_inputs=True):
        return tuple(first(layer(x)).shape)


def flops(layer: nn.Module, x: Tensor) -> Any:
    with FlopCounterMode(display=False) as counter:
        first(layer(x)).sum().backward()
    return counter.get_total_flops()


def names(mode: Any) -> Callable[[nn.Module, Tensor], Any]:
    def run(layer: nn.Module, x: Tensor) -> Any:
        with mode() as looking:
            layer(x)
        assert looking.names
        return [name for name in looking.names if "size" not in name and "dim" not in name]

    return run


def recorded(layer: nn.Module, x: Tensor) -> Any:
    layer = copy.deepcopy(layer).requires_grad_(False)
    return make_fx(lambda v: first(layer(v)) * 2)(torch.randn_like(x))(x)


def leaf(layer: nn.Module, x: Tensor) -> Any:
    graph = fx.symbolic_trace(nn.Sequential(layer))
    assert [node.op for node in graph.graph.nodes] == ["placeholder", "call_module", "output"]
    return first(graph(x))


def batched(layer: nn.Module, x: Tensor) -> Any:
    x = x.clone().requires_grad_()
    outputs = first(layer(x)).flatten()[:3]
    return torch.autograd.grad(outputs, x, torch.eye(3), is_grads_batched=True)[0]


def jacobian(layer: nn.Module, x: Tensor) -> Any:
    return torch.func.jacrev(lambda v: first(layer(v)).flatten()[:3])(x)


def over_the_batch(layer: nn.Module, x: Tensor) -> Any:
    return torch.func.vmap(lambda v: first(layer(v)))(torch.stack([x, x * 2]))


def gradient(layer: nn.Module, x: Tensor) -> Any:
    return torch.func.grad(lambda v: first(layer(v)).square().sum())(x)


def forwards(layer: nn.Module, x: Tensor) -> Any:
    layer = copy.deepcopy(layer)
    return torch.func.jvp(lambda v: first(layer(v)), (x,), (torch.ones_like(x),))[1]


def backward_looked_at(layer: nn.Module, x: Tensor) -> Any:
    x = x.clone().requires_grad_()
    outputs = first(layer(x))
    with Operators() as looking:
        outputs.square().sum().backward()
    assert looking.names
    return x.grad


def on_a_device(layer: nn.Module, x: Tensor) -> Any:
    with torch.device("cpu"):
        if isinstance(layer, nn.RNNBase) and hasattr(layer, "engine"):
            assert explain(layer, x).engine == "native"
        return first(layer(x))


def exported(layer: nn.Module, x: Tensor) -> Any:
    return first(torch.export.export(nn.Sequential(layer), (x,)).module()(x))


def traced(layer: nn.Module, x: Tensor) -> Any:
    return first(torch.jit.trace(layer, x)(x))


WAYS = (
    fake, flops, names(Operators), names(Functions), recorded, leaf, batched, jacobian,
    over_the_batch, gradient, forwards, backward_looked_at, on_a_device, exported, traced,
)  # fmt: skip
NAMES = [way.__name__ if way.__name__ != "run" else f"mode{i}" for i, way in enumerate(WAYS)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_every_way_sees_what_it_sees_of_torchs(kind: Any, way: Any) -> None:
    theirs = kind(4, 6)
    if way is flops and kind in (nn.LSTM, nn.LSTMCell, nn.RNNCell, nn.GRUCell):
        pytest.skip("torch counts oneDNN's LSTM as nothing")
    ours = nn.Sequential(copy.deepcopy(theirs))
    assert accelerate(ours).count == 1
    x = torch.randn(5, 3, 4) if issubclass(kind, nn.RNNBase) else torch.randn(3, 4)
    try:
        expected = way(theirs, x)
    except Exception as error:  # what torch's own does not do, nobody asks of ours
        pytest.skip(f"torch's does not: {error}")
    found = way(ours[0], x)
    if isinstance(expected, Tensor):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    else:
        assert found == expected


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_a_compiled_model_runs_natively_where_its_graph_breaks(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch._dynamo.reset()
    layer, calls = nn.Sequential(kind(4, 6)), []
    accelerate(layer)
    whole = native.forward

    def counted(*given: Any) -> Any:
        calls.append(1)
        return whole(*given)

    monkeypatch.setattr(native, "forward", counted)

    def run(x: Tensor) -> Tensor:
        return first(layer[0](x * 2)) + 1

    x = torch.randn(5, 3, 4) if issubclass(kind, nn.RNNBase) else torch.randn(3, 4)
    found = torch.compile(run, backend="eager")(x)
    if issubclass(kind, nn.RNNBase):  # torch traces its cells into the graph, and ours with them
        assert calls
    torch.testing.assert_close(found, run(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_found_by_torchs_exact_type(kind: Any) -> None:
    model = nn.Sequential(kind(3, 4))
    accelerate(model)
    ours = type(model[0])
    assert ours is not kind
    assert ours == kind
    assert {kind: "found"}[ours] == "found"
    assert ours in (kind,)
    assert not isinstance(kind(3, 4), ours)
    assert not issubclass(kind, ours)


def test_a_class_derived_from_ours_is_itself_alone() -> None:
    class Mine(LSTM, ABC):
        pass

    assert Mine not in (nn.LSTM, LSTM)
    assert hash(Mine) != hash(LSTM)
    assert len({RNN, GRU, LSTM}) == 3
    assert isinstance(Mine(3, 4), LSTM)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_dynamic_quantization_takes_our_layers() -> None:
    torch.backends.quantized.engine = "fbgemm"
    kinds = {nn.GRU, nn.LSTM, nn.RNNCell, nn.LSTMCell, nn.GRUCell}
    model = nn.ModuleList([kind(4, 6) for kind in sorted(kinds, key=str)])
    accelerate(model)
    small = torch.ao.quantization.quantize_dynamic(model, kinds, dtype=torch.qint8)
    assert all("quantized" in type(layer).__module__ for layer in small)


def test_a_profiler_sees_the_layer() -> None:
    layer = recurrent.GRU(3, 4)
    with torch.profiler.profile() as profiler, torch.no_grad():
        layer(torch.randn(5, 2, 3))
    assert "unrolled::gru" in {event.key for event in profiler.key_averages()}
