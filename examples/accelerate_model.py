"""Speed up a model of your own: torch's recurrent layers, run by the native engine.

python examples/accelerate_model.py
"""

import torch
from torch import Tensor, nn

from unrolled import accelerate, explain, restore


class Tagger(nn.Module):
    """A model as it may be already: nothing in it knows of `unrolled`."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.GRU(8, 64, batch_first=True)
        self.head = nn.Linear(64, 5)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs, _ = self.encoder(inputs)
        result: torch.Tensor = self.head(outputs)
        return result


torch.manual_seed(0)
model, inputs = Tagger(), torch.randn(32, 96, 8)
before = model(inputs)

print(accelerate(model))  # which layers were swapped; the weights are the same tensors
print(explain(model.encoder, inputs))  # which engine runs, and why
print("furthest apart:", (model(inputs) - before).abs().max().item())

model(inputs).sum().backward()  # training goes on as before
restore(model)
print(type(model.encoder))
