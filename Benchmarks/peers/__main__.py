"""Runs the comparison: models, measurements, table and chart under build/benchmarks. `--help` lists the options."""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import chart, machine, results, table
from .entries import BY_NAME, ENTRIES
from .errors import BenchmarkError
from .paths import BENCH, CALIBRATION, OUTPUT, ROOT, SIZES
from .prepare import prepare, shipped_model
from .rounds import cores_for


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="peers", description="Times other engines and ours, in turn, on the network that ships.")
    add = parser.add_argument
    add("--sizes", nargs="+", choices=SIZES, default=list(SIZES), help="sizes of the network's input: vga 640 x 480, hd 1920 x 1080")
    add("--threads", nargs="+", type=positive, default=[1, 2], metavar="N")
    add(
        "--entries",
        nargs="+",
        choices=BY_NAME,
        default=[entry.name for entry in ENTRIES],
        metavar="NAME",
        help=f"entries to measure: {', '.join(BY_NAME)}",
    )
    add("--rounds", type=positive, default=12, help="number of rounds; the median is the result")
    add("--turn", type=positive, default=120, metavar="MS", help="milliseconds per entry and round")
    add("--calibrate", type=Path, default=CALIBRATION, metavar="FOLDER", help="pictures with faces to calibrate the int8 models")
    add("--count", type=positive, default=80, help="number of those pictures")
    add("--machine", metavar="NAME", help="name of this machine, if its processor's name is not clear")
    add(
        "--under",
        default="",
        metavar="COMMAND",
        help="command that runs each measurement, such as a script that reduces the machine's load",
    )
    add("--prepare", action="store_true", help="make the models and measure nothing")
    add("--publish", action="store_true", help="also write table, chart and figures to README.md and Benchmarks/")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return int(text)


def main(chosen: argparse.Namespace) -> None:
    """Measures and writes the results after each measurement, so that an interruption loses only the rest."""
    if not BENCH.exists():
        raise BenchmarkError(f"{BENCH} is missing: run make build")
    cores_for(max(chosen.threads))
    for size in chosen.sizes:
        prepare(size, chosen.calibrate, chosen.count)
    if not chosen.prepare:
        for size in chosen.sizes:
            for threads in chosen.threads:
                add_measurement(measure(chosen, size, threads), chosen.machine)
    if (OUTPUT / "results.json").exists():
        report(chosen.publish)


def measure(chosen: argparse.Namespace, size: str, threads: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "measurement.json"
        command = [
            *shlex.split(chosen.under),
            sys.executable,
            "-m",
            "peers.measure",
            size,
            threads,
            chosen.rounds,
            chosen.turn,
            output,
            *chosen.entries,
        ]
        done = subprocess.run([str(word) for word in command], cwd=Path(__file__).parent.parent)
        if done.returncode or not output.exists():
            raise BenchmarkError(f"{size}, {threads} thread(s): the measurement ended early; earlier measurements are kept")
        return json.loads(output.read_text())


def add_measurement(measurement: dict, name: str | None) -> None:
    file = OUTPUT / "results.json"
    old = results.read(file)
    facts = {
        "machine": machine.machine(name, old.get("machine")),
        "versions": machine.versions(),
        "model": f"{shipped_model().checksum:08x}",
    }
    file.write_text(json.dumps(results.merge(old, facts, measurement), indent=1) + "\n")


def report(publish: bool) -> None:
    found = results.read(OUTPUT / "results.json")
    text = f"{table.table(found)}\n\n{table.caption(found)}"
    (OUTPUT / "table.md").write_text(text + "\n")
    chart.draw(found, OUTPUT / "chart.png")
    print(f"{text}\n\nTable, chart and figures: {OUTPUT.relative_to(ROOT)}")
    if publish:
        for name in ("results.json", "chart.png"):
            shutil.copy(OUTPUT / name, ROOT / "Benchmarks" / name)
        table.publish(text, ROOT / "README.md")


if __name__ == "__main__":
    try:
        main(options())
    except BenchmarkError as error:
        sys.exit(f"peers: {error}")
    except KeyboardInterrupt:
        sys.exit("peers: stopped")
