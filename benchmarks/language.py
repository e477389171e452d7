"""Language models: the score within some minutes, and the speed of training.

    python -m benchmarks.language score --text ../shared/data/tinyshakespeare/input.txt
    python -m benchmarks.language speed
    python -m benchmarks.language share --vocabulary 1519

`score` fits with the defaults of `LanguageModel` and `default_training`, once for each seed, and
prints nats per character of the validation part (the best epoch is chosen by it, as the published
figures do) and the minutes. Goals on two cores: tiny-shakespeare 1.44 within 15 minutes and 1.40
within 30 (--ensemble 2); koconovel 2.75.

`speed` trains the same network of the same sizes by `train` and by the loop a careful person
writes on torch's own layers. Goals: LSTM 1.3 times as many symbols per second, GRU 2 times.

`share` is what the classifier over a vocabulary costs of both passes of a step with the defaults.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.timing import interleaved, keep
from unrolled import Corpus, Dropout, LanguageModel, Training
from unrolled.data.text.streams import Streams
from unrolled.tasks.language.estimator import default_training
from unrolled.tasks.language.network import LanguageNetwork
from unrolled.tasks.language.objective import LanguageObjective
from unrolled.tasks.language.settings import LanguageSettings
from unrolled.training import train
from unrolled.training.progress import ProgressBar

TEXT = Path("../shared/data/tinyshakespeare/input.txt")
HIDDEN, EMBED, BATCH, STEPS, DROPOUT = 512, 96, 64, 128, 0.4  # of the published torch loop


def score(
    text: Path, level: str, seeds: range, model: dict[str, Any], changes: dict[str, Any]
) -> None:
    """Fit once for each seed and print the score, the epoch it is from and the minutes."""
    corpus = Corpus.read(text, level=level)
    rows = []
    for seed in seeds:
        fresh = LanguageModel(**model)
        training = default_training(len(corpus.part("train")), fresh.settings.bptt)
        began = time.perf_counter()
        fresh.fit(corpus, training=replace(training, seed=seed, **changes), display=ProgressBar())
        minutes = (time.perf_counter() - began) / 60
        found = fresh.evaluate(corpus, "validation")
        rows.append((found.nats_per_character, fresh.outcome.best_epoch, round(minutes, 2)))
        print(f"seed {seed}: {found}, epoch {rows[-1][1]}, {minutes:.1f} minutes", flush=True)
    mean = statistics.mean(row[0] for row in rows)
    print(f"{text.name}: mean {mean:.4f} nats per character over {len(seeds)} seeds")
    settings = {name: str(value) for name, value in (model | changes).items()}
    keep(f"language-{text.stem}", {"mean": mean, "seeds": rows, "settings": settings})


class Plain(nn.Module):
    """The network as a careful person writes it on torch's layers: nothing of this package."""

    def __init__(self, cell: str, vocabulary: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, EMBED)
        self.encoder = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](EMBED, HIDDEN, batch_first=True)
        self.drop = nn.Dropout(DROPOUT)
        self.output = nn.Linear(HIDDEN, vocabulary)

    def forward(self, symbols: torch.Tensor, state: Any) -> Any:
        """Logits (B, T, V) and the state."""
        outputs, state = self.encoder(self.drop(self.embed(symbols)), state)
        return self.output(self.drop(outputs)), state


def plain_loop(network: Plain, corpus: Corpus) -> None:
    """One epoch: the tokens as one tensor, the state carried and detached, Adam, clipping."""
    tokens = torch.from_numpy(corpus.part("train").astype("int64"))
    length = (len(tokens) - 1) // BATCH
    inputs = tokens[: BATCH * length].view(BATCH, length)
    targets = tokens[1 : BATCH * length + 1].view(BATCH, length)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
    state: Any = None
    for start in range(0, length - STEPS + 1, STEPS):
        chunk = slice(start, start + STEPS)
        optimizer.zero_grad()
        logits, state = network(inputs[:, chunk], state)
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets[:, chunk].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        loss.item()


def speed(text: Path, symbols: int, rounds: int) -> None:
    """Symbols per second of one epoch over the beginning of a text, both sides in turn."""
    whole = text.read_text(encoding="utf-8")[: symbols + 2 * BATCH]
    corpus = Corpus.of(whole, validation=BATCH, test=BATCH)
    count = len(Streams(corpus.part("train"), BATCH, STEPS)) * BATCH * STEPS
    figures = {}
    for cell in ("lstm", "gru"):
        settings = LanguageSettings(
            cell, HIDDEN, 1, EMBED, Dropout(inputs=DROPOUT, outputs=DROPOUT), False, STEPS
        )
        network = LanguageNetwork(settings, len(corpus.vocabulary))
        training = Training(epochs=1, batch_size=BATCH)
        task = LanguageObjective(network, corpus, STEPS, training)
        sides: dict[str, Callable[[], object]] = {
            "unrolled": partial(train, task, training),
            "torch": partial(plain_loop, Plain(cell, len(corpus.vocabulary)), corpus),
        }
        seconds = interleaved(sides, rounds)
        rates = {name: round(count / spent) for name, spent in seconds.items()}
        figures[cell] = {**rates, "times": round(rates["unrolled"] / rates["torch"], 3)}
        print(f"{cell}: {figures[cell]} symbols per second", flush=True)
    keep("language-speed", figures)


def share(vocabulary: int, rounds: int) -> None:
    """Seconds of the recurrent layers and of the classifier with its loss, both passes of each."""
    settings = LanguageModel().settings
    network = LanguageNetwork(settings, vocabulary)
    symbols = torch.randint(vocabulary, (settings.bptt, default_training(1_000_000).batch_size))

    def layers() -> None:
        network(symbols)[0].sum().backward()

    features = network(symbols)[0].detach().requires_grad_()
    sides: dict[str, Callable[[], object]] = {
        "layers": layers,
        "classifier": lambda: network.loss(features, symbols).backward(),
    }
    seconds = interleaved(sides, 30 * rounds)
    part = seconds["classifier"] / sum(seconds.values())
    print(f"{vocabulary} symbols: the classifier takes {part:.0%} of {sum(seconds.values()):.4f} s")


def main() -> None:
    """Parse, call."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("score", "speed", "share"))
    parser.add_argument("--text", type=Path, default=TEXT)
    parser.add_argument("--level", default="char")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0, help="to run seeds side by side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--symbols", type=int, default=64 * BATCH * STEPS, help="for speed")
    parser.add_argument("--vocabulary", type=int, default=1519, help="for share")
    parser.add_argument("--cell")
    for name in ("hidden", "layers", "embed", "bptt", "members", "epochs", "batch-size"):
        parser.add_argument(f"--{name}", type=int)
    for name in ("dropout", "learning-rate", "average", "weight-decay"):
        parser.add_argument(f"--{name}", type=float)
    parser.add_argument("--drop", type=float, nargs=4, help="inputs, between, outputs, weights")
    asked = {k: v for k, v in vars(parser.parse_args()).items() if v is not None}
    if asked["what"] == "speed":
        speed(asked["text"], asked["symbols"], asked["rounds"])
        return
    if asked["what"] == "share":
        share(asked["vocabulary"], asked["rounds"])
        return
    if "drop" in asked:
        asked["dropout"] = Dropout(*asked["drop"])
    of_model = ("cell", "hidden", "layers", "embed", "dropout", "bptt", "members")
    of_training = ("epochs", "batch_size", "learning_rate", "average", "weight_decay")
    score(
        asked["text"],
        asked["level"],
        range(asked["first_seed"], asked["first_seed"] + asked["seeds"]),
        {name: asked[name] for name in of_model if name in asked},
        {name: asked[name] for name in of_training if name in asked},
    )


if __name__ == "__main__":
    main()
