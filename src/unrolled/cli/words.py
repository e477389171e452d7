"""Results in words and as JSON, by task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unrolled.console.show import aligned, errors

MOST_CLASSES = 20  # that are shown; of more, the report has the table
LONG = ("panels", "by_step", "task", "examples", "confusion", "samples", "passage", "corpus")


def short(results: Mapping[str, Any] | None) -> dict[str, Any]:
    """Results for JSON, without what is there for the report."""
    return {name: value for name, value in (results or {}).items() if name not in LONG}


def in_words(task: str, results: Mapping[str, Any] | None) -> str:
    """Results as tables and verdicts."""
    if not results:
        return "there is no test part: nothing was measured\n"
    return WORDS[task](results)


def _forecast(results: Mapping[str, Any]) -> str:
    """The tables of errors and their verdicts, one for each target."""
    test, steps = results["test"], f"{results['horizon']} steps of {results['step']} ahead"
    head = f"{steps}, {test['windows']:,} forecasts from {test['from']} to {test['to']}"
    targets = results["by_target"] or {results["targets"][0]: results}
    blocks = [
        f"{target}, {head}\n\n{errors(found['table'])}\n\n{found['verdict']}\n"
        for target, found in targets.items()
    ]
    return "\n".join(blocks)


def _language(results: Mapping[str, Any]) -> str:
    """The score of each part beside that of counting, and the verdict."""
    blocks = []
    for part, rows in results["parts"].items():
        lines = [[part, "nats per character", "bits", "perplexity"]]
        lines += [
            [
                row["name"],
                f"{row['nats_per_character']:.4f}",
                f"{row['bits_per_character']:.4f}",
                f"{row['perplexity']:.2f}",
            ]
            for row in rows
        ]
        blocks.append(f"{aligned(lines)}\n")
    return "\n".join([*blocks, f"{results['verdict']}\n"])


def _labels(results: Mapping[str, Any]) -> str:
    """What is found of each class, and the verdict."""
    rows = results["by_class"]
    if len(rows) > MOST_CLASSES:
        return f"{results['verdict']}\nclass by class: see the report, for {len(rows)} classes\n"
    lines = [["label", "count", "found", "right when said"]]
    lines += [
        [row["name"], f"{row['count']:,}", _share(row["recall"]), _share(row["precision"])]
        for row in rows
    ]
    return f"{aligned(lines)}\n\n{results['verdict']}\n"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "forecast": _forecast,
    "language": _language,
    "classification": _labels,
}
