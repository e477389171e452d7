"""One self-contained HTML page from a run folder."""

import base64
import hashlib
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from unrolled import files
from unrolled.errors import RunError
from unrolled.report import page
from unrolled.runs.read import Run
from unrolled.tasks.classification import page as labels
from unrolled.tasks.forecasting import page as forecast
from unrolled.tasks.forecasting import page_scores as scores
from unrolled.tasks.language import page as language

PAGES: dict[str, tuple[page.Maker, ...]] = {
    "forecast": (
        forecast.headline,
        forecast.forecasts,
        scores.errors,
        forecast.by_step,
        page.training,
        page.data,
        page.settings,
        forecast.reading,
    ),
    "language": (
        language.headline,
        language.surprise,
        language.samples,
        language.scores,
        page.training,
        language.corpus,
        page.settings,
        language.reading,
    ),
    "classification": (
        labels.headline,
        labels.seen,
        labels.confusion,
        labels.by_class,
        labels.examples,
        page.training,
        page.data,
        page.settings,
        labels.reading,
    ),
}
"""The sections of a page, by task; one whose data is absent is left out."""


TEMPLATES = (
    "unrolled.report",
    "unrolled.tasks.forecasting",
    "unrolled.tasks.classification",
    "unrolled.tasks.language",
)


def write(run: Path) -> Path:
    """Write report.html into a run folder and return its path.

    The page is made from run.json, history.jsonl and results.json, as far as they are there. It
    needs no network and nothing beside itself, and every name in it is escaped.

    Raises:
        RunError: `run` is no run folder, a file in it is damaged, its task has no page, or the
            page cannot be written.

    Example:
        >>> write(Path("runs/nyc"))  # doctest: +SKIP
        PosixPath('runs/nyc/report.html')
    """
    path = Path(run) / "report.html"
    files.write_text(path, render(Run.read(Path(run))))
    return path


def render(run: Run) -> str:
    """The page of a run as HTML text."""
    if run.task not in PAGES:
        raise RunError(f"report: expected a run of {' or '.join(PAGES)}, got task {run.task!r}")
    sections = [section for make in PAGES[run.task] if (section := make(run)) is not None]
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        run=run, sections=sections, title=sections[0].values["title"], **_inlined()
    )


def _inlined() -> dict[str, Markup]:
    """The style sheet and the script, and the hash by which the page lets only this script run."""
    folder = Path(__file__).with_name("templates")
    style, script = ((folder / name).read_text("utf-8") for name in ("style.css", "script.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"style": Markup(style), "script": Markup(script), "script_hash": Markup(digest)}
