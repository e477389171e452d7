"""The kernels read tensors where they lie: no layout changes a bit, and none is read astray."""

import itertools
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unrolled.layers import GRU, LSTM, RNN, native
from unrolled.layers.native_support import _refused_inputs, _refused_layer, _taken

KINDS = (RNN, GRU, LSTM)
SHAPE = (4, 3, 5)


def layouts(tensor: Tensor) -> list[Tensor]:
    """The same numbers in every order of axes in memory, with gaps, and as parts of longer rows."""
    found = []
    for order in itertools.permutations(range(tensor.dim())):
        back = [order.index(axis) for axis in range(tensor.dim())]
        found.append(tensor.permute(order).contiguous().permute(back))
    gaps = torch.zeros([2 * n for n in tensor.shape])[tuple(slice(None, None, 2) for _ in SHAPE)]
    rows = torch.zeros(*tensor.shape[:-1], tensor.shape[-1] + 3)[..., 1 : tensor.shape[-1] + 1]
    return [*found, gaps.copy_(tensor), rows.copy_(tensor)]


def results(layer: nn.RNNBase, x: Tensor, dy: Tensor) -> list[Tensor]:
    """Outputs, the gradient of x and of every weight."""
    x = x.detach().requires_grad_()
    outputs, _ = layer(x)
    grads = torch.autograd.grad(outputs, [x, *layer.parameters()], dy)
    return [outputs, *grads]


def same(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("batch", [1, 2, 3, 40])
def test_no_layout_changes_a_bit(kind: Any, batch_first: bool, batch: int) -> None:
    layer = kind(5, 6, bidirectional=True, batch_first=batch_first, engine="native")
    shape = (batch, 4) if batch_first else (4, batch)
    x, dy = torch.randn(*shape, 5), torch.randn(*shape, 12)
    expected = results(layer, x, dy)
    for laid_out in layouts(x):
        assert same(results(layer, laid_out, dy), expected), laid_out.stride()
    for laid_out in layouts(dy):
        assert same(results(layer, x, laid_out), expected), laid_out.stride()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_batch_first_is_only_a_layout(kind: Any, batch: int) -> None:
    ours = kind(5, 6, num_layers=2, batch_first=True, engine="native")
    theirs = kind(5, 6, num_layers=2, engine="native")
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(batch, 7, 5)
    with torch.no_grad():
        assert torch.equal(ours(x)[0], theirs(x.transpose(0, 1))[0].transpose(0, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_that_share_memory(kind: Any) -> None:
    layer = kind(5, 6, batch_first=True, engine="native")
    series = torch.randn(40)
    windows = series.as_strided((6, 9, 5), (3, 2, 1))
    with torch.no_grad():
        assert torch.equal(layer(windows)[0], layer(windows.clone())[0])
        one = series.view(8, 5)[:1].expand(6, 9, 5)
        assert torch.equal(layer(one)[0], layer(one.clone())[0])
        minus = torch.complex(torch.zeros(SHAPE), torch.randn(SHAPE)).conj().imag
        assert minus.is_neg()
        assert torch.equal(layer(minus)[0], layer(minus.clone())[0])


@pytest.mark.parametrize("kind", KINDS)
def test_saved_tensors_may_come_back_in_another_layout(kind: Any) -> None:
    layer = kind(5, 6, batch_first=True, engine="native")
    x, dy = torch.randn(3, 4, 5), torch.randn(3, 4, 6)
    expected = results(layer, x, dy)

    def dense(tensor: Tensor) -> Tensor:
        return tensor.contiguous().clone(memory_format=torch.contiguous_format)

    def gaps(tensor: Tensor) -> Tensor:
        return torch.stack([tensor, tensor], -1)[..., 0]

    for unpack in (dense, gaps):
        with torch.autograd.graph.saved_tensors_hooks(dense, unpack):
            assert same(results(layer, x, dy), expected)


def broken(layer: nn.RNNBase, name: str, data: Tensor) -> nn.RNNBase:
    getattr(layer, name).data = data
    return layer


CALLS = [
    (nn.GRU(5, 6), torch.zeros(SHAPE), None),
    (nn.LSTM(5, 6), torch.zeros(SHAPE), (torch.zeros(1, 3, 6), torch.zeros(1, 3, 6))),
    (nn.LSTM(5, 6), torch.zeros(SHAPE), (torch.zeros(1, 3, 6), torch.zeros(1, 3, 7))),
    (nn.LSTM(5, 6), torch.zeros(SHAPE), (torch.zeros(1, 3, 6),)),
    (nn.LSTM(5, 6), torch.zeros(SHAPE), torch.zeros(1, 3, 6)),
    (nn.GRU(5, 6), torch.zeros(SHAPE), torch.zeros(1, 4, 6)),
    (nn.GRU(5, 6), torch.zeros(4, 5), torch.zeros(1, 6)),
    (nn.GRU(5, 6), torch.zeros(4, 5), torch.zeros(1, 1, 6)),
    (nn.GRU(5, 6), torch.zeros(SHAPE), torch.zeros(1, 3, 6).double()),
    (nn.GRU(5, 6, batch_first=True), torch.zeros(SHAPE), torch.zeros(1, 4, 6)),
    (nn.GRU(5, 6), torch.zeros(4, 3, 6), None),
    (nn.GRU(5, 6), torch.zeros(0, 3, 5), None),
    (nn.GRU(5, 6), torch.zeros(4, 0, 5), None),
    (nn.GRU(5, 6), torch.zeros(5), None),
    (nn.GRU(5, 6), torch.zeros(1, 4, 3, 5), None),
    (nn.GRU(5, 6), torch.zeros(SHAPE).double(), None),
    (nn.GRU(5, 6), torch.zeros(SHAPE).bfloat16(), None),
    (nn.GRU(5, 6), torch.zeros(SHAPE, device="meta"), None),
    (nn.GRU(5, 6), torch.zeros(SHAPE).to_sparse(), None),
    (nn.GRU(5, 6), torch._efficientzerotensor(SHAPE), None),
    (nn.GRU(5, 6).double(), torch.zeros(SHAPE), None),
    (nn.GRU(5, 6, device="meta"), torch.zeros(SHAPE), None),
    (nn.LSTM(5, 6, proj_size=2), torch.zeros(SHAPE), None),
    (nn.RNN(5, 6, bias=False), torch.zeros(SHAPE), None),
    (nn.RNN(5, 6, num_layers=2, bidirectional=True), torch.zeros(SHAPE), torch.zeros(4, 3, 6)),
    (nn.RNN(5, 6, num_layers=2, bidirectional=True), torch.zeros(SHAPE), torch.zeros(2, 3, 6)),
    (broken(nn.GRU(5, 6), "weight_ih_l0", torch.zeros(18, 4)), torch.zeros(SHAPE), None),
    (broken(nn.GRU(5, 6), "weight_hh_l0", torch.zeros(17, 6)), torch.zeros(SHAPE), None),
    (broken(nn.GRU(5, 6), "bias_hh_l0", torch.zeros(18, 1)), torch.zeros(SHAPE), None),
    (broken(nn.GRU(5, 6, 2), "weight_ih_l1", torch.zeros(18, 5)), torch.zeros(SHAPE), None),
]


@pytest.mark.parametrize("call", range(len(CALLS)))
def test_the_quick_yes_and_the_words_agree(call: int) -> None:
    layer, x, state = CALLS[call]
    words = _refused_layer(layer) or _refused_inputs(layer, x, state)
    assert _taken(layer, x, state) == (words is None), words
    assert native.refusal(layer, x, state) == words


OLDER_TORCH = """
import torch
del torch.Tensor.__dlpack_c_exchange_api__
from unrolled.layers import LSTM
ours = LSTM(5, 6, batch_first=True, engine="native")
theirs = torch.nn.LSTM(5, 6, batch_first=True)
theirs.load_state_dict(ours.state_dict())
for x in (torch.randn(3, 4, 5), torch.randn(3, 5, 4).transpose(1, 2)):
    grads = []
    for layer in (ours, theirs):
        layer.zero_grad()
        outputs, last = layer(x)
        outputs.sum().backward()
        grads.append([outputs, *last, *(p.grad for p in layer.parameters())])
    for a, b in zip(*grads):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
print("equal")
"""


@pytest.mark.skipif(
    not hasattr(torch.Tensor, "__dlpack_c_exchange_api__"), reason="this torch is an older one"
)
def test_a_torch_without_the_c_table_of_dlpack() -> None:
    run = subprocess.run([sys.executable, "-c", OLDER_TORCH], capture_output=True, text=True)
    assert run.stdout == "equal\n", run.stderr
