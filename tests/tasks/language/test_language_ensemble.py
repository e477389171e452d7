"""Several language networks in the place of one."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unrolled import Corpus, Dropout, LanguageModel, Training
from unrolled.tasks.language.ensemble import LanguageEnsemble, build
from unrolled.tasks.language.network import LanguageNetwork
from unrolled.tasks.language.score import negative_log_likelihood
from unrolled.tasks.language.settings import LanguageSettings

SETTINGS = LanguageSettings("lstm", 24, 2, 12, Dropout(), True, 16, ensemble=3)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus.of("the cat sat on the mat and the dog sat on the log. " * 40, validation=0.2)


def ensemble(vocabulary: int, **changes: object) -> LanguageEnsemble:
    torch.manual_seed(0)
    made = build(replace(SETTINGS, **changes), vocabulary)  # type: ignore[arg-type]
    assert isinstance(made, LanguageEnsemble)
    return made


def test_one_member_is_the_network_itself() -> None:
    assert isinstance(build(replace(SETTINGS, ensemble=1), 9), LanguageNetwork)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("tie", [True, False])
def test_probabilities_are_averaged_and_losses_too(cell: str, tie: bool) -> None:
    together = ensemble(9, cell=cell, tie=tie)
    symbols, targets = torch.randint(0, 9, (2, 31, 4))
    features, _ = together(symbols)
    alone = [network(symbols)[0] for network in together.members()]
    each = [
        network.log_probabilities(found[-1]).exp()
        for network, found in zip(together.members(), alone, strict=True)
    ]
    assert not torch.allclose(each[0], each[1])
    found = together.log_probabilities(features[-1]).exp()
    torch.testing.assert_close(found, torch.stack(each).mean(0))
    losses = [n.loss(own, targets) for n, own in zip(together.members(), alone, strict=True)]
    torch.testing.assert_close(together.loss(features, targets), torch.stack(losses).mean())


def test_each_network_learns_as_if_it_were_alone() -> None:
    together = ensemble(9)
    symbols, targets = torch.randint(0, 9, (2, 31, 4))
    together.loss(together(symbols)[0], targets).backward()
    for network in together.members():
        weights = list(network.parameters())
        own = torch.autograd.grad(network.loss(network(symbols)[0], targets), weights)
        for weight, gradient in zip(weights, own, strict=True):
            torch.testing.assert_close(weight.grad, gradient / 3)


def test_the_state_of_all_networks_is_carried(corpus: Corpus) -> None:
    together = ensemble(len(corpus.vocabulary)).eval()
    tokens = corpus.tokens[:301]
    with torch.no_grad():
        one, other = (
            negative_log_likelihood(together, tokens, corpus.vocabulary, chunk=n) for n in (1, 500)
        )
    np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_a_run_of_several_is_fitted_kept_and_streamed(corpus: Corpus, tmp_path: Path) -> None:
    training = Training(epochs=2, batch_size=8, learning_rate=1e-2, average=0.5)
    model = LanguageModel(hidden=24, embed=12, dropout=0.1, bptt=16, ensemble=2)
    model.fit(corpus, training=training, out=tmp_path / "run")
    loaded = LanguageModel.load(tmp_path / "run")
    assert loaded.settings.ensemble == 2
    found = loaded.evaluate(corpus, "validation")
    assert found.nats == pytest.approx(model.evaluate(corpus, "validation").nats, rel=1e-6)
    assert model.results is not None
    assert model.results["table"][0]["name"] == "2 x LSTM"
    text = corpus.text(corpus.part("validation")[:40])
    whole = loaded.evaluate(Corpus.of(text, vocabulary=corpus.vocabulary, validation=0.0))
    assert sum(step.nats for step in loaded.stream(text)) == pytest.approx(whole.nats, rel=1e-5)
    assert len("".join(loaded.generate("the ", length=30, seed=0))) == 30
    # Together they are no worse than they are one by one, by Jensen's inequality.
    tokens = corpus.part("validation")
    assert isinstance(loaded.network, LanguageEnsemble)
    with torch.no_grad():
        alone = [
            negative_log_likelihood(n, tokens, corpus.vocabulary).mean()
            for n in loaded.network.eval().members()
        ]
    assert found.nats_per_symbol < np.mean(alone) < math.log(len(corpus.vocabulary))
