"""The laws of recurrent layers, each stated once and run for every cell, engine and number type.

A law that fails for `native` alone is a fault in the kernels; for `reference` alone, in the cells;
for all, in the law.
"""

import copy
import io
import pickle
import subprocess
import sys
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import pytest
import torch
from helpers.laws import (
    Case,
    as_state,
    cases,
    flat,
    random_state,
    require,
    results_and_gradients,
    torch_twin,
)
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from unrolled.errors import EngineError
from unrolled.layers.catalogue import of_mode
from unrolled.layers.cells import each_part

STEPS, BATCH = 7, 4

every_case = pytest.mark.parametrize("case", cases(bidirectional=True), ids=str)
every_causal_case = pytest.mark.parametrize("case", cases(bidirectional=False), ids=str)
every_small_case = pytest.mark.parametrize(
    "case", [case for case in cases(bidirectional=False) if case.layers == 1], ids=str
)
every_native_case = pytest.mark.parametrize(
    "case", cases(bidirectional=True, engines=("native",)), ids=str
)


@pytest.fixture(autouse=True)
def _engine_is_there(case: Case) -> None:
    require(case.engine)


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@every_causal_case
@pytest.mark.parametrize("cut", [1, 3, STEPS - 1])
def test_splitting_a_sequence_and_carrying_the_state_changes_nothing(case: Case, cut: int) -> None:
    layer = case.layer()
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype)
    state = random_state(layer, BATCH)
    before, middle = layer(inputs[:cut], state)
    after, last = layer(inputs[cut:], middle)
    case.close((torch.cat([before, after]), last), layer(inputs, state))


@every_causal_case
def test_streaming_equals_batch(case: Case) -> None:
    layer = case.layer()
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype)
    outputs, state = [], None
    with torch.inference_mode():
        for step in inputs:
            output, state = layer(step.unsqueeze(0), state)
            outputs.append(output)
    case.close((torch.cat(outputs), state), layer(inputs))


@every_causal_case
def test_no_output_depends_on_a_later_input(case: Case) -> None:
    layer = case.layer()
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype, requires_grad=True)
    outputs, _ = layer(inputs)
    for now in (0, 3, STEPS - 1):
        (gradient,) = torch.autograd.grad(outputs[now].sum(), inputs, retain_graph=True)
        assert gradient[now + 1 :].eq(0).all()
        assert gradient[: now + 1].ne(0).any(dim=-1).any(dim=-1).all()
    scrambled = inputs.detach().clone()
    scrambled[4:] = torch.randn_like(scrambled[4:])
    changed, _ = layer(scrambled)
    case.close(changed[:4], outputs[:4])
    assert not torch.allclose(changed[4:], outputs[4:])


@every_case
def test_the_order_of_the_batch_does_not_matter(case: Case) -> None:
    layer = case.layer()
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype)
    order = torch.tensor([2, 0, 3, 1])
    outputs, last = layer(inputs)
    expected = outputs[:, order], [part[:, order] for part in flat(last)]
    case.close(layer(inputs[:, order]), expected)


@every_case
def test_no_row_sees_another(case: Case) -> None:
    layer = case.layer()
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype)
    outputs, last = layer(inputs)
    inputs[:, 1] = float("nan")
    spoiled, spoiled_last = layer(inputs)
    others = [0, 2, 3]
    assert spoiled[:, 1].isnan().all()
    case.close(spoiled[:, others], outputs[:, others])
    for ours, theirs in zip(flat(spoiled_last), flat(last), strict=True):
        case.close(ours[:, others], theirs[:, others])


@every_case
def test_no_state_equals_zeros(case: Case) -> None:
    layer = case.layer()
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype)
    state = random_state(layer, BATCH)
    zeros = each_part(torch.zeros_like, state)
    for ours, theirs in zip(flat(layer(inputs)), flat(layer(inputs, zeros)), strict=True):
        assert torch.equal(ours, theirs)


@every_case
def test_one_time_step_equals_one_call_of_each_cell(case: Case) -> None:
    layer = case.layer()
    inputs = torch.randn(1, BATCH, 3, dtype=case.dtype)
    state = random_state(layer, BATCH)
    rows = inputs[0]
    ends: list[list[torch.Tensor]] = []
    for index in range(case.layers):
        sides = []
        for reverse in (False, True) if case.bidirectional else (False,):
            cell = of_mode(layer.mode).cell.from_layer(layer, index, reverse)
            at = len(ends)
            side, end = cell(rows, each_part(itemgetter(at), state))
            sides.append(side)
            ends.append(flat(end))
        rows = torch.cat(sides, dim=-1)
    last = [torch.stack(parts) for parts in zip(*ends, strict=True)]
    case.close(layer(inputs, state), (rows.unsqueeze(0), last))


@every_case
@pytest.mark.parametrize("form", ["time first", "batch first", "single row", "packed"])
@pytest.mark.parametrize("given", ["no state", "a state"])
def test_results_and_every_gradient_equal_torch(case: Case, form: str, given: str) -> None:
    layer = case.layer(hidden=19, batch_first=form == "batch first")
    rows = [torch.randn(n, 3, dtype=case.dtype) for n in (4, STEPS, 1, 4)]
    inputs = {
        "time first": torch.randn(STEPS, BATCH, 3, dtype=case.dtype),
        "batch first": torch.randn(BATCH, STEPS, 3, dtype=case.dtype),
        "single row": rows[1],
        "packed": pack_sequence(rows, enforce_sorted=False),
    }[form]
    batch = () if form == "single row" else (BATCH,)
    state = random_state(layer, *batch) if given == "a state" else None
    ours = results_and_gradients(layer, inputs, state)
    theirs = results_and_gradients(torch_twin(layer), inputs, state)
    case.close(ours, theirs)


@every_native_case
def test_the_number_of_threads_does_not_change_a_bit(case: Case) -> None:
    layer = case.layer(inputs=9, hidden=40)
    inputs, state = torch.randn(20, 33, 9), random_state(layer, 33)
    results = []
    for threads in (1, 2, 3, 4):
        torch.set_num_threads(threads)
        results.append(results_and_gradients(layer, inputs, state))
    for other in results[1:]:
        for ours, theirs in zip(other, results[0], strict=True):
            assert torch.equal(ours, theirs)


@every_case
@pytest.mark.parametrize("way", ["state_dict", "torch.save", "pickle", "deepcopy", "through torch"])
def test_save_and_load_is_identity(case: Case, way: str) -> None:
    layer = case.layer()
    file = io.BytesIO()
    if way == "state_dict":
        torch.save(layer.state_dict(), file)
        file.seek(0)
        again = case.layer()
        with torch.no_grad():
            again.get_parameter("weight_hh_l0").zero_()
        again.load_state_dict(torch.load(file))
    elif way == "torch.save":
        torch.save(layer, file)
        file.seek(0)
        again = torch.load(file, weights_only=False)
    elif way == "pickle":
        again = pickle.loads(pickle.dumps(layer))
    elif way == "deepcopy":
        again = copy.deepcopy(layer)
    else:
        again = case.layer()
        again.load_state_dict(torch_twin(layer).state_dict())
    assert type(again) is type(layer)
    assert again.engine == case.engine
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype)
    for ours, theirs in zip(flat(again(inputs)), flat(layer(inputs)), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    "case",
    [case for case in cases(bidirectional=True) if case.dtype == torch.float64],
    ids=str,
)
def test_gradients_equal_finite_differences(case: Case) -> None:
    layer = case.layer(inputs=2, hidden=2)
    names = [name for name, _ in layer.named_parameters()]
    inputs = torch.randn(3, 2, 2, dtype=case.dtype, requires_grad=True)
    state = [part.requires_grad_() for part in flat(random_state(layer, 2))]

    def results(*leaves: torch.Tensor) -> list[torch.Tensor]:
        start = as_state(leaves[1 : 1 + len(state)])
        weights = dict(zip(names, leaves[1 + len(state) :], strict=True))
        return flat(torch.func.functional_call(layer, weights, (leaves[0], start)))

    assert torch.autograd.gradcheck(results, (inputs, *state, *layer.parameters()))


# ------------------------------------------------------- what stands around a layer does not matter


@every_small_case
def test_the_default_number_type_does_not_matter(case: Case) -> None:
    layer = case.layer()
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype)
    expected = results_and_gradients(layer, inputs, None)
    other = torch.float64 if case.dtype == torch.float32 else torch.float32
    before = torch.get_default_dtype()
    torch.set_default_dtype(other)
    try:
        case.close(results_and_gradients(layer, inputs, None), expected)
    finally:
        torch.set_default_dtype(before)


@every_small_case
def test_the_default_device_does_not_matter(case: Case) -> None:
    # In a process of its own: memory asked for on "meta" has no address, and who writes to it dies.
    program = f"""
import torch
from helpers.laws import Case
case = Case({case.cell!r}, {case.engine!r}, {case.dtype_name!r})
layer, inputs = case.layer(), torch.randn(7, 4, 3, dtype=case.dtype)
expected = layer(inputs)
with torch.device("meta"):
    ours = layer(inputs)
case.close(ours, expected)
"""
    if case.engine != "native":
        exec(program)
        return
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]


@every_small_case
def test_a_negated_view_is_read_as_its_numbers(case: Case) -> None:
    layer = case.layer()
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype)
    case.close(layer(torch._neg_view(inputs)), layer(-inputs))


# Without torch's own engine: its LSTM takes a weight of another shape and computes nonsense.
@pytest.mark.parametrize(
    "case",
    [
        case
        for case in cases(bidirectional=False, engines=("reference", "native"))
        if case.layers == 1
    ],
    ids=str,
)
@pytest.mark.parametrize("change", ["shape", "number type", "through functional_call"])
def test_a_weight_that_no_longer_fits_is_refused(case: Case, change: str) -> None:
    layer = case.layer()
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype)
    other = torch.float64 if case.dtype == torch.float32 else torch.float32
    weight = layer.get_parameter("weight_hh_l0").detach()
    wrong = nn.Parameter(weight[:, :-1].clone() if change == "shape" else weight.to(other))
    if change == "through functional_call":
        with pytest.raises((RuntimeError, ValueError)):
            torch.func.functional_call(layer, {"weight_hh_l0": wrong}, (inputs,))
        return
    layer.weight_hh_l0 = wrong
    with pytest.raises((RuntimeError, ValueError)):
        layer(inputs)


@every_small_case
def test_second_derivatives_are_the_references_or_are_refused(case: Case) -> None:
    layer = case.layer()
    twin = case.layer()
    twin.engine = "reference"
    inputs = torch.randn(STEPS, BATCH, 3, dtype=case.dtype)
    try:
        ours = penalty_gradients(layer, inputs)
    except (EngineError, RuntimeError) as error:
        # torch's fused LSTM has none; an engine that has none must say so, not forget a term.
        words = str(error)
        assert "derivative" in words or "differentiate" in words
        assert case.engine != "reference"
        return
    case.close(ours, penalty_gradients(twin, inputs))


def penalty_gradients(layer: nn.RNNBase, inputs: torch.Tensor) -> list[torch.Tensor]:
    """Gradients of a loss that holds a gradient, as in a gradient penalty."""
    inputs = inputs.clone().requires_grad_()
    outputs, _ = layer(inputs)
    (slope,) = torch.autograd.grad(outputs.sum(), inputs, create_graph=True)
    loss = outputs.square().sum() + slope.square().sum()
    return list(torch.autograd.grad(loss, list(layer.parameters())))
