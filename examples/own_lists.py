"""From lists by hand to tensors, and what RNN, LSTM and GRU give back for them.

python examples/own_lists.py
"""

import torch
from torch.utils.data import DataLoader

from unrolled import GRU, LSTM, RNN, Sequences

# The innermost list is one time step, the next one a sequence of them, the outermost the batch.
inputs = [[[1, 2], [2, 3], [3, 4]], [[5, 6], [6, 7], [7, 8]]]
sequences = Sequences.from_lists(inputs, labels=[10, 20])
sequences.describe()

arrays, labels = sequences.numpy()  # lists -> numpy
x, y = sequences.tensors()  # -> tensors
print(type(inputs).__name__, type(arrays).__name__, type(x).__name__, x.dtype)
print(arrays.shape, labels.shape, x.shape, y.shape)

for x, y in DataLoader(sequences.tensor_dataset(), batch_size=1):  # -> TensorDataset
    print(x.tolist(), "->", y.tolist())

one = torch.tensor([[[1.0], [2.0], [3.0]]])  # (batch 1, time_steps 3, features 1)
for kind in (RNN, LSTM, GRU):
    torch.manual_seed(0)
    layer = kind(input_size=1, hidden_size=3, batch_first=True)
    outputs, last = layer(one)
    hidden = last[0] if isinstance(last, tuple) else last  # an LSTM keeps a cell state c too
    print(f"\n{kind.__name__}: outputs {tuple(outputs.shape)} are [h1, h2, h3]")
    for step, h in enumerate(outputs[0], start=1):
        print(f"  h{step} = {[round(value, 4) for value in h.tolist()]}")
    print(f"  last {tuple(hidden.shape)} is h3:", torch.equal(hidden[0], outputs[:, -1]))
