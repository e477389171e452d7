"""Texts as sequences: a symbol a step; CoNLL files: a word a step."""

import json
import logging
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from unrolled import Classifier, Sequences, Training
from unrolled.data.sequences.conll import word_features
from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.source.kind import find_kind
from unrolled.errors import DataError

SHORT = Training(epochs=1, batch_size=8)
NAMES = ["Ivanov", "Kim", "Petrov", "Lee", "Orlov", "Park"]
LANGUAGES = ["ru", "ko"] * 3


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series])
def test_each_symbol_of_a_text_is_a_step(kind: Any) -> None:
    read = Sequences.from_arrays(kind(["CAB", "A"]), [1, 2])
    assert read.features == ("A", "B", "C")
    assert read.lengths.tolist() == [3, 1]
    assert read.values.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert read.symbols


def test_letters_in_parts_are_one_symbol() -> None:
    read = Sequences.from_arrays([unicodedata.normalize("NFD", "김é"), "é"])
    assert (read.features, read.lengths.tolist()) == (("é", "김"), [2, 1])


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["ab", ""], "sequence 1 is an empty text, expected a symbol or more"),
        (["".join(map(chr, range(0x4E00, 0x4E00 + 513)))], "513 different symbols, expected at mo"),
        (["1 2 3", "4 5"], "the texts are written numbers, as '1 2 3'; give arrays"),
        (["[0.5, -1e3]", "[2]"], "the texts are written numbers"),
        (["ab", [1.0, 2.0]], "sequence 0 is the text 'ab'; expected texts alone"),
    ],
)
def test_other_texts_are_refused_by_name(texts: list[Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        Sequences.from_arrays(texts)


def test_texts_of_noughts_and_ones_are_symbols() -> None:
    assert Sequences.from_arrays(["0110", "10"]).features == ("0", "1")


FRAMES = [dict, pd.DataFrame, pl.DataFrame]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("first", [False, True])
def test_a_table_of_texts_and_labels(frame: Any, first: bool) -> None:
    columns = {"name": NAMES, "lang": LANGUAGES}
    read = Sequences.read(
        frame(columns if first else dict(reversed(columns.items()))), label="lang"
    )
    assert read.labels.tolist() == LANGUAGES
    assert read.lengths.tolist() == [6, 3, 6, 3, 5, 4]
    assert read.notes[0].startswith("every row is a sequence, its steps the")
    assert read.columns is not None
    assert read.columns.text == "name"


def test_the_column_of_texts_may_be_named_and_rows_too() -> None:
    table = {"id": [5, 6, 7], "name": NAMES[:3], "note": list("xyz"), "lang": LANGUAGES[:3]}
    with pytest.raises(DataError, match=r"where it has a text: text="):
        Sequences.read(table, label="lang")
    read = Sequences.read(table, label="lang", text="name", series="id")
    assert read.names == ("5", "6", "7")
    assert read.notes[-1] == "left out: note"
    with pytest.raises(DataError, match="column 'id' is of type int64, expected texts"):
        Sequences.read(table, label="lang", text="id")
    with pytest.raises(DataError, match="column 'name', data row 2 is empty, expected a text"):
        Sequences.read({"name": ["a", None], "lang": ["x", "y"]}, label="lang")


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_file_of_texts(tmp_path: Path, ends: str) -> None:
    lines = ["seq,kind", *(f"{a},{b}" for a, b in zip(NAMES, LANGUAGES, strict=True))]
    (tmp_path / "names.csv").write_text(ends.join(lines), encoding="utf-8-sig", newline="")
    read = Sequences.read(tmp_path / "names.csv", label="kind")
    assert read.labels.tolist() == LANGUAGES
    assert "\r" not in read.features


def test_symbols_are_those_of_the_training_part() -> None:
    encoder = SequencePreprocessor.fit(Sequences.from_arrays(["ab", "ba"], ["x", "y"]))
    encoder = SequencePreprocessor.from_dict(json.loads(json.dumps(encoder.to_dict())))
    new = Sequences.from_arrays(["bzz", "a"])
    assert encoder.inputs(new).tolist() == [[0, 1], [0, 0], [0, 0], [1, 0]]
    assert encoder.unknown(new) == (
        "symbols that training does not have, read as all zeros: 'z' (2 of 4 steps)"
    )
    assert encoder.unknown(Sequences.from_arrays(["b"])) is None
    # A part of a set keeps the symbols of the whole; those of other parts are not learned.
    part = Sequences.from_arrays(["ab", "ba", "zz"], ["x", "y", "x"]).select(np.array([0, 1]))
    assert SequencePreprocessor.fit(part).scaler.names == ("a", "b")


def test_a_classifier_of_texts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = Classifier(hidden=4, ensemble=1).fit(NAMES, LANGUAGES, training=SHORT)
    model.save(tmp_path / "run")
    again = Classifier.load(tmp_path / "run")
    with caplog.at_level(logging.WARNING, "unrolled"):
        assert np.array_equal(model.predict_proba(NAMES[:2]), again.predict_proba(NAMES[:2]))
        assert not caplog.records
        assert again.predict(["Zhu"]).shape == (1,)
    assert "training does not have, read as all zeros: 'Z', 'h', 'u' (3 of 3 steps)" in caplog.text
    with pytest.raises(DataError, match="the model was fitted on 16 symbols of texts, got 1 f"):
        again.predict([[1.0, 2.0]])
    numbers = Classifier(hidden=4, ensemble=1).fit([[1.0, 2.0], [2.0, 1.0]], [1, 2], training=SHORT)
    with pytest.raises(DataError, match="the model was fitted on numbers, got texts"):
        numbers.predict(NAMES)


def test_a_classifier_reads_tables_of_texts_as_the_first() -> None:
    table = pd.DataFrame({"name": NAMES, "lang": LANGUAGES})
    model = Classifier(hidden=4, ensemble=1)
    model.fit(Sequences.read(table, label="lang"), training=SHORT)
    for rows in (table, table[["name"]], table.assign(age=1)):
        assert len(model.predict(rows)) == 6


# CoNLL

CONLL = """-DOCSTART- -X- O

EU NNP B-ORG
rejects VBZ O

# sent_id = 2
Peter NNP B-PER
runs VBZ O
. . O
"""
CONLLU = """# sent_id = 1
1-2\tdel\t_\t_\t_
1\tde\tde\tADP\t_
2\tel\tel\tDET\t_
2.1\tx\tx\tX\t_

1\tNew York\t_\tPROPN\t_
"""


@pytest.mark.parametrize(
    ("name", "text", "lengths", "labels"),
    [
        ("a.conll", CONLL, [2, 3], ["B-ORG", "O", "B-PER", "O", "O"]),
        ("a.IOB2", CONLL.replace("\n", "\r\n"), [2, 3], ["B-ORG", "O", "B-PER", "O", "O"]),
        ("a.bio", "the\tDET\nNew York\t?\n\n\n\nup\tADV\n", [2, 1], ["DET", None, "ADV"]),
        ("a.conllu", CONLLU, [2, 1], ["ADP", "DET", "PROPN"]),
    ],
)
def test_conll_files(
    tmp_path: Path, name: str, text: str, lengths: list[int], labels: list[str | None]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8-sig", newline="")
    read = Sequences.read(path)
    assert (read.lengths.tolist(), read.targets.tolist()) == (lengths, labels)
    assert read.per_step
    assert "words that training never saw are read too" in read.notes[0]
    assert find_kind(path).words == "a CoNLL file"


def test_a_conll_file_without_tags_is_to_be_predicted(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("EU\nrejects\n\nPeter\n")
    read = Sequences.read(tmp_path / "a.conll")
    assert read.lengths.tolist() == [2, 1]
    assert not read.known.any()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected sentences, got none"),
        ("a DET\nb NOUN x\n", "line 2 has 3 columns, expected 2"),
    ],
)
def test_conll_files_that_are_none_are_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.conll").write_text(text)
    with pytest.raises(DataError, match=words):
        Sequences.read(tmp_path / "a.conll")


def test_words_of_one_end_are_alike() -> None:
    walked, talked, runs = map(word_features, ("walked", "talked", "Runs"))
    assert np.linalg.norm(walked) == pytest.approx(1)
    assert walked @ talked > max(0.3, walked @ runs)
