"""The network of a language model: symbols to vectors, recurrent layers, vectors to symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.func import functional_call

from unrolled.layers.cells import each_part
from unrolled.layers.recurrent import LAYERS
from unrolled.networks.dropout import bernoulli, drop_units
from unrolled.tasks.language.settings import Dropout, LanguageSettings

State = tuple[Any, ...]
"""One state for each layer: h (1, B, H), or (h, c) for an LSTM."""

LOGITS = 1 << 18  # how many are made at a time: 1 MB stays in the cache


class LanguageNetwork(nn.Module):
    """Symbols of B streams to what is known before the next symbol, time first within.

        x_t = E[symbol_t]                     (T, B, embed)
        h_t = layers(x_t, h_(t-1))            (T, B, H)
        p(symbol_(t+1)) = softmax(E P h_t + b)   tied: P is (embed, H), or W h_t + b

    Tied weights (Press and Wolf 2017) also keep the classifier cheap: V x embed products in the
    place of V x H. A symbol without a number of its own is read as a vector of zeros, as is what
    stands before the first symbol of a text.
    """

    def __init__(self, settings: LanguageSettings, vocabulary: int) -> None:
        super().__init__()
        self.drop = settings.dropout
        embed = settings.width(vocabulary)
        self.embed = nn.Embedding(vocabulary + 1, embed, padding_idx=vocabulary)
        widths = [embed] + [settings.hidden] * settings.layers
        self.layers = nn.ModuleList(
            LAYERS[settings.cell](widths[i], widths[i + 1]) for i in range(settings.layers)
        )
        self.project = nn.Linear(settings.hidden, embed) if settings.tie else None
        self.output = None if settings.tie else nn.Linear(settings.hidden, vocabulary, bias=False)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self._start(settings)

    def _start(self, settings: LanguageSettings) -> None:
        nn.init.normal_(self.embed.weight, std=self.embed.embedding_dim**-0.5)
        with torch.no_grad():
            self.embed.weight[-1] = 0
            for layer in self.layers:
                if settings.cell == "lstm":  # remember at first (Jozefowicz and others 2015)
                    forget = slice(settings.hidden, 2 * settings.hidden)
                    layer.get_parameter("bias_ih_l0")[forget] += 1

    @property
    def vocabulary(self) -> int:
        """V."""
        return len(self.bias)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.bias.device

    @property
    def classifier(self) -> Tensor:
        """The weights (V, ·) that turn features into symbols."""
        return self.embed.weight[:-1] if self.output is None else self.output.weight

    def forward(self, symbols: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Symbols (T, B) and a state to features (T, B, ·) and the state after them."""
        drop = self.drop if self.training else Dropout()
        values = drop_units(
            self.embed(symbols.clamp(max=self.vocabulary)), drop.inputs, 0, bernoulli
        )
        after = []
        for i, layer in enumerate(self.layers):
            values = drop_units(values, drop.between, 0, bernoulli) if i else values
            values, last = _run(layer, values, None if state is None else state[i], drop.weights)
            after.append(last)
        values = drop_units(values, drop.outputs, 0, bernoulli)
        return values if self.project is None else self.project(values), tuple(after)

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """The mean cross-entropy of features (T, B, ·) and targets (T, B), in nats."""
        rows = features.reshape(-1, features.shape[-1])
        result: Tensor = _CrossEntropy.apply(  # type: ignore[no-untyped-call]
            rows, self.classifier, self.bias, targets.reshape(-1)
        )
        return result

    def log_probabilities(self, features: Tensor) -> Tensor:
        """(n, ·) to the logarithm of the probability of each known symbol (n, V)."""
        return torch.addmm(self.bias, features, self.classifier.T).log_softmax(-1)


def each_state(change: Callable[[Tensor], Tensor], state: State) -> State:
    """The same state with each of its tensors changed.

    `each_state(Tensor.detach, state)` forgets how a state came about: that is where
    back-propagation through time is cut.
    """
    return tuple(each_part(change, part) for part in state)


def _run(layer: nn.Module, values: Tensor, state: Any, share: float | None) -> Any:
    """One layer; in training a share of its recurrent weights is left out (Merity et al. 2018)."""
    if not share:
        return layer(values, state)
    name = "weight_hh_l0"
    weight = nn.functional.dropout(layer.get_parameter(name), share)
    return functional_call(layer, {name: weight}, (values, state))


def in_chunks(rows: Tensor, vocabulary: int) -> tuple[Tensor, ...]:
    """Rows in pieces of which the logits over a vocabulary stay in the cache."""
    return torch.split(rows, max(1, LOGITS // vocabulary))


def picked(values: Tensor, places: Tensor) -> Tensor:
    """The value at one place of each row: (n, V) and (n,) to (n,)."""
    return values.gather(1, places.unsqueeze(1)).squeeze(1)


class _CrossEntropy(torch.autograd.Function):
    """softmax(X Wᵀ + b) against targets, in chunks that stay in the cache.

    The gradients are made with the loss, so that no (n, V) is ever held: for a large vocabulary
    that is most of the memory, and much of the time.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
        grads = [torch.empty_like(rows), torch.zeros_like(weight), torch.zeros_like(bias)]
        total, size, share = rows.new_zeros(()), len(bias), 1 / len(rows)
        for x, dx, at in zip(*(in_chunks(t, size) for t in (rows, grads[0], targets)), strict=True):
            logs = torch.addmm(bias, x, weight.T).log_softmax(-1)
            total -= picked(logs, at).sum()
            if any(ctx.needs_input_grad):
                errors = logs.exp_().scatter_add_(1, at.unsqueeze(1), -torch.ones_like(logs[:, :1]))
                torch.addmm(dx, errors, weight, beta=0, alpha=share, out=dx)
                grads[1].addmm_(errors.T, x, alpha=share)
                grads[2].add_(errors.sum(0), alpha=share)
        ctx.save_for_backward(*grads)
        return total * share

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Any:
        grads = ctx.saved_tensors
        # The loss is what is differentiated as a rule: then they are ready, and (n, D) is long.
        ready = gradient.is_cpu and gradient.item() == 1
        return *(grads if ready else (grad * gradient for grad in grads)), None
