"""After measuring, learn from every row: what comes next is forecast by weights that saw it all.

The epochs are fixed: as many as were best on the validation part. The mixture and the calibration
are those of the honest split, for there is nothing left to choose them by.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from unrolled.data.table.split import Part
from unrolled.tasks.forecasting.inference import ForecastFit
from unrolled.tasks.forecasting.objective import ForecastObjective, line_batches
from unrolled.tasks.forecasting.prepare import EncodedTable
from unrolled.training.loop import train
from unrolled.training.progress import Display


class FixedEpochs(ForecastObjective):
    """The same losses over all rows; nothing is left to validate on, so the last epoch is kept."""

    validated_on = ""
    done = 0

    def validate(self) -> float:
        """Lower with every epoch."""
        self.done += 1
        return -float(self.done)


def refit(fit: ForecastFit, encoded: EncodedTable, display: Display) -> None:
    """Train the final network of a fit on all rows; the measured one stays as it is.

    The final weights of a fit or refit that is interrupted are the measured ones.
    """
    measured, final, settings = fit.network.measured, fit.network.final, fit.settings
    assert final is not None
    if fit.outcome.ended == "interrupted":
        final.load_state_dict(measured.state_dict())
        return
    final.weights.copy_(measured.weights)
    final.offsets.copy_(measured.offsets)
    whole = Part.whole(np.diff(encoded.table.offsets).tolist(), encoded.table.names)
    windows = encoded.windows(whole, settings.decided_lookback, settings.horizon)
    epochs = fit.outcome.best_epoch
    training = replace(fit.training, epochs=epochs, patience=epochs)
    display.say(f"once more on all rows, {epochs} epochs, for what comes next")
    final.line.solve(line_batches(final, windows), measured.line.choice)
    objective = FixedEpochs(final, windows, windows, training, settings.loss)
    if train(objective, training, display=display).ended == "interrupted":
        final.load_state_dict(measured.state_dict())
