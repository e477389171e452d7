"""The cases of texts that are written; their right answers stand in ../shared/cases/*/README.md."""

import pytest
from helpers.cases import CASES

from unrolled import Corpus, LanguageModel, Training

KOREAN = CASES.parent / "data" / "korean" / "koconovel.txt"


@pytest.mark.slow
@pytest.mark.case("text-labels/17")
@pytest.mark.skipif(not KOREAN.exists(), reason="needs ../shared/data")
def test_korean_by_byte_pairs_is_written_without_a_broken_character() -> None:
    pytest.importorskip("tokenizers")
    corpus = Corpus.of(KOREAN.read_text(encoding="utf-8")[:8000], level="bpe", size=600)
    training = Training(epochs=5, batch_size=8, learning_rate=0.01)
    model = LanguageModel(hidden=64, embed=32, dropout=0.0, bptt=32).fit(corpus, training=training)
    assert "\ufffd" not in "".join(model.generate("그", length=300, seed=0))
