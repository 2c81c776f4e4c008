"""One engine in a process of its own, so that it can be stopped while another runs: `python -m peers.worker ENTRY SIZE THREADS`.

Says `ready` when the network has run once. Then answers each line `MILLISECONDS` with a JSON list of the times, in
milliseconds, of the runs that filled them; `heads FILE` with the heads' values in that .npz.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time

import numpy

from .engines import ENGINES
from .entries import BY_NAME
from .paths import MODELS, PICTURE, SIZES
from .pictures import network_input

FEWEST_RUNS = 2
PR_SET_PDEATHSIG = 1


def main(name: str, size: str, threads: str) -> None:
    # A stopped process would outlive its parent for ever.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # engines print what is no answer
    entry = BY_NAME[name]
    engine = ENGINES[entry.engine](MODELS / entry.model.format(size=size), int(threads))
    engine.load(network_input(PICTURE, *SIZES[size]))
    engine.run()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(engine, line.split())), file=answers, flush=True)


def answer(engine, words: list[str]) -> list[float] | str:
    if words[0] != "heads":
        return times(engine, float(words[0]))
    engine.run()
    numpy.savez(words[1], *engine.heads())
    return words[1]


def times(engine, milliseconds: float) -> list[float]:
    """Times of one run after another until `milliseconds` are over; the first run only warms the caches."""
    engine.run()
    result: list[float] = []
    while len(result) < FEWEST_RUNS or sum(result) < milliseconds:
        start = time.perf_counter()
        engine.run()
        result.append(1e3 * (time.perf_counter() - start))
    return result


if __name__ == "__main__":
    main(*sys.argv[1:])
