"""Years beside names of months, and wide tables: recognised, made long, and said so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unrolled.data.table.table import Table
from unrolled.errors import DataError

SHORT = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FULL = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


@pytest.fixture(scope="session")
def cases(shared_data: Path) -> Path:
    folder = shared_data.parent / "cases" / "tables"
    if not folder.is_dir():
        pytest.skip("needs ../shared/cases/tables, which is not shipped")
    return folder


@pytest.mark.parametrize("names", [SHORT, FULL, tuple(n.upper() for n in SHORT)])
def test_a_year_beside_the_name_of_a_month(names: tuple[str, ...]) -> None:
    table = Table.read({"Year": np.repeat([2012, 2013], 12), "Month": [*names] * 2, "y": range(24)})
    assert (table.roles.time, len(table.names), str(table.step)) == ("Year,Month", 1, "1MS")
    assert table.findings.end == "2013-12-01 00:00"
    out = table.frame({"Year,Month": table.times})
    assert list(out["Month"][:12]) == [name.title() for name in names]


def test_a_month_that_is_none_is_named_with_its_row() -> None:
    data = {"year": [2012] * 12, "month": [*SHORT[:11], "Foo"], "y": range(12)}
    with pytest.raises(DataError, match=r"'month', data row 12: 'Foo' is not a month"):
        Table.read(data)


def test_months_by_name_of_a_real_shape(cases: Path) -> None:
    table = Table.read(cases / "06-year-monthname.csv")
    assert (len(table), len(table.names), str(table.step)) == (96, 1, "1MS")
    assert table.findings.gaps == {}
