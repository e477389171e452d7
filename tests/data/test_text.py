"""Corpus: files, encodings, composed form, vocabularies, parts and streams."""

import math
import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import Corpus, DataError, SettingsError
from unrolled.data.source.encoding import decode
from unrolled.data.text.files import composed
from unrolled.data.text.streams import Streams
from unrolled.data.text.vocabulary import BytePairs, Bytes, Characters, vocabulary_from

KOREAN = "믿었음이다.\n그뿐 아니라 만수를 외로이 서울로 보내기는 아까웠다.\n" * 20


def test_characters_of_the_training_part_alone_make_the_vocabulary() -> None:
    corpus = Corpus.of("ab" * 45 + "cdcdcdcdcd", validation=0.1)
    assert corpus.vocabulary.to_dict()["characters"] == "ab"
    assert corpus.findings["parts"]["validation"] == {
        "characters": 10,
        "symbols": 10,
        "unknown": 10,
    }
    assert corpus.part("train").tolist() == [0, 1] * 45


def test_parts_are_shares_rounded_up_or_counts() -> None:
    text = "abc" * 371 + "ab"  # 1115: as 0.1 of 1115394 is 111539.4 and gives 111540
    assert Corpus.of(text, validation=0.1).characters == {
        "train": 1003,
        "validation": 112,
        "test": 0,
    }
    parts = Corpus.of(text, validation=100, test=15).characters
    assert parts == {"train": 1000, "validation": 100, "test": 15}


@pytest.mark.parametrize("level", ["char", "byte", "bpe"])
@pytest.mark.parametrize("text", [KOREAN, "To be,\r\n or not\tto be. " * 40], ids=["ko", "en"])
def test_what_was_read_can_be_written_again(level: str, text: str) -> None:
    if level == "bpe":
        pytest.importorskip("tokenizers")
    corpus = Corpus.of(text, level=level, size=300, validation=0.2)
    assert corpus.text(corpus.tokens) == text
    assert sum(len(corpus.part(name)) for name in corpus.bounds) == len(corpus)
    again = vocabulary_from(corpus.vocabulary.to_dict())
    assert again.encode(text[:50]).tolist() == corpus.vocabulary.encode(text[:50]).tolist()
    assert not (corpus.tokens >= len(corpus.vocabulary)).any()


def test_byte_pairs_know_every_text_and_are_fewer_than_bytes() -> None:
    pytest.importorskip("tokenizers")
    pairs = BytePairs.fit([KOREAN], 400)
    strange = "emoji 🦉, 漢字, zero-width\u200b, é"
    assert "".join(pairs.decode(pairs.encode(strange).tolist())) == strange
    assert len(pairs.encode(KOREAN)) < len(Bytes().encode(KOREAN)) / 2
    assert len(pairs) <= 400


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab \n각가ᄀ\u1161\u11a8e\u0301\u0323", max_size=40), st.data())
def test_composed_form_does_not_depend_on_where_blocks_end(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    edges = [0, *cuts, len(text)]
    blocks = [text[a:b] for a, b in pairwise(edges)]
    assert "".join(composed(blocks)) == unicodedata.normalize("NFC", text)


def test_decomposed_korean_is_the_same_text(tmp_path: Path) -> None:
    (tmp_path / "nfc.txt").write_text(KOREAN, encoding="utf-8")
    (tmp_path / "nfd.txt").write_text(unicodedata.normalize("NFD", KOREAN), encoding="utf-8")
    one, other = (Corpus.read(tmp_path / name) for name in ("nfc.txt", "nfd.txt"))
    assert one.mark == other.mark


def test_probabilities_of_known_and_unknown_characters_add_up_to_one() -> None:
    letters = Characters.fit(["abcde" * 3 + "x가힣"])
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    numbers = letters.encode("".join(every))
    sizes = np.bincount(numbers, minlength=len(letters) + 2)[len(letters) :]
    unknown = sum(
        count * math.exp(log) for count, log in zip(sizes, letters.log_unknown, strict=True)
    )
    assert math.exp(letters.log_known) + unknown == pytest.approx(1, abs=1e-12)
    # Three of 18 characters were the only ones of their kind.
    assert unknown == pytest.approx(3 / 18)
    # An unseen syllable of a row that was seen is likelier than one from nowhere.
    near, far = letters.encode("각龜") - len(letters)
    assert letters.log_unknown[near] > letters.log_unknown[far]


@pytest.mark.parametrize(
    ("name", "data", "encoding"),
    [
        ("bom", "\ufeff" + KOREAN, "utf-8"),
        ("utf16", KOREAN, "utf-16"),
        ("utf32", KOREAN, "utf-32"),
        ("cp949", KOREAN, "cp949"),
    ],
)
def test_encodings_are_found(tmp_path: Path, name: str, data: str, encoding: str) -> None:
    path = tmp_path / f"{name}.txt"
    path.write_bytes(data.encode(encoding))
    assert Corpus.read(path).text(Corpus.read(path).tokens) == KOREAN


def test_blocks_may_end_within_a_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unrolled.data.source.encoding.BLOCK", 7)
    path = tmp_path / "book.txt"
    path.write_text(KOREAN, encoding="utf-8")
    assert "".join(decode(path, "utf-8")) == KOREAN
    corpus = Corpus.read(path, level="byte")
    assert corpus.text(corpus.tokens) == KOREAN


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty: it holds no text"),
        (b"aaaaaaaa", "has only one symbol, 'a': there is nothing to predict"),
        (b"some text\0and more", "this is binary data of an unknown kind (byte 0x00 at offset 9)"),
        (b"some text \xff and more", "expected UTF-8, got byte 0xff at offset 10, line 1"),
        ("끝".encode()[:2], "expected UTF-8, got byte 0xeb at offset 0, line 1"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "book.txt"
    path.write_bytes(data)
    with pytest.raises(DataError, match=re.escape(message)) as refused:
        Corpus.read(path)
    assert "\n" not in str(refused.value)
    assert "book.txt" in str(refused.value)


def test_the_offset_of_a_bad_byte_counts_from_the_file_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unrolled.data.source.encoding.BLOCK", 10)
    path = tmp_path / "book.txt"
    path.write_bytes("가나다라마바사 abc".encode() + b"\xc3(")
    with pytest.raises(DataError, match="byte 0xc3 at offset 25,"):
        Corpus.read(path)
    path.write_bytes(b"\xe9a\xe9")
    assert Corpus.read(path, encoding="cp1252", level="byte").findings["characters"] == 3
    with pytest.raises(SettingsError, match=r"encoding: expected .*, got 'base64'"):
        Corpus.read(path, encoding="base64")
    with pytest.raises(SettingsError, match=r"encoding: expected .*, got 'utf-9'"):
        Corpus.read(path, encoding="utf-9")


@pytest.mark.parametrize("level", ["char", "byte", "bpe"])
def test_half_a_surrogate_pair_is_refused(level: str) -> None:
    if level == "bpe":
        pytest.importorskip("tokenizers")
    corpus = Corpus.of(KOREAN, level=level)
    with pytest.raises(DataError, match="half a surrogate pair at character 3"):
        Corpus.of("abc\ud800", level=level)
    with pytest.raises(DataError, match="half a surrogate pair at character 3"):
        corpus.vocabulary.encode("abc\udcff")


def test_folders_and_lists(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("second")
    (tmp_path / "a.md").write_text("first")
    (tmp_path / "c.csv").write_text("no text")
    folder = Corpus.read(tmp_path, level="byte")
    assert folder.text(folder.tokens) == "first\nsecond"
    both = Corpus.read([tmp_path / "b.txt", tmp_path / "a.md"], level="byte")
    assert both.text(both.tokens) == "second\nfirst"
    empty = tmp_path / "empty"
    empty.mkdir()
    sources: list[Path | list[Path]] = [empty, tmp_path / "nowhere", []]
    for source in sources:
        with pytest.raises(DataError):
            Corpus.read(source)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": "word"}, "level must be one of char, byte, bpe, got 'word'"),
        ({"validation": 1.5}, "validation must be a share"),
        ({"validation": 0.5, "test": 0.5}, "leave none of 800 to train on"),
    ],
)
def test_options_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Corpus.of("some text" * 88 + "12345678", **options)  # type: ignore[arg-type]


def test_tokens_are_mapped_from_a_file_and_small() -> None:
    corpus = Corpus.of(KOREAN)
    assert isinstance(corpus.tokens, np.memmap)
    assert corpus.tokens.dtype == np.uint8


def test_streams_go_on_where_they_were_and_see_every_symbol() -> None:
    tokens = np.arange(103)
    streams = Streams(tokens, batch=4, steps=6)
    chunks = list(streams.epoch(17))
    assert len(chunks) == len(streams) == 103 // 4 // 6
    for (before, target), (after, _) in pairwise(chunks):
        assert (after[:, 0] == (before[:, -1] + 1) % 103).all()
        assert (target == (before + 1) % 103).all()
    seen = np.concatenate(
        [target.ravel() for offset in range(7) for _, target in streams.epoch(offset)]
    )
    assert set(seen.tolist()) == set(range(103))


def test_a_text_shorter_than_a_batch_is_refused() -> None:
    with pytest.raises(DataError, match=r"at least 128 symbols for 64 .*, got 127"):
        Streams(np.zeros(127, np.uint8), batch=64, steps=128)
    assert len(Streams(np.zeros(128, np.uint8), batch=64, steps=128)) == 2


def test_koconovel(shared_data: Path) -> None:
    corpus = Corpus.read(shared_data / "korean" / "koconovel.txt")
    assert corpus.findings["characters"] == 707_152
    assert corpus.characters == {"train": 636_436, "validation": 70_716, "test": 0}
    assert corpus.findings["parts"]["validation"]["unknown"] == 44
