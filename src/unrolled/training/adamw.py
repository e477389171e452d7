"""AdamW by torch's fused kernel, without torch.optim around it.

The first step of any of torch's optimizers imports torch's compiler (torch._dynamo and, with it,
sympy), which takes longer than a small fit; the kernel itself needs none of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8  # torch.optim.AdamW's


class AdamW:
    """AdamW (Loshchilov and Hutter 2019) with the bits of `torch.optim.AdamW(fused=True)`.

    The parameters are of one type and on one device. `learning_rate` may be set before any step.
    """

    def __init__(
        self, parameters: Sequence[Tensor], learning_rate: float, weight_decay: float
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.moments = [
            {
                "step": torch.zeros((), device=p.device),  # a tensor: the kernel counts with it
                "exp_avg": torch.zeros_like(p, requires_grad=False),
                "exp_avg_sq": torch.zeros_like(p, requires_grad=False),
            }
            for p in self.parameters
        ]

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient; the others and their moments stay."""
        moved = [i for i, p in enumerate(self.parameters) if p.grad is not None]
        if not moved:
            return
        steps = [self.moments[i]["step"] for i in moved]
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(
            [self.parameters[i] for i in moved],
            [gradient for p in self.parameters if (gradient := p.grad) is not None],
            [self.moments[i]["exp_avg"] for i in moved],
            [self.moments[i]["exp_avg_sq"] for i in moved],
            [],  # the greatest squares so far: AMSGrad's alone
            steps,
            lr=self.learning_rate,
            beta1=_BETA1,
            beta2=_BETA2,
            weight_decay=self.weight_decay,
            eps=_EPSILON,
            amsgrad=False,
            maximize=False,
        )

    def tensors(self) -> dict[str, Tensor]:
        """The moments of all parameters: {"0.adam.step": ..., "0.adam.exp_avg": ...}."""
        return {
            f"{i}.adam.{name}": value
            for i, moments in enumerate(self.moments)
            for name, value in moments.items()
        }

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` gave; a parameter that is not there has not been moved yet."""
        for name, value in self.tensors().items():
            if name in tensors:
                value.copy_(tensors[name])
