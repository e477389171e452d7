"""The language model: what it learns, what it measures, what it keeps."""

import doctest
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.estimators import card_of
from torch import nn

from unrolled import (
    Corpus,
    DataError,
    Dropout,
    LanguageModel,
    RunError,
    SettingsError,
    Training,
)
from unrolled.networks.dropout import bernoulli, drop_units
from unrolled.tasks import write_report
from unrolled.tasks.language.baselines import ngram_nll
from unrolled.tasks.language.estimator import default_training
from unrolled.tasks.language.network import LanguageNetwork
from unrolled.tasks.language.objective import LanguageObjective, Samples
from unrolled.tasks.language.score import negative_log_likelihood
from unrolled.tasks.language.settings import LanguageSettings

TEXT = "the cat sat on the mat and the dog sat on the log. " * 40
QUICK = Training(epochs=2, batch_size=8, learning_rate=1e-2, average=0.5)


def small(**options: object) -> LanguageModel:
    settings: dict[str, object] = {"hidden": 24, "embed": 12, "dropout": 0.1, "bptt": 16}
    return LanguageModel(**(settings | options))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus.of(TEXT + "한글 ", validation=0.2)


@pytest.fixture(scope="module")
def run(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("language") / "run"
    small().fit(corpus, training=replace(QUICK, epochs=6), out=folder)
    return folder


@pytest.fixture(scope="module")
def model(run: Path) -> LanguageModel:
    return LanguageModel.load(run)


def settings(**changes: object) -> LanguageSettings:
    return replace(LanguageSettings("lstm", 24, 1, 12, Dropout(), True, 16), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("tie", [True, False])
@pytest.mark.parametrize("vocabulary", [7, 5000])
def test_loss_and_gradients_are_torchs_cross_entropy(tie: bool, vocabulary: int) -> None:
    torch.manual_seed(0)
    network = LanguageNetwork(settings(tie=tie), vocabulary)
    symbols = torch.randint(0, vocabulary, (31, 4))
    features, _ = network(symbols[:-1])
    ours = network.loss(features, symbols[1:])
    logits = features @ network.classifier.T + network.bias
    theirs = nn.functional.cross_entropy(logits.flatten(0, 1), symbols[1:].flatten())
    torch.testing.assert_close(ours, theirs)
    weights = list(network.parameters())
    other = torch.autograd.grad(theirs, weights, retain_graph=True)
    for factor in (1, 1, 3):  # each from the same graph: nothing of it may be used up
        mine = torch.autograd.grad(ours * factor, weights, retain_graph=True)
        torch.testing.assert_close(mine, [g * factor for g in other], rtol=1e-4, atol=1e-6)
    for _ in range(2):  # summed where the gradients stand
        ours.backward(retain_graph=True)
    summed = [weight.grad for weight in weights]
    torch.testing.assert_close(summed, [g * 2 for g in other], rtol=1e-4, atol=1e-6)


def test_tied_weights_are_one_tensor_and_the_zero_vector_stays_zero() -> None:
    network = LanguageNetwork(settings(), 9)
    assert network.classifier.data_ptr() == network.embed.weight.data_ptr()
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1)
    features, _ = network(torch.tensor([[9, 0, 1, 10]]).T)
    network.loss(features, torch.tensor([[0, 1, 2, 3]]).T).backward()
    optimizer.step()
    assert not network.embed.weight[9].any()
    assert network.embed.weight[0].any()


def test_dropout_leaves_out_the_same_features_at_every_step() -> None:
    torch.manual_seed(0)
    dropped = drop_units(torch.ones(50, 3, 400), 0.25, 0, bernoulli)
    assert (dropped == dropped[:1]).all()
    assert sorted({*dropped.flatten().tolist()}) == pytest.approx([0, 1 / 0.75])
    assert (dropped[0] == 0).float().mean().item() == pytest.approx(0.25, abs=0.05)
    assert (dropped[0, 0] != dropped[0, 1]).any()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_recurrent_weights_are_dropped_in_training_only_and_still_learn(cell: str) -> None:
    torch.manual_seed(0)
    network = LanguageNetwork(settings(cell=cell, layers=2, dropout=Dropout(weights=0.5)), 9)
    symbols = torch.randint(0, 9, (12, 3))
    first, second = (network(symbols)[0] for _ in range(2))
    assert not torch.equal(first, second)
    first.sum().backward()
    layer = network.layers[0]
    gradient = layer.get_parameter("weight_hh_l0").grad
    assert gradient is not None
    # What was left out got no gradient, in every layer the original weight got the rest.
    assert 0.3 < (gradient == 0).float().mean().item() < 0.7
    network.eval()
    assert torch.equal(network(symbols)[0], network(symbols)[0])
    assert "layers.0.weight_hh_l0" in network.state_dict()


def test_training_carries_the_state_and_cuts_the_gradient(corpus: Corpus) -> None:
    torch.manual_seed(0)
    network = LanguageNetwork(settings(), len(corpus.vocabulary))
    task = LanguageObjective(network, corpus, 16, QUICK)
    network.eval()
    with torch.no_grad():
        losses = [loss.item() for loss in task.losses(1)]
        streams = list(task._streams.epoch(_offset(1)))
        symbols = torch.from_numpy(np.concatenate([inputs for inputs, _ in streams], 1).T)
        targets = torch.from_numpy(np.concatenate([goal for _, goal in streams], 1).T)
        whole = network.loss(network(symbols)[0], targets).item()
    assert len(losses) == len(task)
    assert np.mean(losses) == pytest.approx(whole, rel=1e-5)
    assert losses != [loss.item() for loss in task.losses(2)]


def _offset(epoch: int) -> int:
    return int(np.random.default_rng((QUICK.seed, epoch)).integers(1 << 32))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_score_does_not_depend_on_the_chunk(corpus: Corpus, cell: str) -> None:
    torch.manual_seed(0)
    network = LanguageNetwork(settings(cell=cell, layers=2), len(corpus.vocabulary)).eval()
    tokens = corpus.tokens[:501]
    with torch.no_grad():
        found = [
            negative_log_likelihood(network, tokens, corpus.vocabulary, chunk=chunk)
            for chunk in (1, 7, 500, 9999)
        ]
        # By hand: nothing, then every symbol but the last.
        symbols = torch.tensor([len(corpus.vocabulary), *tokens[:-1].tolist()])[:, None]
        logs = network.log_probabilities(network(symbols)[0][:, 0])
    by_hand = -logs.gather(1, torch.from_numpy(tokens.astype(np.int64))[:, None])[:, 0]
    assert all(len(nats) == 501 for nats in found)
    for nats in found:
        np.testing.assert_allclose(
            nats + corpus.vocabulary.log_known, by_hand.numpy(), rtol=2e-5, atol=2e-6
        )


def test_columns_count_each_symbol_once_and_come_close(
    model: LanguageModel, corpus: Corpus
) -> None:
    tokens = corpus.part("validation")[:-4]
    with torch.no_grad():
        whole = model.negative_log_likelihood(tokens)
        parts = negative_log_likelihood(
            model.network, tokens, corpus.vocabulary, lanes=5, burn_in=40, chunk=33
        )
    assert len(parts) == len(whole)
    assert parts.mean() == pytest.approx(whole.mean(), rel=0.01)
    np.testing.assert_allclose(
        parts[60 : len(tokens) // 5], whole[60 : len(tokens) // 5], atol=1e-3
    )


def test_evaluate_gives_nats_bits_and_perplexity(model: LanguageModel, corpus: Corpus) -> None:
    score = model.evaluate(corpus, "validation")
    assert score.symbols == score.characters == len(corpus.part("validation"))
    assert score.bits_per_character == pytest.approx(score.nats_per_character / math.log(2))
    assert score.perplexity == pytest.approx(math.exp(score.nats_per_character))
    assert score.unknown == 2  # the Korean syllables stand in the validation part alone
    assert score.nats_per_character < 1.6  # of about 2.7 by frequency alone


def test_a_text_of_unknown_symbols_is_scored(model: LanguageModel, tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    path.write_text("漢字 🦉 한글", encoding="utf-8")
    score = model.evaluate(path)
    assert score.unknown == 5
    assert 5 < score.nats_per_character < 30


@pytest.mark.parametrize("level", ["byte", "bpe"])
def test_other_levels_are_scored_per_character_too(level: str, tmp_path: Path) -> None:
    if level == "bpe":
        pytest.importorskip("tokenizers")
    text = "믿었음이다. 그뿐 아니라 만수를 외로이 보내기는 아까웠다.\n" * 30
    corpus = Corpus.of(text, level=level, size=300)
    model = small(cell="gru").fit(corpus, training=QUICK)
    score = model.evaluate(corpus, "validation")
    assert score.characters == corpus.characters["validation"] != score.symbols
    assert score.nats_per_character == pytest.approx(
        score.nats_per_symbol * score.symbols / score.characters
    )
    model.save(tmp_path / "run")
    again = LanguageModel.load(tmp_path / "run")
    assert again.evaluate(corpus, "validation") == score
    assert "".join(text for text, _ in model.results["passage"]) in text  # type: ignore[index]


def test_a_run_folder_is_the_model(run: Path, model: LanguageModel, corpus: Corpus) -> None:
    fresh = small().fit(corpus, training=replace(QUICK, epochs=6))
    assert fresh.evaluate(corpus, "validation") == model.evaluate(corpus, "validation")
    stored = json.loads((run / "results.json").read_text("utf-8"))
    assert stored["table"][0]["nats"] == pytest.approx(model.evaluate(corpus, "validation").nats)
    assert len(stored["samples"]) == 6
    # The validation loss of training comes close to the exact score, without its unknown symbols.
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    best = min(epoch["validation_loss"] for epoch in history)
    assert best == pytest.approx(stored["table"][0]["nats_per_symbol"], rel=0.02)


@pytest.mark.parametrize(("hidden", "share"), [(64, 0.2), (16, 0.05)])
def test_more_is_left_out_of_a_network_that_is_large_for_its_text(
    hidden: int, share: float, tmp_path: Path
) -> None:
    text = Corpus.of("to be or not to be, that is the question: " * 120)
    quick = replace(QUICK, epochs=1)
    for members in (1, 2):
        model = LanguageModel(hidden=hidden, embed=8, bptt=16, ensemble=members)
        model.fit(text, training=quick)
        expected = Dropout(0.125, 0.5, 0.5, share)
        assert model.network.drop == expected
        model.save(tmp_path / "run")
        assert LanguageModel.load(tmp_path / "run").settings.dropout == expected
        shutil.rmtree(tmp_path / "run")
    said = LanguageModel(hidden=hidden, embed=8, bptt=16, dropout=Dropout(outputs=0.5))
    assert said.fit(text, training=quick).network.drop.weights == 0


def test_a_copy_of_a_run_is_the_run(run: Path, tmp_path: Path) -> None:
    copy = LanguageModel.load(run)
    assert copy.outcome.best_epoch > 0
    copy.save(tmp_path / "copy")
    assert card_of(tmp_path / "copy") == card_of(run)
    for name in ("model.safetensors", "results.json", "history.jsonl"):
        assert (tmp_path / "copy" / name).read_bytes() == (run / name).read_bytes(), name


def test_what_was_measured_is_said(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unrolled.tasks.language.evaluate.MOST", 100)
    model = small().fit(corpus, training=replace(QUICK, epochs=1))
    assert model.results is not None
    size = len(corpus.part("validation"))
    assert (
        f"of the first 100 of {size:,} symbols of the validation text" in model.results["verdict"]
    )
    assert model.results["table"][0]["symbols"] == 100


def test_what_was_stopped_goes_on_with_the_same_bits(
    corpus: Corpus, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, training = tmp_path / "run", replace(QUICK, epochs=6)
    write = Samples.add

    def stop(samples: Samples, epoch: int, text: str) -> None:
        write(samples, epoch, text)
        if epoch == 4:
            raise OSError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(Samples, "add", stop)
        with pytest.raises(OSError, match="the power went"):
            small().fit(corpus, training=training, out=folder)
    small().fit(corpus, training=training, out=folder, resume=True)
    for name in ("model.safetensors", "results.json", "samples.jsonl"):
        assert (folder / name).read_bytes() == (run / name).read_bytes()


def test_another_text_does_not_go_on(run: Path) -> None:
    with pytest.raises(RunError, match="on other data"):
        small().fit(Corpus.of(TEXT), training=replace(QUICK, epochs=6), out=run, resume=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "transformer"}, "cell must be one of rnn, lstm, gru"),
        ({"hidden": 0}, "hidden must be a whole number >= 1, got 0"),
        ({"dropout": 1.0}, r"dropout of between must be in \[0, 1\), got 1.0"),
        ({"bptt": 0}, "bptt must be a whole number >= 1"),
    ],
)
def test_settings_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        small(**options)


def test_texts_that_cannot_be_learned_from(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"at least 128 symbols for 64 parallel streams .* got 18 in"
    ):
        small().fit(Corpus.of("ab" * 10), training=Training(batch_size=64), out=tmp_path / "run")
    with pytest.raises(DataError, match="the validation part is empty"):
        small().fit(Corpus.of(TEXT, validation=0.0), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(SettingsError, match="language model is not fitted"):
        small().evaluate("book.txt")


def test_a_corpus_with_other_symbols_is_refused(model: LanguageModel) -> None:
    with pytest.raises(DataError, match="has other symbols"):
        model.evaluate(Corpus.of("xyz" * 30))


def test_short_texts_get_fewer_streams() -> None:
    sizes = [default_training(symbols).batch_size for symbols in (100, 50_000, 10**6, 10**9)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 4


def test_counting_is_witten_bell() -> None:
    train, text = np.array([0, 1, 0, 2, 0, 1, 1]), np.array([0, 1, 2, 0])
    unigram, bigram = ngram_nll(train, text, 3)[:2]
    alone = (np.array([3, 3, 1]) + 3 / 3) / (7 + 3)
    np.testing.assert_allclose(unigram, -np.log(alone[text]))
    # After 0: two 1, one 2. After 1: 0 and 1. After 2: one 0.
    after = [(2 + 2 * alone[1]) / 5, (0 + 2 * alone[2]) / 4, (1 + alone[0]) / 2]
    np.testing.assert_allclose(bigram, -np.log([alone[0], *after]))


def test_counting_gives_the_published_figures(shared_data: Path) -> None:
    for name, context, nats in (
        ("tinyshakespeare/input.txt", 4, 1.669),
        ("korean/koconovel.txt", 2, 2.955),
    ):
        text = Corpus.read(shared_data / name)
        parts = (text.part("train"), text.part("validation"))
        found = ngram_nll(*parts, len(text.vocabulary))[context]
        assert found.mean() == pytest.approx(nats, abs=0.001)


def test_the_report_shows_surprise_and_samples(run: Path) -> None:
    page = write_report(run).read_text(encoding="utf-8")
    stored = json.loads((run / "results.json").read_text("utf-8"))
    assert "LSTM language model" in page
    assert stored["verdict"] in page
    assert page.count("<details") == 6
    assert page.count("kept</summary>") == 1
    assert '<span class="s0">' in page
    assert ' nats">' in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_about_text_is_true() -> None:
    page = Path(__file__).parents[3] / "docs" / "language.md"
    failed, asked = doctest.testfile(str(page), module_relative=False)
    assert asked > 10
    assert not failed
