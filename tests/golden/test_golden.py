"""Run folders of earlier versions load to the same predictions; those of unknown ones do not load.

They lie in schema-N/TASK, made by scripts/make_golden.py: `run`, the file that it was fitted on,
and in `said.json` what it said of the file when it was made.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.estimators import FORECASTING, TASKS

from unrolled import RunError, tasks
from unrolled.runs.card import SCHEMA

HERE = Path(__file__).parent
FOLDERS = sorted(path.parent for path in HERE.glob("schema-*/*/said.json"))
MADE = pytest.mark.skipif(not FOLDERS, reason="needs golden run folders: scripts/make_golden.py")


@MADE
def test_every_task_has_a_golden_run_of_this_schema() -> None:
    found = {folder.name for folder in FOLDERS if folder.parent.name == f"schema-{SCHEMA}"}
    assert found == set(TASKS)


@MADE
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(HERE)))
def test_a_golden_run_says_what_it_said(folder: Path) -> None:
    task = TASKS[folder.name]
    model = tasks.load(folder / "run")
    assert type(model) is task.estimator
    assert model.results == json.loads((folder / "run" / "results.json").read_text("utf-8"))
    before = json.loads((folder / "said.json").read_text("utf-8"))
    said = task.predict(model, folder / task.file)
    assert said.keys() == before.keys()
    for name, values in said.items():
        if values.dtype.kind == "f":  # other machines round otherwise
            # An interval is a score out of a sorted row: a rounding can take the one beside it.
            rounding = 1e-2 if "_lo_" in name or "_hi_" in name else 1e-5
            np.testing.assert_allclose(values, before[name], rtol=rounding, atol=rounding)
        else:
            assert values.tolist() == before[name], name


@pytest.mark.parametrize("schema", [1, SCHEMA + 1])
def test_an_unknown_schema_is_refused_in_words(schema: int, tmp_path: Path) -> None:
    path = FORECASTING.file_in(tmp_path)
    run = tmp_path / "run"
    FORECASTING.fit(path, out=run, training={"epochs": 1})
    card = json.loads((run / "run.json").read_text())
    del card["findings"]  # another schema has other fields, which are no damage
    (run / "run.json").write_text(json.dumps({**card, "schema": schema, "lookahead": 3}))
    with pytest.raises(RunError, match=rf"has schema {schema}, this version reads {SCHEMA}$"):
        tasks.load(run)
