"""Run folders made or changed by hand, with fingerprints that fit: anyone can compute them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unrolled import files
from unrolled.runs.folder import VOUCHED
from unrolled.runs.vouch import CARD, own

Card = dict[str, Any]


def seal(folder: Path, change: Callable[[Card], object] | None = None) -> None:
    """Change run.json, then let it vouch for itself and for all that is in the folder."""
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    if change is not None:
        change(card)
    there = [name for name in VOUCHED if (folder / name).is_file()]
    card["fingerprints"] = {name: files.digest((folder / name).read_bytes()) for name in there}
    card["fingerprints"][CARD] = own(card)
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")
