"""The native engine against torch: results, every gradient, on every instruction set here."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from unrolled.layers import extension as _native
from unrolled.layers import native
from unrolled.layers.native_support import KERNELS

KINDS = tuple(KERNELS)
ISAS = _native.kernels.supported_isas() if _native.kernels else ["absent"]


@pytest.fixture(params=ISAS)
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each instruction set in turn; without the extension the tests fail, they do not skip."""
    assert _native.kernels is not None, _native.reason
    before = _native.kernels.isa()
    assert _native.kernels.choose_isa(request.param)
    yield request.param
    _native.kernels.choose_isa(before)


def layer(kind: str, inputs: int, hidden: int, **settings: Any) -> nn.RNNBase:
    torch.manual_seed(inputs * 1000 + hidden)
    if kind.startswith("RNN"):
        nonlinearity = kind.removeprefix("RNN_").lower()
        return nn.RNN(inputs, hidden, nonlinearity=nonlinearity, **settings)
    made: nn.RNNBase = getattr(nn, kind)(inputs, hidden, **settings)
    return made


def states(module: nn.RNNBase, batch: int, scale: float = 1.0) -> Any:
    cells = module.num_layers * (2 if module.bidirectional else 1)
    h, c = (scale * torch.randn(cells, batch, module.hidden_size) for _ in range(2))
    return (h, c) if module.mode == "LSTM" else h


def flat(result: Any) -> list[Tensor]:
    """All tensors of a result, in order."""
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, PackedSequence):
        return [result.data]
    return [tensor for part in result if part is not None for tensor in flat(part)]


def leaves(module: nn.RNNBase, *given: Any) -> list[Tensor]:
    return [*flat(given), *module.parameters()]


def everything(run: Any, module: nn.RNNBase, x: Any, state: Any, source: Any) -> list[Tensor]:
    """Results of a layer, then the gradients of inputs, states and weights."""
    results = flat(run(x, state))
    torch.manual_seed(0)
    loss = torch.stack([(r * torch.randn(r.shape, dtype=r.dtype)).sum() for r in results]).sum()
    grads = torch.autograd.grad(loss, leaves(module, source, state), allow_unused=True)
    return results + [torch.zeros(()) if g is None else g for g in grads]


def agree(ours: list[Tensor], theirs: list[Tensor], tolerance: float = 1e-5) -> None:
    """Within `tolerance` of each tensor's largest value; infinity and NaN in the same places."""
    assert len(ours) == len(theirs)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        assert a.shape == b.shape, i
        assert torch.equal(a.isnan(), b.isnan()), f"tensor {i}: NaN in other places"
        assert torch.equal(a.isinf(), b.isinf()), f"tensor {i}: infinity in other places"
        a, b = (t.detach().nan_to_num(0, 0, 0) for t in (a, b))
        worst = (a - b).abs().max() if a.numel() else torch.zeros(())
        largest = b.abs().max() if b.numel() else torch.zeros(())
        assert worst <= tolerance * largest + 1e-30, f"tensor {i}: off by {worst} of {largest}"


def check(module: nn.RNNBase, x: Tensor, state: Any) -> None:
    for tensor in flat((x, state)) if state is not None else [x]:
        tensor.requires_grad_()
    assert native.refusal(module, x, state) is None
    ours = everything(lambda x, s: native.forward(module, x, s), module, x, state, x)
    theirs = everything(module, module, x, state, x)
    agree(ours, theirs)


SHAPES: list[
    tuple[int, int, int, int, dict[str, Any]]
] = [  # inputs, hidden, batch, steps, settings
    (1, 1, 1, 1, {}),
    (3, 5, 2, 4, {"batch_first": True}),
    (16, 16, 1, 9, {"num_layers": 2}),
    (17, 33, 7, 5, {"bidirectional": True, "num_layers": 2}),
    (2, 15, 13, 1, {"bias": False, "num_layers": 2}),
    (40, 64, 32, 12, {"batch_first": True}),
    (5, 130, 1, 20, {"bidirectional": True, "batch_first": True}),
    (7, 48, 300, 3, {}),
    (20, 257, 9, 6, {"num_layers": 2}),
    (16, 32, 9, 150, {}),  # two parts going backward, of three chunks each
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_equals_torch(isa: str, kind: str, shape: int) -> None:
    inputs, hidden, batch, steps, settings = SHAPES[shape]
    module = layer(kind, inputs, hidden, **settings)
    first = (batch, steps) if settings.get("batch_first") else (steps, batch)
    check(module, torch.randn(*first, inputs), states(module, batch))


@pytest.mark.parametrize("kind", KINDS)
def test_zero_state_unbatched_and_empty(isa: str, kind: str) -> None:
    module = layer(kind, 3, 6, bidirectional=True)
    x = torch.randn(7, 2, 3)
    agree(flat(native.forward(module, x)), flat(module(x)))
    agree(flat(native.forward(module, x[:, 0])), flat(module(x[:, 0])))
    one = states(module, 1)
    one = tuple(s[:, 0] for s in one) if kind == "LSTM" else one[:, 0]
    agree(flat(native.forward(module, x[:, 0], one)), flat(module(x[:, 0], one)))


@pytest.mark.parametrize("kind", KINDS)
def test_empty_batch(kind: str) -> None:
    module = layer(kind, 3, 6, num_layers=2)
    outputs, last = native.forward(module, torch.zeros(4, 0, 3))
    assert outputs.shape == (4, 0, 6)
    assert flat(last)[0].shape == (2, 0, 6)
    outputs.sum().backward()
    assert all(p.grad is not None and not p.grad.any() for p in module.parameters())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "lengths", [[1], [5, 1, 3, 5], [1, 1, 1], [40] * 3 + [2] * 20, [60] + [1] * 31]
)
def test_packed(isa: str, kind: str, lengths: list[int]) -> None:
    # The last one leaves a part of the backward pass (parts.h) without rows.
    module = layer(kind, 4, 19, bidirectional=True, num_layers=2)
    x = torch.randn(max(lengths), len(lengths), 4, requires_grad=True)
    state = states(module, len(lengths))
    for tensor in flat(state):
        tensor.requires_grad_()

    def run(forward: Any) -> Any:
        def packed(x: Tensor, state: Any) -> Any:
            return forward(pack_padded_sequence(x, lengths, enforce_sorted=False), state)

        return everything(packed, module, x, state, x)

    agree(run(lambda x, s: native.forward(module, x, s)), run(module))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [1e-20, 1e-3, 30.0, 1e4, 1e20])
def test_huge_and_tiny_values(isa: str, kind: str, scale: float) -> None:
    if kind == "RNN_RELU" and scale > 1e4:
        pytest.skip("grows without bound in torch too")
    module = layer(kind, 3, 18)
    x, state = scale * torch.randn(6, 4, 3), states(module, 4, min(scale, 100.0))
    if scale < 1e3:
        check(module, x, state)
    else:  # saturated: 1 - h^2 is a rounding error, in torch's gradients too
        agree(flat(native.forward(module, x, state)), flat(module(x, state)))
        results = everything(lambda x, _: native.forward(module, x), module, x, (), ())
        assert all(r.isfinite().all() for r in results)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_go_where_torch_lets_them_go(isa: str, kind: str, value: float) -> None:
    module = layer(kind, 3, 18)
    x = torch.randn(5, 4, 3)
    x[2, 1, 0] = value
    agree(flat(native.forward(module, x)), flat(module(x)))


def test_elementary_functions(isa: str) -> None:
    assert _native.kernels is not None
    x = torch.cat([torch.linspace(-95, 95, 20001), torch.logspace(-30, 0, 500), torch.zeros(1)])
    got = torch.tensor(_native.kernels.elementary(x.tolist())).view(3, -1).double()
    exact = x.double()
    normal = (exact > -87) & (exact < 88)
    for ours, truth, where in (
        (got[0], exact.exp(), normal),
        (got[1], exact.sigmoid(), normal),
        (got[2], exact.tanh(), exact == exact),
    ):
        error = ((ours - truth).abs() / truth.abs().clamp_min(1e-37))[where]
        assert error.max() < 4e-7
    assert (got[1] - exact.sigmoid()).abs().max() < 2e-7  # and no NaN where e^-x overflows


@pytest.mark.parametrize("low", [-8.0, -6.0, -4.0, 2.0, 4.0, 6.0])
def test_tanh_is_as_exact_at_both_ends(isa: str, low: float) -> None:
    # 1 - tanh^2, the gradient of a saturated unit, feels every last bit.
    assert _native.kernels is not None
    x = low + torch.linspace(0.0, 2.0, 20001)
    exact = x.double().tanh()
    ours = torch.tensor(_native.kernels.elementary(x.tolist())).view(3, -1)[2]
    error, torchs = ((t.double() - exact).square().mean().sqrt() for t in (ours, x.tanh()))
    assert error <= 1.5 * torchs


def test_elementary_functions_at_the_ends(isa: str) -> None:
    assert _native.kernels is not None
    x = [float("inf"), -float("inf"), float("nan"), 1e30, -1e30]
    got = torch.tensor(_native.kernels.elementary(x)).view(3, -1)
    inf, nan = float("inf"), float("nan")
    expected = torch.tensor([[inf, 0, nan, inf, 0], [1, 0, nan, 1, 0], [1, -1, nan, 1, -1]])
    torch.testing.assert_close(got, expected, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("hidden", "batch", "steps"), [(40, 37, 30), (160, 2, 25), (130, 1, 40)])
def test_number_of_threads_changes_no_bit(kind: str, hidden: int, batch: int, steps: int) -> None:
    module = layer(kind, 24, hidden, bidirectional=True)
    x, state = torch.randn(steps, batch, 24, requires_grad=True), states(module, batch)
    for tensor in flat(state):
        tensor.requires_grad_()
    before, all_results = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            all_results.append(
                everything(lambda x, s: native.forward(module, x, s), module, x, state, x)
            )
    finally:
        torch.set_num_threads(before)
    for other in all_results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(all_results[0], other, strict=True))
