"""The only importer of the extension module `unrolled._kernels`.

Its absence is a fact with a reason, never an ImportError. UNROLLED_ISA=avx512, avx2 or portable
forces an instruction set; one that this build or processor lacks leaves the engine absent, for
a set that was asked for must not silently become another.
"""

import os
from types import ModuleType

import torch  # noqa: F401  first, so that the extension finds torch's libgomp loaded and shares it

FORCED = "UNROLLED_ISA"


def _load() -> tuple[ModuleType | None, str]:
    try:
        from unrolled import _kernels
    except ImportError as error:
        if "_kernels" in str(error) and "cannot import name" in str(error):
            return None, "it was not built when unrolled was installed (no C++ compiler was found)"
        return None, f"its extension module does not load: {error}"
    forced = os.environ.get(FORCED, "")
    if forced and not _kernels.choose_isa(forced):
        have = ", ".join(_kernels.supported_isas())
        return None, f"{FORCED}={forced} is not to be had here; this machine can run {have}"
    return _kernels, f"instruction set {_kernels.isa()}"


kernels, reason = _load()
