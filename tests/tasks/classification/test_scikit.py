"""What scikit-learn's `check_estimator` expects, as far as it makes sense for sequences."""

import copy
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError as SklearnNotFitted
from sklearn.utils.validation import check_is_fitted

from unrolled import Classifier, DataError, NotFittedError, SettingsError, Training

SHORT = Training(epochs=1, batch_size=8)
SETTINGS: dict[str, Any] = {"hidden": 4, "ensemble": 1}
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(16, 7, 2)) + np.arange(16)[:, None, None] % 2
Y = np.array(["a", "b"] * 8)


def fit(X: Any = X, y: Any = Y, **settings: Any) -> Classifier:
    return Classifier(**{**SETTINGS, **settings}).fit(X, y, training=SHORT)


def test_parameters_go_in_and_out_as_they_are() -> None:
    weights = {"a": 2.0}
    model = Classifier(**SETTINGS, class_weight=weights)
    assert model.get_params()["class_weight"] is weights
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(hidden=6, pool="last") is model
    assert (model.hidden, model.get_params()["pool"]) == (6, "last")
    assert is_classifier(model)
    default = Classifier()
    for name, value in default.get_params().items():
        assert getattr(default, name) is value


def test_fit_gives_itself_and_a_clone_is_not_fitted() -> None:
    model = Classifier(**SETTINGS)
    before = vars(model).copy()
    with pytest.raises(SklearnNotFitted):
        check_is_fitted(model)
    assert model.fit(X, Y, training=SHORT) is model
    check_is_fitted(model)
    changed = {name for name, value in vars(model).items() if before.get(name) is not value}
    assert changed == {"_fitted"}  # fit changes no setting
    with pytest.raises(NotFittedError):
        clone(model).predict(X)


def test_what_is_given_is_not_changed() -> None:
    inputs, labels = X.copy(), Y.copy()
    inputs[2, 3, 0] = np.nan
    kept = copy.deepcopy((inputs, labels))
    listed = [list(map(list, x)) for x in X]
    listed_before = copy.deepcopy(listed)
    model = fit(inputs, labels)
    model.predict(inputs)
    model.score(inputs, labels)
    fit(listed).predict(listed)
    np.testing.assert_array_equal(inputs, kept[0])
    assert labels.tolist() == kept[1].tolist()
    assert listed == listed_before
    inputs.setflags(write=False)
    fit(inputs, labels).predict(inputs)  # nor need it be writable
    inputs.setflags(write=True)


def test_fitting_again_gives_the_same_bits_and_forgets_what_was() -> None:
    once = fit().predict_proba(X)
    model = fit(X[:, :, :1], ["c", "d", "e", "e"] * 4)
    again = model.fit(X, Y, training=SHORT)
    assert again.classes_.tolist() == ["a", "b"]
    assert again.n_features_in_ == 2
    np.testing.assert_array_equal(again.predict_proba(X), once)


@pytest.mark.parametrize("kind", ["C", "F", "float32", "int", "list", "strided"])
def test_the_kind_of_array_does_not_matter(kind: str) -> None:
    whole = np.round(X)
    same: Any = {
        "C": whole, "F": np.asfortranarray(whole), "float32": whole.astype("f4"),
        "int": whole.astype(int), "list": [x.tolist() for x in whole],
        "strided": np.repeat(whole, 2, axis=0)[::2],
    }[kind]  # fmt: skip
    np.testing.assert_array_equal(fit(same).predict_proba(same), fit(whole).predict_proba(whole))


@pytest.mark.parametrize(
    "labels", [["b", "a"], [1, -1], [True, False], [2.0, 5.0], np.array(["x", "y"], object)]
)
def test_labels_come_back_in_their_kind(labels: Any) -> None:
    given = np.array([labels[0], labels[1]] * 8)
    model = fit(X, given)
    assert model.classes_.tolist() == sorted(set(given.tolist()))
    assert set(model.predict(X).tolist()) <= set(given.tolist())
    assert model.predict(X).dtype.kind == np.array(given.tolist()).dtype.kind


def test_each_sequence_is_told_for_itself() -> None:
    model = fit()
    order = RANDOM.permutation(len(X))
    np.testing.assert_allclose(model.predict_proba(X)[order], model.predict_proba(X[order]))
    alone = [model.predict_proba(X[b : b + 1])[0] for b in range(4)]
    np.testing.assert_allclose(alone, model.predict_proba(X)[:4], atol=1e-6)
    shares = model.predict_proba(X)
    assert shares.shape == (16, 2)
    np.testing.assert_allclose(shares.sum(1), 1)


@pytest.mark.parametrize(
    ("given", "labels", "message"),
    [
        (X[..., :1], None, "fitted on 2 features, got 1"),
        (X[:0], None, "at least one sequence"),
        (np.where(X > 1, np.inf, X), None, "is infinite"),
        (X.astype(complex) + 1j, None, "of complex128, expected an array of numbers"),
        (X.astype("M8[D]"), None, "of datetime64[D], expected an array of numbers"),
        (X[None], None, "has the shape (16, 7, 2)"),
        ("abc", None, "abc"),
        (X, Y[:3], "got 3 for 16 sequences"),
    ],
)
def test_what_does_not_fit_is_refused(given: Any, labels: Any, message: str) -> None:
    model = fit()
    with pytest.raises(DataError) as error:
        model.predict(given) if labels is None else model.score(given, labels)
    assert message in str(error.value)
    assert isinstance(error.value, ValueError)


def test_fit_wants_labels_of_two_kinds() -> None:
    for labels in (None, ["a"] * 16):
        with pytest.raises(DataError, match="labels"):
            fit(X, labels)
    with pytest.raises(SettingsError):
        Classifier(hidden=0)
