"""Writing and reading along: sampling, prompts, streams, states."""

import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unrolled import Corpus, LanguageModel, SettingsError, Training
from unrolled.tasks.language.generate import Sampling

TEXT = "the cat sat on the mat and the dog sat on the log. " * 40


def fitted(level: str = "char", text: str = TEXT) -> LanguageModel:
    model = LanguageModel(hidden=24, embed=12, dropout=0.0, bptt=16)
    training = Training(epochs=4, batch_size=8, learning_rate=1e-2, average=0.5)
    return model.fit(Corpus.of(text, level=level, size=280), training=training)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return fitted()


def test_the_same_seed_writes_the_same_text(model: LanguageModel) -> None:
    one, same, other = ("".join(model.generate("the ", length=80, seed=seed)) for seed in (1, 1, 2))
    assert one == same != other
    assert len(one) == 80
    unseeded = {"".join(model.generate("the ", length=80)) for _ in range(2)}
    assert len(unseeded) == 2


def test_text_is_given_as_it_is_made(model: LanguageModel) -> None:
    pieces = model.generate("the ", length=10**9, seed=0)
    assert all(len(next(pieces)) == 1 for _ in range(20))


def test_nothing_global_is_touched(model: LanguageModel) -> None:
    before = torch.get_rng_state()
    list(model.generate("the ", length=5, seed=0))
    assert torch.equal(torch.get_rng_state(), before)


def test_temperature_zero_takes_the_likeliest(model: LanguageModel) -> None:
    greedy = ["".join(model.generate("the cat ", length=60, temperature=0)) for _ in range(2)]
    assert greedy[0] == greedy[1]
    assert greedy[0] == "".join(model.generate("the cat ", length=60, top_k=1, seed=3))
    assert greedy[0] == "".join(model.generate("the cat ", length=60, top_p=1e-9, seed=3))


LOGS = torch.tensor([0.05, 0.5, 0.15, 0.3]).log()


@pytest.mark.parametrize(
    ("sampling", "chances"),
    [
        (Sampling(), [0.05, 0.5, 0.15, 0.3]),
        (Sampling(temperature=0.5), np.array([0.05, 0.5, 0.15, 0.3]) ** 2 / 0.365),
        (Sampling(top_k=2), [0, 0.625, 0, 0.375]),
        (Sampling(top_p=0.79), [0, 0.625, 0, 0.375]),
        (Sampling(top_p=0.81), np.array([0, 0.5, 0.15, 0.3]) / 0.95),
        (Sampling(top_k=3, top_p=0.5), [0, 1, 0, 0]),
    ],
)
def test_symbols_are_drawn_with_their_probabilities(
    sampling: Sampling, chances: list[float]
) -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = Counter(sampling.draw(LOGS, generator) for _ in range(4000))
    shares = [drawn[i] / 4000 for i in range(4)]
    assert shares == pytest.approx(list(chances), abs=0.03)
    assert all(share == 0 for share, chance in zip(shares, chances, strict=True) if chance == 0)


@given(
    st.lists(st.floats(-60, 0), min_size=1, max_size=8),
    st.floats(0, 50),
    st.integers(0, 9),
    st.floats(1e-9, 1),
)
def test_any_probabilities_and_options_draw_a_symbol(
    logs: list[float], temperature: float, top_k: int, top_p: float
) -> None:
    generator = torch.Generator().manual_seed(0)
    given_ = torch.tensor(logs).log_softmax(0)
    assert 0 <= Sampling(temperature, top_k, top_p).draw(given_, generator) < len(logs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1.0}, "temperature must be at least 0, got -1.0"),
        ({"temperature": float("nan")}, "temperature must be at least 0, got nan"),
        ({"top_k": -1}, "top_k must be at least 0, got -1"),
        ({"top_p": 0.0}, r"top_p must be in \(0, 1\], got 0.0"),
        ({"seed": -1}, r"seed must be in \[0, 2\*\*63\), got -1"),
        ({"length": -1}, "length must be at least 0, got -1"),
    ],
)
def test_options_out_of_range(
    model: LanguageModel, options: dict[str, float], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        model.generate("a", **options)  # type: ignore[arg-type]


def test_length_zero_writes_nothing_and_unknown_prompts_are_read(model: LanguageModel) -> None:
    assert list(model.generate("the", length=0)) == []
    assert len("".join(model.generate("漢字 🦉", length=20, seed=0))) == 20
    assert len("".join(model.generate("", length=20, seed=0))) == 20


def test_bytes_become_letters_when_they_are_whole() -> None:
    model = fitted("byte", "믿었음이다. 그뿐 아니라. " * 60)
    pieces = list(model.generate("믿었", length=30, temperature=0.3, seed=1))
    assert len("".join(pieces)) == 30
    assert all(pieces)
    decomposed = "".join(
        model.generate("\u1106\u1175\u11ae\u110b\u1165\u11bb", length=30, temperature=0)
    )
    assert decomposed == "".join(model.generate("믿었", length=30, temperature=0))


def test_byte_pairs_are_written_too() -> None:
    pytest.importorskip("tokenizers")
    model = fitted("bpe")
    assert len("".join(model.generate("the cat", length=33, seed=0))) == 33


def test_the_stream_finds_what_evaluate_finds(model: LanguageModel, tmp_path: Path) -> None:
    text = "the dog sat on the 漢字 mat."
    path = tmp_path / "other.txt"
    path.write_text(text, encoding="utf-8")
    steps = list(model.stream(text))
    assert "".join(step.text for step in steps) == text
    assert sum(step.nats for step in steps) == pytest.approx(model.evaluate(path).nats, rel=1e-5)


@pytest.mark.parametrize("level", ["char", "byte", "bpe"])
def test_the_stream_of_a_text_finds_what_evaluate_finds_at_each_level(level: str) -> None:
    pytest.importorskip("tokenizers")
    korean = "믿었다. 그가 멈칫하고 여긴 것은 다음이었다. " * 40
    model = fitted(level, korean)
    apart = unicodedata.normalize("NFD", korean[:60])
    assert len(apart) > 60
    for text in (korean[:60], apart):
        steps = list(model.stream(text))
        assert "".join(step.text for step in steps) == korean[:60]
        whole = model.evaluate(Corpus.of(text, vocabulary=model.fitted.preprocessor, validation=0))
        assert sum(step.nats for step in steps) == pytest.approx(whole.nats, rel=1e-5)
    words = [step.text for step in model.stream(["그가", " 여긴"])]
    assert words == ["그가", " 여긴"]


def test_a_state_is_a_value_to_go_on_from(model: LanguageModel) -> None:
    whole = list(model.stream("the dog sat"))
    before = list(model.stream("the dog"))[-1].state
    for _ in range(2):  # using it does not use it up
        after = list(model.stream(" sat", before))
        assert [step.nats for step in after] == [step.nats for step in whole[7:]]
    one = "".join(model.generate("the dog sat", length=40, seed=5))
    other = "".join(model.generate(" sat", length=40, seed=5, state=before))
    assert one == other
    assert before.logs.exp().sum().item() == pytest.approx(1, abs=1e-5)
