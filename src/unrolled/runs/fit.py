"""One fit for every task: from a plan to a run folder, and back."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor, nn

from unrolled.networks.build import choose_engine, refuse_early
from unrolled.networks.memory import TRAINED, Budget
from unrolled.training.checkpoint import Checkpoint
from unrolled.training.device import describe_device, find_device
from unrolled.training.loop import train
from unrolled.training.objective import Objective
from unrolled.training.outcome import Outcome
from unrolled.training.progress import Display, Silent
from unrolled.training.settings import Training

if TYPE_CHECKING:
    from unrolled.runs.card import Card, Status


class Settings(Protocol):
    """What a model is: a frozen value; `to_dict` is what run.json keeps of it."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        ...


class Preprocessor(Protocol):
    """How data become numbers, fitted on the training part; `to_dict` is what run.json keeps."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        ...


S = TypeVar("S", bound=Settings)
P = TypeVar("P", bound=Preprocessor)
N = TypeVar("N", bound=nn.Module)
V = TypeVar("V")


class Measured(NamedTuple):
    """What was measured after training: results.json, and the few numbers of run.json."""

    results: dict[str, Any] | None
    metrics: dict[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Generic[S, P, N]):
    """A fitted model whole: what every estimator holds as `fitted`, and what follows it takes.

    task: its name, as run.json has it; settings: of the model, with what was left open decided;
    training: how it was trained; preprocessor: how data become numbers; findings: what was found
    in the data; network: with the best weights; outcome: the epochs; results: what was measured,
    None where nothing was; metrics: the few numbers of it that run.json keeps.
    """

    task: str
    settings: S
    training: Training
    preprocessor: P
    findings: dict[str, Any]
    network: N
    outcome: Outcome
    results: dict[str, Any] | None
    metrics: dict[str, Any]

    def __repr__(self) -> str:
        epochs, best = len(self.outcome.history), self.outcome.best_epoch
        return f"Fit({self.task}, {self.settings}, {epochs} epochs, the best is {best})"


class Plan(Protocol[S, P, N]):
    """What a task brings to one fit: all that is decided before anything is written."""

    @property
    def task(self) -> str:
        """The name of the task."""
        ...

    @property
    def settings(self) -> S:
        """The settings of the model, with what was left open decided."""
        ...

    @property
    def training(self) -> Training:
        """How to train."""
        ...

    @property
    def preprocessor(self) -> P:
        """How data become numbers, fitted on the training part."""
        ...

    @property
    def findings(self) -> dict[str, Any]:
        """What was found in the data."""
        ...

    def fingerprint(self) -> dict[str, str]:
        """What a resumed run must share, by name: a mark of the data, and the split in words.

        Asked for only when a run folder is written.
        """
        ...

    def build(self) -> N:
        """A new network; its weights are drawn from torch's random state."""
        ...

    def objective(self, network: N) -> Objective:
        """What is trained; DataError for data that cannot be learned from."""
        ...

    def finish(self, fit: Fit[S, P, N], display: Display) -> Measured:
        """Calibrate and measure the trained network; display: where more training is shown."""
        ...


def fit(
    plan: Plan[S, P, N],
    *,
    out: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    display: Display | None = None,
) -> Fit[S, P, N]:
    """Train what a plan describes, measure it, and keep it in a run folder.

    out: the run folder, None for none; resume: go on with the run that is there, or begin one;
    overwrite: replace the run that is there.

    The order is the same for every task: whatever can be refused (device, engine, data) is refused
    before the folder is claimed, which is the first write. Ctrl-C keeps the best network so far.
    """
    device = find_device(plan.training.device)
    network = build(plan.build, plan.training)
    refuse_early(network)
    objective = plan.objective(network)
    fitted = Fit(
        plan.task, plan.settings, plan.training, plan.preprocessor, plan.findings,
        network, Outcome(), None, {},
    )  # fmt: skip
    network.to(device)
    if out is None:
        objective.begin(None)
        return _trained(plan, fitted, objective, None, False, display)
    from unrolled.runs import folder  # pydantic: a fifth of a second, only when a run is kept

    path = Path(out)
    fitted = replace(fitted, findings={**plan.findings, "fingerprint": plan.fingerprint()})
    with folder.writing(path):
        store = folder.begin(path, card(fitted, "training"), resume=resume, overwrite=overwrite)
        objective.begin(path)
        fitted = _trained(plan, fitted, objective, store, resume, display)
        _save(fitted, path)
    return fitted


def _trained(
    plan: Plan[S, P, N],
    fitted: Fit[S, P, N],
    objective: Objective,
    store: Checkpoint | None,
    resume: bool,
    display: Display | None,
) -> Fit[S, P, N]:
    """A fit whose network is trained and measured."""
    outcome = train(objective, plan.training, store=store, resume=resume, display=display)
    fitted.network.eval()
    fitted = replace(fitted, outcome=outcome)
    results, metrics = plan.finish(fitted, display or Silent())
    return replace(fitted, results=results, metrics=metrics)


def build(make: Callable[[], N], training: Training, copies: int = TRAINED) -> N:
    """A network from the seed of a training, on its engine; torch's random state is left alone.

    SettingsError when the machine has no room for so many copies of its weights.
    """
    with torch.random.fork_rng(devices=[]), Budget(copies):
        torch.manual_seed(training.seed)
        network = make()
    choose_engine(network, training.engine)
    return network


def card(fit: Fit[S, P, N], status: Status) -> Card:
    """What run.json says of a fit."""
    from unrolled.runs.card import Card, versions

    return Card(
        task=fit.task,
        status=status,
        versions=versions(),
        device=describe_device(fit.training.device),
        settings={"model": fit.settings.to_dict(), "training": asdict(fit.training)},
        findings=fit.findings,
        preprocessor=fit.preprocessor.to_dict(),
        metrics=fit.metrics,
    )


def save(fit: Fit[S, P, N], path: str | Path) -> None:
    """Write the run folder: settings, weights, results; each file whole or not at all.

    A run that is there is replaced; RunError for a folder whose run.json is another program's.
    """
    from unrolled.runs import folder
    from unrolled.runs.vouch import CARD

    with folder.writing(Path(path)):
        if (Path(path) / CARD).exists():
            folder.check_ours(Path(path))
            folder.sweep(Path(path), folder.WRITTEN)
        _save(fit, Path(path))


def _save(fit: Fit[S, P, N], path: Path) -> None:
    from unrolled.runs import folder

    status: Status = "interrupted" if fit.outcome.ended == "interrupted" else "finished"
    state, history = fit.network.state_dict(), fit.outcome.history
    folder.save(path, card(fit, status), state, fit.results, history)


@dataclass(frozen=True, eq=False)
class Stored:
    """A run folder that was read and found whole: its card, weights, results and epochs."""

    path: Path
    card: Card
    tensors: Mapping[str, Tensor]
    results: dict[str, Any] | None
    outcome: Outcome

    def settings(self, kind: type[S], **others: Any) -> S:
        """The settings of the model; RunError names the place of one that is of another type.

        others: those that `to_dict` wrote as something else.
        """
        found: S = self._read(kind, "model", others)
        return replace(found, **others)  # type: ignore[type-var]  # settings are dataclasses

    def preprocessor(self, read: Callable[[dict[str, Any]], P]) -> P:
        """The preprocessor, by the function that reads what `to_dict` wrote; RunError likewise."""
        return self.read("preprocessor", lambda: read(self.card.preprocessor))

    def read(self, place: str, make: Callable[[], V]) -> V:
        """What is made of plain values of run.json; RunError where they are not what was written.

        place: which of them.
        """
        from unrolled.runs.vouch import CARD, reading

        with reading(self.path / CARD, place):
            return make()

    def _read(self, kind: type[V], name: str, others: Container[str] = ()) -> V:
        from unrolled.runs.vouch import CARD, checked

        state = {k: v for k, v in self.card.settings.get(name, {}).items() if k not in others}
        return checked(kind, state, self.path / CARD, f"settings.{name}")

    def restore(self, settings: S, preprocessor: P, make: Callable[[], N]) -> Fit[S, P, N]:
        """The fit that was saved; RunError when the weights are not for the network."""
        from unrolled.runs import folder

        training = self._read(Training, "training")
        network = self.read("settings", lambda: build(make, training, copies=1)).eval()
        folder.load_weights(network, self.tensors, self.path)
        return Fit(
            self.card.task, settings, training, preprocessor, self.card.findings,
            network, self.outcome, self.results, self.card.metrics,
        )  # fmt: skip


def load(run: str | Path | Stored, task: str | None = None) -> Stored:
    """Read a run folder once, as data; RunError when a file is missing, cut, changed or not ours.

    A `Stored` is given back as it is, when it is of the task.
    """
    from unrolled.runs import folder

    if isinstance(run, Stored):
        folder.check_task(run.card, task, run.path)
        return run
    path = Path(run)
    found, tensors = folder.load(path, task)
    return Stored(path, found, tensors, *folder.load_results(path, found))
