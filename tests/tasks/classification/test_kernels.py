"""Kernel features beside loops, and the ridge beside scikit-learn's and beside real refits."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from unrolled.tasks.classification.kernels import KERNELS, DilatedKernels
from unrolled.tasks.classification.ridge import RidgeHead


def made(cases: int, steps: int, features: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    inputs = torch.randn(cases, steps, features, generator=random)
    lengths = torch.randint(max(1, steps // 2), steps + 1, (cases,), generator=random)
    inputs[torch.arange(steps) >= lengths[:, None]] = 0
    return inputs, lengths


def by_hand(kernels: DilatedKernels, one: np.ndarray) -> list[float]:
    """The features of one sequence (T, D) by loops over taps."""
    found: list[float] = []
    begin = 0
    for scale, (dilation, count) in enumerate(kernels.scales.items()):
        for n in range(begin, begin + count):
            for k, places in enumerate(KERNELS):
                mixed = one @ kernels.mixes[scale, k].numpy()
                values = [
                    sum(
                        (2 if j in places else -1) * mixed[t + (j - 4) * dilation]
                        for j in range(9)
                        if 0 <= t + (j - 4) * dilation < len(one)
                    )
                    for t in range(len(one))
                ]
                found.append(float(np.mean(np.array(values) > kernels.thresholds[n, k].item())))
        begin += count
    return found


@pytest.mark.parametrize("features", [1, 3])
def test_features_are_what_loops_give_however_long_the_neighbours(features: int) -> None:
    inputs, lengths = made(4, 30, features)
    kernels = DilatedKernels(features, 30, 84 * 5)
    kernels.fit(inputs, lengths, seed=1)
    found = kernels(inputs, lengths)
    assert found.shape == (4, kernels.width) == (4, 84 * 5)
    for b, length in enumerate(lengths.tolist()):
        wanted = by_hand(kernels, inputs[b, :length].numpy())
        near = np.isclose(found[b].numpy(), wanted, atol=1e-6)
        assert near.mean() > 0.99  # a sum on its threshold may fall to either side


@pytest.mark.parametrize("length", [1, 2, 9, 10, 200, 5000])
@pytest.mark.parametrize("features", [1, 84, 840, 9996])
def test_dilations_fit_the_length_and_features_are_as_many_as_asked(
    length: int, features: int
) -> None:
    kernels = DilatedKernels(1, length, features)
    assert kernels.width == max(84, features // 84 * 84)
    assert min(kernels.scales) == 1
    assert max(kernels.scales) <= max(1, (length - 1) / 8)


def test_thresholds_split_what_training_sequences_give() -> None:
    inputs, lengths = made(50, 60, 2)
    kernels = DilatedKernels(2, 60, 840)
    kernels.fit(inputs, lengths, seed=0)
    shares = kernels(inputs, lengths).mean(0)
    assert 0.4 < shares.mean() < 0.6
    assert shares.min() < 0.1
    assert shares.max() > 0.9


def problem(cases: int, features: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(3)
    codes = torch.randint(3, (cases,), generator=random)
    inputs = torch.randn(cases, features, generator=random)
    inputs[:, :3] += 2 * torch.nn.functional.one_hot(codes, 3)
    return inputs, codes


@pytest.mark.parametrize(("cases", "features"), [(40, 90), (90, 40)])
@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0), (1.0, 5.0, 0.5)])
def test_the_ridge_is_scikit_learns_and_leaves_out_for_real(
    cases: int, features: int, weights: tuple[float, ...]
) -> None:
    inputs, codes = problem(cases, features)
    head, costs = RidgeHead(features, 3), torch.tensor(weights)
    left_out = head.fit(inputs, codes, costs)
    share = (costs[codes] / costs[codes].mean()).numpy()
    scaled = head._scaled(inputs).numpy()
    truth = np.where(codes[:, None].numpy() == np.arange(3), 1.0, -1.0)

    def error(penalty: float) -> tuple[float, np.ndarray]:
        rows = np.arange(cases)
        found = np.stack(
            [
                Ridge(penalty)
                .fit(scaled[rows != b], truth[rows != b], sample_weight=share[rows != b])
                .predict(scaled[b : b + 1])[0]
                for b in rows
            ]
        )
        return float((share[:, None] * (truth - found) ** 2).mean()), found

    tried = {10.0**power: error(10.0**power) for power in range(-4, 4)}
    best = min(tried, key=lambda penalty: tried[penalty][0])
    assert left_out.error == pytest.approx(tried[best][0], rel=1e-3)
    np.testing.assert_allclose(left_out.scores.numpy(), tried[best][1], atol=2e-3)
    whole = Ridge(best).fit(scaled, truth, sample_weight=share).predict(scaled)
    ours = head._scaled(inputs) @ head.weights + head.bias
    np.testing.assert_allclose(ours.numpy(), whole, atol=1e-3)


def test_a_feature_that_never_changes_and_a_case_alone_in_its_class_do_no_harm() -> None:
    inputs, codes = problem(20, 30)
    inputs[:, 5] = 0.25
    codes[0], codes[1:] = 2, codes[1:] % 2
    head = RidgeHead(30, 3)
    left_out = head.fit(inputs, codes, torch.ones(3))
    assert torch.isfinite(head(inputs)).all()
    assert torch.isfinite(left_out.scores).all()


def test_probabilities_are_as_sure_as_they_are_right() -> None:
    inputs, codes = problem(200, 50)
    head = RidgeHead(50, 3)
    head.fit(inputs[:100], codes[:100], torch.ones(3))
    shares = head(inputs[100:]).exp()
    sure, right = shares.max(1).values, shares.argmax(1) == codes[100:]
    assert abs(sure.mean() - right.float().mean()) < 0.1
