"""All that is decided before a language model is trained: the text, its symbols, the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from unrolled.data.text.corpus import Corpus
from unrolled.data.text.vocabulary import Vocabulary
from unrolled.runs.fit import Measured
from unrolled.tasks.language.ensemble import AnyNetwork, build, decided
from unrolled.tasks.language.evaluate import headline, measure
from unrolled.tasks.language.inference import LanguageFit
from unrolled.tasks.language.objective import LanguageObjective, Samples
from unrolled.tasks.language.settings import LanguageSettings
from unrolled.training import Training
from unrolled.training.progress import Display


@dataclass(frozen=True, eq=False)
class LanguagePlan:
    """A `runs.fit.Plan`: a text in its parts, and the language model that is to be fitted to it."""

    settings: LanguageSettings
    training: Training
    corpus: Corpus
    samples: Samples = field(default_factory=Samples, repr=False)

    task: ClassVar[str] = "language"

    @classmethod
    def of(cls, corpus: Corpus, settings: LanguageSettings, training: Training) -> LanguagePlan:
        """Decide what the settings leave open."""
        symbols = len(corpus.part("train"))
        return cls(decided(settings, len(corpus.vocabulary), symbols), training, corpus)

    @property
    def preprocessor(self) -> Vocabulary:
        """The symbols."""
        return self.corpus.vocabulary

    @property
    def findings(self) -> dict[str, Any]:
        """What was found in the text."""
        return self.corpus.findings

    def fingerprint(self) -> dict[str, str]:
        """A mark that another text would not have, and the split in words."""
        sizes = self.corpus.characters.items()
        split = ", ".join(f"{name} {count} characters" for name, count in sizes)
        return {"text": self.corpus.mark, "split": split}

    def build(self) -> AnyNetwork:
        """A new network of these settings."""
        return build(self.settings, len(self.preprocessor))

    def objective(self, network: AnyNetwork) -> LanguageObjective:
        """The losses over streams of the training part."""
        bptt, training = self.settings.bptt, self.training
        return LanguageObjective(network, self.corpus, bptt, training, self.samples)

    def finish(self, fit: LanguageFit, display: Display) -> Measured:
        """Measure the validation part, and the test part if there is one."""
        results = measure(fit, self.corpus, self.samples.texts)
        return Measured(results, headline(results))
