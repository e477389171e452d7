"""Write the recurrent loop by hand: a cell, its state, and one time step after the other.

python examples/cell_in_a_loop.py
"""

import torch

from unrolled import GRUCell, unroll

torch.manual_seed(0)
cell = GRUCell(input_size=3, hidden_size=4)
inputs = torch.randn(2, 5, 3)  # (batch, time_steps, features)

state = cell.initial_state(batch=2)  # zeros: nothing is remembered yet
outputs = []
for step in inputs.unbind(dim=1):  # (batch, features)
    output, state = cell(step, state)
    outputs.append(output)
by_hand = torch.stack(outputs, dim=1)  # h1..h5: (batch, time_steps, hidden)

by_function, last = unroll(cell, inputs)  # the same loop
print(by_hand.shape, torch.equal(by_hand, by_function), torch.equal(last, state))

# The state is a value: keep it, and go on later as if nothing had come between.
_, middle = unroll(cell, inputs[:, :3])
late, _ = unroll(cell, inputs[:, 3:], middle)
print(torch.equal(late, by_hand[:, 3:]))
