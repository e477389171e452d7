"""results.json of a language model, checked."""

from pydantic import BaseModel, Field

from unrolled.runs.read import Number


class TextScore(BaseModel):
    """How well the text was predicted by the network, or by an n-gram."""

    name: str
    symbols: int
    characters: int
    unknown: int = 0
    nats_per_character: Number
    bits_per_character: Number
    nats_per_symbol: Number
    perplexity: Number


class TextPart(BaseModel):
    """The size of one part of the text."""

    characters: int = 0
    symbols: int = 0
    unknown: int = 0


class TextFindings(BaseModel):
    """What was found in the text."""

    source: str = ""
    encodings: list[str] = []
    level: str = ""
    characters: int = 0
    vocabulary: int = 0
    parts: dict[str, TextPart] = {}


class LanguageResults(BaseModel):
    """results.json of a language model."""

    network: str
    measured_on: str
    table: list[TextScore] = Field(min_length=1)
    parts: dict[str, list[TextScore]] = {}
    verdict: str = ""
    samples: list[str] = []
    passage: list[tuple[str, float]] = []
    corpus: TextFindings = TextFindings()
