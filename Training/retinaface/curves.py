"""Draws a run's losses, learning rate and validation figures from its log."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend is chosen first)


def draw_curves(log: Path, picture: Path) -> None:
    """Reads `log.jsonl` and writes a PNG: losses above, average precision and the learning rate below."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    trained = [line for line in lines if "losses" in line]
    measured = [line for line in lines if "validation" in line]
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(9, 8), sharex=True)
    for name in trained[-1]["losses"] if trained else ():
        points = [(line["pictures"] / 1000, line["losses"][name]) for line in trained if name in line["losses"]]
        above.plot(*zip(*points), label=name.replace("_", " "), linewidth=1)
    above.set(ylabel="loss (unweighted)", yscale="log")
    above.legend(ncols=2, fontsize=8)
    below.plot([line["pictures"] / 1000 for line in measured], [line["validation"]["average_precision"] for line in measured], "o-", label="AP, held back")
    below.set(xlabel="thousand pictures seen", ylabel="AP at IoU 0.5")
    below.legend(loc="lower right")
    rates = below.twinx()
    rates.plot([line["pictures"] / 1000 for line in trained], [line["learning_rate"] for line in trained], color="grey", linewidth=0.8)
    rates.set(ylabel="learning rate")
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)
