"""What a notebook shows of a result: a small table and sentences, escaped."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup


def table_html(
    heads: Sequence[str], rows: Sequence[Sequence[str]], sentences: Sequence[str] = ()
) -> str:
    """A table and what is said below it as HTML.

    >>> table_html(["a"], [["<b>"]], ["so"])
    '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table><p>so</p>'
    """
    head = Markup("").join(Markup("<th>{}</th>").format(name) for name in heads)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row)
        )
        for row in rows
    )
    below = Markup("").join(Markup("<p>{}</p>").format(text) for text in sentences)
    page = Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}")
    return str(page.format(head, body, below))
