"""What is written is text: whole characters, the same at every run, whatever the prompt."""

import subprocess
import sys
import unicodedata

import numpy as np
import pytest

from unrolled import Corpus, DataError, LanguageModel, Training
from unrolled.data.text.utf8 import Followers, begun

KOREAN = "그는 나를 보았다. 나는 그를 보지 않았다. 눈이 왔다, 😀 é. " * 30
CODE = "def f(x):\n\tif x:\n\t\treturn {'a':  1}\n    # four spaces\r\n\treturn None\n\n" * 30


def fitted(text: str, level: str = "char", epochs: int = 2) -> LanguageModel:
    training = Training(epochs=epochs, batch_size=4, learning_rate=0.01)
    corpus = Corpus.of(text, level=level, size=300)
    return LanguageModel(hidden=16, embed=8, dropout=0.0, bptt=32).fit(corpus, training=training)


@pytest.mark.parametrize("level", ["byte", "bpe"])
def test_bytes_are_never_drawn_that_are_no_text(level: str) -> None:
    if level == "bpe":
        pytest.importorskip("tokenizers")
    model = fitted(KOREAN, level, epochs=1)
    for seed in range(4):
        text = "".join(model.generate("그", length=120, temperature=1.5, seed=seed))
        assert len(text) == 120
        assert "\ufffd" not in text
        assert text.encode("utf-8").decode("utf-8") == text
    half = model.encode("한")[:1]  # a prompt of numbers may end within a character
    assert "\ufffd" not in "".join(model.generate(half, length=20, seed=0))


@pytest.mark.parametrize(
    "start", [b"", b"\xc3", b"\xe0", b"\xe1", b"\xed", b"\xf0", b"\xf1", b"\xf4", b"\xec\x95",
              b"\xf0\x9f", b"\xf0\x9f\x98", b"\xf4\x8f"],
)  # fmt: skip
def test_what_can_follow_is_what_python_can_decode(start: bytes) -> None:
    symbols = [*(bytes((b,)) for b in range(256)), b"\x95\x9c", b"\x95\x9c\xed", b"\x9f\x98", b"ab"]
    allowed = Followers(symbols).mask(start)
    assert allowed.any()
    for symbol, fits in zip(symbols, allowed, strict=True):
        tails = (b"", b"\x80", b"\xbf", b"\x80\x80", b"\xbf\xbf", b"\x80\x80\x80", b"\x90\x80\x80")
        assert fits == any(decodes(start + symbol + tail) for tail in tails), (start, symbol)


def decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def test_begun_is_what_is_left_of_the_last_character() -> None:
    assert begun([]) == begun(["한".encode(), b"a"]) == begun([b"\xff"]) == b""
    assert begun([b"a\xf0\x9f", b"\x98"]) == b"\xf0\x9f\x98"


@pytest.mark.parametrize("prompt", ["", "Ω漢字", "\x00", "그는 Ω"])
def test_a_prompt_of_symbols_that_training_never_saw_is_read_as_nothing(prompt: str) -> None:
    model = fitted(KOREAN)
    texts = {"".join(model.generate(prompt, length=40, seed=5)) for _ in range(2)}
    assert len(texts) == 1
    assert set(texts.pop()) <= set(KOREAN)
    with pytest.raises(DataError, match="half a surrogate pair at character 1"):
        next(model.generate("a\ud800"))


def test_another_process_writes_the_same_text() -> None:
    program = (
        "from unrolled import Corpus, LanguageModel, Training\n"
        "model = LanguageModel(hidden=8, embed=4, bptt=16)\n"
        "training = Training(epochs=1, batch_size=4)\n"
        "model.fit(Corpus.of('to be or not to be ' * 40), training=training)\n"
        "print(''.join(model.generate('to', length=60, seed=3)).encode())\n"
    )
    words = [sys.executable, "-c", program]
    said = {subprocess.run(words, capture_output=True, check=True).stdout for _ in range(2)}
    assert len(said) == 1


def test_korean_in_either_form_is_the_same_to_the_model() -> None:
    model, parted = fitted(KOREAN), unicodedata.normalize("NFD", KOREAN)
    assert parted != KOREAN
    assert model.encode(parted) == model.encode(KOREAN)
    assert model.evaluate(Corpus.of(parted, vocabulary=model.fitted.preprocessor)) == (
        model.evaluate(Corpus.of(KOREAN, vocabulary=model.fitted.preprocessor))
    )
    said = [
        "".join(model.generate(p, length=30, seed=1))
        for p in ("그는", "\u1100\u1173\u1102\u1173\u11ab")
    ]
    assert said[0] == said[1]


def test_source_code_keeps_tabs_blanks_and_line_ends() -> None:
    corpus = Corpus.of(CODE, validation=0.0)
    kept = "".join(corpus.vocabulary.decode(np.asarray(corpus.part("train")).tolist()))
    assert kept == CODE
    assert set("\t\r\n {'") <= set(kept)
