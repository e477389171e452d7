"""A bar chart of ratios as SVG, by hand: it needs no plotting library."""

import math
from html import escape

ROW, LABEL, WIDTH = 16, 190, 720


def chart(ratios: list[tuple[str, float]]) -> str:
    """Bars on a logarithmic axis, one a shape; the line at 1 is torch."""
    largest = max(10.0, *(ratio for _, ratio in ratios))
    low = min(0.5, *(ratio for _, ratio in ratios))

    def x(ratio: float) -> float:
        return LABEL + (WIDTH - LABEL - 50) * math.log(ratio / low) / math.log(largest / low)

    height = ROW * (len(ratios) + 3)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<text x="{LABEL}" y="14">training: times as fast as torch (logarithmic)</text>',
    ]
    for i, (name, ratio) in enumerate(ratios):
        y = ROW * (i + 2)
        start, end = sorted((x(1.0), x(ratio)))
        colour = "#2a7f62" if ratio >= 1 else "#b3402a"
        parts.append(
            f'<text x="{LABEL - 6}" y="{y + 9}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{start:.1f}" y="{y}" width="{end - start:.1f}" height="11" fill="{colour}"/>'
            f'<text x="{end + 4:.1f}" y="{y + 9}">{ratio:.1f}</text>'
        )
    line = f'<line x1="{x(1):.1f}" x2="{x(1):.1f}" y1="20" y2="{height - 6}" stroke="#333"/>'
    return "\n".join([*parts, line, "</svg>\n"])
