"""Charts as text: each function gives one SVG element that needs nothing from outside.

Points lie at the whole numbers 0, 1, ... n-1 along the x axis. Colours come from the page's style
sheet through the tone of a line: `truth`, `network`, or `rival-1`, `rival-2`, ... for baselines.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from unicodedata import east_asian_width

from markupsafe import Markup

from unrolled.report.ticks import Tick, nice_range, number

Values = Sequence[float | None]
Run = Sequence[tuple[int, float]]  # a stretch without a missing value, as (index, value)

ALONE = 4  # pixels to either side of a point that has no neighbours


@dataclass(frozen=True)
class Size:
    """The drawing area in CSS pixels; text keeps its size, so a phone has its own drawing."""

    width: int
    height: int
    left: int = 44
    right: int = 14
    top: int = 12
    bottom: int = 30


WIDE = Size(820, 340)
NARROW = Size(350, 270, left=38, right=10)


@dataclass(frozen=True)
class Line:
    """One line; it breaks where a value is None. `start` is the index of its first point."""

    name: str
    values: Values
    tone: str
    start: int = 0
    toggle: str = ""  # a key by which the page's script hides and shows it


@dataclass(frozen=True)
class Band:
    """The area between two lines, such as an interval."""

    name: str
    lo: Values
    hi: Values
    tone: str
    start: int = 0


@dataclass(frozen=True)
class Mark:
    """A thin vertical line with a word, such as the best epoch."""

    index: float
    text: str


@dataclass(frozen=True)
class Axis:
    """The x axis: how many points, and which of them have a tick."""

    points: int
    ticks: Sequence[Tick]


@dataclass(frozen=True)
class Bar:
    """One horizontal bar: what it is, how long, and the words behind it."""

    name: str
    value: float | None
    text: str
    tone: str


@dataclass(frozen=True)
class Plane:
    """Where a point of the data lies in the drawing."""

    size: Size
    points: int
    lo: float
    hi: float

    def x(self, index: float) -> float:
        """From an index to the distance from the left edge."""
        inner = self.size.width - self.size.left - self.size.right
        share = index / (self.points - 1) if self.points > 1 else 0.5
        return round(self.size.left + inner * share, 1)

    def y(self, value: float) -> float:
        """From a value to the distance from the top edge."""
        inner = self.size.height - self.size.top - self.size.bottom
        return round(self.size.top + inner * (self.hi - value) / (self.hi - self.lo), 1)


def both(draw: Callable[[Size], Markup]) -> Markup:
    """A chart drawn twice, for a desk and for a phone; the style sheet shows one."""
    wide, narrow = draw(WIDE), draw(NARROW)
    return Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(wide, narrow)


def line_chart(
    label: str,
    axis: Axis,
    lines: Sequence[Line],
    *,
    bands: Sequence[Band] = (),
    marks: Sequence[Mark] = (),
    zero: bool = False,
    size: Size = WIDE,
) -> Markup:
    """Lines over a whole-number axis, with bands behind them and marks across.

    `label` is what a screen reader says; `zero` makes the y axis begin at zero.
    """
    values = [v for series in _all_values(lines, bands) for v in series if v is not None]
    grid, places = nice_range(values, 4 if size.width > 500 else 3, zero=zero)
    # The numbers of the y axis must not leave the drawing: about 7 pixels a digit.
    room = 14 + 7 * max(len(number(value, places)) for value in grid)
    plane = Plane(replace(size, left=max(size.left, room)), axis.points, grid[0], grid[-1])
    parts = [
        *_horizontal_grid(plane, grid, places),
        *_ticks(plane, axis),
        *(_band(plane, band) for band in bands),
        *_marks(plane, marks),
        *(_line(plane, line) for line in lines),
        _cursor(plane),
    ]
    box = _figures(x0=plane.x(0), x1=plane.x(axis.points - 1), n=axis.points)
    return _svg(label, size, parts, box)


def band_chart(
    label: str, axis: Axis, lines: Sequence[Line], band: Band, *, size: Size = WIDE
) -> Markup:
    """A line chart with one band, and a mark where the band begins."""
    marks = [Mark(band.start - 0.5, "forecast")] if band.start else []
    return line_chart(label, axis, lines, bands=[band], marks=marks, size=size)


def bar_chart(label: str, bars: Sequence[Bar], *, size: Size = WIDE) -> Markup:
    """Horizontal bars from zero, each with its name before and its number behind."""
    row, names = 34, min(150, size.width // 3)
    longest = max((bar.value for bar in bars if bar.value is not None), default=1.0) or 1.0
    room = size.width - names - 64
    parts = []
    for i, bar in enumerate(bars):
        middle, length = i * row + row / 2, max(1.5, room * max(bar.value or 0.0, 0.0) / longest)
        parts.append(
            Markup(
                '<g class="bar {}"><title>{}: {}</title>'
                '<text class="bar-name" x="{}" y="{}">{}</text>'
                '<rect x="{}" y="{}" width="{:.1f}" height="16" rx="2"/>'
                '<text class="bar-text" x="{:.1f}" y="{}">{}</text></g>'
            ).format(
                *(bar.tone, bar.name, bar.text),
                *(names - 12, middle + 4.5, shortened(bar.name, (names - 12) // 7)),
                *(names, middle - 8, length),
                *(names + length + 8, middle + 4.5, bar.text),
            )
        )
    return _svg(label, Size(size.width, row * len(bars)), parts)


def shortened(text: str, width: int) -> str:
    """A text cut to some columns, an ellipsis at its end; a Korean letter takes two."""
    used = 0
    for i, letter in enumerate(text):
        used += 2 if east_asian_width(letter) in "WF" else 1
        if used > width:
            return text[: max(1, i - 1)] + "…"
    return text


def _all_values(lines: Sequence[Line], bands: Sequence[Band]) -> Iterator[Values]:
    yield from (line.values for line in lines)
    for band in bands:
        yield from (band.lo, band.hi)


def _svg(label: str, size: Size, parts: Sequence[Markup], data: str = "") -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}"{}>{}</svg>').format(
        size.width, size.height, label, data, Markup("").join(parts)
    )


def _figures(**figures: float) -> Markup:
    """Attributes by which the page's script finds the point under the pointer."""
    return Markup("").join(Markup(' data-{}="{}"').format(*item) for item in figures.items())


def _horizontal_grid(plane: Plane, grid: Sequence[float], places: int) -> Iterator[Markup]:
    for value in grid:
        y = plane.y(value)
        yield Markup(
            '<line class="{}" x1="{}" x2="{}" y1="{y}" y2="{y}"/>'
            '<text class="tick y" x="{}" y="{}">{}</text>'
        ).format(
            "base" if value == grid[0] else "grid",
            plane.size.left,
            plane.size.width - plane.size.right,
            plane.size.left - 8,
            y + 4,
            number(value, places),
            y=y,
        )


def _ticks(plane: Plane, axis: Axis) -> Iterator[Markup]:
    bottom = plane.size.height - plane.size.bottom
    for index, text in axis.ticks:
        x = plane.x(index)
        yield Markup('<line class="base" x1="{x}" x2="{x}" y1="{}" y2="{}"/>').format(
            bottom, bottom + 4, x=x
        )
        # The outermost words would leave the drawing if they stood in the middle of their tick.
        side = "end" if x > plane.size.width - 24 else "middle"
        yield Markup('<text class="tick" text-anchor="{}" x="{}" y="{}">{}</text>').format(
            side, min(x, plane.size.width - 2), bottom + 18, text
        )


def _marks(plane: Plane, marks: Sequence[Mark]) -> Iterator[Markup]:
    top, bottom = plane.size.top, plane.size.height - plane.size.bottom
    for mark in marks:
        x = plane.x(mark.index)
        side, shift = ("end", -6) if x > plane.size.width * 0.7 else ("start", 6)
        yield Markup(
            '<line class="mark" x1="{x}" x2="{x}" y1="{}" y2="{}"/>'
            '<text class="tick" text-anchor="{}" x="{}" y="{}">{}</text>'
        ).format(top, bottom, side, round(x + shift, 1), top + 10, mark.text, x=x)


def _runs(values: Values, start: int) -> Iterator[Run]:
    """The stretches without a missing value."""
    run: list[tuple[int, float]] = []
    for index, value in enumerate(values, start):
        if value is not None:
            run.append((index, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _points(plane: Plane, run: Run) -> str:
    return " ".join(f"{plane.x(index)},{plane.y(value)}" for index, value in run)


def _line(plane: Plane, line: Line) -> Markup:
    runs = list(_runs(line.values, line.start))
    outline = "".join(f"M{_points(plane, run)}" for run in runs if len(run) > 1)
    dots = [
        Markup('<circle cx="{}" cy="{}" r="2.5"/>').format(plane.x(index), plane.y(value))
        for ((index, value), *rest) in runs
        if not rest
    ]
    toggle = Markup(' data-toggle="{}"').format(line.toggle) if line.toggle else Markup("")
    return Markup('<g class="line {}"{}><path d="{}"/>{}</g>').format(
        line.tone, toggle, outline, Markup("").join(dots)
    )


def _band(plane: Plane, band: Band) -> Markup:
    pairs = list(zip(band.lo, band.hi, strict=True))
    below = _runs([lo if hi is not None else None for lo, hi in pairs], band.start)
    above = _runs([hi if lo is not None else None for lo, hi in pairs], band.start)
    outline = "".join(
        f"M{_outline(plane, lower, upper)}Z" for lower, upper in zip(below, above, strict=True)
    )
    return Markup('<path class="band {}" d="{}"/>').format(band.tone, outline)


def _outline(plane: Plane, lower: Run, upper: Run) -> str:
    """Along the lower edge and back along the upper one; a single point has a little width."""
    if len(lower) > 1:
        return _points(plane, [*lower, *reversed(upper)])
    ((index, low),), ((_, high),) = lower, upper
    left, right = plane.x(index) - ALONE, plane.x(index) + ALONE
    corners = ((left, low), (right, low), (right, high), (left, high))
    return " ".join(f"{x:.1f},{plane.y(value)}" for x, value in corners)


def _cursor(plane: Plane) -> Markup:
    """The line that follows the pointer; the script moves it."""
    return Markup('<line class="cursor" x1="0" x2="0" y1="{}" y2="{}"/>').format(
        plane.size.top, plane.size.height - plane.size.bottom
    )
