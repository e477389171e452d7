"""A fitted estimator is a value: it pickles, copies and goes through joblib, whole."""

import copy
import io
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.estimators import TASKS, Task

from unrolled import NotFittedError


def by_joblib(model: Any) -> Any:
    joblib = pytest.importorskip("joblib")
    held = io.BytesIO()
    joblib.dump(model, held)
    held.seek(0)
    return joblib.load(held)


WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
    "joblib": by_joblib,
}


@pytest.fixture(scope="module", params=list(TASKS.values()), ids=list(TASKS))
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    task: Task = request.param
    path = task.file_in(tmp_path_factory.mktemp(task.name))
    return task, path, task.fit(path, training={"epochs": 1})


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_copy_is_whole(fitted: Any, way: Callable[[Any], Any]) -> None:
    task, path, model = fitted
    again = way(model)
    assert type(again) is type(model)
    assert again.settings == model.settings
    assert again.outcome == model.outcome
    assert again.results == model.results
    assert again.fitted.findings == model.fitted.findings
    assert again.fitted.preprocessor.to_dict() == model.fitted.preprocessor.to_dict()
    before, after = task.predict(model, path), task.predict(again, path)
    assert before.keys() == after.keys()
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name])


def test_a_copy_has_its_own_weights(fitted: Any) -> None:
    task, path, model = fitted
    before = task.predict(model, path)
    again = copy.deepcopy(model)
    for weight in again.network.parameters():
        weight.data.zero_()
    for name, values in task.predict(model, path).items():
        np.testing.assert_array_equal(values, before[name])


def test_a_copy_can_be_kept_in_a_run_folder(fitted: Any, tmp_path: Path) -> None:
    task, path, model = fitted
    pickle.loads(pickle.dumps(model)).save(tmp_path / "run")
    loaded = task.estimator.load(tmp_path / "run")
    pickled = pickle.loads(pickle.dumps(loaded))
    for name, values in task.predict(model, path).items():
        np.testing.assert_array_equal(values, task.predict(pickled, path)[name])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_what_is_not_fitted_is_copied_too(task: Task, way: Callable[[Any], Any]) -> None:
    model = task.estimator(**task.settings)
    again = way(model)
    assert again.settings == model.settings
    with pytest.raises(NotFittedError):
        assert again.fitted


def test_byte_pairs_are_copied(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    from unrolled import Corpus, LanguageModel, Training

    corpus = Corpus.of("그는 나를 보았다. " * 60, level="bpe", size=280)
    training = replace(Training(), epochs=1, batch_size=4)
    model = LanguageModel(hidden=8, embed=4, bptt=16).fit(corpus, training=training)
    said = {"".join(m.generate("그", length=20, seed=0)) for m in (model, copy.deepcopy(model))}
    assert len(said) == 1
