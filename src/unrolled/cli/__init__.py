"""The command line: it parses, calls the library and shows what came of it."""

from unrolled.cli.app import main

__all__ = ["main"]
