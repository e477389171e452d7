"""Find a device by name, and describe it in words."""

from __future__ import annotations

import os

import torch

from unrolled.errors import SettingsError


def find_device(name: str) -> torch.device:
    """The device of this name, "auto" being a GPU if there is one; else SettingsError."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        raise SettingsError(f"device: this machine and torch have no {name!r}") from None
    return device


def describe_device(name: str) -> str:
    """The device in words: "CPU, 2 threads", or the name of the GPU."""
    device = find_device(name)
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} ({device})"
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"CPU, {threads} thread{'s' if threads > 1 else ''}"
    return str(device)


def set_threads(count: int) -> None:
    """So many CPU threads for torch and the kernels; SettingsError for more than can be of use."""
    there = os.cpu_count() or 1
    most = max(64, 4 * there)
    if not 1 <= count <= most:
        raise SettingsError(
            f"fit: threads must be >= 1 and at most {most} (this machine has {there}), got {count}"
        )
    torch.set_num_threads(count)
