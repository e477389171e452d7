"""Texts on the command line: fit, evaluate, generate, inspect; the same numbers as the library."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.made import BOOK, TEXT, fit_text

from unrolled import Corpus, LanguageModel
from unrolled.cli import main
from unrolled.tasks.language.estimator import default_training
from unrolled.tasks.language.objective import LanguageObjective

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with book.txt and its run, text."""
    folder = tmp_path_factory.mktemp("text")
    fit_text(folder)
    return folder


def test_fit_says_what_it_took_it_for_found_and_measured(
    folder: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_text(BOOK)
    assert main(["fit", "book.txt", *TEXT[:-1]]) == 0
    out, err = capsys.readouterr()
    assert err.startswith(
        "book.txt is taken for a text: its name ends in .txt; --task overrules\n\n"
        "book.txt: 1,680 characters in 1,680 bytes of utf-8\n15 symbols, level char, most often"
    )
    for words in ("train             1,512 symbols", "validation          168 symbols", "seed 0"):
        assert words in err
    assert err.endswith("next    unrolled generate runs/book\n")
    for words in ("nats per character", "LSTM", "1-gram", "of the validation text"):
        assert words in out
    assert out.endswith("run     runs/book\nreport  runs/book/report.html\n")
    assert "surprise" in (tmp_path / "runs" / "book" / "report.html").read_text()


def test_the_command_line_is_the_library(folder: Path) -> None:
    corpus = Corpus.read(folder / "book.txt")
    training = replace(default_training(len(corpus.part("train"))), epochs=1)
    model = LanguageModel(hidden=4, embed=4).fit(corpus, training=training)
    loaded = LanguageModel.load(folder / "text").network.state_dict()
    for name, weight in model.network.state_dict().items():
        assert torch.equal(weight, loaded[name])


def test_json_is_one_object_without_the_report_s_parts(tmp_path: Path, capsys: Capture) -> None:
    fit_text(tmp_path, "--json")
    out, err = capsys.readouterr()
    assert (err, out.count("\n")) == ("", 1)
    value = json.loads(out)
    assert value["task"] == "language"
    assert value["results"]["table"][0]["name"] == "LSTM"
    assert not {"samples", "passage", "corpus"} & set(value["results"])


LEVELS = [
    ["--level", "byte"],
    ["--level", "bpe", "--size", "260"],
    ["--no-tie", "--bptt", "16", "--weight-dropout", "0.2"],
    ["--ensemble", "2"],
]


@pytest.mark.parametrize("options", LEVELS)
def test_the_config_in_a_run_repeats_it_to_the_byte(
    options: list[str], tmp_path: Path, capsys: Capture
) -> None:
    run = fit_text(tmp_path, *options, "--test", "0.1")
    config = tomllib.loads((run / "config.toml").read_text())
    assert {config["task"], config["test"], config["validation"]} == {"language", "168"}
    again = ["fit", "--config", str(run / "config.toml"), "--out", str(tmp_path / "again"), "-q"]
    assert main(again) == 0
    for name in ("model.safetensors", "config.toml", "results.json"):
        assert (tmp_path / "again" / name).read_bytes() == (run / name).read_bytes()
    assert "of the test text" in capsys.readouterr().out


def test_a_folder_and_a_sample_are_texts(
    folder: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "books").mkdir()
    for name in ("a.txt", "b.md"):
        (tmp_path / "books" / name).write_text(BOOK)
    assert main(["fit", "books", *TEXT[:-1]]) == 0
    assert "books is taken for a text: it is a folder" in capsys.readouterr().err
    card = json.loads((tmp_path / "runs" / "books" / "run.json").read_text())
    assert card["findings"]["characters"] == 2 * len(BOOK) + 1
    assert main(["evaluate", str(folder / "text"), "python-docs", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["unknown"] > 1000


def test_task_overrules(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "log.csv").write_text("time,what\n" * 200)
    words = ["--task", "language", *TEXT, "--out", str(tmp_path / "run"), "--json"]
    assert main(["fit", str(tmp_path / "log.csv"), *words]) == 0
    assert json.loads(capsys.readouterr().out)["task"] == "language"
    # Such a file is then what it is measured on, too.
    assert main(["evaluate", str(tmp_path / "run"), str(tmp_path / "log.csv")]) == 0


def test_resume_goes_on_to_the_same_bytes(
    folder: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = LanguageObjective.validate, []

    def struck(task: LanguageObjective) -> float:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(task)

    whole = fit_text(tmp_path, "--epochs", "2")
    cut = tmp_path / "cut"
    words = ["fit", str(tmp_path / "book.txt"), *TEXT[:-1], "--epochs", "2", "--out", str(cut)]
    with monkeypatch.context() as patch:
        patch.setattr(LanguageObjective, "validate", struck)
        assert main(words) == 130
    err = capsys.readouterr().err
    assert (
        f"stopped: the best network so far (epoch 1) is kept in {cut}; go on with --resume" in err
    )
    assert main(["generate", str(cut), "--length", "5"]) == 0
    assert main([*words, "--resume"]) == 0
    for name in ("model.safetensors", "results.json", "samples.jsonl"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()
    assert main([*words, "--overwrite", "--epochs", "1"]) == 0
    assert len((cut / "history.jsonl").read_text().splitlines()) == 1


def test_evaluate(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    run, model = folder / "text", LanguageModel.load(folder / "text")
    other = tmp_path / "other.txt"
    other.write_bytes("to be ünlike".encode("cp1252"))
    score = model.evaluate(
        Corpus.of("to be ünlike", vocabulary=model.fitted.preprocessor, validation=0)
    )
    assert main(["evaluate", str(run), str(other), "--encoding", "cp1252"]) == 0
    out = capsys.readouterr().out
    assert out == f"{score}\n"
    assert "never seen in training" in out
    assert main(["evaluate", str(run), str(folder / "book.txt"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["nats"] == pytest.approx(model.evaluate(folder / "book.txt").nats)
    assert main(["evaluate", str(run)]) == 0  # what was measured at the fit
    assert "of the validation text" in capsys.readouterr().out


def test_generate_writes_what_the_library_writes(folder: Path, capsys: Capture) -> None:
    words = ["generate", str(folder / "text"), "--prompt", "to ", "--length", "30", "--seed", "3"]
    words += ["--temperature", "0.7", "--top-k", "9", "--top-p", "0.9"]
    model = LanguageModel.load(folder / "text")
    text = "".join(model.generate("to ", length=30, temperature=0.7, top_k=9, top_p=0.9, seed=3))
    assert main(words) == 0
    assert capsys.readouterr().out == f"to {text}\n"
    assert main([*words, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["prompt"], value["text"]) == ("to ", text)
    assert main([*words, "--length", "0"]) == 0
    assert capsys.readouterr().out == "to \n"


def test_generate_reads_a_prompt_of_unknown_symbols(folder: Path, capsys: Capture) -> None:
    assert main(["generate", str(folder / "text"), "--prompt", "한글 to", "--length", "9"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("한글 to")
    assert len(out) == 5 + 9 + 1
    assert err == "symbols of the prompt that training never saw: 2\n"


def test_each_piece_is_written_as_it_is_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    class Output(io.StringIO):
        def flush(self) -> None:
            events.append(self.getvalue())

    def pieces(*_: Any, **__: Any) -> Iterator[str]:
        for letter in "abc":
            events.append(f"made {letter}")
            yield letter

    monkeypatch.setattr(LanguageModel, "generate", pieces)
    monkeypatch.setattr(sys, "stdout", Output())
    assert main(["generate", str(folder / "text"), "--prompt", ">"]) == 0
    assert events[:6] == [">", "made a", ">a", "made b", ">ab", "made c"]


def test_a_reader_that_has_enough_of_a_text(folder: Path) -> None:
    words = ["generate", str(folder / "text"), "--length", "100000"]
    command = [sys.executable, "-m", "unrolled", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert len(process.stdout.read(5)) == 5
        process.stdout.close()
        assert process.wait(timeout=60) == 141
        assert process.stderr.read() == b""


def test_an_output_that_cannot_hold_the_text_is_said(folder: Path) -> None:
    command = [sys.executable, "-m", "unrolled", "generate", str(folder / "text")]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*command, "--prompt", "한"], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.endswith(
        b"unrolled: the output is ascii, which has no '\\ud55c'; PYTHONIOENCODING=utf-8 has\n"
    )


def test_inspect_says_what_a_text_is_and_what_looks_odd(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "odd.txt").write_text("가나다\x07 라마\ufffd 바\ufffd" * 50 + "x" * 30)
    assert main(["inspect", str(tmp_path / "odd.txt")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("odd.txt: 580 characters in 1,380 bytes of utf-8")
    assert lines[1].startswith("9 symbols, level char, most often ' ' 18%, '\ufffd' 18%")
    assert lines[3] == "validation           58 symbols, 30 never seen in training"
    assert lines[4:] == [
        "odd: U+0007 (a control character) 50 times, first as character 4",
        "odd: U+FFFD (REPLACEMENT CHARACTER) 100 times, first as character 8",
    ]
    assert main(["inspect", str(tmp_path / "odd.txt"), "--level", "byte", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["vocabulary"] == 256
    assert main(["inspect", "python-docs"]) == 0
    assert capsys.readouterr().out.startswith("python-docs: ")
