"""The linear map beside scikit-learn's ridge, and the network that starts from it."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_pinball_loss

from unrolled.data.table.windows import Batch, Windows
from unrolled.tasks.forecasting.intervals import margins
from unrolled.tasks.forecasting.losses import pinball_loss
from unrolled.tasks.forecasting.network import linear
from unrolled.tasks.forecasting.network.forecast_network import Features, ForecastNetwork
from unrolled.tasks.forecasting.network.linear import LinearMap, WindowShape

PAST, HORIZON = 6, 3
SHAPE = WindowShape(PAST, HORIZON, targets=(0, 2), columns=(0, 1, 2), calendar=(1, 2), planned=(0,))


@pytest.fixture
def windows() -> Windows:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(400, 5)).cumsum(0).astype(np.float32) / 10
    future = rng.normal(size=(400, 3)).astype(np.float32)
    targets = inputs[:, [0, 2]] + 0.5 * future[:, :1]
    targets[50:53] = np.nan
    return Windows(inputs, lookback=PAST, horizon=HORIZON, targets=targets, future=future)


def batches(windows: Windows, size: int = 64) -> Iterator[Batch[torch.Tensor]]:
    for start in range(0, len(windows), size):
        yield windows.batch(np.arange(start, min(start + size, len(windows)))).tensors()


def fitted(windows: Windows) -> LinearMap:
    found = LinearMap(SHAPE)
    found.fit(batches(windows), batches(windows), season=2)
    return found


def test_its_weights_are_those_of_a_ridge(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear, "RIDGES", (3.0,))
    monkeypatch.setattr(LinearMap, "_choices", lambda self, *_: [torch.arange(24)])
    found, whole = fitted(windows), windows.tensors()
    assert whole.future is not None
    known = ~whole.targets.isnan().flatten(1).any(1)
    features = found._features(whole.inputs, whole.future)[known].double()
    change = (whole.targets - whole.inputs[:, -1:, [0, 2]])[known]
    for k in range(2):
        theirs = Ridge(alpha=3.0, fit_intercept=False).fit(features, change[:, :, k])
        np.testing.assert_allclose(found.weight[k].T, theirs.coef_, rtol=1e-4, atol=1e-5)


def test_it_knows_what_is_planned(windows: Windows) -> None:
    found, whole = fitted(windows), windows.tensors()
    assert whole.future is not None
    forecast = found(whole.inputs, whole.future)
    last = whole.inputs[:, -1:, [0, 2]]
    error = (forecast - whole.targets).abs().nanmean()
    assert error < 0.6 * (last - whole.targets).abs().nanmean()


def test_a_shift_of_level_shifts_a_forecast_that_saw_none() -> None:
    """With little weight on the last value itself, the map works on differences."""
    found = LinearMap(WindowShape(PAST, HORIZON, (0,), (0,), (), ()))
    with torch.no_grad():
        found.weight[:, : PAST - 1] = torch.randn(1, PAST - 1, HORIZON)
    inputs = torch.randn(4, PAST, 1)
    future = torch.zeros(4, HORIZON, 0)
    torch.testing.assert_close(found(inputs + 100, future), found(inputs, future) + 100)


def test_too_many_columns_shorten_its_lookback() -> None:
    shape = WindowShape(10_000, 2, (0,), tuple(range(50)), (), ())
    assert shape.steps_read * 50 <= linear.MOST_FEATURES


def test_an_untrained_network_forecasts_the_linear_map(windows: Windows) -> None:
    features = Features(5, (0, 1, 2), (3,), {}, 3, {})
    network = ForecastNetwork(
        SHAPE, features, cell="gru", hidden=8, layers=1, quantiles=(0.1, 0.5, 0.9), dropout=0.3
    ).eval()
    network.linear.fit(batches(windows), batches(windows), season=2)
    whole = windows.tensors()
    assert whole.future is not None
    forecast = network(whole.inputs, whole.future)
    assert forecast.shape == (len(windows), HORIZON, 2, 3)
    torch.testing.assert_close(forecast[..., 1], network.linear(whole.inputs, whole.future))
    assert (forecast.diff(dim=-1) > 0).all()
    assert (network.encoder.get_parameter("weight_ih_l0")[:, 3] == 0).all(), (
        "weights of a mask start at zero"
    )


def test_the_recurrent_part_does_not_see_levels(windows: Windows) -> None:
    features = Features(5, (0, 1, 2), (3,), {}, 3, {})
    network = ForecastNetwork(
        SHAPE, features, cell="lstm", hidden=8, layers=2, quantiles=(0.5,), dropout=0.0
    ).eval()
    inputs = windows.tensors().inputs[:8]
    higher = inputs.clone()
    higher[:, :, :3] += 50
    torch.testing.assert_close(network.encode(higher), network.encode(inputs), atol=1e-4, rtol=1e-4)


def test_pinball_is_sklearns_where_the_target_is_known() -> None:
    torch.manual_seed(0)
    targets, forecasts = torch.randn(9, 4, 2), torch.randn(9, 4, 2, 3)
    targets[2, 1, 0] = targets[5] = torch.nan
    quantiles = (0.1, 0.5, 0.8)
    known = ~targets.isnan()
    expected = np.mean(
        [
            mean_pinball_loss(targets[known], forecasts[..., i][known], alpha=q)
            for i, q in enumerate(quantiles)
        ]
    )
    forecasts.requires_grad_()
    loss = pinball_loss(forecasts, targets, torch.tensor(quantiles))
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    loss.backward()
    assert forecasts.grad is not None
    assert forecasts.grad.isfinite().all()
    assert (forecasts.grad[5] == 0).all()
    nothing = pinball_loss(forecasts, torch.full_like(targets, torch.nan), torch.tensor(quantiles))
    assert nothing.item() == 0


@pytest.mark.parametrize("factor", [0.3, 1.0, 3.0])
def test_margins_make_intervals_cover_what_they_promise(factor: float) -> None:
    generator = torch.Generator().manual_seed(1)
    truth = torch.randn(4000, 2, 1, generator=generator)
    truth[::7] = torch.nan
    quantiles = (0.05, 0.25, 0.5, 0.75, 0.95)
    ends = factor * torch.tensor([-1.645, -0.674, 0, 0.674, 1.645])
    forecasts = ends.expand(4000, 2, 1, 5)
    moved = forecasts + margins(forecasts[:2000], truth[:2000], quantiles)
    for i, promise in ((0, 0.9), (1, 0.5)):
        later = truth[2000:]
        inside = (later >= moved[2000:, ..., i]) & (later <= moved[2000:, ..., -1 - i])
        covered = inside[~later.isnan()].float().mean().item()
        assert covered == pytest.approx(promise, abs=0.03)
    assert (moved[..., 2] == forecasts[..., 2]).all(), "the median stays"
