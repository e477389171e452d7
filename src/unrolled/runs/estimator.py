"""What the estimators of all tasks share: each holds one fit, under the name `fitted`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Generic, Self

from unrolled.errors import NotFittedError
from unrolled.runs import fit as runs
from unrolled.runs.fit import Fit, N, P, Plan, S
from unrolled.training.outcome import Outcome
from unrolled.training.progress import Display


class Estimator(Generic[S, P, N]):
    """Holds a fit. A task's estimator reads data, makes a plan, and predicts from the fit."""

    name: ClassVar[str]
    _fitted: Fit[S, P, N] | None = None

    @property
    def fitted(self) -> Fit[S, P, N]:
        """The fitted model whole, a frozen value; NotFittedError before `fit` or `load`."""
        if self._fitted is None:
            raise NotFittedError(f"{self.name} is not fitted: call fit() or load() first")
        return self._fitted

    @property
    def network(self) -> N:
        """The fitted network."""
        return self.fitted.network

    @property
    def outcome(self) -> Outcome:
        """The epochs of the training, and why it ended."""
        return self.fitted.outcome

    @property
    def results(self) -> dict[str, Any] | None:
        """What was measured; None where nothing was."""
        return self.fitted.results

    @property
    def verdict(self) -> str:
        """What was measured, in one plain sentence."""
        return str((self.results or {}).get("verdict", "nothing was measured"))

    def _repr_html_(self) -> str:
        """What a notebook shows: what was measured, and the verdict, escaped."""
        from unrolled.runs.notebook import table_html

        if self._fitted is None:
            return table_html([self.name], [["not fitted"]])
        rows = [row for row in (self.results or {}).get("table", []) if isinstance(row, dict)]
        keys = list(dict.fromkeys(key for row in rows for key in row))
        cells = [[_cell(row.get(key)) for key in keys] for row in rows]
        return table_html(["" if key == "name" else key for key in keys], cells, [self.verdict])

    def run(
        self,
        plan: Plan[S, P, N],
        *,
        out: str | Path | None = None,
        resume: bool = False,
        overwrite: bool = False,
        display: Display | None = None,
    ) -> Self:
        """Fit as planned; arguments as for `fit`."""
        self._fitted = runs.fit(plan, out=out, resume=resume, overwrite=overwrite, display=display)
        return self

    def save(self, path: str | Path) -> None:
        """Write the run folder: settings, weights, results; each file whole or not at all."""
        runs.save(self.fitted, path)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
