"""Makes one measurement in a process of its own, so that another command can run it:
`python -m peers.measure SIZE THREADS ROUNDS MILLISECONDS OUTPUT ENTRY...` writes its result to OUTPUT, a JSON file."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from . import agreement
from .entries import BY_NAME
from .errors import BenchmarkError
from .machine import commit
from .paths import SIZES
from .results import summary
from .rounds import Ours, Peer, run_round, start


def main(size: str, threads: int, rounds: int, milliseconds: float, names: list[str]) -> dict:
    """Returns the measurement in the form of results.json. Raises BenchmarkError."""
    runners = start([BY_NAME[name] for name in names], size, threads)
    try:
        differences = agree(runners, size)
        turns = tqdm(range(rounds), desc=f"{size}, {threads} thread(s)", unit="round")
        times = [run_round(runners, turn % 2 == 1, milliseconds) for turn in turns]
    finally:
        for runner in runners:
            runner.close()
    rows = {runner.entry.name: summary([turn[runner.entry.name] for turn in times]) for runner in runners}
    for name, found in differences.items():
        rows[name]["difference"] = found
    return {
        "size": size,
        "threads": threads,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "load": round(os.getloadavg()[0], 2),
        "rounds": rounds,
        "rows": rows,
    }


def agree(runners: list[Peer | Ours], size: str) -> dict[str, float]:
    """Measures the difference of each entry from our float32; raises BenchmarkError for one that executes another network."""
    reference = agreement.ours(*SIZES[size])
    differences = {}
    for runner in runners:
        entry = runner.entry
        heads = agreement.ours(*SIZES[size], *entry.options) if entry.is_ours else agreement.from_outputs(runner.heads())
        differences[entry.name] = agreement.check(entry.label, entry.precision, heads, reference)
    return differences


if __name__ == "__main__":
    size, threads, rounds, milliseconds, output, *names = sys.argv[1:]
    try:
        result = main(size, int(threads), int(rounds), float(milliseconds), names)
    except BenchmarkError as error:
        sys.exit(f"peers: {error}")
    except KeyboardInterrupt:
        sys.exit(1)  # the parent process reports it
    Path(output).write_text(json.dumps(result))
