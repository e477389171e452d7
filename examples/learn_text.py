"""Learn a text character by character, measure it, and let the network go on from a prompt.

    python examples/learn_text.py [FILE]

Without FILE the help topics of Python are read. This network is small, so that it is done in
seconds; `unrolled fit FILE` trains one of a useful size in about a quarter of an hour a megabyte.
"""

import sys

from unrolled import Corpus, LanguageModel, Training, samples

if len(sys.argv) > 1:
    corpus = Corpus.read(sys.argv[1])
else:
    corpus = Corpus.of(samples.load("python-docs")[:50_000])
print(corpus)

model = LanguageModel(hidden=64, embed=16, dropout=0.1)
model.fit(corpus, training=Training(epochs=3, batch_size=8, learning_rate=0.01))
print(model.evaluate(corpus, "validation"))

for piece in model.generate("The statement ", length=120, temperature=0.7, seed=0):
    print(piece, end="", flush=True)
print()

for step in model.stream("return"):
    print(f"{step.text!r} {step.nats:.1f} nats")  # -ln p: high where it was not expected
