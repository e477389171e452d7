"""Sequences from data frames as sktime has them: cells that are series, and a MultiIndex."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from unrolled import Classifier, Training
from unrolled.data import Sequences
from unrolled.errors import DataError

LENGTHS = [5, 8, 6, 7] * 3
WAVES = [np.sin(np.arange(n) * (0.3, 0.9)[k % 2] + k) for k, n in enumerate(LENGTHS)]
KINDS = ["slow", "fast"] * 6
NAMES = [f"case {k}" for k in range(11, -1, -1)]  # not in the order of the alphabet


def nested(cell: Any = pd.Series, **more: Any) -> pd.DataFrame:
    """A row for each wave and the same wave upside down."""
    up, down = [cell(wave) for wave in WAVES], [cell(-wave) for wave in WAVES]
    return pd.DataFrame({"up": up, "down": down, **more})


def indexed(names: Any = ("case", "t")) -> pd.DataFrame:
    """A row for each time step, named by the case and the step."""
    parts = [pd.DataFrame({"up": wave, "down": -wave}) for wave in WAVES]
    return pd.concat(parts, keys=NAMES, names=list(names))


FRAMES: dict[str, Any] = {
    "nested pandas series": nested(),
    "nested numpy arrays": nested(np.asarray),
    "nested lists": nested(list),
    "polars lists": pl.DataFrame({"up": WAVES, "down": [-wave for wave in WAVES]}),
    "pyarrow lists": pl.DataFrame({"up": WAVES, "down": [-w for w in WAVES]}).to_arrow(),
    "a MultiIndex": indexed(),
    "a MultiIndex without names": indexed((None, None)),
    "a MultiIndex of three levels": pd.concat({"plant": indexed()}, names=["place"]),
    "a MultiIndex, steps shuffled": indexed().iloc[np.r_[0, 4:0:-1, 5:78]],
    "a MultiIndex of dates": indexed().set_index(
        indexed().index.map(lambda at: (at[0], pd.Timestamp(2020, 1, 1 + at[1])))
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_each_kind_of_frame_is_the_same_sequences(name: str) -> None:
    read = Sequences.read(FRAMES[name])
    assert read.features == ("up", "down")
    assert read.lengths.tolist() == LENGTHS
    for b, wave in enumerate(WAVES):
        assert np.array_equal(read.sequence(b), np.stack([wave, -wave], axis=1))


@pytest.mark.parametrize("name", ["nested pandas series", "a MultiIndex"])
def test_a_classifier_takes_them_and_labels_in_their_order(name: str) -> None:
    model = Classifier(hidden=4, ensemble=1).fit(
        FRAMES[name], KINDS, training=Training(epochs=1, batch_size=8)
    )
    alone = model.predict_proba([np.stack([wave, -wave], axis=1) for wave in WAVES])
    assert np.array_equal(model.predict_proba(FRAMES[name]), alone)


def test_labels_with_an_index_go_to_the_sequences_of_its_names() -> None:
    labels = pd.Series(KINDS, index=NAMES)
    read = Sequences.read(indexed()).with_labels(labels.sort_index())
    assert read.labels.tolist() == KINDS
    assert Sequences.read(indexed()).with_labels(pd.Series(KINDS)).labels.tolist() == KINDS


def test_a_column_of_labels_and_what_is_no_series() -> None:
    frame = nested(kind=KINDS, weight=range(12))
    read = Sequences.read(frame, label="kind")
    assert read.labels.tolist() == KINDS
    assert read.notes == ("left out: weight (its cells are no series)",)
    long = indexed().assign(kind=np.repeat(KINDS, LENGTHS))
    assert Sequences.read(long, label="kind").labels.tolist() == KINDS
    model = Classifier(hidden=4, ensemble=1)
    model.fit(Sequences.read(long, label="kind"), training=Training(epochs=1, batch_size=8))
    assert len(model.predict(long)) == len(model.predict(indexed())) == 12


def other(values: list[Any]) -> pd.DataFrame:
    return nested().assign(down=values)


@pytest.mark.parametrize(
    ("frame", "label", "words"),
    [
        (
            other([pd.Series(w[:4]) for w in WAVES]),
            None,
            "row 0, column 'down' has 4 steps, 'up' has 5",
        ),
        (other([*map(pd.Series, WAVES[:-1]), None]), None, "row 11, column 'down' holds no series"),
        (
            other([["a"] * n for n in LENGTHS]),
            None,
            "row 0, column 'down': expected a series of numbers",
        ),
        (nested(kind=KINDS), "up", "label 'up': expected a column of one label a row, there is"),
        (nested(), "kind", "there is none"),
        (indexed().assign(case=1), None, "'case' is a level of the index and another column too"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(frame: Any, label: str, words: str) -> None:
    with pytest.raises(DataError) as raised:
        Sequences.read(frame, label=label)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
