"""M4 Hourly by the competition's measure: 414 series of unlike level, 48 steps ahead, OWA.

    python -m benchmarks.m4 [CSV] [--horizon 48] [--season 24] [--seeds 1] [--ensemble 2]

The wide file is read as it is. The last 48 points of each series are held out: the forecaster is
fitted on the rest, chooses on the 96 points before, learns from all of the rest again, and
forecasts the 48 points once. sMAPE and MASE are as in the competition (in percent; scaled by the
seasonal differences of the rest), averaged over series; OWA is the mean of both, each over that of
Naive2 on the same points. Naive2 is the last value with the season of a classical multiplicative
decomposition put back, where the competition's test of autocorrelation at 90 % finds a season.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.timing import keep
from unrolled import Forecaster, Training
from unrolled.data import Table

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def is_seasonal(series: np.ndarray, season: int) -> bool:
    """The competition's test: the autocorrelation at the season beyond 1.645 standard errors."""
    if season == 1 or len(series) < 3 * season:
        return False
    centred = series - series.mean()
    spread = float((centred**2).sum())
    if spread == 0:
        return False
    lags = [float((centred[lag:] * centred[:-lag]).sum()) / spread for lag in range(1, season + 1)]
    limit = 1.645 * np.sqrt((1 + 2 * np.sum(np.square(lags[:-1]))) / len(series))
    return bool(abs(lags[-1]) > limit)


def naive2(series: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Naive2: the last value without its season, with the season of each step put back."""
    if not is_seasonal(series, season):
        return np.full(horizon, series[-1])
    weights = np.ones(season + 1 - season % 2)
    if season % 2 == 0:
        weights[[0, -1]] = 0.5
    trend = np.convolve(series, weights / season, mode="valid")
    half = len(weights) // 2
    ratio = np.full(len(series), np.nan)
    ratio[half : half + len(trend)] = series[half : half + len(trend)] / trend
    indices = np.array([np.nanmean(ratio[place::season]) for place in range(season)])
    indices = indices / indices.mean()
    places = np.arange(len(series), len(series) + horizon) % season
    found: np.ndarray = series[-1] / indices[(len(series) - 1) % season] * indices[places]
    return found


def smape(truth: np.ndarray, forecast: np.ndarray) -> float:
    """In percent, 0 to 200."""
    return float((200 * np.abs(truth - forecast) / (np.abs(truth) + np.abs(forecast))).mean())


def mase(truth: np.ndarray, forecast: np.ndarray, series: np.ndarray, season: int) -> float:
    """The error over that of repeating the last season within the series."""
    return float(
        np.abs(truth - forecast).mean() / np.abs(series[season:] - series[:-season]).mean()
    )


def ours(
    known: dict[str, np.ndarray], horizon: int, season: int, seed: int, ensemble: int
) -> list[np.ndarray]:
    """What the `Forecaster` says of each series."""
    table = {
        "series": np.repeat(list(known), [len(one) for one in known.values()]),
        "time": np.concatenate([np.arange(len(one)) for one in known.values()]),
        "value": np.concatenate(list(known.values())),
    }
    model = Forecaster("value", horizon=horizon, season=season, ensemble=ensemble)
    model.fit(table, validation=2 * horizon, test=0, training=Training(seed=seed))
    frame = model.predict(table)
    return list(np.asarray(frame["value"]).reshape(len(known), horizon))


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("csv", nargs="?", type=Path, default=SHARED / "m4" / "Hourly-train.csv")
    parser.add_argument("--horizon", type=int, default=48)
    parser.add_argument("--season", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--ensemble", type=int, default=2)
    asked = parser.parse_args()
    table = Table.read(asked.csv)
    values = table.columns[table.roles.target[0]]
    whole = {name: values[table.rows(name)] for name in table.names}
    known = {name: one[: -asked.horizon] for name, one in whole.items()}
    truth = [one[-asked.horizon :] for one in whole.values()]
    steps = np.arange(asked.horizon) % asked.season - asked.season
    methods = {
        "Naive2": [naive2(one, asked.horizon, asked.season) for one in known.values()],
        "seasonal naive": [one[steps] for one in known.values()],
    }
    began = time.perf_counter()
    for seed in range(asked.seeds):
        found = ours(known, asked.horizon, asked.season, seed, asked.ensemble)
        methods[f"Forecaster, seed {seed}"] = found
    seconds = (time.perf_counter() - began) / max(asked.seeds, 1)
    scores = {
        name: np.mean(
            [
                (smape(y, f), mase(y, f, past, asked.season))
                for y, f, past in zip(truth, forecasts, known.values(), strict=True)
            ],
            axis=0,
        )
        for name, forecasts in methods.items()
    }
    print(f"{asked.csv.stem}: {len(whole)} series, the last {asked.horizon} points of each")
    kept = {}
    for name, score in scores.items():
        owa = float((score / scores["Naive2"]).mean())
        kept[name] = {"smape": float(score[0]), "mase": float(score[1]), "owa": owa}
        print(f"{name:<20} sMAPE {score[0]:7.3f}   MASE {score[1]:6.3f}   OWA {owa:.3f}")
    mean = np.mean([one["owa"] for name, one in kept.items() if name.startswith("Forecaster")])
    print(f"Forecaster, mean OWA {mean:.3f}, {seconds:.0f} s a seed")
    keep(f"m4-{asked.csv.stem}", kept)


if __name__ == "__main__":
    main()
