"""Data ordered in time: tables, sequences and texts, read and made ready for a network."""

from unrolled.data import samples
from unrolled.data.columns.format import Format
from unrolled.data.columns.roles import Roles
from unrolled.data.scale import Scaler
from unrolled.data.sequences.sequences import Sequences
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.split import Part, Split, split
from unrolled.data.table.table import Table
from unrolled.data.table.windows import Batch, Windows
from unrolled.data.text.corpus import Corpus

__all__ = [
    "Batch",
    "Corpus",
    "Format",
    "Part",
    "Roles",
    "Scaler",
    "Sequences",
    "Split",
    "Table",
    "TablePreprocessor",
    "Windows",
    "samples",
    "split",
]
