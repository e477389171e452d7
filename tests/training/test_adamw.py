"""Our AdamW beside torch's, and what training must not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.made import BOOK, MOVES
from helpers.tables import write_table
from torch import Tensor

from unrolled import Training
from unrolled.training.adamw import AdamW

SHAPES = ((), (7,), (33, 17), (4, 3, 2))
IDLE, LATE = 1, 2  # the parameter without a gradient ever, and the one without it at first
SETTINGS = Training(learning_rate=0.02, schedule="cosine")
FITS = """
import sys
from unrolled import cli

small = ["--hidden", "4", "--epochs", "1", "--quiet", "--out"]
cli.main(["fit", "table.csv", "--target", "temp", "--horizon", "3", *small, "a"])
cli.main(["fit", "moves.csv", "--series", "id", "--label", "kind", *small, "b"])
cli.main(["fit", "text.txt", "--dropout", "0.1", *small, "c"])
print(*(name for name in ("torch._dynamo", "torch._inductor", "sympy") if name in sys.modules))
"""


def parameters() -> list[Tensor]:
    torch.manual_seed(0)
    made = [torch.randn(shape) for shape in SHAPES]
    return [p.requires_grad_() for p in (*made, torch.randn(6, 5).t())]


def give_gradients(parameters: list[Tensor], step: int) -> None:
    torch.manual_seed(step)
    for i, parameter in enumerate(parameters):
        drawn = torch.randn(parameter.shape)
        idle = i == IDLE or (i == LATE and step < 20)
        parameter.grad = None if idle else drawn * 10.0 ** (step % 9 - 6)


def torchs(parameters: list[Tensor], decay: float, steps: range) -> torch.optim.AdamW:
    theirs = torch.optim.AdamW(parameters, weight_decay=decay, fused=True)
    for step in steps:
        theirs.param_groups[0]["lr"] = SETTINGS.rate(step, 200)
        give_gradients(parameters, step)
        theirs.step()
    return theirs


def train(ours: AdamW, steps: range) -> None:
    for step in steps:
        ours.learning_rate = SETTINGS.rate(step, 200)
        give_gradients(ours.parameters, step)
        ours.step()


def saved(theirs: torch.optim.AdamW) -> dict[str, Tensor]:
    """Its moments by the names that a checkpoint gives them."""
    moments = theirs.state_dict()["state"]
    return {f"{i}.adam.{n}": v.clone() for i in moments for n, v in moments[i].items()}


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_every_bit_is_torchs(decay: float) -> None:
    expected = parameters()
    moments = saved(torchs(expected, decay, range(200)))
    ours = AdamW(parameters(), 1.0, decay)
    train(ours, range(200))
    for parameter, other in zip(ours.parameters, expected, strict=True):
        assert torch.equal(parameter, other)
    tensors = ours.tensors()
    assert moments.keys() == {name for name in tensors if not name.startswith(f"{IDLE}.")}
    assert all(torch.equal(tensors[name], value) for name, value in moments.items())


@pytest.mark.parametrize("done", [10, 100])
def test_it_goes_on_from_torchs_checkpoint(done: int) -> None:
    expected, begun = parameters(), parameters()
    torchs(expected, 0.1, range(200))
    checkpoint = saved(torchs(begun, 0.1, range(done)))
    ours = AdamW(begun, 1.0, 0.1)
    ours.load(checkpoint)
    train(ours, range(done, 200))
    for parameter, other in zip(ours.parameters, expected, strict=True):
        assert torch.equal(parameter, other)


def test_gradients_are_dropped_and_nothing_moves_without_them() -> None:
    ours = AdamW(parameters(), 1.0, 0.1)
    give_gradients(ours.parameters, 0)
    ours.zero_grad()
    ours.step()
    assert all(map(torch.equal, ours.parameters, parameters()))
    assert not any(value.any() for value in ours.tensors().values())


def test_no_fit_imports_the_compiler(tmp_path: Path) -> None:
    write_table(tmp_path / "table.csv")
    (tmp_path / "moves.csv").write_text(MOVES)
    (tmp_path / "text.txt").write_text(BOOK)
    command = [sys.executable, "-c", FITS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all((tmp_path / run / "model.safetensors").exists() for run in "abc"), done.stderr
    assert done.stdout.splitlines()[-1] == ""
