"""`doctor` tells the truth about the engine, in values that JSON takes and in words."""

import json

import pytest

from unrolled.layers import extension as _native
from unrolled.layers.doctor import describe, doctor


def test_doctor_names_the_engine_and_the_instruction_set() -> None:
    found = json.loads(json.dumps(doctor()))
    assert found["engine"] == "native", found["reason"]
    assert found["native"]["instruction_set"] in found["native"]["supported"]
    assert set(found["native"]["supported"]) <= set(found["native"]["built"])
    assert "torch" in found["versions"]
    assert found["native"]["instruction_set"] in describe()


def test_doctor_says_why_the_engine_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_native, "kernels", None)
    monkeypatch.setattr(_native, "reason", "it was not built")
    found = doctor()
    assert (found["engine"], found["native"]) == ("torch", None)
    assert "torch (it was not built)" in describe()
