"""Draws the results as a bar chart: a panel per size and number of threads, shortest bar on top."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from .entries import BY_NAME, Entry
from .table import caption, digits, heading

OURS, OTHERS = "#d1495b", "#9aa5b1"


def draw(results: dict, output: Path) -> None:
    measurements = results["measurements"]
    columns = min(2, len(measurements))
    lines = -(-len(measurements) // columns)
    figure, axes = pyplot.subplots(lines, columns, figsize=(5.4 * columns, 0.6 + 3.0 * lines), squeeze=False, layout="constrained")
    for axis, measurement in zip(axes.flat, measurements, strict=False):
        panel(axis, measurement)
    for axis in axes.flat[len(measurements) :]:
        axis.set_visible(False)
    figure.suptitle("Time of one forward pass of the same network, milliseconds (shorter is better)", fontsize=11)
    figure.supxlabel(caption(results), fontsize=6.5, color="#555555")
    figure.savefig(output, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def panel(axis, measurement: dict) -> None:
    rows = sorted(measurement["rows"].items(), key=lambda row: -row[1]["median_ms"])
    entries = [BY_NAME[name] for name, _ in rows]
    times = [row["median_ms"] for _, row in rows]
    bars = axis.barh(
        [entry.label for entry in entries],
        times,
        color=[colour(entry) for entry in entries],
        hatch=["" if entry.precision == "int8" else "//" for entry in entries],
        edgecolor="white",
        linewidth=0,
    )
    axis.bar_label(bars, [digits(time) for time in times], padding=3, fontsize=8)
    for label, entry in zip(axis.get_yticklabels(), entries, strict=True):
        label.set(fontsize=8, fontweight="bold" if entry.is_ours else "normal")
    axis.set_title(heading(measurement), fontsize=9, loc="left")
    axis.set_xlim(0, 1.12 * max(times))
    axis.tick_params(axis="x", labelsize=7)
    axis.spines[["top", "right"]].set_visible(False)


def colour(entry: Entry) -> str:
    return OURS if entry.is_ours else OTHERS
