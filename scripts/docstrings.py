"""How the site reads docstrings: examples become code, lines on a parameter become a list.

A griffe extension; `mkdocs.yml` names it. In the sources a docstring stays plain text, so that
`help()` shows it well.
"""

import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"^>>> .*?(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
PARAMETERS = re.compile(r"^((?:[a-z_]\w*, )*[a-z_]\w*): ", re.MULTILINE)


def as_markdown(text: str) -> str:
    """The text of a docstring as Markdown: `a, b: numbers` as an item, an example in a fence."""
    text = EXAMPLE.sub(lambda example: f"\n```pycon\n{example.group()}\n```", text)
    return PARAMETERS.sub(lambda names: f"\n- `{names.group(1)}`: ", text)


class Docstrings(griffe.Extension):
    """Prepares each docstring once, when the whole package has been read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Replace the docstring of one module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)
