"""The report of a classifier, made from a real run folder."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unrolled import Classifier, report
from unrolled.errors import RunError
from unrolled.models.classifier import TRAINING

SLOW, FAST = "<slow & steady>", "빠름"


def run(folder: Path, per_step: bool) -> dict[str, object]:
    random = np.random.default_rng(0)
    inputs = [np.sin(np.arange(12) * (0.3, 0.9)[b % 2] + random.normal()) for b in range(24)]
    names: list[object] = [(SLOW, FAST)[b % 2] for b in range(24)]
    if per_step:
        names = [[(SLOW, FAST)[int(v > 0)] for v in x] for x in inputs]
    model = Classifier(hidden=8, members=1)
    training = replace(TRAINING, epochs=1)
    model.fit(inputs, names, test=0.5, training=training, out=folder)
    assert model.results is not None
    return model.results


@pytest.mark.parametrize("per_step", [False, True])
def test_the_page_says_what_was_measured(tmp_path: Path, per_step: bool) -> None:
    results = run(tmp_path / "run", per_step)
    page = report.write(tmp_path / "run").read_text("utf-8")
    sections = re.findall(r'<section id="(\w+)"', page)
    expected = ["confusion", "classes", "examples", "training", "data", "settings"]
    assert sections == [*([] if per_step else ["seen"]), *expected, "reading_labels"]
    assert f"{100 * float(str(results['accuracy'])):.1f}\u00a0%" in page
    assert "&lt;slow &amp; steady&gt;" in page
    assert "<slow" not in page
    assert FAST in page
    assert "12 sequences of 12 to 12 steps were learned from" in page
    assert "http" not in re.sub(r"http-equiv", "", page)


def test_results_that_are_no_results_are_refused(tmp_path: Path) -> None:
    run(tmp_path / "run", False)
    path = tmp_path / "run" / "results.json"
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**content, "confusion": "many"}), "utf-8")
    with pytest.raises(RunError, match=r"results.json is damaged: confusion: "):
        report.write(tmp_path / "run")
    path.unlink()
    page = report.write(tmp_path / "run").read_text("utf-8")
    assert "<h1>Labels</h1>" in page
