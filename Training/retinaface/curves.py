"""Draws losses, learning rate and validation figures from the logs of a run, or of runs that went on from one another.

`python -m retinaface.curves RUN... --output curves.png` draws several; a run draws its own while it lasts.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend is chosen first)


def read_logs(logs: list[Path]) -> tuple[list[dict], list[int]]:
    """The lines of all logs, "pictures" counted on from log to log, and where each but the first starts.

    Raises OSError for a log that cannot be read, ValueError for one that is none.
    """
    lines, starts = [], []
    for log in logs:
        before = lines[-1]["pictures"] if lines else 0
        starts.append(before)
        try:
            own = [json.loads(line) for line in log.read_text().splitlines()]
            lines += [{**line, "pictures": before + line["pictures"]} for line in own]
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{log} is no log of a run: {error!r}") from None
    return lines, starts[1:]


def draw_curves(logs: list[Path], picture: Path) -> None:
    """Reads each `log.jsonl` and writes a PNG: losses above, average precision and the learning rate below."""
    lines, starts = read_logs(logs)
    trained = [line for line in lines if "losses" in line]
    measured = [line for line in lines if "validation" in line]
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(9, 8), sharex=True)
    for name in trained[-1]["losses"] if trained else ():
        points = [(line["pictures"] / 1000, line["losses"][name]) for line in trained if name in line["losses"]]
        above.plot(*zip(*points), label=name.replace("_", " "), linewidth=1)
    above.set(ylabel="loss (unweighted)", yscale="log")
    above.legend(ncols=2, fontsize=8)
    for start in starts:
        for axes in (above, below):
            axes.axvline(start / 1000, color="black", linestyle=":", linewidth=1)
    below.plot([line["pictures"] / 1000 for line in measured], [line["validation"]["average_precision"] for line in measured], "o-", label="AP, held back")
    below.set(xlabel="thousand pictures seen", ylabel="AP at IoU 0.5")
    below.legend(loc="lower right")
    rates = below.twinx()
    rates.plot([line["pictures"] / 1000 for line in trained], [line["learning_rate"] for line in trained], color="grey", linewidth=0.8)
    rates.set(ylabel="learning rate")
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)


def main(arguments: list[str] | None = None) -> int:
    """The program; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m retinaface.curves", description="Draws the curves of runs that went on from one another.")
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="a run's folder; in the order in which they were made")
    parser.add_argument("--output", type=Path, required=True, help="the picture (.png)")
    options = parser.parse_args(arguments)
    try:
        draw_curves([run / "log.jsonl" for run in options.runs], options.output)
    except (OSError, ValueError) as error:
        print(f"curves: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
