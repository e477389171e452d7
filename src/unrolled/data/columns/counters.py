"""Columns that only number the rows: an index that was saved with its frame, an id, a counter."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unrolled.data.arrow import is_whole

SAVED = "it is the index of a frame that was saved with it: it numbers the rows"
COUNTS = "it only counts the rows"
_SAVED_INDEX = re.compile(r"|unnamed: ?\d+|__index_level_\d+__", re.I)
_IDS = re.compile(r"(row|record)?[ _]?(id|no|nr|idx|index|number)|번호|순번|연번", re.I)


def saved_index(columns: Mapping[str, Any], named: Collection[str]) -> dict[str, str]:
    """The columns of whole numbers that pandas writes for an index without a name, and why.

    named: columns that the user gave a role.
    """
    found = [n for n in columns if n not in named and _SAVED_INDEX.fullmatch(n.strip())]
    return {name: SAVED for name in found if is_whole(columns[name])}


def counts_rows(name: str, column: Any, known: NDArray[np.bool_]) -> bool:
    """Whether the whole numbers of known rows (N,) count the rows; an id may leave some out."""
    rows, named = np.flatnonzero(known), _IDS.fullmatch(name.strip()) is not None
    first = [column[int(row)].as_py() for row in rows[:2]]
    if len(rows) < 3 or None in first or not (named or first[1] - first[0] == rows[1] - rows[0]):
        return False
    values = column.cast(pa.float64(), safe=False).to_numpy()[known]
    if not (values == np.floor(values)).all():
        return False
    return bool((np.diff(values) > 0).all() if named else (np.diff(values) == np.diff(rows)).all())
