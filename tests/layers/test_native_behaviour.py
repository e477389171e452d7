"""How the native engine lives with the rest of torch: autograd, threads, fork, tracing."""

import gc
import os
import runpy
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from unrolled.errors import EngineError
from unrolled.layers import GRU, LSTM, RNN, native
from unrolled.layers import extension as _native

THEIRS: dict[type, type] = {RNN: nn.RNN, GRU: nn.GRU, LSTM: nn.LSTM}


def both(kind: type, *sizes: int, **settings: Any) -> tuple[nn.RNNBase, nn.RNNBase]:
    """The same layer on the native engine and on torch's."""
    ours = kind(*sizes, engine="native", **settings)
    theirs = THEIRS[kind](*sizes, **settings)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def weight_gradients(module: nn.Module) -> list[Tensor]:
    return [p.grad for p in module.parameters() if p.grad is not None]


def close(ours: Any, theirs: Any) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", list(THEIRS))
def test_retain_graph_gives_the_same_gradients_again(kind: type) -> None:
    layer, _ = both(kind, 3, 20, num_layers=2)
    loss = layer(torch.randn(5, 4, 3))[0].square().sum()
    loss.backward(retain_graph=True)
    once = [g.clone() for g in weight_gradients(layer)]
    layer.zero_grad()
    loss.backward()
    assert all(torch.equal(a, b) for a, b in zip(once, weight_gradients(layer), strict=True))
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


@pytest.mark.parametrize("kind", list(THEIRS))
def test_two_forwards_before_a_backward(kind: type) -> None:
    ours, theirs = both(kind, 3, 20)
    a, b = torch.randn(5, 4, 3), torch.randn(9, 2, 3)
    for layer in (ours, theirs):
        first, second = layer(a)[0], layer(b)[0]
        with torch.no_grad():
            layer(a * 2)
        (first.sum() + second.square().sum()).backward()
    close(weight_gradients(ours), weight_gradients(theirs))


@pytest.mark.parametrize("kind", list(THEIRS))
def test_tensors_that_are_not_contiguous(kind: type) -> None:
    ours, theirs = both(kind, 6, 10, batch_first=True)
    x = torch.randn(12, 7, 5).permute(2, 1, 0)[..., ::2]
    part = torch.randn(10, 1, 5).transpose(0, 2).transpose(0, 1)
    state = (part, part * 2) if kind is LSTM else part
    for layer in (ours, theirs):
        outputs, _ = layer(x, state)
        outputs[:, -1].sum().backward()  # a gradient that is expanded, and zero but for one step
    close(ours(x, state)[0], theirs(x, state)[0])
    close(weight_gradients(ours), weight_gradients(theirs))


def test_outputs_are_laid_out_as_torchs() -> None:
    for batch_first in (True, False):
        ours, theirs = both(GRU, 3, 4, batch_first=batch_first)
        x = torch.randn(5, 7, 3)
        assert ours(x)[0].stride() == theirs(x)[0].stride()


def test_dropout_draws_torchs_random_numbers() -> None:
    ours, theirs = both(LSTM, 3, 8, num_layers=3, dropout=0.4, bidirectional=True)
    x = torch.randn(6, 2, 3)
    for layer in (ours, theirs):
        torch.manual_seed(3)
        layer(x)[0].sum().backward()
    torch.manual_seed(3)
    left = ours(x)
    torch.manual_seed(3)
    close(left, theirs(x))
    close(weight_gradients(ours), weight_gradients(theirs))


def test_frozen_weights_and_unused_outputs() -> None:
    ours, theirs = both(LSTM, 3, 8)
    x = torch.randn(6, 2, 3)
    for layer in (ours, theirs):
        layer.weight_ih_l0.requires_grad_(False)
        layer(x)[1][1].sum().backward()  # through c alone: dy and dh are None
    assert ours.weight_ih_l0.grad is None
    close(weight_gradients(ours), weight_gradients(theirs))


def test_no_grad_and_inference_mode_keep_no_graph() -> None:
    layer, theirs = both(GRU, 3, 8)
    x = torch.randn(6, 2, 3)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            outputs, last = layer(x)
            close((outputs, last), theirs(x))
        assert not outputs.requires_grad


SHAPES: list[dict[str, Any]] = [{}, {"num_layers": 2, "bidirectional": True, "batch_first": True}]


@pytest.mark.parametrize("kind", [RNN, GRU])
@pytest.mark.parametrize("settings", SHAPES)
@pytest.mark.parametrize("packed", [False, True])
def test_outputs_may_be_changed_in_place(kind: type, settings: Any, packed: bool) -> None:
    layers = both(kind, 3, 20, **settings)
    x = torch.randn(4, 4, 3)
    given: Any = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([4, 3, 3, 1]), True)
    for layer in layers:
        outputs, last = layer(given if packed else x)
        data = outputs.data if packed else outputs
        data *= (data > 0).float()
        last[0] = 0
        (data.square().sum() + last.sum()).backward()
    close(*map(weight_gradients, layers))


def test_data_behind_autograds_back_may_be_changed() -> None:
    layers = both(GRU, 3, 20)
    x = torch.randn(5, 4, 3)
    for layer in layers:
        outputs, _ = layer(x)
        loss = outputs.square().sum()
        outputs.data[2:] = 7
        outputs.detach().numpy()[0] = 7
        loss.backward()
    # The loss read the outputs themselves, so only the layer's own part must be as before.
    close(*map(weight_gradients, layers))


def test_an_lstms_outputs_changed_in_place_are_noticed_as_by_torch() -> None:
    layers = both(LSTM, 3, 8)
    packed = nn.utils.rnn.pack_sequence([torch.randn(4, 3), torch.randn(2, 3)])
    for layer in layers:
        outputs, _ = layer(torch.randn(6, 2, 3))
        outputs *= 2
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            outputs.sum().backward()
        layer.zero_grad()
        data = layer(packed)[0].data  # where lengths differ torch takes them too
        data *= 2
        data.sum().backward()
    close(*map(weight_gradients, layers))


def test_a_second_derivative_is_refused_where_the_engine_was_asked_for() -> None:
    layer, _ = both(GRU, 3, 8)
    x = torch.randn(6, 2, 3, requires_grad=True)
    with pytest.raises(EngineError, match='use engine="auto" or engine="torch"'):
        torch.autograd.grad(layer(x)[0].sum(), x, create_graph=True)


@pytest.mark.parametrize("kind", list(THEIRS))
@pytest.mark.parametrize("settings", [*SHAPES, {"bias": False}])
@pytest.mark.parametrize("single", [False, True])
def test_second_derivatives_are_those_of_the_equations(
    kind: type, settings: dict[str, Any], single: bool
) -> None:
    native_layer = kind(3, 4, **settings)
    equations = kind(3, 4, **settings, engine="reference")
    equations.load_state_dict(native_layer.state_dict())
    x, found = torch.randn(5, 3) if single else torch.randn(5, 2, 3), []
    for layer in (native_layer, equations):
        given = x.clone().requires_grad_()
        outputs, last = layer(given)
        last = last[1] if kind is LSTM else last
        slope = torch.autograd.grad(outputs.square().sum() + last.sum(), given, create_graph=True)[
            0
        ]
        (slope.square().sum() + outputs.sum()).backward()
        found.append([given.grad, *weight_gradients(layer)])
    close(*found)


def test_second_derivatives_where_a_layer_is_used_twice() -> None:
    layer, equations = GRU(4, 4), GRU(4, 4, engine="reference")
    equations.load_state_dict(layer.state_dict())
    x, found = torch.randn(5, 2, 4), []
    for used in (layer, equations):
        outputs, _ = used(used(x)[0])  # the weights are in the history of the second call's inputs
        slopes = torch.autograd.grad(
            outputs.square().sum(), [*used.parameters()], create_graph=True
        )
        torch.stack([slope.square().sum() for slope in slopes]).sum().backward()
        found.append(weight_gradients(used))
    close(*found)


@pytest.mark.parametrize("kind", list(THEIRS))
@pytest.mark.parametrize("lengths", [None, (5, 3, 1)])
def test_what_is_saved_has_a_shape_of_its_own(kind: type, lengths: Any) -> None:
    layer, shapes = kind(8, 64, num_layers=2), []
    x: Any = torch.randn(30, 3, 8)
    if lengths:
        x = nn.utils.rnn.pack_padded_sequence(torch.randn(5, 3, 8), torch.tensor(lengths))
    for other in (1, 7, 20, 33):  # pieces of many sizes for the pool
        layer(torch.randn(other, 16, 8))[0].sum().backward()
        saved: list[Any] = []

        def keep(t: Tensor, to: list[Any] = saved) -> Tensor:
            to.append((t.shape, t.stride()))
            return t

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
            layer(x)
        shapes.append(saved)
    assert all(one == shapes[0] for one in shapes)


def test_activations_made_again_train_every_step() -> None:
    first, second = LSTM(8, 32, batch_first=True), GRU(32, 32, batch_first=True, bidirectional=True)
    for length in range(5, 60, 3):
        x, found = torch.randn(4, length, 8), []
        for again in (False, True):

            def run(x: Tensor) -> Tensor:
                outputs: Tensor = second(first(x)[0])[0]
                return outputs

            outputs = checkpoint(run, x, use_reentrant=False) if again else run(x)
            outputs.square().sum().backward()
            found.append([g.clone() for g in weight_gradients(first) + weight_gradients(second)])
            first.zero_grad()
            second.zero_grad()
        assert all(map(torch.equal, *found))


def test_the_saved_buffer_is_kept_for_the_next_step() -> None:
    layer, _ = both(LSTM, 8, 64)
    assert _native.kernels is not None
    x = torch.randn(20, 16, 8)
    for _ in range(3):
        layer(x)[0].sum().backward()
    gc.collect()
    before = _native.kernels.free_buffer_bytes()
    for _ in range(5):
        layer(x)[0].sum().backward()
    gc.collect()
    assert before > 0
    assert _native.kernels.free_buffer_bytes() == before
    _native.kernels.release_free_buffers()
    assert _native.kernels.free_buffer_bytes() == 0


def test_the_saved_buffer_is_free_after_the_backward() -> None:
    layer, _ = both(LSTM, 8, 64)
    assert _native.kernels is not None
    outputs, _ = layer(torch.randn(20, 16, 8))
    loss = outputs.sum()
    before = _native.kernels.free_buffer_bytes()
    loss.backward()  # the loss, and with it the graph, lives on
    saved = 20 * 16 * 5 * 64 * 4
    assert _native.kernels.free_buffer_bytes() >= before + saved


def test_several_python_threads_at_once() -> None:
    layer, _ = both(LSTM, 8, 40, bidirectional=True)
    inputs = [torch.randn(12, 1 + i, 8) for i in range(6)]
    expected = [layer(x)[0].detach() for x in inputs]
    failures: list[int] = []

    def work(i: int) -> None:
        for _ in range(10):
            outputs, _ = layer(inputs[i])
            torch.autograd.grad(outputs.sum(), layer.get_parameter("weight_hh_l0"))
            if not torch.equal(outputs, expected[i]):
                failures.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_computes_alone_and_does_not_hang() -> None:
    layer, _ = both(LSTM, 16, 200)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with torch.no_grad():
            x = torch.randn(20, 24, 16)
            expected = layer(x)[0]  # the pool of threads exists now
            child = os.fork()
            if child == 0:
                signal.alarm(20)  # if it hangs after all
                outputs, _ = layer(x)
                torch.set_num_threads(1)  # torch's own operators would hang with two
                os._exit(0 if torch.equal(outputs, expected) else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        torch.set_num_threads(before)


REFUSALS = [
    (nn.GRU(3, 4).double(), torch.zeros(2, 1, 3).double(), None, "float32"),
    (nn.GRU(3, 4), torch.zeros(2, 1, 3).double(), None, "float64"),
    (nn.GRU(3, 4), torch.zeros(2, 1, 3, device="meta"), None, "on meta"),
    (nn.LSTM(3, 4, proj_size=2), torch.zeros(2, 1, 3), None, "proj_size"),
    (nn.GRU(3, 4), torch.zeros(2, 1, 5), None, "do not fit"),
    (nn.GRU(3, 4), torch.zeros(0, 1, 3), None, "no time step"),
    (nn.GRU(3, 4), torch.zeros(2, 1, 3), torch.zeros(1, 2, 4), "is not the expected"),
    (nn.LSTM(3, 4), torch.zeros(2, 1, 3), torch.zeros(1, 1, 4), "must be (h, c)"),
]


@pytest.mark.parametrize(("layer", "x", "state", "words"), REFUSALS)
def test_refusals_say_why(layer: nn.RNNBase, x: Tensor, state: Any, words: str) -> None:
    assert words in (native.refusal(layer, x, state) or "taken")


def test_autocast_vmap_and_forward_mode_are_refused() -> None:
    layer, x = nn.GRU(3, 4), torch.zeros(2, 1, 3)
    assert native.refusal(layer, x) is None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert "autocast" in (native.refusal(layer, x) or "")
    with torch.autograd.forward_ad.dual_level():
        assert "forward-mode" in (native.refusal(layer, x) or "")
    seen: list[str | None] = []

    def inside(x: Tensor) -> Tensor:
        seen.append(native.refusal(layer, x))
        return x.sum()

    torch.func.grad(inside)(x)
    assert "torch.func" in (seen[0] or "")


def test_torch_func_runs_on_torchs_operators() -> None:
    ours, theirs = GRU(3, 4), nn.GRU(3, 4)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 1, 3)
    close(*(torch.func.grad(lambda x, m=m: m(x)[0].sum())(x) for m in (ours, theirs)))


@pytest.mark.filterwarnings("ignore:The tensor attributes.*_flat_weights")  # torch's layers too
def test_export_takes_torchs_operators() -> None:
    layer = GRU(3, 4, batch_first=True)
    x = torch.randn(2, 5, 3)
    program = torch.export.export(layer, (x,))
    close(program.module()(x), layer(x))


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(THEIRS))
def test_compile_takes_torchs_operators(kind: type) -> None:
    ours, theirs = kind(3, 4), THEIRS[kind](3, 4)
    theirs.load_state_dict(ours.state_dict())
    compiled = torch.compile(nn.Sequential(ours), backend="aot_eager")
    x = torch.randn(5, 2, 3)
    outputs, last = compiled(x)
    outputs.sum().backward()
    theirs(x)[0].sum().backward()
    close((outputs, last), theirs(x))
    close(weight_gradients(ours), weight_gradients(theirs))


def test_a_forced_instruction_set_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_native.FORCED, "altivec")
    kernels, reason = _native._load()
    assert kernels is None
    assert "UNROLLED_ISA=altivec" in reason


def test_random_shapes_strides_and_lengths_agree_with_torch() -> None:
    # Ten minutes of it: python scripts/fuzz_kernels.py 600
    script = Path(__file__).parents[2] / "scripts" / "fuzz_kernels.py"
    tried, failure = runpy.run_path(str(script))["fuzz"](3.0, seed=1)
    assert failure is None
    assert tried > 3
