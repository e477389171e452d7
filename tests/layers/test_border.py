"""Nothing that Python can pass makes the kernels leave their tensors: it computes or is refused."""

import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from unrolled.layers import GRU, LSTM, RNN, explain
from unrolled.layers import extension as _native

KINDS = (RNN, LSTM, GRU)
SCRIPT = Path(__file__).parents[2] / "scripts" / "fuzz_border.py"
pytestmark = pytest.mark.skipif(_native.kernels is None, reason="needs the native engine")

# batch_sizes over 6 rows of data, and whether torch takes them
SIZES: list[tuple[str, list[int], torch.dtype]] = [
    ("too many rows", [4, 3], torch.int64),
    ("far too many", [6] * 4000, torch.int64),
    ("rising", [2, 4], torch.int64),
    ("a gap", [4, 0, 2], torch.int64),
    ("negative", [7, -1], torch.int64),
    ("none at first", [0, 6], torch.int64),
    ("huge", [2**62, 2**62, 2**62, 2**62], torch.int64),
    ("int32", [4, 2], torch.int32),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "sizes", "dtype"), SIZES, ids=[row[0] for row in SIZES])
def test_batch_sizes_that_do_not_fit_are_torchs_to_refuse(
    kind: Any, name: str, sizes: list[int], dtype: torch.dtype
) -> None:
    layer, packed = kind(3, 4), PackedSequence(torch.randn(6, 3), torch.tensor(sizes, dtype=dtype))
    assert explain(layer, packed).engine == "torch"
    with pytest.raises(RuntimeError):
        layer(packed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_trailing_zero_is_taken_as_torch_takes_it(kind: Any) -> None:
    layer, theirs = kind(3, 4), kind(3, 4, engine="torch")
    theirs.load_state_dict(layer.state_dict())
    packed = PackedSequence(torch.randn(6, 3), torch.tensor([4, 2, 0, 0]))
    assert explain(layer, packed).engine == "native"
    ours, last = layer(packed)
    torch.testing.assert_close((ours.data, last), (lambda o: (o[0].data, o[1]))(theirs(packed)))
    assert ours.batch_sizes.tolist() == [4, 2, 0, 0]


def test_rows_that_no_step_has_are_torchs_to_leave_out() -> None:
    packed = PackedSequence(torch.randn(6, 3), torch.tensor([3, 2]))
    assert explain(GRU(3, 4), packed).reason == "batch_sizes speak of 5 rows, and there are 6"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("power", [45, 60, 62])
def test_sizes_that_no_memory_holds(kind: Any, axis: int, power: int) -> None:
    shape = [1, 1, 1]
    shape[axis] = 2**power
    words = "can't allocate memory: you tried to allocate \\d+ bytes|overflow|too large"
    with torch.no_grad(), pytest.raises(RuntimeError, match=words):
        kind(1, 4)(torch.zeros(1, 1, 1).expand(shape))


def shorter(tensor: Tensor) -> Tensor:
    return tensor[: len(tensor) // 2].clone()


HOOKS: list[tuple[str, Callable[[Tensor], Any]]] = [
    ("half of it", shorter),
    ("an axis more", lambda t: t.unsqueeze(0)),
    ("its numbers in a row", lambda t: t.flatten()[:-1]),
    ("one number for all, beyond it", lambda t: t.new_zeros(1).expand(10 * t.numel())),
    ("doubles", lambda t: t.double()),
    ("nothing in memory", lambda t: t.to("meta")),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "change"), HOOKS, ids=[row[0] for row in HOOKS])
@pytest.mark.parametrize("which", range(8))
@pytest.mark.parametrize("engine", ["auto", "native"])
def test_what_hooks_bring_back_is_looked_at(
    kind: Any, name: str, change: Callable[[Tensor], Any], which: int, engine: Any
) -> None:
    layer, seen = kind(8, 20, engine=engine), [0]
    packed = pack_padded_sequence(torch.randn(5, 3, 8), torch.tensor([5, 4, 2]))

    def bring_back(tensor: Tensor) -> Any:
        seen[0] += 1
        return change(tensor.detach()) if seen[0] == which + 1 else tensor

    for x in (torch.randn(50, 16, 8), packed):
        found: list[list[Tensor]] = []
        for back in (lambda t: t, bring_back):
            with torch.autograd.graph.saved_tensors_hooks(lambda t: t, back):
                outputs: Any = layer(x)[0]
            data, seen[0] = outputs.data if x is packed else outputs, 0
            layer.zero_grad()
            try:
                data.square().sum().backward()
            except (RuntimeError, BufferError):
                continue
            found.append([p.grad for p in layer.parameters()])
        # Refused, or made again from the inputs by torch's operators: never other numbers.
        torch.testing.assert_close(found[-1], found[0], rtol=1e-4, atol=1e-4)
        changed = which < (7 if kind is LSTM else 6) - 1  # x, four weights, what the kernels kept
        if changed and engine == "native":
            assert len(found) == 1


def test_a_hook_may_bring_back_the_same_numbers_elsewhere() -> None:
    layer, x, found = GRU(8, 20, num_layers=2), torch.randn(5, 3, 8), []
    for back in (lambda t: t, lambda t: t.detach().t().contiguous().t() if t.dim() == 2 else t):
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, back):
            outputs, _ = layer(x)
        layer.zero_grad()
        outputs.sum().backward()
        found.append([p.grad for p in layer.parameters()])
    assert all(map(torch.equal, *found))


@pytest.mark.parametrize(("steps", "batch"), [(5, 2), (2**62, 2)])
@pytest.mark.parametrize("address", [0, 1, 2**40])
def test_no_address_is_taken_for_sizes(steps: int, batch: int, address: int) -> None:
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _native.kernels.Steps(steps, batch, address)  # type: ignore[union-attr]


def test_strides_must_stay_in_the_memory_asked_for() -> None:
    kernels: Any = _native.kernels
    assert kernels.empty([2, 3], [3, 1]).shape == (2, 3)
    for shape, strides in ([[2, 3], [4, 1]], [[2, 3], [3, -1]], [[2, 2**40], [2**40, 2**40]]):
        with pytest.raises((ValueError, RuntimeError)):
            kernels.empty(shape, strides)
    with pytest.raises(RuntimeError, match="overflowed with sizes"):
        kernels.empty([2**40, 2**40], [1, 1])


def test_a_weight_exchanged_by_another_thread_is_kept_for_the_call() -> None:
    layer = nn.ModuleDict({"a": GRU(4, 8)})["a"]
    weights = layer._flat_weights
    layer.weight_hh_l0 = nn.Parameter(torch.zeros(24, 8))
    assert layer(torch.randn(3, 2, 4))[0].shape == (3, 2, 8)
    assert weights is not None


def test_hostile_calls_compute_or_are_refused() -> None:
    # 10^5 of them under the AddressSanitizer: docs/performance.md
    assert subprocess.run([sys.executable, "-W", "ignore", SCRIPT, "150", "1"]).returncode == 0
    assert "fuzz" in runpy.run_path(str(SCRIPT))
