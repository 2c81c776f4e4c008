"""Runs one engine in a process of its own, so that it can be stopped while another runs: `python -m peers.worker ENTRY SIZE THREADS`.

Prints `ready` after the first execution of the network. Then replies to each line `MILLISECONDS` with a JSON list of the times,
in milliseconds, of the executions in that period; to `heads FILE` by writing the heads' values to that .npz.
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
    # A stopped process would remain for ever after its parent's end.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # engines print other text
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
    """Returns the times of executions until `milliseconds` are over; the first one warms the caches and does not count."""
    engine.run()
    result: list[float] = []
    while len(result) < FEWEST_RUNS or sum(result) < milliseconds:
        start = time.perf_counter()
        engine.run()
        result.append(1e3 * (time.perf_counter() - start))
    return result


if __name__ == "__main__":
    main(*sys.argv[1:])
