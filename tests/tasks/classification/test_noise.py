"""The noise on training sequences goes by their ordinary changes."""

import numpy as np
import pytest
import torch
from numpy.random import default_rng

from unrolled import Classifier, Sequences
from unrolled.tasks.classification.noise import change_sizes


def sizes(*sequences: np.ndarray) -> list[float]:
    """The size of the changes of each sequence of one feature."""
    counts = np.array([len(x) for x in sequences])
    found: list[float] = change_sizes(np.concatenate(sequences)[:, None], counts)[:, 0].tolist()
    return found


def test_even_changes_have_their_deviation() -> None:
    steps = [default_rng(b).normal(size=400) for b in range(10)]
    deviation = np.sqrt(np.mean(np.square(steps)))
    assert sizes(*steps) == pytest.approx([deviation] * 10, rel=0.01)


def test_rare_jumps_count_as_ordinary_changes() -> None:
    steps = [0.1 * default_rng(b).normal(size=100) for b in range(4)]
    spiky = [step.copy() for step in steps]
    for step in spiky:
        step[[20, 70]] = 50.0, -50.0
    assert max(sizes(*spiky)) < 1.3 * max(sizes(*steps))
    steady = np.zeros(100)
    steady[50] = 1.0  # changes once: noise would drown nothing but would be all there is
    assert sizes(steady, steady) == [0.0, 0.0]


def test_a_quiet_sequence_among_loud_ones_gets_its_own() -> None:
    loud = [default_rng(b).normal(size=200) for b in range(9)]
    quiet = 0.01 * default_rng(9).normal(size=200)
    found = sizes(*loud, quiet)
    assert found[-1] == pytest.approx(0.02, rel=0.2)
    assert len({round(size, 6) for size in found[:-1]}) == 1


def test_what_has_no_change_gets_what_the_set_has() -> None:
    found = sizes(np.ones(50), np.zeros(0), np.ones(50))
    assert found == [1.0, 1.0, 1.0]
    assert change_sizes(np.zeros((0, 2)), np.array([0, 0])).tolist() == [[0, 0], [0, 0]]


def test_an_odd_long_sequence_is_shown_by_pieces_in_training() -> None:
    inputs = [np.arange(10.0) + b for b in range(19)] + [np.arange(1000.0)]
    sequences = Sequences.from_arrays(inputs, ["a", "b"] * 10)
    plan = Classifier(hidden=4, ensemble=1).plan(sequences)
    objective = plan.objective(plan.build())
    random = default_rng(0)
    begin, most = objective._windows(torch.arange(20), random)
    assert most == 10
    assert begin is not None
    assert begin[:19].tolist() == [0] * 19
    batch = plan.cases.rows(torch.arange(20), begin, most)
    assert batch.inputs.shape == (20, 10, 1)
    start = int(begin[19])
    assert torch.equal(batch.inputs[19], plan.cases.inputs[190 + start : 200 + start])
    assert objective._windows(torch.arange(19), random) == (None, 0)
