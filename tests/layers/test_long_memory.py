"""Long memory: the layers carry what they read over 600 time steps."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from unrolled.layers import GRU

STEPS, CHANCE = 600, 0.1767


def adding(batch: int, steps: int) -> tuple[Tensor, Tensor]:
    """Numbers in [0, 1) of which two are marked, one in each half: their sum is asked for.

    Returns inputs (B, T, 2) and targets (B,). Always to say 1 has a mean squared error of 1/6.
    Source: Hochreiter and Schmidhuber 1997, experiment 4, as in Le, Jaitly and Hinton 2015.
    """
    numbers, marks = torch.rand(batch, steps), torch.zeros(batch, steps)
    half = steps // 2
    rows = torch.arange(batch)
    marks[rows, torch.randint(half, (batch,))] = 1
    marks[rows, half + torch.randint(half, (batch,))] = 1
    return torch.stack([numbers, marks], dim=-1), (numbers * marks).sum(1)


def remember(layer: GRU, steps: int) -> None:
    """Start with units that forget after 1 to `steps` steps, evenly spread in the logarithm.

    Source: Tallec and Ollivier 2018, Can recurrent neural networks warp time?
    """
    with torch.no_grad():
        first, second = (layer.get_parameter(f"bias_{of}_l0") for of in ("ih", "hh"))
        for bias in (first, second):
            bias.zero_()
        hidden = layer.hidden_size
        keep = first[hidden : 2 * hidden]  # torch's order: reset, update, new
        keep.copy_(torch.rand(hidden).mul(steps - 2).add(1).log())


def trained(hidden: int, batch: int, most: int) -> Iterator[float]:
    """The error on fresh sequences, every 50 steps of training."""
    torch.manual_seed(0)
    layer, head = GRU(2, hidden, batch_first=True), nn.Linear(hidden, 1)
    remember(layer, STEPS)
    weights = [*layer.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(weights, lr=3e-3)
    for step in range(1, most + 1):
        inputs, targets = adding(batch, STEPS)
        loss = (head(layer(inputs)[0][:, -1])[:, 0] - targets).square().mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        if step % 50 == 0:
            with torch.no_grad():
                inputs, targets = adding(1000, STEPS)
                guess = head(layer(inputs)[0][:, -1])[:, 0]
                yield float((guess - targets).square().mean())


def test_saying_one_is_chance() -> None:
    torch.manual_seed(0)
    inputs, targets = adding(20_000, 50)
    assert float((targets - 1).square().mean()) == pytest.approx(1 / 6, abs=0.005)
    assert inputs[..., 1].sum(1).unique().tolist() == [2]


@pytest.mark.slow
def test_a_gru_adds_two_numbers_600_steps_apart() -> None:
    errors = []
    for error in trained(hidden=48, batch=32, most=3000):
        errors.append(error)
        if error < 0.01:
            break
    assert errors[-1] < 0.01, f"chance is {CHANCE}, errors were {errors}"
