"""Draw a run as one HTML page: charts, ticks, the page every task shares, templates."""

from unrolled.report.render import render

__all__ = ["render"]
