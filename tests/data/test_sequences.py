"""The beginner's way: lists in, tensors out, and every mistake named by its place."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from unrolled.data.sequences.sequences import Sequences
from unrolled.errors import DataError

INPUTS = [[[1, 2], [2, 3], [3, 4]], [[5, 6], [6, 7], [7, 8]]]
LABELS = [10, 20]


def test_lists_become_arrays_and_tensors_of_the_stated_shapes() -> None:
    sequences = Sequences.from_lists(INPUTS, LABELS)
    inputs, labels = sequences.numpy()
    assert (inputs.shape, labels.shape) == ((2, 3, 2), (2,))
    assert inputs.tolist() == INPUTS
    assert labels.tolist() == LABELS
    x, y = sequences.tensors()
    assert isinstance(x, torch.FloatTensor)
    assert isinstance(y, torch.FloatTensor)
    assert (x.shape, y.shape) == ((2, 3, 2), (2,))
    x[0, 0, 0] = 99  # a tensor of one's own: the sequences stay as they are
    assert inputs[0, 0, 0] == 1
    assert len(sequences) == 2


def test_describe_prints_the_axes(capsys: pytest.CaptureFixture[str]) -> None:
    Sequences.from_lists(INPUTS, LABELS).describe()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "inputs (2, 3, 2), labels (2,)"
    for line, name, size in zip(
        lines[1:], ("batch", "time steps", "features"), (2, 3, 2), strict=True
    ):
        assert f"{name} " in line
        assert f" {size} " in line.split(name)[1]


def built_step_by_step() -> tuple[list[list[list[int]]], list[int]]:
    """The lesson: append features to a time step, time steps to a sequence, those to the batch."""
    batch = []
    for start in (1, 5):
        sequence = []
        for step in range(3):
            features = []
            for feature in range(2):
                features.append(start + step + feature)
            sequence.append(features)
        batch.append(sequence)
    return batch, [10, 20]


@pytest.mark.parametrize("layer", [torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU])
def test_the_lesson_runs_from_lists_to_a_recurrent_layer(layer: Any) -> None:
    lists, labels = built_step_by_step()
    assert lists == INPUTS
    by_hand = TensorDataset(torch.FloatTensor(lists), torch.FloatTensor(labels))
    ours = Sequences.from_lists(lists, labels).tensor_dataset()
    torch.manual_seed(0)
    network = layer(input_size=2, hidden_size=4, batch_first=True)
    for (x, y), (x_hand, y_hand) in zip(
        DataLoader(ours, batch_size=2), DataLoader(by_hand, batch_size=2), strict=True
    ):
        assert (x.shape, y.shape) == ((2, 3, 2), (2,))
        assert torch.equal(x, x_hand)
        assert torch.equal(y, y_hand)
        outputs, last = network(x)
        hidden = last[0] if isinstance(last, tuple) else last
        assert (outputs.shape, hidden.shape) == ((2, 3, 4), (1, 2, 4))
        torch.testing.assert_close(outputs[:, -1], hidden[0])


def changed(place: tuple[int, ...], value: Any) -> list[Any]:
    """INPUTS with another value at one place."""
    copy: Any = [[list(step) for step in sequence] for sequence in INPUTS]
    inner = copy
    for index in place[:-1]:
        inner = inner[index]
    inner[place[-1]] = value
    return copy  # type: ignore[no-any-return]


NAN = float("nan")
MISTAKES = [
    (changed((1, 2), [7, 8, 9]), LABELS, "inputs[1][2] has 3 features, inputs[0][0] has 2"),
    (changed((1,), [[5, 6]]), LABELS, "inputs[1] has 1 time step, inputs[0] has 3"),
    (INPUTS, [10], "labels has 1 for a batch of 2, expected one per sequence"),
    (INPUTS, [10, 20, 30], "labels has 3 for a batch of 2, expected one per sequence"),
    (INPUTS, [], "labels is an empty list, expected 2, one per sequence"),
    (INPUTS, 10, "labels is the number 10, expected a list of numbers"),
    (INPUTS, [10, "cat"], "labels[1] is the text 'cat', expected a number"),
    (INPUTS, [NAN, 20], "labels[0] is NaN (not a number), expected a finite number"),
    (INPUTS, [[10], [20]], "labels[0] is a list of 1, expected a number"),
    (changed((0, 1, 1), "3"), LABELS, "inputs[0][1][1] is the text '3', expected a number"),
    (changed((0, 1, 1), NAN), LABELS, "inputs[0][1][1] is NaN (not a number), expected a finite"),
    (changed((0, 1, 1), float("inf")), LABELS, "inputs[0][1][1] is infinite, expected a finite"),
    (changed((0, 1, 1), 10**400), LABELS, "inputs[0][1][1] is beyond float32 (±3.4e+38), expect"),
    (changed((0, 1, 1), None), LABELS, "inputs[0][1][1] is None, expected a number"),
    (changed((0, 1, 1), [3, 4]), LABELS, "inputs[0][1][1] is a list of 2, expected a number"),
    ([], LABELS, "inputs is an empty list, expected sequences"),
    ([[], []], LABELS, "inputs[0] is an empty list, expected time steps"),
    (changed((1, 0), []), LABELS, "inputs[1][0] is an empty list, expected features"),
    ("rows", LABELS, "inputs is the text 'rows', expected a list of sequences"),
    ([1, 2], LABELS, "inputs[0] is the number 1, expected a list of time steps"),
    ([[1, 2]], [1], "inputs[0][0] is the number 1, expected a list of features; one feature is"),
]


@pytest.mark.parametrize(("inputs", "labels", "message"), MISTAKES)
def test_a_mistake_is_named_by_its_place(inputs: Any, labels: Any, message: str) -> None:
    with pytest.raises(DataError) as error:
        Sequences.from_lists(inputs, labels)
    assert str(error.value).startswith(f"sequences: {message}")
    assert "\n" not in str(error.value)


def test_arrays_may_be_nested_in_the_lists() -> None:
    rows = [np.arange(6.0).reshape(3, 2), np.ones((3, 2))]
    assert Sequences.from_lists(rows, list(np.array(LABELS))).inputs[0, 2].tolist() == [4.0, 5.0]


def test_the_code_of_the_page_on_shapes_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "sequences.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    shown = re.findall(r"```text\n(.*?)```", page, re.S)
    assert (len(blocks), len(shown)) == (5, 1)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    out = capsys.readouterr().out
    assert out.startswith(shown[0])
    assert "torch.Size([2, 3, 2]) torch.Size([2, 3, 4]) torch.Size([1, 2, 4])" in out
    assert "(965, 24, 1) (965, 12, 1)" in out
    assert "torch.Size([3, 168, " in out
