"""Runs all entries in turn, round by round: disturbances by the machine affect all alike.

Every entry is pinned to the same cores. An engine's process is stopped (SIGSTOP) while another's runs, so that threads that
wait by spinning take no time from others. Our program is started for each turn and warms up itself.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

from .entries import Entry
from .errors import BenchmarkError
from .paths import BENCH, ROOT, SIZES


def cores_for(threads: int) -> set[int]:
    """Returns the last of the cores that this process may use: the first ones get most of the interrupts. Raises BenchmarkError."""
    allowed = sorted(os.sched_getaffinity(0))
    if threads > len(allowed):
        raise BenchmarkError(f"{threads} threads on {len(allowed)} cores give no meaningful times: choose fewer: --threads N")
    return set(allowed[-threads:])


class Peer:
    """Another engine in its worker process, which is stopped while it is idle."""

    def __init__(self, entry: Entry, size: str, threads: int):
        self.entry = entry
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), KMP_AFFINITY="disabled")
        if entry.isa:
            environment["ONEDNN_MAX_CPU_ISA"] = entry.isa.upper()
        cores = cores_for(threads)
        self._talk = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "peers.worker", entry.name, size, str(threads)],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._talk,
            text=True,
            env=environment,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        self._answer()
        self._process.send_signal(signal.SIGSTOP)

    def measure(self, milliseconds: float) -> list[float]:
        return json.loads(self._ask(f"{milliseconds}"))

    def heads(self) -> list[numpy.ndarray]:
        with tempfile.TemporaryDirectory() as folder:
            self._ask(f"heads {folder}/heads.npz")
            with numpy.load(f"{folder}/heads.npz") as arrays:
                return [arrays[f"arr_{i}"] for i in range(len(arrays.files))]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _ask(self, question: str) -> str:
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        self._process.send_signal(signal.SIGSTOP)
        return answer

    def _answer(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._talk.seek(0)
            said = self._talk.read().strip().splitlines() or ["it ended without a word"]
            raise BenchmarkError(f"{self.entry.label}: {said[-1]}")
        return line.strip()


class Ours:
    """Our engine: rf-bench, whose forward pass also starts with the input in the engine."""

    def __init__(self, entry: Entry, size: str, threads: int):
        width, height = SIZES[size]
        self.entry, self._cores = entry, cores_for(threads)
        self._command = [
            str(BENCH),
            "network",
            *entry.options,
            "--width",
            str(width),
            "--height",
            str(height),
            "--threads",
            str(threads),
            "--json",
        ]
        self._expected = self._run(3)

    def measure(self, milliseconds: float) -> list[float]:
        self._expected = self._run(max(2, round(milliseconds / self._expected)))
        return [self._expected]

    def close(self) -> None:
        pass

    def _run(self, iterations: int) -> float:
        """Returns the median in milliseconds."""
        done = subprocess.run(
            [*self._command, "--iterations", str(iterations)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, self._cores),
        )
        if done.returncode:
            raise BenchmarkError(f"{self.entry.label}: {done.stderr.strip()}")
        return json.loads(done.stdout)["median_ms"]


def start(entries: list[Entry], size: str, threads: int) -> list[Peer | Ours]:
    """Starts the entries; one that fails is reported on standard error and left out."""
    runners: list[Peer | Ours] = []
    for entry in entries:
        try:
            runners.append((Ours if entry.is_ours else Peer)(entry, size, threads))
        except BenchmarkError as error:
            print(f"left out: {error}", file=sys.stderr, flush=True)
    return runners


def run_round(runners: list[Peer | Ours], backwards: bool, milliseconds: float) -> dict[str, float]:
    """Returns the median milliseconds of each entry's turn. Every second round is in reverse order, so that predecessors vary."""
    return {runner.entry.name: statistics.median(runner.measure(milliseconds)) for runner in (runners[::-1] if backwards else runners)}
