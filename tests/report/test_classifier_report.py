"""The report of a classifier, made from a real run folder."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.sealed import seal

from unrolled import Classifier
from unrolled.errors import RunError
from unrolled.tasks import write_report
from unrolled.tasks.classification.estimator import TRAINING
from unrolled.tasks.classification.page import _wrong_steps
from unrolled.tasks.classification.results import Example

SLOW, FAST = "<slow & steady>", "빠름"


def run(folder: Path, per_step: bool) -> dict[str, object]:
    random = np.random.default_rng(0)
    inputs = [np.sin(np.arange(12) * (0.3, 0.9)[b % 2] + random.normal()) for b in range(24)]
    names: list[object] = [(SLOW, FAST)[b % 2] for b in range(24)]
    if per_step:
        names = [[(SLOW, FAST)[int(v > 0)] for v in x] for x in inputs]
    model = Classifier(hidden=8, ensemble=1)
    training = replace(TRAINING, epochs=1)
    model.fit(inputs, names, test=0.5, training=training, out=folder)
    assert model.results is not None
    return model.results


@pytest.mark.parametrize("per_step", [False, True])
def test_the_page_says_what_was_measured(tmp_path: Path, per_step: bool) -> None:
    results = run(tmp_path / "run", per_step)
    page = write_report(tmp_path / "run").read_text("utf-8")
    sections = re.findall(r'<section id="(\w+)"', page)
    expected = ["reliability", "confusion", "classes", "examples", "training", "data", "settings"]
    assert sections == [*([] if per_step else ["seen"]), *expected, "reading_labels"]
    assert f"{100 * float(str(results['accuracy'])):.1f}\u00a0%" in page
    assert "&lt;slow &amp; steady&gt;" in page
    assert "<slow" not in page
    assert FAST in page
    assert "12 sequences of 12 to 12 steps were trained on" in page
    assert "http" not in re.sub(r"http-equiv", "", page)


def test_of_many_classes_the_most_frequent_mistakes_are_shown(tmp_path: Path) -> None:
    inputs, names = [[float(b % 24)] * 3 for b in range(96)], [f"k{b % 24}" for b in range(96)]
    training = replace(TRAINING, epochs=1)
    model = Classifier(hidden=4, ensemble=1, kernels=0)
    model.fit(inputs, names, test=0.5, training=training, out=tmp_path / "run")
    assert model.results is not None
    page = write_report(tmp_path / "run").read_text("utf-8")
    section = re.search(r'<section id="confused".*?</section>', page, re.S)
    assert section is not None
    found = re.findall(r"<td>(k\d+)</td><td>(\d+)</td><td>(\d+)</td>", section[0])
    counts = [int(count) for _, count, _ in found]
    table = np.array(model.results["confusion"])
    np.fill_diagonal(table, 0)
    assert counts == np.sort(table[table > 0])[::-1][:20].tolist()
    assert "a whole table of 24 classes" in section[0]


NO_AUGMENTATION = "training loss, no augmentation"


@pytest.mark.parametrize(("validation", "word"), [(0.25, "validation loss"), (0, NO_AUGMENTATION)])
def test_the_loss_is_called_what_it_is(tmp_path: Path, validation: float, word: str) -> None:
    inputs, names = [[float(b % 2)] * 3 for b in range(24)], [b % 2 for b in range(24)]
    training = replace(TRAINING, epochs=1)
    model = Classifier(hidden=4, ensemble=1)
    model.fit(inputs, names, validation=validation, training=training, out=tmp_path / "run")
    page = write_report(tmp_path / "run").read_text("utf-8")
    section = re.search(r'<section id="training".*?</section>', page, re.S)
    assert section is not None
    assert f"lowest {word}: " in section[0]


def test_the_steps_that_are_labelled_wrongly_are_named() -> None:
    it = Example(
        name="3", steps=8, stride=2, features={}, accuracy=0.25,
        truth_by_step=["a", "a", "b", None], label_by_step=["b", "b", "a", "a"],
    )  # fmt: skip
    assert _wrong_steps(it) == "; steps 1 to 3: b, is a; step 5: a, is b"


def test_results_that_are_no_results_are_refused(tmp_path: Path) -> None:
    run(tmp_path / "run", False)
    path = tmp_path / "run" / "results.json"
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**content, "confusion": "many"}), "utf-8")
    seal(tmp_path / "run")
    with pytest.raises(RunError, match=r"results.json is damaged: confusion: "):
        write_report(tmp_path / "run")
    path.unlink()
    seal(tmp_path / "run")
    page = write_report(tmp_path / "run").read_text("utf-8")
    assert "<h1>Labels</h1>" in page
