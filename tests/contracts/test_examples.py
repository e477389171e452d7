"""Every script in `examples/` runs, prints what it promises, leaves its folder alone."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PRINTS = {
    "accelerate_model": "1 layer swapped: encoder",
    "cell_in_a_loop": "torch.Size([2, 5, 4]) True True\nTrue\n",
    "forecast_csv": "\n2016-01-07 ",
    "label_sequences": "\nstep 12: fast",
    "learn_text": "nats (",
    "many_series": "252 forecasts: ['origin', 'cutoff', 'time_hour', 'temp_true', 'temp',",
    "own_lists": "list ndarray Tensor torch.float32\n(2, 3, 2) (2,) torch.Size([2, 3, 2])",
}


def run(name: str, folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_run_here() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(PRINTS)


@pytest.mark.parametrize("name", PRINTS)
def test_an_example_runs_and_writes_nothing_where_it_stands(name: str, tmp_path: Path) -> None:
    assert PRINTS[name] in run(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_last_output_of_each_layer_is_its_last_hidden_state(tmp_path: Path) -> None:
    out = run("own_lists", tmp_path)
    for layer in ("RNN", "LSTM", "GRU"):
        section = out.partition(f"\n{layer}: outputs (1, 3, 3) are [h1, h2, h3]\n")[2]
        assert "last (1, 1, 3) is h3: True" in section.splitlines()[3]


def test_an_example_writes_into_the_folder_it_is_given(tmp_path: Path) -> None:
    run("forecast_csv", tmp_path, str(tmp_path))
    assert (tmp_path / "run" / "run.json").exists()
