"""Training: one loop for every task; it can be stopped any time and goes on with the same bits."""

from unrolled.training.device import describe_device, find_device
from unrolled.training.loop import train
from unrolled.training.objective import Objective
from unrolled.training.outcome import Epoch, Outcome
from unrolled.training.settings import Training

__all__ = ["Epoch", "Objective", "Outcome", "Training", "describe_device", "find_device", "train"]
