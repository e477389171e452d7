"""Columns that only number the rows: an index that was saved with its frame, an id, a counter."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from unrolled.data.arrow import integers, is_row_number, is_whole

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


def counts_rows(name: str, column: Any) -> bool:
    """Whether a column counts the rows; an id may leave some out."""
    if is_row_number(column):
        return True
    if not (is_whole(column) and len(column) > 2 and _IDS.fullmatch(name.strip())):
        return False
    return bool((np.diff(integers(column)) > 0).all())
