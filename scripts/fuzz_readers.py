"""Give the command line damaged and hostile files until a number of cases is tried.

    PYTHONPATH=src:tests python scripts/fuzz_readers.py [CASES] [SEED]
    PYTHONPATH=src:tests python scripts/fuzz_readers.py --only CASE [SEED]

Tables, sequences, texts, archives, options and every file of run folders are changed by structure
(cells, values of JSON, types of columns, members of archives) and byte by byte. A case is right
when it ends with exit code 0, or with 2 and one line; a traceback, an internal error, another code,
a warning, a hang or the death of the process is a fault. Case N of a seed is always the same; with
--only it is made again, and its files are kept. Exits 1 when there is a fault.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from helpers.mutations import SEEDS, WEIGHTED, make_seeds

from unrolled.cli import main as unrolled

BATCH = 500  # cases for a process: what leaks or dies is seen, and goes with it
SECONDS, MEMORY = 60, 12 << 30  # more than that is a hang, or a bomb


class Fault(NamedTuple):
    """A case that went wrong: its number, the command, and what was seen."""

    case: int
    words: list[str]
    what: str


def commands(name: str, path: Path, draw: random.Random) -> list[str]:
    """A command that reads this file."""
    seed = SEEDS[name]
    words = [*draw.choice(seed.commands)]
    return [word.replace("FILE", str(path)).replace("RUN", str(path)) for word in words]


def one(case: int, seed: int, seeds: Path, place: Path) -> Fault | None:
    """Make a case in an empty folder and run it."""
    draw = random.Random(f"{seed} {case}")
    name = draw.choice(WEIGHTED)
    path = place / name
    source = seeds / name
    (shutil.copytree if source.is_dir() else shutil.copy)(source, path)
    for beside in SEEDS[name].beside:
        shutil.copy(seeds / beside, place / beside)
    SEEDS[name].mutate(path, draw)
    words = commands(name, path, draw)
    what = ended(words, place)
    return None if what is None else Fault(case, words, what)


def ended(words: list[str], place: Path) -> str | None:
    """What is wrong with how a command ended; None when nothing is."""
    out, err, code = io.StringIO(), io.StringIO(), -1
    signal.alarm(SECONDS)
    try:
        with redirect_stdout(out), redirect_stderr(err), contextlib.chdir(place):
            code = unrolled(words)
    except BaseException:
        return "escaped: " + traceback.format_exc().strip().splitlines()[-1]
    finally:
        signal.alarm(0)
    said = err.getvalue()
    lines = [line for line in said.splitlines() if line.startswith("unrolled:")]
    if code not in (0, 2):
        return f"exit {code}: {said.strip()[-600:]}"
    if "Traceback" in said or "Warning:" in said:
        return f"exit {code}: {said.strip()[-600:]}"
    if code == 2 and len(lines) != 1:
        return f"exit 2 with {len(lines)} lines: {said.strip()[-600:]}"
    return None


def batch(first: int, last: int, seed: int, seeds: Path) -> Iterator[Fault]:
    """Run cases in a process of their own; its death is a fault of the case it was at."""
    while first < last:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                _work(range(first, last), seed, seeds, write)
            except BaseException:
                traceback.print_exc()
            os._exit(1)
        os.close(write)
        with os.fdopen(read) as told:
            for line in told:
                case, fault = json.loads(line)
                first = case + 1
                if fault:
                    yield Fault(*fault)
        status = os.waitpid(child, 0)[1]
        if first < last:
            yield Fault(first, [], f"the process died: status {status}")
            first += 1


def _work(cases: range, seed: int, seeds: Path, write: int) -> None:
    """The child: it tells of each case as it ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _hang)
    void = os.open(os.devnull, os.O_RDWR)
    os.dup2(void, 0)
    with os.fdopen(write, "w", buffering=1) as told:
        for case in cases:
            with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
                fault = one(case, seed, seeds, Path(place))
            told.write(json.dumps([case, fault]) + "\n")


def _hang(*_: object) -> None:
    raise TimeoutError(f"no answer in {SECONDS} s")


def fuzz(
    count: int, seed: int, seeds: Path, tell: Callable[[Fault], None], first: int = 0
) -> list[Fault]:
    """Try cases; tell of each fault as it is found."""
    faults = []
    for begin in range(first, first + count, BATCH):
        for fault in batch(begin, min(begin + BATCH, first + count), seed, seeds):
            faults.append(fault)
            tell(fault)
    return faults


def main(arguments: list[str]) -> int:
    """Run, and print what went wrong."""
    import torch

    torch.set_num_threads(1)
    only = arguments[:1] == ["--only"]
    numbers = [int(word) for word in arguments[only:]]
    count, seed = (numbers + [1000, 0][len(numbers) :])[:2]
    with tempfile.TemporaryDirectory(prefix="seeds-") as folder:
        make_seeds(Path(folder))
        if only:
            place = Path(tempfile.mkdtemp(prefix=f"case-{count}-"))
            print(place, one(count, seed, Path(folder), place))
            return 0
        faults = fuzz(count, seed, Path(folder), lambda fault: print(fault, flush=True))
    kinds = Counter(fault.what.splitlines()[-1][:100] for fault in faults)
    for kind, times in kinds.most_common():
        print(f"{times:>6}  {kind}")
    print(f"{count:,} cases of seed {seed}: {len(faults)} faults")
    return int(bool(faults))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
