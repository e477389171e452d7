"""Forecast a column of a CSV file: fit, read the verdict, predict the next days.

    python examples/forecast_csv.py [FOLDER]

Without FOLDER everything is written into a temporary one.
"""

import sys
import tempfile
from pathlib import Path

from pyarrow import csv

from unrolled import Forecaster, Training, samples


def main(folder: Path) -> None:
    file = folder / "seattle.csv"
    csv.write_csv(samples.load("seattle-weather"), file)  # a CSV of yours goes here

    model = Forecaster("temp_max", horizon=7, hidden=16)
    model.fit(file, training=Training(epochs=3), out=folder / "run", overwrite=True)
    print(model.verdict)  # beside naive, seasonal naive and a linear map

    again = Forecaster.load(folder / "run")  # the run folder is all that has to be kept
    for row in again.predict(file).to_pylist():  # seven days, each with its 90 % interval
        print(
            "{date}  {temp_max:5.1f}  {temp_max_lo_90:5.1f} to {temp_max_hi_90:5.1f}".format(**row)
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
