"""The site is whole: links lead somewhere, every page is in the nav, every name has its place."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import unrolled

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), link


def test_every_page_is_in_the_nav() -> None:
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    named = re.findall(r"- (\S+\.md)$", nav, re.MULTILINE)
    english = [page for page in PAGES if not page.name.endswith(".ko.md")]
    assert sorted(named) == sorted(page.relative_to(DOCS).as_posix() for page in english)


def test_every_public_name_is_documented_once() -> None:
    pages = "\n".join(page.read_text("utf-8") for page in (DOCS / "api").glob("*.md"))
    named = re.findall(r"^::: unrolled\.(\w+)$", pages, re.MULTILINE)
    by_module = {"__version__", *(name for name in unrolled.__all__ if name.endswith("Error"))}
    assert sorted({*unrolled.__all__} - by_module) == sorted({*named} - {"errors", "metrics"})
    assert len(named) == len({*named})


def test_the_page_of_examples_names_each_of_them() -> None:
    named = re.findall(r"^\| `(\w+\.py)` \|", (DOCS / "index.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(path.name for path in (ROOT / "examples").glob("*.py"))


def test_whoever_cites_it_cites_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {unrolled.__version__}\n" in citation


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="needs the extra docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "api" / "tasks" / "index.html").read_text("utf-8")
    assert 'id="unrolled.Forecaster.fit"' in page
    assert (
        "<code>horizon</code>: F, the steps to forecast." in page
    )  # a list, by scripts/docstrings.py
    assert '<span class="gp">&gt;&gt;&gt; </span>' in page  # and an example as code
