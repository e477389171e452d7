"""The classifier: laws of the network, what fit learns, the run folder, and scikit-learn."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from unrolled import Classifier, Sequences, Training
from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.errors import DataError, NotFittedError, RunError, SettingsError
from unrolled.tasks.classification import evaluate, inference
from unrolled.tasks.classification.augment import Augment
from unrolled.tasks.classification.estimator import TRAINING
from unrolled.tasks.classification.network import ClassEnsemble, SequenceShape
from unrolled.tasks.classification.plan import class_weights

QUICK = replace(TRAINING, epochs=4)
SMALL: dict[str, Any] = {"hidden": 8, "ensemble": 2}


def waves(count: int, seed: int = 0, missing: float = 0.0) -> tuple[list[np.ndarray], list[str]]:
    """Sequences of 8 to 15 steps of two features that swing slowly or fast."""
    random = np.random.default_rng(seed)
    inputs, names = [], []
    for b in range(count):
        time = np.arange(random.integers(8, 16)) + random.uniform(0, 6)
        speed = (0.4, 1.6)[b % 2]
        wave = np.stack([np.sin(speed * time), np.cos(speed * time)], 1)
        wave += 0.1 * random.normal(size=wave.shape)
        wave[random.random(wave.shape) < missing] = np.nan
        inputs.append(wave)
        names.append(("slow", "fast")[b % 2])
    return inputs, names


@pytest.fixture(scope="module")
def fitted() -> Classifier:
    return Classifier(**SMALL).fit(*waves(30), training=QUICK)


def test_it_learns_what_is_there_to_be_learned(fitted: Classifier) -> None:
    inputs, names = waves(60, seed=1)
    assert fitted.score(inputs, names) > 0.95
    assert fitted.classes_.tolist() == ["fast", "slow"]
    assert fitted.n_features_in_ == 2
    shares = fitted.predict_proba(inputs)
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
    assert fitted.predict(inputs).tolist() == fitted.classes_[shares.argmax(1)].tolist()


def test_the_same_seed_gives_the_same_bits() -> None:
    data = waves(12)
    quick = replace(QUICK, epochs=1)
    shares = [
        Classifier(**SMALL).fit(*data, training=t).predict_proba(data[0])
        for t in (quick, quick, replace(quick, seed=1))
    ]
    assert np.array_equal(shares[0], shares[1])
    assert not np.array_equal(shares[0], shares[2])


# Laws of the network

KINDS = [
    (cell, pool, both)
    for cell in ("rnn", "lstm", "gru")
    for pool in ("last", "mean", "attention")
    for both in (False, True)
]


def network(
    cell: str = "gru",
    pool: str = "attention",
    both: bool = False,
    per_step: bool = False,
    longest: int = 9,
) -> ClassEnsemble:
    model = Classifier(
        cell=cell, pool=pool, bidirectional=both, layers=2, hidden=5, ensemble=2
    ).settings
    torch.manual_seed(0)
    ensemble = ClassEnsemble(SequenceShape(2, 3, 4, longest, longest), model, per_step).eval()
    for member in ensemble.members():
        if member.attention is not None:
            torch.nn.init.normal_(member.attention.weight)
    return ensemble


@pytest.mark.parametrize(("cell", "pool", "both"), KINDS)
def test_what_stands_behind_the_end_and_who_stands_beside_change_nothing(
    cell: str, pool: str, both: bool
) -> None:
    model = network(cell, pool, both, longest=128)
    inputs, lengths = torch.randn(4, 9, 3), torch.tensor([9, 4, 1, 6])
    together = model(inputs, lengths)
    spoilt = inputs.clone()
    for b, n in enumerate(lengths.tolist()):
        spoilt[b, n:] = 1e6
        alone = model(inputs[b : b + 1, :n], lengths[b : b + 1])
        torch.testing.assert_close(together[b], alone[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(model(spoilt, lengths), together)


@pytest.mark.parametrize(("cell", "pool", "both"), [kind for kind in KINDS if not kind[2]])
@pytest.mark.parametrize("longest", [9, 200])
def test_the_score_after_each_step_is_that_of_the_sequence_cut_there(
    cell: str, pool: str, both: bool, longest: int
) -> None:
    model = network(cell, pool, both, longest=longest)
    assert model.members()[0].stride == (1 if longest == 9 else 3)
    inputs = torch.randn(3, 17, 3)
    each = model.scores(inputs, torch.tensor([17, 17, 17]))
    state = None
    for t in range(17):
        cut = model(inputs[:, : t + 1], torch.full((3,), t + 1))
        torch.testing.assert_close(each[:, t], cut, rtol=1e-4, atol=1e-5)
        scores, state = model.step(inputs[:, t], state)
        torch.testing.assert_close(scores, cut, rtol=1e-4, atol=1e-5)


def test_a_label_of_a_step_without_bidirectional_does_not_know_the_future() -> None:
    inputs = torch.randn(1, 8, 3, requires_grad=True)
    for both in (False, True):
        scores = network(both=both, per_step=True).scores(inputs, torch.tensor([8]))
        (gradient,) = torch.autograd.grad(scores[0, 3].sum(), inputs)
        assert bool((gradient[0, 4:] != 0).any()) is both


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("kernels", [0, 500])
def test_streaming_equals_predicting_what_was_seen(
    both: bool, missing: float, kernels: int
) -> None:
    inputs, names = waves(12, missing=missing)
    model = Classifier(**SMALL, bidirectional=both, kernels=kernels).fit(
        inputs, names, training=replace(QUICK, epochs=1)
    )
    stream = model.stream()
    for t, step in enumerate(inputs[3], 1):
        said = stream.push(step)
        expected = model.predict_proba([inputs[3][:t]], early=True)[0]
        assert said.steps == t
        np.testing.assert_allclose(
            [said.probabilities[name] for name in model.classes_.tolist()], expected, atol=1e-5
        )
    assert (said.label == model.predict([inputs[3]])[0]) or kernels


# What is changed in training


def test_a_changed_copy_keeps_its_ends_in_the_sequence() -> None:
    torch.manual_seed(0)
    lengths = torch.randint(1, 30, (200,))
    steps = torch.arange(30.0)[None, :, None].expand(200, -1, 2)
    changed, news, source = Augment(scale=0, jitter=0)(steps, lengths, torch.ones(len(lengths), 2))
    for row, new, old, place in zip(changed, news, lengths, source, strict=True):
        kept = row[:new, 0]
        assert kept.min() >= 0
        assert kept.max() <= old - 1
        assert bool((kept.diff() > 0).all()) or old == 1
        assert bool(((place[:new] - kept).abs() <= 0.5).all())
    assert (news != lengths).any()


def test_the_networks_differ_in_what_is_done_to_time() -> None:
    augment = Augment(crop=0.2, warp=0.4, stretch=0.1, scale=0.3, jitter=0.5)
    assert augment.in_time(0) == Augment(0, 0, 0, 0.3, 0.5)
    assert augment.in_time(1) == augment
    inputs, lengths = torch.randn(5, 9, 3), torch.tensor([9, 4, 1, 6, 2])
    torch.manual_seed(0)
    changed, news, _ = augment.in_time(0)(
        inputs, lengths, torch.tensor([[0.1, 0.0]]).expand(len(lengths), 2)
    )
    assert news.tolist() == lengths.tolist()
    torch.testing.assert_close(changed[0, :, 2], inputs[0, :, 2], atol=1e-5, rtol=1e-5)
    factor = changed[0, :, 1] / inputs[0, :, 1]
    torch.testing.assert_close(factor, factor[:1].expand(9), atol=1e-3, rtol=1e-3)
    assert (changed[0, :, 0] / inputs[0, :, 0]).std() > 0.01


def test_no_change_is_no_change() -> None:
    inputs, lengths = torch.randn(5, 9, 3), torch.tensor([9, 4, 1, 6, 2])
    changed, news, source = Augment(0, 0, 0, 0, 0)(inputs, lengths, torch.ones(len(lengths), 2))
    assert news.tolist() == lengths.tolist()
    for b, n in enumerate(lengths.tolist()):
        torch.testing.assert_close(changed[b, :n], inputs[b, :n], atol=1e-4, rtol=1e-4)
        assert source[b, :n].tolist() == list(range(n))


def test_the_weights_of_classes() -> None:
    codes, names = torch.tensor([0, 0, 0, 1, -1]), np.array(["a", "b"])
    assert class_weights(codes, names, None).tolist() == [1, 1]
    torch.testing.assert_close(class_weights(codes, names, "balanced"), torch.tensor([2 / 3, 2]))
    assert class_weights(codes, names, {"b": 3}).tolist() == [1, 3]
    for wrong in ("even", {"c": 1.0}, 3):
        with pytest.raises(SettingsError, match="class_weight must be None, 'balanced' or"):
            class_weights(codes, names, wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="must be above 0"):
        class_weights(codes, names, {"a": 0})


def test_a_rare_class_is_found_more_often_when_it_weighs_more() -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(80, 6, 1)) + np.repeat([0.0, 0.7], [70, 10])[:, None, None]
    names = ["often"] * 70 + ["rare"] * 10
    found = [
        (Classifier(**SMALL, class_weight=w).fit(inputs, names, training=QUICK).predict(inputs))
        for w in (None, "balanced")
    ]
    assert (found[1] == "rare").sum() > (found[0] == "rare").sum()


def test_a_very_rare_class_does_not_draw_the_others_to_it() -> None:
    # torch's smoothing of weighted labels did: 2 % right where 1 in 50 was rare.
    random = np.random.default_rng(0)
    rare = np.arange(400) % 50 == 0
    inputs = random.normal(size=(400, 6, 1)) * 0.3 + 1.5 * rare[:, None, None]
    model = Classifier(**SMALL, class_weight="balanced")
    model.fit(inputs, np.where(rare, "rare", "often"), training=QUICK)
    assert model.score(inputs, np.where(rare, "rare", "often")) > 0.9


# Labels per step


def per_step(count: int, seed: int) -> tuple[list[np.ndarray], list[list[int]]]:
    """The label of a step is whether the value is above that of the step before."""
    random = np.random.default_rng(seed)
    inputs = [random.normal(size=(random.integers(4, 12), 1)) for _ in range(count)]
    return inputs, [[int(v) for v in np.diff(x[:, 0], prepend=np.inf) > 0] for x in inputs]


def test_a_label_for_each_step(tmp_path: Path) -> None:
    inputs, steps = per_step(40, 0)
    steps[3][1] = None  # type: ignore[call-overload]
    training = replace(TRAINING, epochs=8)
    model = Classifier(hidden=24, ensemble=1)
    model.fit(inputs, steps, test=0.25, training=training, out=tmp_path / "r")
    inputs, steps = per_step(10, 1)
    found = model.predict(inputs)
    assert [len(one) for one in found] == [len(x) for x in inputs]
    right = np.concatenate([a == np.array(b) for a, b in zip(found, steps, strict=True)])
    assert right.mean() > 0.9
    assert model.score(inputs, steps) == pytest.approx(right.mean())
    shares = Classifier.load(tmp_path / "r").predict_proba(inputs)
    np.testing.assert_array_equal(shares[2], model.predict_proba(inputs)[2])
    assert model.results is not None
    assert model.results["per_step"]
    assert model.results["seen"] == []
    with pytest.raises(DataError, match="fitted on one label for each time step, got one label"):
        model.score(inputs, [0] * len(inputs))


def test_what_is_shown_of_a_long_sequence_is_made_for_what_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evaluate, "EXAMPLE_STEPS", 4)
    inputs, names = waves(10)
    model = Classifier(**SMALL).fit(inputs, names, training=replace(QUICK, epochs=1))
    read: list[int] = []
    ask = inference.probabilities

    def counted(fit: Any, sequences: Sequences, **how: Any) -> np.ndarray:
        read.append(len(sequences))
        return ask(fit, sequences, **how)

    monkeypatch.setattr(evaluate, "probabilities", counted)
    examples = model.evaluate(inputs, names)["examples"]
    assert max(read) == len(inputs)
    for example in examples:
        for name, said in example["by_step"].items():
            ends = range(1, example["steps"] + 1, example["stride"])
            place = next(b for b in range(10) if str(b) == example["name"])
            cut = [Sequences.from_arrays([inputs[place][:end]], layout="BTD") for end in ends]
            shares = [ask(model.fitted, one, half="recurrent")[0] for one in cut]
            expected = [share[model.classes_.tolist().index(name)] for share in shares]
            assert said == pytest.approx(expected, rel=1e-3)


# What is refused


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda x, y: (x, None), "fit: expected labels, the sequences have none"),
        (
            lambda x, y: (x, ["a"] * len(x)),
            "fit: expected at least two different labels, all are 'a'",
        ),
        (lambda x, y: (x, [*y[:-1], None]), "labels: sequence 11 has none"),
        (lambda x, y: ([*x[:-1], x[0][:0]], y), "sequence 11 has length 0"),
        (lambda x, y: ([v * np.nan for v in x], y), "column 'feature 0' has no value"),
        (lambda x, y: ([], []), "expected at least one sequence, got none"),
    ],
)
def test_data_that_cannot_be_learned_is_refused_in_one_line(
    break_it: Callable[[Any, Any], Any], message: str
) -> None:
    for test in (None, 0.25):
        with pytest.raises(DataError) as error:
            Classifier(**SMALL).fit(*break_it(*waves(12)), test=test, training=QUICK)
        assert "\n" not in str(error.value)
        if test is None:
            assert message in str(error.value)


def test_an_unseen_label_is_refused_by_name(fitted: Classifier) -> None:
    inputs, names = waves(3)
    with pytest.raises(DataError, match="'slwo' does not occur in training; did you mean 'slow'"):
        fitted.score(inputs, [*names[:2], "slwo"])
    with pytest.raises(DataError, match="'new' does not occur in training"):
        Classifier(**SMALL).fit(*waves(12), test=Sequences.from_arrays(inputs, ["new"] * 3))
    with pytest.raises(DataError, match="fitted on 2 features, got 1"):
        fitted.predict([[1.0, 2.0]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "tcn"}, "cell must be one of rnn, lstm, gru, got 'tcn'"),
        ({"pool": "max"}, "pool must be one of last, mean, attention, got 'max'"),
        ({"hidden": 0}, "hidden must be a whole number >= 1, got 0"),
        ({"ensemble": 0}, "ensemble must be a whole number >= 1, got 0"),
        ({"dropout": 1.0}, "dropout must be in"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings: dict[str, Any], message: str) -> None:
    attempts: list[Callable[..., Classifier]] = [Classifier, Classifier().set_params]
    for attempt in attempts:
        with pytest.raises(SettingsError, match=f"classifier: {message}"):
            attempt(**settings)
    with pytest.raises(SettingsError, match="there is no setting 'width'"):
        Classifier().set_params(width=3)


def test_it_must_be_fitted_first() -> None:
    model = Classifier()
    attempts: list[Callable[[], object]] = [
        lambda: model.predict([[1.0]]),
        model.stream,
        lambda: model.save("x"),
    ]
    for ask in attempts:
        with pytest.raises(NotFittedError, match="classifier is not fitted: call fit"):
            ask()


# What is missing


def test_missing_values_are_marked_and_carried_forward() -> None:
    nan = np.nan
    cases = Sequences.from_arrays([[nan, 1.0, nan, 1.0], [3.0, 3.0]], ["a", "b"])
    encoder = SequencePreprocessor.fit(cases)
    expected = [[0, 1], [-1, 0], [-1, 1], [-1, 0], [1, 0], [1, 0]]
    np.testing.assert_allclose(encoder.inputs(cases), expected)
    whole = SequencePreprocessor.fit(Sequences.from_arrays([[1.0], [2.0]], ["a", "b"]))
    assert whole.inputs(cases).shape == (6, 1)


@pytest.mark.parametrize(("offset", "size"), [(5e6, 0.1), (1.7e9, 60.0)])
def test_a_large_offset_changes_nothing(offset: float, size: float) -> None:
    inputs, names = waves(30)
    moved = [offset + size * wave for wave in inputs]
    model = Classifier(**SMALL).fit(inputs, names, training=replace(QUICK, epochs=1))
    far = Classifier(**SMALL).fit(moved, names, training=replace(QUICK, epochs=1))
    shares = far.predict_proba(moved)
    np.testing.assert_allclose(shares, model.predict_proba(inputs), atol=1e-3)
    stream = far.stream()
    for step in moved[0]:
        said = stream.push(step)
    early = far.predict_proba(moved[:1], early=True)[0]
    assert list(said.probabilities.values()) == pytest.approx(early.tolist(), abs=1e-5)


def test_scaling_sees_the_training_part_only() -> None:
    inputs, names = waves(20)
    loud = Sequences.from_arrays([x * 1000 for x in inputs], names)
    quick = replace(QUICK, epochs=1)
    with_test = Classifier(**SMALL).fit(inputs, names, test=loud, training=quick)
    without = Classifier(**SMALL).fit(inputs, names, training=quick)
    assert np.array_equal(with_test.predict_proba(inputs), without.predict_proba(inputs))


# The run folder


def test_a_run_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    data = waves(24, missing=0.1)
    model = Classifier(**SMALL, class_weight={"fast": 2.0}).fit(
        *data, validation=0.25, test=0.25, training=QUICK, out=tmp_path / "run"
    )
    again = Classifier.load(tmp_path / "run")
    assert np.array_equal(model.predict_proba(data[0]), again.predict_proba(data[0]))
    assert again.get_params() == model.get_params()
    assert (again.results, again.outcome) == (model.results, model.outcome)
    again.save(tmp_path / "copy")
    for name in ("run.json", "results.json", "history.jsonl"):
        copy = (tmp_path / "copy" / name).read_bytes()
        assert copy == (tmp_path / "run" / name).read_bytes(), name
    assert again.classes_.tolist() == model.classes_.tolist()
    card = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert card["task"] == "classification"
    assert card["findings"]["validation"] == 4
    assert card["findings"]["test"] == 6
    assert card["metrics"]["accuracy"] == model.results["accuracy"]  # type: ignore[index]
    assert len((tmp_path / "run" / "history.jsonl").read_text("utf-8").splitlines()) == 4


def test_training_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    data = waves(12)

    class Stop:
        """Presses Ctrl-C after the second epoch."""

        def __getattr__(self, name: str) -> Any:
            from unrolled.training.progress import Silent

            return getattr(Silent(), name)

        def epoch(self, record: Any, best: int) -> None:
            if record.epoch == 2:
                raise KeyboardInterrupt

    whole = Classifier(**SMALL).fit(*data, training=QUICK)
    Classifier(**SMALL).fit(*data, training=QUICK, out=tmp_path / "r", display=Stop())
    assert len((tmp_path / "r" / "history.jsonl").read_text("utf-8").splitlines()) < 4
    with pytest.raises(RunError, match="the run was started with hidden 8, not 9"):
        Classifier(hidden=9, ensemble=2).fit(*data, training=QUICK, out=tmp_path / "r", resume=True)
    with pytest.raises(RunError, match="the run was started on other data"):
        Classifier(**SMALL).fit(*waves(14), training=QUICK, out=tmp_path / "r", resume=True)
    later = Classifier(**SMALL).fit(*data, training=QUICK, out=tmp_path / "r", resume=True)
    assert np.array_equal(whole.predict_proba(data[0]), later.predict_proba(data[0]))


# Results


def test_the_results_count_what_happened() -> None:
    data, tested = waves(30), waves(20, seed=2)
    model = Classifier(**SMALL).fit(
        *data, test=Sequences.from_arrays(*tested), training=replace(QUICK, epochs=2)
    )
    results = model.results
    assert results is not None
    json.dumps(results, allow_nan=False)
    guess = model.predict(tested[0])
    assert results["accuracy"] == (guess == np.array(tested[1])).mean()
    confusion = np.array(results["confusion"])
    assert confusion.sum(1).tolist() == [10, 10]
    assert confusion[0, 1] == ((np.array(tested[1]) == "fast") & (guess == "slow")).sum()
    row = results["by_class"][0]
    assert row["recall"] == confusion[0, 0] / 10
    assert row["f1"] == 2 * confusion[0, 0] / (10 + confusion[:, 0].sum())
    assert results["baselines"][0] == {"name": "most frequent class", "accuracy": 0.5}
    assert [s["share"] for s in results["seen"]] == [round(0.1 * i, 1) for i in range(1, 11)]
    assert results["seen"][-1]["accuracy"] == results["accuracy"]
    half = [x[: math.ceil(len(x) / 2)] for x in tested[0]]
    early = model.classes_[model.predict_proba(half, early=True).argmax(1)]
    assert results["seen"][4]["accuracy"] == (early == np.array(tested[1])).mean()
    for example in results["examples"]:
        said = example["by_step"][example["label"]]
        assert len(said) == example["steps"]
        assert 0 <= said[-1] <= 1


def test_the_part_seen_is_the_same_with_and_without_reading_again() -> None:
    data = waves(16)
    model = Classifier(**SMALL, bidirectional=False).fit(*data, training=replace(QUICK, epochs=1))
    seen = model.evaluate(*data)["seen"]
    for row in seen:
        cut = [x[: max(1, math.ceil(row["share"] * len(x) - 1e-9))] for x in data[0]]
        early = model.predict_proba(cut, early=row["share"] < 1).argmax(1)
        assert row["accuracy"] == (model.classes_[early] == np.array(data[1])).mean()


def test_predictions_as_columns(fitted: Classifier) -> None:
    inputs, _ = waves(4)
    rows = inference.columns(fitted.fitted, Sequences.from_arrays(inputs))
    assert list(rows) == ["sequence", "label", "p_fast", "p_slow"]
    assert rows["sequence"].tolist() == ["0", "1", "2", "3"]
    assert rows["label"].tolist() == fitted.predict(inputs).tolist()
    inputs, steps = per_step(6, 0)
    model = Classifier(**SMALL).fit(inputs, steps, training=replace(QUICK, epochs=1))
    rows = inference.columns(model.fitted, Sequences.from_arrays(inputs[:2]))
    assert rows["step"].tolist() == [*range(1, len(inputs[0]) + 1), *range(1, len(inputs[1]) + 1)]
    assert rows["label"].tolist() == np.concatenate(model.predict(inputs[:2])).tolist()


# scikit-learn


def test_clone_and_parameters() -> None:
    from sklearn.base import clone, is_classifier
    from sklearn.utils.validation import check_is_fitted

    model = Classifier(hidden=8, class_weight={"fast": 2.0})
    twin = clone(model)
    assert twin is not model
    assert twin.get_params() == model.get_params()
    assert is_classifier(model)
    assert model.set_params(pool="mean") is model
    with pytest.raises(Exception, match="not fitted"):
        check_is_fitted(twin)
    check_is_fitted(twin.fit(*waves(8), training=replace(QUICK, epochs=1)))


def test_pipeline_and_cross_validation_with_lists_of_arrays() -> None:
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    inputs, names = waves(24)
    quick = {"training": QUICK}
    scores = cross_val_score(Classifier(**SMALL), inputs, names, cv=2, params=quick)
    assert scores.mean() > 0.8
    half = FunctionTransformer(lambda X: [x[::2] for x in X])
    pipeline = make_pipeline(half, Classifier(**SMALL))
    pipeline.fit(inputs, names, classifier__training=replace(QUICK, epochs=1))
    assert pipeline.predict(inputs).shape == (24,)
    assert pipeline.predict_proba(inputs).shape == (24, 2)
    assert 0 <= pipeline.score(inputs, names) <= 1
    search = GridSearchCV(Classifier(**SMALL), {"hidden": [4, 8]}, cv=2)
    search.fit(np.zeros((8, 5)), [0, 1] * 4, training=replace(QUICK, epochs=1))
    assert search.best_params_["hidden"] in (4, 8)


def test_the_code_of_the_page_on_classification_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "classification.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(blocks) == 6
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert names["model"].results["accuracy"] > 0.8
    out = capsys.readouterr().out
    assert "after 100%" in out
    assert out.rstrip().endswith("(2,)")


# Real sets

MARKS = {"ItalyPowerDemand": 0.965, "JapaneseVowels": 0.984}


@pytest.mark.slow
@pytest.mark.parametrize("name", MARKS)
def test_the_marks_on_real_sets(shared_data: Path, name: str) -> None:
    folder = shared_data / "labelled" / name
    model = Classifier().fit(folder / f"{name}_TRAIN.ts", training=Training(**vars(TRAINING)))
    # The mark is for the mean of five seeds (benchmarks/labels.py); one seed may lie a bit below.
    assert model.score(folder / f"{name}_TEST.ts") > MARKS[name] - 0.01
