"""Data that has an order in time: tables, sequences, windows over them."""

from unrolled.data import samples
from unrolled.data.corpus import Corpus
from unrolled.data.encode import Encoder
from unrolled.data.roles import Roles
from unrolled.data.scale import Scaler
from unrolled.data.sequences import Sequences
from unrolled.data.split import Part, Split, split
from unrolled.data.table import Table
from unrolled.data.windows import Batch, Windows

__all__ = [
    "Batch",
    "Corpus",
    "Encoder",
    "Part",
    "Roles",
    "Scaler",
    "Sequences",
    "Split",
    "Table",
    "Windows",
    "samples",
    "split",
]
