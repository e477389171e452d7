"""Dynamic evaluation: it learns what it reads, counts before it learns, leaves the model alone."""

import numpy as np
import pytest
import torch

from unrolled import Corpus, LanguageModel, Training
from unrolled.tasks.language.adapt import SEGMENT, Adapting, adapted

TEXT = "the cat sat on the mat and the dog sat on the log. " * 40
OTHER = "zebras gallop past quiet rivers at dusk? " * 30


@pytest.fixture(scope="module", params=[1, 2])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    corpus = Corpus.of(OTHER[:41] + TEXT, validation=0.2)
    model = LanguageModel(hidden=24, embed=12, dropout=0.1, bptt=16, ensemble=request.param)
    return model.fit(corpus, training=Training(epochs=2, batch_size=8, learning_rate=1e-2))


def test_a_text_unlike_the_training_text_is_learned_as_it_is_read(model: LanguageModel) -> None:
    text = Corpus.of(OTHER, vocabulary=model.fitted.preprocessor, validation=0.0)
    static, dynamic = (model.evaluate(text, dynamic=on) for on in (False, True))
    assert dynamic.nats_per_character < 0.95 * static.nats_per_character
    assert dynamic.symbols == static.symbols


def test_each_symbol_is_counted_before_it_is_learned(model: LanguageModel) -> None:
    tokens = np.array(model.encode(OTHER))
    whole = Adapting(model.network, model.fitted.preprocessor).read(tokens)
    changed = tokens.copy()
    changed[3 * SEGMENT + 5 :] = tokens[0]
    other = Adapting(model.network, model.fitted.preprocessor).read(changed)
    np.testing.assert_array_equal(whole[: 3 * SEGMENT + 5], other[: 3 * SEGMENT + 5])
    static = model.negative_log_likelihood(tokens)
    np.testing.assert_allclose(whole[:SEGMENT], static[:SEGMENT], rtol=1e-4, atol=1e-5)


def test_the_model_stays_as_it_is(model: LanguageModel) -> None:
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    copy = adapted(model.network, model.fitted.preprocessor, model.encode(OTHER))
    for name, value in model.network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert any(not torch.equal(v, before[n]) for n, v in copy.state_dict().items())


def test_unknown_symbols_are_counted_and_not_learned(model: LanguageModel) -> None:
    tokens = np.array(model.encode("the Ω cat" * 9 + "ΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩ"))
    found = Adapting(model.network, model.fitted.preprocessor).read(tokens)
    assert found.shape == tokens.shape
    assert np.isfinite(found).all()


def test_a_text_is_gone_on_with_as_the_prompt_goes(model: LanguageModel) -> None:
    prompt = OTHER * 3
    plain, adapting = (
        "".join(model.generate(prompt, length=200, temperature=0.5, seed=3, adapt=on))
        for on in (False, True)
    )
    again = "".join(model.generate(prompt, length=200, temperature=0.5, seed=3, adapt=True))
    assert adapting == again
    assert adapting != plain
