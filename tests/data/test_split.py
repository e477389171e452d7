"""The parts of a table: where they begin, what they hold, what is refused."""

import dataclasses
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from helpers.handmade import make_table

from unrolled.data.columns.roles import Roles
from unrolled.data.table.split import Part, Split, split
from unrolled.data.table.table import Table
from unrolled.errors import DataError, SettingsError


def table(*lengths: int, integer_time: bool = False) -> Table:
    values = np.arange(float(sum(lengths)))
    roles = Roles(time="time", target=("y",), past=())
    return make_table({"y": values}, roles, lengths, integer_time=integer_time)


def sizes(cut: Split) -> list[list[int]]:
    found: list[list[int]] = np.diff(cut.bounds, axis=1).tolist()
    return found


def test_fractions_are_of_each_series_rows() -> None:
    cut = split(table(100, 40), 0.2, 0.1, by="rows")
    assert sizes(cut) == [[70, 20, 10], [28, 8, 4]]
    assert cut.bounds[1].tolist() == [100, 128, 136, 140]


def test_counts_are_rows_and_zero_leaves_a_part_out() -> None:
    assert sizes(split(table(100, 40), 5, 7, by="rows")) == [[88, 5, 7], [28, 5, 7]]
    assert sizes(split(table(100), validation=0, test=0.0)) == [[100, 0, 0]]


def test_a_time_stamp_is_the_first_time_of_its_part() -> None:
    data = table(100, 60)
    cut = split(data, validation="2020-01-02 00:00", test="2020-01-03")
    assert sizes(cut) == [[24, 24, 52], [24, 24, 12]]
    assert data.times[cut.test.rows[1, 0]] == np.datetime64("2020-01-03")
    seoul = timezone(timedelta(hours=9))
    for same in (np.datetime64("2020-01-03"), datetime(2020, 1, 3, 9, tzinfo=seoul)):
        assert sizes(split(data, validation="2020-01-02", test=same)) == sizes(cut)
    assert sizes(split(data, 0.1, "2020-01-03", by="rows"))[0] == [38, 10, 52]


def test_a_time_stamp_is_on_the_clock_of_the_table() -> None:
    data = table(100)
    seoul = dataclasses.replace(
        data, source_format=dataclasses.replace(data.source_format, zone="Asia/Seoul")
    )
    cut = split(seoul, validation=5, test="2020-01-03")
    assert seoul.times[cut.test.rows[0, 0]] == np.datetime64("2020-01-02T15")
    assert cut.to_dict()["test"]["from"] == "2020-01-03"
    aware = split(seoul, validation=5, test="2020-01-03 00:00+09:00")
    assert sizes(aware) == sizes(split(seoul, 5, np.datetime64("2020-01-03"))) == sizes(cut)


def test_masks_of_the_parts_cover_every_row_once() -> None:
    cut = split(table(100, 40))
    total = sum(part.mask().astype(int) for part in (cut.train, cut.validation, cut.test))
    assert np.all(total == 1)
    assert cut.train_rows().sum() == len(cut.train) == 70 + 28
    assert cut.test.offsets.tolist() == [0, 100, 140]


def test_what_is_later_does_not_move_the_cut() -> None:
    data = table(100, 40)
    noise = {"y": np.random.default_rng(0).normal(size=140)}
    other = dataclasses.replace(data, columns=noise)
    assert np.array_equal(split(data).bounds, split(other).bounds)


def test_describe_and_to_dict_tell_rows_and_dates() -> None:
    cut = split(table(100), validation=20, test="2020-01-04 12:00")
    assert cut.to_dict() == {
        "train": {"rows": 64, "from": "2020-01-01", "to": "2020-01-03 15:00"},
        "validation": {"rows": 20, "from": "2020-01-03 16:00", "to": "2020-01-04 11:00"},
        "test": {"rows": 16, "from": "2020-01-04 12:00", "to": "2020-01-05 03:00"},
    }
    json.dumps(cut.to_dict())
    assert "64 rows  2020-01-01 to 2020-01-03 15:00" in repr(cut)
    assert split(table(100), test=0).to_dict()["test"] == {"rows": 0, "from": None, "to": None}
    assert split(table(10, integer_time=True)).to_dict()["train"]["to"] == "5"


@pytest.mark.parametrize(
    ("validation", "test", "message"),
    [
        (1.0, 0.1, r"validation as a share must be in \[0, 1\), got 1.0"),
        (0.1, -0.2, r"test as a share must be in \[0, 1\), got -0.2"),
        (-3, 0.1, "validation as a number of rows must be >= 0, got -3"),
        (0.6, 0.4, "validation 0.6 and test 0.4 leave nothing to train on"),
        (0.1, True, "test must be a share, a number of rows or a time stamp, got True"),
        (0.1, "soon", "test must be a time stamp like 2013-11-15 .*, got 'soon'"),
    ],
)
def test_settings_that_make_no_sense(validation: float, test: float | str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        split(table(50), validation, test)


def test_a_series_without_training_rows_is_named() -> None:
    with pytest.raises(DataError, match=r"series 's1' has 5 rows and keeps none for training"):
        split(table(4, 5), validation=2, test=3)
    with pytest.raises(DataError, match=r"series 's0' has 50 rows and keeps none for training"):
        split(table(50), validation="2019-01-01", test=0.1)


def test_a_series_too_short_to_be_measured_is_learned_from() -> None:
    found = split(table(50, 5), validation=2, test=3)
    assert found.bounds.tolist() == [[0, 45, 47, 50], [50, 55, 55, 55]]


def test_a_series_that_begins_after_the_test_date_has_no_training_row() -> None:
    given = table(50)
    late = dataclasses.replace(given, offsets=np.array([0, 40, 50]), names=("a", "b"))
    found = split(late, validation=given.times[20], test=given.times[35])
    assert found.bounds.tolist() == [[0, 20, 35, 40], [40, 40, 40, 50]]


def test_a_time_stamp_needs_a_time() -> None:
    with pytest.raises(SettingsError, match="the times of this table are integers"):
        split(table(50, integer_time=True), test="2020-01-02")


def test_the_whole_of_some_series_is_a_part_too() -> None:
    part = Part.whole([3, 4])
    assert part.rows.tolist() == [[0, 3], [3, 7]]
    assert part.offsets.tolist() == [0, 3, 7]
    assert part.mask().all()


def ragged(begins: list[int], lengths: list[int]) -> Table:
    """Hourly series that begin so many hours later than the first."""
    plain = table(*lengths)
    later = np.repeat(begins, lengths) * np.timedelta64(1, "h")
    times: Any = plain.times + later
    return dataclasses.replace(plain, times=times)


def leaks(cut: Split, data: Table) -> bool:
    """Whether any series is trained on a time at or after the first that another is measured on."""
    bounds, times = cut.bounds, data.times
    for part in (1, 2):
        last = [times[row[part] - 1] for row in bounds if row[part] > row[0]]
        first = [times[row[part]] for row in bounds if row[part] < row[3]]
        if first and last and max(last) >= min(first):
            return True
    return False


@pytest.mark.parametrize(
    ("begins", "lengths"),
    [
        ([0, 0], [100, 70]),  # one ends early
        ([0, 60], [100, 40]),  # one is young
        ([0, 95, 0], [100, 5, 3]),  # very young, long dead
        ([0, 50], [100, 100]),
    ],
)
@pytest.mark.parametrize(("validation", "test"), [(0.15, 0.15), (10, 12), (0.2, 9)])
def test_series_that_share_days_are_cut_at_the_same_dates(
    begins: list[int], lengths: list[int], validation: float, test: float
) -> None:
    data = ragged(begins, lengths)
    cut = split(data, validation, test)
    by_rows, by_date = (split(data, validation, test, by=by) for by in ("rows", "date"))
    leaking = leaks(by_rows, data)
    assert not leaks(cut, data)
    assert ("split=rows" in cut.note) == leaking
    assert np.array_equal(cut.bounds, (by_date if leaking else by_rows).bounds)
    assert len(cut.validation)
    assert len(cut.test)
    young = cut.bounds[:, 0] == cut.bounds[:, 1]
    assert not np.diff(cut.learned(cut.test).rows, axis=1)[young].any()


def test_rows_are_each_series_own_where_no_day_is_shared() -> None:
    apart = ragged([0, 200], [100, 100])
    assert sizes(split(apart)) == [[70, 15, 15], [70, 15, 15]]
    assert split(apart).note == ""
    assert split(table(100, 100)).note == ""
    counted = table(100, 40, integer_time=True)  # steps since a beginning of its own
    assert sizes(split(counted)) == [[70, 15, 15], [28, 6, 6]]
    asked = split(ragged([0, 0], [100, 60]), by="rows")
    assert "split=date" in asked.note
    with pytest.raises(SettingsError, match="expected one of date, rows, got 'weeks'"):
        split(apart, by="weeks")
