"""Draws losses, learning rate and validation figures from the logs of a run, or of runs that continued each other.

`python -m retinaface_training.curves RUN... --output curves.png` draws several; a run draws its own while it trains.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from .data.text import read_lines


def read_logs(logs: list[Path]) -> tuple[list[dict], list[int]]:
    """Returns the lines of all logs, with "pictures" counted across them, and the start of every log but the first.

    Raises OSError for a log that cannot be read, ValueError for a file that is not a log.
    """
    lines, starts = [], []
    for log in logs:
        before = lines[-1]["pictures"] if lines else 0
        starts.append(before)
        try:
            own = [json.loads(line) for line in read_lines(log)]
            lines += [{**line, "pictures": before + line["pictures"]} for line in own]
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{log} is not the log of a run: {error!r}") from None
    return lines, starts[1:]


def draw_curves(logs: list[Path], picture: Path) -> None:
    """Reads each `log.jsonl` and writes a PNG: losses, AP on held-back pictures with the learning rate, and AP on evaluation folders."""
    lines, starts = read_logs(logs)
    trained = [line for line in lines if "losses" in line]
    measured = [line for line in lines if "validation" in line]
    evaluations = _evaluations(measured)
    count = 3 if evaluations else 2
    figure, axes = pyplot.subplots(count, 1, figsize=(9, 4 * count), sharex=True)
    for name in trained[-1]["losses"] if trained else ():
        points = [(line["pictures"] / 1000, line["losses"][name]) for line in trained if name in line["losses"]]
        axes[0].plot(*zip(*points, strict=True), label=name.replace("_", " "), linewidth=1)
    axes[0].set(ylabel="loss (unweighted)", yscale="log")
    axes[1].plot(
        [line["pictures"] / 1000 for line in measured],
        [line["validation"]["average_precision"] for line in measured],
        "o-",
        label="held back",
    )
    for name, points in evaluations.items():
        axes[2].plot(*zip(*points, strict=True), "o-", label=name)
    for place in axes[1:]:
        place.set(ylabel="AP at IoU 0.5")
    for place in axes:
        for start in starts:
            place.axvline(start / 1000, color="black", linestyle=":", linewidth=1)
        place.legend(ncols=2, fontsize=8)
    axes[-1].set(xlabel="thousand pictures seen")
    rates = axes[1].twinx()
    rates.plot([line["pictures"] / 1000 for line in trained], [line["learning_rate"] for line in trained], color="grey", linewidth=0.8)
    rates.set(ylabel="learning rate")
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)


def _evaluations(measured: list[dict]) -> dict[str, list[tuple[float, float]]]:
    """Returns thousand pictures seen and AP, by evaluation folder and set."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for line in measured:
        for folder, sets in line.get("evaluation", {}).items():
            for name, precision in sets.items():
                curves.setdefault(f"{folder}, {name}", []).append((line["pictures"] / 1000, precision))
    return curves


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m retinaface_training.curves", description="Draws the curves of runs that continued each other."
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folder of a run, in the order of training")
    parser.add_argument("--output", type=Path, required=True, help="picture to write (.png)")
    options = parser.parse_args(arguments)
    try:
        draw_curves([run / "log.jsonl" for run in options.runs], options.output)
    except (OSError, ValueError) as error:
        print(f"curves: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
