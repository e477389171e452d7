"""One self-contained HTML page from the sections it is handed."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, UndefinedError
from markupsafe import Markup

from unrolled.report.page import Section
from unrolled.runs.read import Run


def render(run: Run, sections: Sequence[Section | None], package: str) -> str:
    """The page of a run as HTML text.

    sections: what it shows, in order, None for what is not there; the first has the title.
    package: whose folder `templates` holds the templates of sections that are not of every page.

    The page needs no network and nothing beside itself, and every name in it is escaped.
    """
    shown = [section for section in sections if section is not None]
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("unrolled.report"), PackageLoader(package)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html")
    try:
        return template.render(
            run=run, sections=shown, title=shown[0].values["title"], **_inlined()
        )
    except UndefinedError as error:  # results that somebody wrote, with lists of unequal length
        raise LookupError(str(error)) from error


def style() -> Markup:
    """The style sheet of a page."""
    return Markup((Path(__file__).with_name("templates") / "style.css").read_text("utf-8"))


def _inlined() -> dict[str, Markup]:
    """The style sheet and the script, and the hash by which the page lets only this script run."""
    folder = Path(__file__).with_name("templates")
    style, script = ((folder / name).read_text("utf-8") for name in ("style.css", "script.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"style": Markup(style), "script": Markup(script), "script_hash": Markup(digest)}
