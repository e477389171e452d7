"""The README and the page on forecasting do what they say."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from unrolled.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/forecasting.md"])
def test_the_python_of_a_page_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {})


def test_every_command_of_the_readme_exists_with_its_options() -> None:
    lines = re.findall(r"^unrolled (\w+)([^#\n]*)", README, re.MULTILINE)
    assert len(lines) == 10
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for name, rest in lines:
        options = {o for p in commands[name].params for o in p.opts}
        assert set(re.findall(r"--\w+", rest)) <= options, name


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
