"""Networks and kernels together: what each counts, how sure they are, and how they are scaled."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from unrolled import Classifier, Sequences, Training
from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.tasks.classification import kernel_classifier
from unrolled.tasks.classification.calibrate import Halves, best_share, left_out_by
from unrolled.tasks.classification.calibration import calibration
from unrolled.tasks.classification.plan import decided_scaling

QUICK = Training(epochs=2, batch_size=16, learning_rate=0.01)
SMALL: dict[str, Any] = {"hidden": 8, "ensemble": 2}


def shapes(cases: int, steps: int = 60, seed: int = 0) -> tuple[list[np.ndarray], list[str]]:
    """A short wave somewhere in noise: of one speed or of twice that."""
    random = np.random.default_rng(seed)
    inputs, labels = [], []
    for b in range(cases):
        one = 0.2 * random.normal(size=steps)
        begin = random.integers(0, steps - 24)
        one[begin : begin + 24] += np.sin(np.arange(24) * (0.5, 1.0)[b % 2])
        inputs.append(one)
        labels.append(("slow", "fast")[b % 2])
    return inputs, labels


def test_kernels_speak_beside_the_networks_unless_there_are_none() -> None:
    tested = Sequences.from_arrays(*shapes(60, seed=1))
    alone = Classifier(**SMALL, kernels=0).fit(*shapes(40), test=tested, training=QUICK)
    both = Classifier(**SMALL).fit(*shapes(40), test=tested, training=QUICK)
    assert both.results is not None
    assert alone.results is not None
    assert both.results["accuracy"] > 0.9
    assert both.results["mixture"]["kernels"] > 0
    assert sum(both.results["mixture"].values()) == 1
    assert alone.results["mixture"] is None
    names = [row["name"] for row in both.results["baselines"]]
    assert names == ["most frequent class", "1-nearest neighbour", "kernels + ridge"]


def test_each_network_leaves_out_an_eighth_of_each_class_and_none_of_a_small_one() -> None:
    codes = torch.tensor([0] * 80 + [1] * 16 + [2] * 3)
    found = left_out_by(codes, networks=3, seed=0)
    assert (found[codes == 2] == -1).all()
    for network in range(3):
        assert (found[codes == 0] == network).sum() == 10
        assert (found[codes == 1] == network).sum() == 2
    assert not torch.equal(found, left_out_by(codes, networks=3, seed=1))


def test_of_very_many_sequences_the_ridge_learns_from_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernel_classifier, "MOST", 60)
    model = Classifier(**SMALL).fit(*shapes(120), validation=0, training=QUICK)
    kernels = model.network.kernels
    assert kernels is not None
    assert kernels.left_out is not None
    assert len(kernels.learned) == len(kernels.left_out.scores) == 60
    assert model.score(*shapes(40, seed=1)) > 0.9


def logs(right: float, codes: torch.Tensor) -> torch.Tensor:
    """Log-probabilities that give the right one of two classes this much."""
    shares = torch.full((len(codes), 2), 1 - right)
    shares[torch.arange(len(codes)), codes] = right
    return shares.log()


def test_both_halves_count_alike_unless_one_is_surely_better() -> None:
    codes = torch.arange(40) % 2
    noise = torch.Generator().manual_seed(0)
    poor = torch.rand(40, 2, generator=noise).log_softmax(-1)
    ones = torch.ones(2)
    assert best_share(Halves(logs(0.99, codes), poor, codes), ones) == 1
    assert best_share(Halves(poor, logs(0.99, codes), codes), ones) == 0
    assert best_share(Halves(logs(0.8, codes), logs(0.8, codes), codes), ones) == 0.5


def test_what_is_right_so_often_may_be_so_sure() -> None:
    tested = Sequences.from_arrays(*shapes(300, seed=3))
    model = Classifier(**SMALL).fit(*shapes(60), test=tested, training=QUICK)
    assert model.results is not None
    assert model.results["calibration"]["error"] < 0.08
    assert sum(row["count"] for row in model.results["calibration"]["bins"]) == 300


def test_calibration_is_the_distance_between_sure_and_right() -> None:
    shares = np.array([[0.9, 0.1]] * 10 + [[0.35, 0.65]] * 20)
    truth = np.array([0] * 9 + [1] + [1] * 5 + [0] * 15)
    found = calibration(shares, truth)
    assert found["error"] == pytest.approx(20 / 30 * (0.65 - 0.25), abs=1e-6)
    assert [row["count"] for row in found["bins"]] == [20, 10]


@pytest.mark.parametrize(("level_tells", "own"), [(False, True), (True, False)])
def test_sequences_are_scaled_by_themselves_where_their_level_says_nothing(
    level_tells: bool, own: bool
) -> None:
    inputs, labels = shapes(60)
    random = np.random.default_rng(7)
    if level_tells:
        inputs = [x * 0.1 + (label == "fast") for x, label in zip(inputs, labels, strict=True)]
    else:
        inputs = [x * 10 ** random.uniform(-2, 2) + random.normal(0, 100) for x in inputs]
    given = Sequences.from_arrays(inputs, labels)
    assert decided_scaling(SequencePreprocessor.fit(given), given, 0).own is own


def test_scaled_by_itself_a_sequence_keeps_its_class_whatever_its_level_and_size() -> None:
    inputs, labels = shapes(30)
    given = Sequences.from_arrays(inputs, labels)
    preprocessor = replace(SequencePreprocessor.fit(given), own=True)
    moved = Sequences.from_arrays([1000 + 50 * x for x in inputs], labels)
    np.testing.assert_allclose(preprocessor.inputs(moved), preprocessor.inputs(given), atol=1e-4)
    constant = Sequences.from_arrays([np.ones(4), np.arange(3.0)])
    assert np.isfinite(preprocessor.inputs(constant)).all()
    again = SequencePreprocessor.from_dict(preprocessor.to_dict())
    assert again.own
