"""Training: settings, the objective a task brings, the loop, checkpoints, progress."""

from unrolled.training.device import describe_device, find_device
from unrolled.training.loop import train
from unrolled.training.objective import Objective
from unrolled.training.outcome import Epoch, Outcome
from unrolled.training.settings import Training

__all__ = ["Epoch", "Objective", "Outcome", "Training", "describe_device", "find_device", "train"]
