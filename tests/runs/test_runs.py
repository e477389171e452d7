"""Run folders and files: whole or not at all, claimed with care, refused when spoilt."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from unrolled import RunError, files
from unrolled.runs import folder as runs
from unrolled.runs.card import SCHEMA, Card

CARD = Card(
    task="forecast",
    status="finished",
    versions={"unrolled": "0"},
    device="CPU",
    settings={"model": {"hidden": 3}},
    findings={"온도": 1},
    preprocessor={},
)
WEIGHTS = {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor(1)}


def make(folder: Path, **changes: Any) -> Path:
    runs.save(folder, CARD.model_copy(update=changes), WEIGHTS)
    return folder


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    card, tensors = runs.load(make(tmp_path / "run"), "forecast")
    assert card.model_copy(update={"fingerprints": {}}) == CARD
    assert all(torch.equal(tensors[name], WEIGHTS[name]) for name in WEIGHTS)
    assert sorted(os.listdir(tmp_path / "run")) == ["model.safetensors", "run.json"]


def test_the_card_is_readable_text(tmp_path: Path) -> None:
    text = (make(tmp_path) / "run.json").read_text(encoding="utf-8")
    assert "온도" in text
    assert json.loads(text)["schema"] == SCHEMA


def test_a_run_of_another_task_or_not_finished_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds a run of the task 'forecast', not 'classify'"):
        runs.load(make(tmp_path / "one"), "classify")
    with pytest.raises(RunError, match="was not finished; go on with it by resuming"):
        runs.load(make(tmp_path / "two", status="training"))


@pytest.mark.parametrize("name", ["run.json", "model.safetensors"])
def test_every_changed_byte_is_noticed(name: str, tmp_path: Path) -> None:
    path = make(tmp_path) / name
    whole = path.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        if name == "run.json" and whole[at : at + 1].isspace():
            continue  # it may have become other white space, which says nothing in JSON
        with pytest.raises(RunError, match=name) as caught:
            runs.load(tmp_path)
        assert "\n" not in str(caught.value)
    path.write_bytes(whole)
    runs.load(tmp_path)


@pytest.mark.parametrize("name", ["run.json", "model.safetensors"])
def test_every_truncation_is_noticed(name: str, tmp_path: Path) -> None:
    path = make(tmp_path) / name
    whole = path.read_bytes()
    for size in range(0, len(whole) - 1, max(1, len(whole) // 40)):
        path.write_bytes(whole[:size])
        with pytest.raises(RunError, match=name):
            runs.load(tmp_path)


def test_weights_of_another_run_are_refused(tmp_path: Path) -> None:
    one, other = make(tmp_path / "one"), tmp_path / "other"
    runs.save(other, CARD, {**WEIGHTS, "b": torch.tensor(2)})
    (other / "model.safetensors").replace(one / "model.safetensors")
    with pytest.raises(RunError, match="fingerprint"):
        runs.load(one)


def test_claiming_an_empty_place(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new", "new/deeper"):
        for options in ({}, {"resume": True}, {"overwrite": True}):
            assert runs.claim(tmp_path / name, **options) is False


def test_claiming_what_is_no_run_is_refused_and_leaves_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".notes.part").write_text("mine too")
    for folder in (tmp_path, tmp_path / "notes.txt"):
        for options in ({}, {"resume": True}, {"overwrite": True}):
            with pytest.raises(RunError, match="is no run folder; choose another place"):
                runs.claim(folder, **options)
    assert sorted(os.listdir(tmp_path)) == [".notes.part", "notes.txt"]


def test_claiming_a_run(tmp_path: Path) -> None:
    run = make(tmp_path)
    (run / "results.json").write_text("{}")
    (run / "mine.txt").write_text("mine")
    with pytest.raises(RunError, match="holds a run already; resume it, overwrite it or choose"):
        runs.claim(run)
    assert runs.claim(run, resume=True) is True
    assert (run / "results.json").exists()
    assert runs.claim(run, overwrite=True) is True
    assert sorted(os.listdir(run)) == ["mine.txt", "run.json"]


def test_what_a_kill_left_half_written_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".run.json.abc.part").write_text("{")
    assert runs.claim(tmp_path) is False
    run = make(tmp_path)
    (run / "checkpoint").mkdir()
    (run / "checkpoint" / ".state.safetensors.abc.part").write_text("half")
    runs.claim(run, resume=True)
    assert list((run / "checkpoint").iterdir()) == []


def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    files.write_json(path, {"a": 1})

    def fail(part: Path) -> None:
        part.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunError, match=r"cannot write .*file\.json: No space left on device"):
        files.write(path, fail)
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(path, {"a": float("nan")})
    assert files.read_json(path) == {"a": 1}
    assert os.listdir(tmp_path) == ["file.json"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "a", tmp_path / "file" / "deeper" / "a"):
        with pytest.raises(RunError, match="a file lies where its folder should be"):
            files.write_text(path, "text")


def test_reading_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"nope\.json is missing"):
        files.read_json(tmp_path / "nope.json")
    with pytest.raises(RunError, match=r"nope\.safetensors is missing"):
        files.read_tensors(tmp_path / "nope.safetensors")
    with pytest.raises(RunError, match=r"cannot read .*: Is a directory"):
        files.read_json(tmp_path)
