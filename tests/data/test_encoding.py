"""Encodings told by the language that a file reads as."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from unrolled import Corpus, DataError, Format, SettingsError
from unrolled.data.columns.read import read_columns
from unrolled.data.source.encoding import check_encoding, find_encoding

# encoding -> texts in it, as headers and rows have them.
WRITTEN: dict[str, list[str]] = {
    "cp1252": [
        "Datum;Größe",
        "Übergröße;Äpfel;ÄÖÜ",
        "Température;Été;Année",
        "São Paulo;verão;média",
        "Año;España",
        "År;Måned;København",
        "hæð;þyngd;Reykjavík",
        "Temp °C;µg/m³",
        "Preis €;5,00 €",
        "naïve café – “quoted” it’s",
    ],
    "cp1250": ["Łódź;Kraków;Wrocław", "Počet;měsíc;řada;Plzeň", "Hőmérséklet;Győr"],
    "iso8859_2": ["Łódź;Gdańsk;Śląsk", "šířka;žlutý;měsíc"],
    "cp1254": ["Sıcaklık;İstanbul;Ağustos"],
    "cp1251": ["Дата;Температура;Москва"],
    "koi8_r": ["Дата;Температура;Москва"],
    "cp1253": ["Θερμοκρασία;Αθήνα"],
    "cp949": [
        "값",
        "날짜,기온,서울",
        "측정일시,지점명,기온(°C),강수량(mm)",
        "서울특별시 강남구의 미세먼지 농도(㎍/㎥)와 교통량",
    ],
    "cp932": ["日付,気温,東京", "日付,きおん,トウキョウ"],
    "euc_jp": ["日付,きおん,東京"],
    "big5": ["日期,溫度,臺北"],
}
CASES = [(encoding, text) for encoding, texts in WRITTEN.items() for text in texts]


@pytest.mark.parametrize(("encoding", "text"), CASES, ids=str)
def test_the_language_tells_the_encoding(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f"day,y\n{text}\n2013-01-01,5\n".encode(encoding))
    found = find_encoding(path)
    assert found.name == encoding
    assert "reads as" in found.note(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_mark_or_the_bytes_leave_no_doubt(tmp_path: Path, encoding: str) -> None:
    text = "날짜,기온\n" + "".join(f"2013-01-{day:02d},{day}.5\n" for day in range(1, 28))
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    raw = read_columns(tmp_path / "t.csv")
    assert list(raw.columns) == ["날짜", "기온"]
    assert raw.columns["기온"][0].as_py() == 1.5
    assert not raw.notes
    (tmp_path / "t.txt").write_bytes(text.encode(encoding))
    corpus = Corpus.read(tmp_path / "t.txt")
    assert corpus.text(corpus.tokens[:2]) == "날짜"


def test_an_encoding_is_asked_for_or_guessed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("day;Größe\n2013-01-01;1\n".encode("cp1252"))
    raw = read_columns(path)
    assert list(raw.columns) == ["day", "Größe"]
    assert "cp1252" in raw.notes[0]
    assert "encoding=" in raw.notes[0]
    raw = read_columns(path, Format(encoding="cp1250"))
    assert (list(raw.columns), raw.notes) == (["day", "Größe"], ())
    with pytest.raises(DataError, match=r"expected ascii, got byte 0xf6 at offset 6, line 1"):
        read_columns(path, Format(encoding="ascii"))


def test_the_first_strange_byte_may_come_late(tmp_path: Path) -> None:
    rows = [f"{i},{i % 7},abc" for i in range(200_000)]
    (tmp_path / "t.csv").write_bytes(
        "\n".join(["step,y,place", *rows, "200000,1,서울"]).encode("cp949")
    )
    raw = read_columns(tmp_path / "t.csv")
    assert raw.columns["place"][-1].as_py() == "서울"
    assert "Korean" in raw.notes[0]


def test_utf_16_that_is_cut_names_the_byte(tmp_path: Path) -> None:
    text = "day,y\n" + "".join(f"2013-01-{day:02d},{day}.5\n" for day in range(1, 28))
    (tmp_path / "t.csv").write_bytes(text.encode("utf-16")[:-1])
    with pytest.raises(DataError, match=r"expected utf-16, got byte 0x0a at offset"):
        read_columns(tmp_path / "t.csv")


def test_utf_8_that_is_damaged_is_no_other_encoding(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(
        "day,값,곳\n2013-01-01,1,서울\n".encode() + b"2013-01-02,2,\xea\n"
    )
    with pytest.raises(DataError, match=r"expected UTF-8, got byte 0xea at offset 45, line 3"):
        read_columns(tmp_path / "t.csv")


@pytest.mark.parametrize(
    "name", ["idna", "undefined", "punycode", "base64", "utf-9", "zip", "rot13"]
)
def test_what_is_no_encoding_of_texts(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"encoding: expected one of texts"):
        check_encoding(name)
    (tmp_path / "t.txt").write_text("to be or not to be")
    with pytest.raises(SettingsError, match="encoding"):
        Corpus.read(tmp_path / "t.txt", encoding=name)


def test_a_guess_and_composing_are_said_of_a_text(tmp_path: Path) -> None:
    text = "믿었음이다. 서울로 보내기는 아까웠다.\n" * 20
    (tmp_path / "a.txt").write_bytes(text.encode("cp949"))
    corpus = Corpus.read(tmp_path / "a.txt")
    assert corpus.text(corpus.tokens) == text
    assert "reads as Korean" in corpus.findings["notes"][0]
    (tmp_path / "b.txt").write_text(unicodedata.normalize("NFD", text), encoding="utf-8")
    corpus = Corpus.read(tmp_path / "b.txt")
    assert corpus.text(corpus.tokens) == text
    assert "composed form" in corpus.findings["notes"][0]
    (tmp_path / "c.txt").write_text(text, encoding="utf-8")
    assert Corpus.read(tmp_path / "c.txt").findings["notes"] == []
