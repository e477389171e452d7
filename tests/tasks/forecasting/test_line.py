"""The shared line beside scikit-learn's ridge: what it reads, and when it reads more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from unrolled import Roles, Table, split
from unrolled.tasks.forecasting.network import line
from unrolled.tasks.forecasting.network.line import SharedLine
from unrolled.tasks.forecasting.network.shape import WindowBatch
from unrolled.tasks.forecasting.prepare import EncodedTable, TableWindows, shape_of
from unrolled.tasks.forecasting.preprocess import ForecastPreprocessor

LOOKBACK, HORIZON = 12, 3


def encoded(data: dict[str, Any], roles: Roles) -> tuple[SharedLine, TableWindows, TableWindows]:
    """A line for a table, and its training and validation windows."""
    table = Table.read(data, roles)
    parts = split(table, 0.2, 0.2)
    fitted = ForecastPreprocessor.fit(table, parts)
    ready = EncodedTable.of(table, fitted, parts.train)
    shape = shape_of(fitted, LOOKBACK, HORIZON)
    train, validation = (
        ready.windows(p, LOOKBACK, HORIZON) for p in (parts.train, parts.validation)
    )
    return SharedLine(shape), train, validation


def walk(rows: int, targets: int = 1) -> dict[str, Any]:
    random = np.random.default_rng(0)
    data: dict[str, Any] = {"t": np.arange(rows)}
    for k in range(targets):
        noise = random.normal(size=rows)
        data[f"y{k}"] = 100 * k + np.convolve(noise, [1, 0.8, 0.5], mode="same") * (1 + 9 * k)
    return data


def rows_of(windows: TableWindows) -> tuple[np.ndarray, np.ndarray]:
    """Past and future of every target and window in the deviation of the series, less the last."""
    parts = [(b.own, b.targets, b.weight) for b in windows.batches()]
    own = torch.cat([(o[:, :, :-1] * w.unsqueeze(2)).flatten(0, 1) for o, _, w in parts])
    ahead = torch.cat([(y * w.unsqueeze(1)).transpose(1, 2).flatten(0, 1) for _, y, w in parts])
    return own.double().numpy(), ahead.double().numpy()


def test_it_is_one_ridge_over_all_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "RIDGES", (3.0,))
    data = walk(300, targets=2)
    data["y0"][40:44] = np.nan
    found, train, validation = encoded(data, Roles(time="t", target=("y0", "y1")))
    found.fit(train.batches, validation.batches)
    past, ahead = rows_of(train)
    known = ~np.isnan(ahead).any(axis=1)
    theirs = Ridge(alpha=3.0, fit_intercept=False).fit(past[known], ahead[known])
    np.testing.assert_allclose(found.weight.T, theirs.coef_, rtol=1e-3, atol=1e-5)
    assert found.weight.shape == (LOOKBACK - 1, HORIZON), "no intercept, nothing of a level"


def test_its_ridge_is_chosen_by_validation() -> None:
    found, train, validation = encoded(walk(200), Roles(time="t", target=("y0",)))
    found.fit(train.batches, validation.batches)
    past, ahead = rows_of(train)
    later, truth = rows_of(validation)
    errors = {
        alpha: np.abs(
            Ridge(alpha=alpha, fit_intercept=False).fit(past, ahead).predict(later) - truth
        ).mean()
        for alpha in line.RIDGES
    }
    assert found.choice == (LOOKBACK - 1, min(errors, key=lambda alpha: errors[alpha]))


@pytest.mark.parametrize("matters", [True, False])
def test_covariates_are_read_where_validation_says_so(matters: bool) -> None:
    data = walk(3000)
    plan = np.random.default_rng(5).choice([0.0, 1.0], 3000)
    data |= {"plan": plan, "y0": data["y0"] + (5 * plan if matters else 0)}
    found, train, validation = encoded(data, Roles(time="t", target=("y0",), future=("plan",)))
    found.fit(train.batches, validation.batches)
    assert (found.choice[0] > LOOKBACK - 1) == matters
    if matters:
        batch = validation.batch(np.arange(len(validation)))
        with torch.no_grad():
            error = (found(batch) - batch.targets).abs().mean().item()
        assert error < 0.45 * (batch.targets - batch.targets.mean()).abs().mean().item()


def test_each_target_has_its_own_covariates_and_all_share_the_past() -> None:
    data = walk(900, targets=2)
    plan = np.random.default_rng(5).choice([0.0, 1.0], 900)
    data |= {"plan": plan, "y0": data["y0"] + 4 * plan, "y1": data["y1"] - 40 * plan}
    roles = Roles(time="t", target=("y0", "y1"), future=("plan",))
    found, train, validation = encoded(data, roles)
    found.fit(train.batches, validation.batches)
    batch = validation.batch(np.arange(len(validation)))
    with torch.no_grad():
        error = (found(batch) - batch.targets).abs().mean(dim=(0, 1))
    assert (error < 0.5 * (batch.targets - batch.targets.mean()).abs().mean(dim=(0, 1))).all()


def test_what_is_chosen_is_solved_again_on_other_windows() -> None:
    found, train, validation = encoded(walk(300), Roles(time="t", target=("y0",)))
    found.fit(train.batches, validation.batches)
    before, choice = found.weight.clone(), found.choice
    found.solve(train.batches, choice)
    torch.testing.assert_close(found.weight, before)
    found.solve(joined(train.batches, validation.batches), choice)
    assert not torch.equal(found.weight, before)
    assert found.choice == choice


def joined(*parts: Callable[[], Iterator[WindowBatch]]) -> Callable[[], Iterator[WindowBatch]]:
    return lambda: (batch for part in parts for batch in part())
