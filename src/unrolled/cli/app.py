"""The commands put together, and what becomes of an error.

Exit codes: 0 good, 2 bad input, 1 an internal error, 130 stopped by Ctrl-C, 141 nobody reads on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from unrolled import tasks
from unrolled.cli import evaluate, fit, inspect, predict
from unrolled.cli.limits import beyond
from unrolled.cli.recognise import kinds
from unrolled.console.groups import Command, as_options, spread
from unrolled.console.terminal import open_streams, printable
from unrolled.errors import UnrolledError
from unrolled.version import __version__

DEBUG = "UNROLLED_DEBUG"
ENOUGH = 128 + 13  # what a shell says of a program that SIGPIPE ended

app = typer.Typer(
    name="unrolled",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# Each command, and which groups of the tasks' options it takes.
_COMMANDS: list[tuple[Callable[..., None], str | None]] = [
    (fit.demo, None),
    (inspect.samples, None),
    (inspect.inspect, "READS"),
    (fit.fit, "OPTIONS"),
    (evaluate.evaluate, "EVALUATES"),
    (predict.predict, "PREDICTS"),
    *((own, None) for name in tasks.names() for own in tasks.get(name).COMMANDS),
    (predict.report, None),
    (inspect.doctor, None),
]
for command, role in _COMMANDS:
    app.command(cls=Command)(spread(command, kinds(role)))


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Recurrent networks for data with an order in time: forecasts, labels, text.

    \b
    Begin with:           unrolled demo
    A table to forecast:  unrolled fit weather.csv --target temp --horizon 24
    Labelled sequences:   unrolled fit Moves_TRAIN.ts
    A text:               unrolled fit book.txt
    """
    if version:
        print(f"unrolled {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (default: that of this process) and return the exit code."""
    open_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = typer.main.get_command(app).main(words, "unrolled", standalone_mode=False)
        sys.stdout.flush()
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        return _explain(error)
    except SystemExit:  # typer's answer to a reader that has enough, as in `| head`
        code = ENOUGH
    except KeyboardInterrupt:
        code = 130
    return code if isinstance(code, int) else 0


def _explain(error: BaseException) -> int:
    """One line on stderr about an error, and the exit code that goes with it."""
    usage: Any = getattr(error, "format_message", None)  # what typer raises for a wrong option
    if isinstance(error, BrokenPipeError):
        # Nothing more may be written, at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ENOUGH
    if isinstance(error, typer.Abort):
        if not isinstance(error.__cause__, EOFError):
            return 130
        error = error.__cause__  # of a reader: a person is asked nothing
    if isinstance(error, UnrolledError):
        text, code = as_options(str(error)), 2
    elif usage is not None:
        text, code = usage(), 2
    elif isinstance(error, UnicodeEncodeError):
        letter = error.object[error.start]
        text = (
            f"the output is {error.encoding}, which has no {letter!r}; PYTHONIOENCODING=utf-8 has"
        )
        code = 2
    elif isinstance(error, OSError):
        text, code = f"{error.filename or 'writing the result'}: {error.strerror or error}", 2
    elif said := beyond(error):
        text, code = said, 2
    else:
        kind = type(error).__name__
        text = (
            f"internal error ({kind}: {error}); "
            f"please report it with the output of {DEBUG}=1 unrolled ..."
        )
        code = 1
    print("unrolled:", printable(" ".join(text.split())), file=sys.stderr)
    return code
