"""Time of `fit`: beside the loop a careful person writes, and beside torch's engine.

Run `python -m benchmarks.fit`. The data and the network are those of `unrolled demo`; every side
trains the same network for the same number of steps and validates after each epoch.
Goals: at most 1.05 times the plain loop with the same layer; GRU on the native engine, end to end,
4 times faster than on torch's.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.timing import interleaved, keep
from unrolled import Forecaster, Training, samples
from unrolled.layers import GRU, LSTM, RNN
from unrolled.layers.engines import EngineName
from unrolled.networks.build import choose_engine
from unrolled.tasks.forecasting.losses import pinball_loss
from unrolled.tasks.forecasting.network.segments import SegmentNetwork
from unrolled.tasks.forecasting.network.shape import WindowBatch
from unrolled.tasks.forecasting.objective import ForecastObjective
from unrolled.tasks.forecasting.prepare import TableWindows
from unrolled.training import train

EPOCHS, ROUNDS = 2, 3


def prepared(cell: str) -> tuple[ForecastObjective, Training]:
    """The demo's forecaster before its first real epoch, and its task."""
    settings = Training(epochs=EPOCHS, patience=EPOCHS)
    model = Forecaster("temp", horizon=24, cell=cell, refit="none")
    plan = model.plan(samples.path("nyc-weather"), training=Training(epochs=1, engine="torch"))
    network = model.run(plan).network.measured
    return ForecastObjective(network, plan.train, plan.validation, settings, "quantile"), settings


def in_memory(windows: TableWindows) -> TensorDataset:
    """All windows at once, as a careful person would keep them."""
    batch = windows.batch(np.arange(len(windows)))
    return TensorDataset(*(part for part in batch if isinstance(part, torch.Tensor)))


def loss_of(network: nn.Module, parts: list[torch.Tensor], quantiles: torch.Tensor) -> torch.Tensor:
    """The loss of a batch as `TensorDataset` gives it."""
    batch = WindowBatch._make([*parts, np.empty(0), np.empty(0)])
    return pinball_loss(network(batch), batch.targets, quantiles, batch.weight)


def plain_loop(network: nn.Module, task: ForecastObjective, settings: Training) -> None:
    """What a careful person writes: windows made once, a DataLoader, AdamW, the best kept."""
    data, held = in_memory(task.train), in_memory(task.validation)
    loader = DataLoader(data, batch_size=settings.batch_size, shuffle=True)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=0)
    quantiles, best, kept = task.model.quantiles, float("inf"), {}
    for _ in range(settings.epochs):
        network.train()
        total = 0.0
        for parts in loader:
            optimizer.zero_grad()
            loss = loss_of(network, parts, quantiles)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
            optimizer.step()
            total += loss.item()
        network.eval()
        with torch.no_grad():
            error = validate(network, held, quantiles)
        if error < best:
            best, kept = error, copy.deepcopy(network.state_dict())
    network.load_state_dict(kept)


def validate(network: nn.Module, held: TensorDataset, quantiles: torch.Tensor) -> float:
    """The mean loss of the validation windows."""
    loader = DataLoader(held, batch_size=1024)
    losses = [loss_of(network, parts, quantiles).item() for parts in loader]
    return sum(losses) / len(losses)


def with_torch_layer(network: SegmentNetwork) -> nn.Module:
    """The same network with torch.nn's own layer in the place of ours."""
    ours = network.encoder
    assert isinstance(ours, RNN | LSTM | GRU)
    kind = getattr(nn, type(ours).__name__)
    theirs = kind(ours.input_size, ours.hidden_size, ours.num_layers, batch_first=True)
    theirs.load_state_dict(ours.state_dict())
    copied = copy.deepcopy(network)
    copied.encoder = theirs
    return copied


def beside_the_plain_loop() -> dict[str, float]:
    """Seconds of training an LSTM: the plain loop, ours on torch's engine, ours as shipped."""
    task, settings = prepared("lstm")
    start = copy.deepcopy(task.model.state_dict())

    def ours(engine: EngineName) -> None:
        task.model.load_state_dict(start)
        choose_engine(task.model, engine)
        train(task, settings)

    def plain() -> None:
        task.model.load_state_dict(start)
        plain_loop(with_torch_layer(task.model.members()[0]), task, settings)

    sides = {"plain loop": plain, "torch engine": lambda: ours("torch")}
    return interleaved({**sides, "as shipped": lambda: ours("auto")}, ROUNDS)


def end_to_end() -> dict[str, float]:
    """Seconds of `fit` of the demo's GRU, reading, linear map and evaluation included."""
    path = samples.path("nyc-weather")

    def fit(engine: EngineName) -> None:
        training = Training(epochs=9, patience=9, engine=engine)  # the demo stops after nine
        Forecaster("temp", horizon=24, cell="gru").fit(path, training=training)

    return interleaved({"torch": lambda: fit("torch"), "native": lambda: fit("native")}, 1)


def main() -> None:
    """Measure, print, keep."""
    loop = beside_the_plain_loop()
    print(f"training the demo's network, LSTM, {EPOCHS} epochs, {torch.get_num_threads()} threads")
    for name, seconds in loop.items():
        ratio = seconds / loop["plain loop"]
        print(f"  {name:<13}{seconds:7.2f} s   {ratio:5.2f} x the plain loop")
    whole = end_to_end()
    print("fit of the demo's GRU, end to end")
    for name, seconds in whole.items():
        print(f"  {name:<13}{seconds:7.2f} s")
    print(f"  native is {whole['torch'] / whole['native']:.2f} times faster")
    keep("fit", {"loop": loop, "end_to_end": whole})


if __name__ == "__main__":
    main()
