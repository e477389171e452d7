"""Label sequences of different lengths: fit, measure, predict, and watch one arrive step by step.

python examples/label_sequences.py
"""

import numpy as np

from unrolled import Classifier, Sequences, Training

random = np.random.default_rng(0)


def waves(count: int) -> tuple[list[np.ndarray], list[str]]:
    """Noisy waves of 20 to 40 steps, slow and fast in turn."""
    labels = [("slow", "fast")[n % 2] for n in range(count)]
    lengths = random.integers(20, 40, size=count)
    rates = [0.9 if label == "fast" else 0.3 for label in labels]
    pairs = zip(lengths, rates, strict=True)
    return [np.sin(np.arange(n) * r) + random.normal(0, 0.1, n) for n, r in pairs], labels


X, y = waves(40)  # a list of arrays (T,) or (T, D), and a label for each
X_new, y_new = waves(10)

model = Classifier(hidden=16, ensemble=1)
model.fit(X, y, test=Sequences.from_arrays(X_new, y_new), training=Training(epochs=10))
print(model.verdict)
print(model.predict(X_new), model.predict_proba(X_new).round(2)[0])

stream = model.stream()
for value in X_new[1][:12]:
    so_far = stream.push(value)
    print(f"step {so_far.steps}: {so_far.label}, fast {so_far.probabilities['fast']:.2f}")
