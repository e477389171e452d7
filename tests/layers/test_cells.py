"""Cells are torch's, step by step; `unroll` is the loop around any of them."""

from typing import Any

import pytest
import torch
from helpers.laws import flat
from torch import Tensor, nn

from unrolled.errors import DataError, SettingsError
from unrolled.layers import GRUCell, LSTMCell, RNNCell, unroll

PAIRS = [
    pytest.param(RNNCell, nn.RNNCell, {}, id="rnn_tanh"),
    pytest.param(RNNCell, nn.RNNCell, {"nonlinearity": "relu"}, id="rnn_relu"),
    pytest.param(RNNCell, nn.RNNCell, {"bias": False}, id="rnn without bias"),
    pytest.param(LSTMCell, nn.LSTMCell, {}, id="lstm"),
    pytest.param(LSTMCell, nn.LSTMCell, {"bias": False}, id="lstm without bias"),
    pytest.param(GRUCell, nn.GRUCell, {}, id="gru"),
    pytest.param(GRUCell, nn.GRUCell, {"bias": False}, id="gru without bias"),
]


@pytest.mark.parametrize(("ours", "theirs", "settings"), PAIRS)
def test_a_cell_takes_the_weights_of_torch_and_gives_its_results(
    ours: Any, theirs: Any, settings: dict[str, Any]
) -> None:
    theirs = theirs(3, 5, dtype=torch.float64, **settings)
    cell = ours(3, 5, dtype=torch.float64, **settings)
    cell.load_state_dict(theirs.state_dict())
    inputs = torch.randn(4, 3, dtype=torch.float64)
    state = cell.initial_state(4)
    for _ in range(3):
        outputs, after = cell(inputs, state)
        expected = theirs(inputs, state)
        torch.testing.assert_close(flat(after), flat(expected), rtol=1e-13, atol=1e-14)
        assert outputs is flat(after)[0]
        state = after


@pytest.mark.parametrize(("ours", "theirs", "settings"), PAIRS)
def test_a_new_cell_has_the_weights_torch_would_draw(
    ours: Any, theirs: Any, settings: dict[str, Any]
) -> None:
    torch.manual_seed(3)
    cell = ours(3, 5, **settings).state_dict()
    torch.manual_seed(3)
    expected = theirs(3, 5, **settings).state_dict()
    assert list(cell) == list(expected)
    assert all(torch.equal(cell[name], expected[name]) for name in cell)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize(
    ("cell", "layer", "settings"),
    [
        (RNNCell, nn.RNN, {"nonlinearity": "relu"}),
        (LSTMCell, nn.LSTM, {}),
        (LSTMCell, nn.LSTM, {"proj_size": 2}),
        (GRUCell, nn.GRU, {"bias": False}),
    ],
)
def test_the_cells_of_a_layer_unrolled_are_the_layer(
    cell: Any, layer: Any, settings: dict[str, Any]
) -> None:
    layer = layer(3, 5, num_layers=2, bidirectional=True, batch_first=True, **settings)
    inputs = torch.randn(4, 6, 3)
    rows = inputs
    for index in range(2):
        ahead, _ = unroll(cell.from_layer(layer, index), rows)
        back, _ = unroll(cell.from_layer(layer, index, reverse=True), rows.flip(1))
        rows = torch.cat([ahead, back.flip(1)], dim=-1)
    torch.testing.assert_close(rows, layer(inputs)[0])


def test_unroll_begins_at_the_state_it_is_given() -> None:
    cell, inputs = LSTMCell(3, 5), torch.randn(2, 6, 3)
    outputs, last = unroll(cell, inputs)
    early, middle = unroll(cell, inputs[:, :4])
    late, end = unroll(cell, inputs[:, 4:], middle)
    torch.testing.assert_close(torch.cat([early, late], dim=1), outputs)
    torch.testing.assert_close(end, last)


def test_the_cell_of_a_layer_shares_its_weights() -> None:
    layer = nn.LSTM(3, 5)
    cell = LSTMCell.from_layer(layer)
    assert cell.weight_ih is layer.weight_ih_l0
    assert set(cell.state_dict()) == set(nn.LSTMCell(3, 5).state_dict())


def test_a_projection_is_a_weight_like_the_others() -> None:
    cell = LSTMCell(3, 5, proj_size=2)
    hidden, memory = cell.initial_state(4)
    assert (hidden.shape, memory.shape) == ((4, 2), (4, 5))
    outputs, _ = cell(torch.randn(4, 3), (hidden, memory))
    assert outputs.shape == (4, 2)
    assert cell.state_dict()["weight_hr"].shape == (2, 5)


def test_a_cell_of_ones_own_unrolls_too() -> None:
    class RunningSum:
        """Remembers the sum of all it has seen."""

        def initial_state(self, batch: int) -> Tensor:
            return torch.zeros(batch, 2)

        def __call__(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
            return state + inputs, state + inputs

    inputs = torch.randn(3, 6, 2)
    outputs, last = unroll(RunningSum(), inputs)
    torch.testing.assert_close(outputs, inputs.cumsum(1))
    assert torch.equal(last, outputs[:, -1])


def test_an_initial_state_has_the_number_type_of_the_weights() -> None:
    assert GRUCell(3, 5, dtype=torch.float64).initial_state(2).dtype == torch.float64
    assert all(part.dtype == torch.bfloat16 for part in LSTMCell(3, 5).bfloat16().initial_state(2))


@pytest.mark.parametrize(
    ("work", "error", "words"),
    [
        (lambda: RNNCell(3, 5, nonlinearity="sigmoid"), SettingsError, "tanh or relu.*'sigmoid'"),
        (lambda: GRUCell(0, 5), SettingsError, "input_size > 0.*got 0, 5 and 0"),
        (lambda: LSTMCell(3, -5), SettingsError, "hidden_size > 0"),
        (lambda: LSTMCell(3, 5, proj_size=5), SettingsError, "proj_size < hidden_size"),
        (lambda: LSTMCell.from_layer(nn.GRU(3, 5)), SettingsError, "mode GRU"),
        (lambda: GRUCell.from_layer(nn.GRU(3, 5), 1), SettingsError, "index < 1 and reverse=False"),
        (lambda: RNNCell.from_layer(nn.RNN(3, 5), 0, True), SettingsError, "got index=0, reverse"),
        (
            lambda: GRUCell(3, 5)(torch.zeros(2, 4), torch.zeros(2, 5)),
            DataError,
            r"inputs \(B, 3\) and hidden state \(B, 5\), got \(2, 4\) and \(2, 5\)",
        ),
        # One row of state for two rows of inputs would broadcast without a word.
        (lambda: RNNCell(3, 5)(torch.zeros(2, 3), torch.zeros(1, 5)), DataError, r"got .*\(1, 5\)"),
        (lambda: unroll(GRUCell(3, 5), torch.zeros(2, 3)), DataError, r"got \(2, 3\)"),
        (lambda: unroll(GRUCell(3, 5), torch.zeros(2, 0, 3)), DataError, r"time_steps >= 1"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(work: Any, error: type, words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        work()
    assert "\n" not in str(caught.value)
