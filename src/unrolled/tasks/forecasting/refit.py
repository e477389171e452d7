"""After measuring, learn from every row: what comes next is forecast by weights that saw it all.

The epochs are fixed: as many as were best on the validation part. The mixture and the calibration
are those of the honest split, for there is nothing left to choose them by.
"""

from __future__ import annotations

from dataclasses import replace

from unrolled.data.table.split import Part
from unrolled.tasks.forecasting.inference import ForecastFit
from unrolled.tasks.forecasting.objective import ForecastObjective, line_batches
from unrolled.tasks.forecasting.prepare import EncodedTable
from unrolled.training.loop import train
from unrolled.training.progress import Display


class FixedEpochs(ForecastObjective):
    """The same losses over all rows; nothing is left to validate on, so the last epoch is kept."""

    validated_on = "nothing: the epochs are fixed"
    done = 0

    def validate(self) -> float:
        """Lower with every epoch."""
        self.done += 1
        return -float(self.done)


def refit(fit: ForecastFit, encoded: EncodedTable, display: Display) -> None:
    """Train the final network of a fit on all rows; the measured one stays as it is.

    A fit that was interrupted is not refitted: its final weights are the measured ones.
    """
    measured, final = fit.network.measured, fit.network.final
    assert final is not None
    untrained = {name: value.clone() for name, value in final.state_dict().items()}
    final.load_state_dict(measured.state_dict())
    if fit.outcome.ended == "interrupted":
        return
    for name, parameter in final.named_parameters():
        parameter.data.copy_(untrained[name])
    windows = encoded.windows(
        _all_rows(encoded), fit.settings.decided_lookback, fit.settings.horizon
    )
    epochs = fit.outcome.best_epoch
    training = replace(fit.training, epochs=epochs, patience=epochs)
    final.line.solve(line_batches(final, windows), measured.line.choice)
    train(
        FixedEpochs(final, windows, windows, training, fit.settings.loss), training, display=display
    )


def _all_rows(encoded: EncodedTable) -> Part:
    table = encoded.table
    return replace(
        Part.whole((table.offsets[1:] - table.offsets[:-1]).tolist(), table.names), name="whole"
    )
