"""What `unrolled doctor` says: which engine runs here and why, on which processor and versions."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from unrolled.layers import extension as _native

_PACKAGES = ("unrolled", "torch", "numpy", "narwhals", "pyarrow", "safetensors")
_VARIABLES = ("UNROLLED_ISA", "OMP_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")


def doctor() -> dict[str, Any]:
    """Return what there is to know about this installation, as plain values that JSON takes.

    Keys: `engine` ("native" or "torch": what `engine="auto"` prefers), `reason`, `native` (the
    extension: instruction set, those built and supported, how it was built; None when absent),
    `processor`, `threads`, `versions`, `environment`.

    >>> doctor()["engine"] in ("native", "torch")
    True
    """
    kernels = _native.kernels
    return {
        "engine": "torch" if kernels is None else "native",
        "reason": _native.reason,
        "native": None
        if kernels is None
        else {
            "instruction_set": kernels.isa(),
            "built": kernels.built_isas(),
            "supported": kernels.supported_isas(),
            "build": kernels.build,
            "file": kernels.__file__,
        },
        "processor": {
            "machine": platform.machine(),
            "name": _processor_name(),
            "features": [] if kernels is None else kernels.cpu_features(),
            "torch_capability": torch.backends.cpu.get_cpu_capability(),
            "cores": os.cpu_count(),
        },
        "threads": {"torch": torch.get_num_threads(), "interop": torch.get_num_interop_threads()},
        "versions": {
            "python": platform.python_version(),
            **{name: found for name in _PACKAGES if (found := _version(name))},
        },
        "environment": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
    }


def describe() -> str:
    """Return `doctor()` as lines to read.

    >>> describe().splitlines()[0].startswith("engine")
    True
    """
    found = doctor()
    processor, native = found["processor"], found["native"]
    features = " ".join(processor["features"]) or "not known without the native engine"
    lines = {
        "engine": f"{found['engine']} ({found['reason']})",
        "processor": f"{processor['name']}, {processor['cores']} cores, {processor['machine']}",
        "features": f"{features}; torch uses {processor['torch_capability']}",
        "threads": f"{found['threads']['torch']}, shared with torch",
        "versions": ", ".join(f"{name} {number}" for name, number in found["versions"].items()),
    }
    if native:
        lines["built for"] = f"{', '.join(native['built'])}; here: {', '.join(native['supported'])}"
        lines["built with"] = native["build"]
        lines["extension"] = native["file"]
    if found["environment"]:
        lines["environment"] = ", ".join(f"{k}={v}" for k, v in found["environment"].items())
    return "\n".join(f"{name:<12} {text}" for name, text in lines.items())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor_name() -> str:
    """The name the system gives; /proc says more than `platform` on Linux."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"
