"""Reports of the evaluator, for people (a table, curves as PNG) and for programs (JSON).

A model's card takes its figures from here; the JSON states data and protocol. The curves have the form of WIDER FACE's papers.
"""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import matplotlib

from .ground_truth import SETS
from .landmarks import LandmarkResult
from .wider import Result

matplotlib.use("Agg")
from matplotlib import pyplot


@dataclasses.dataclass(frozen=True)
class DatasetReport:
    """One dataset under one protocol (`exact` or `official`); `missing`: pictures that count as empty."""

    name: str
    protocol: str
    picture_count: int
    missing: list[str]
    result: Result

    def to_json(self) -> dict:
        curves = self.result.curves
        return {
            "protocol": self.protocol,
            "pictures": self.picture_count,
            "missing": self.missing,
            "faces": {name: curves[name].face_count for name in SETS},
            "ap": self.result.ap,
            "map": dict(self.result.mean_ap),
        }


@dataclasses.dataclass(frozen=True)
class NegativeReport:
    """Pictures without a face: their number, and those with a detection at `threshold` or above."""

    name: str
    threshold: float
    picture_count: int
    false_alarms: list[str]

    @property
    def clean_share(self) -> float:
        return 1 - len(self.false_alarms) / self.picture_count

    def to_json(self) -> dict:
        return {
            "threshold": self.threshold,
            "pictures": self.picture_count,
            "clean_share": self.clean_share,
            "false_alarms": self.false_alarms,
        }


def landmarks_to_json(result: LandmarkResult) -> dict:
    """Shares of 1; the mean is over the found faces (none: null), the failure rate over all."""
    mean = result.mean if len(result.errors) else None
    return {"faces": len(result.errors) + result.missed, "found": len(result.errors), "nme": mean, "failure_rate": result.failure_rate}


def table(datasets: list[DatasetReport], landmarks: LandmarkResult | None, negatives: list[NegativeReport]) -> str:
    """Returns the lines for standard output."""
    lines = []
    if datasets:
        width = max(len(report.name) for report in datasets)
        lines.append(f"{'':{width}}  pictures   AP @ 0.5: easy medium hard    mAP 0.5:0.95: easy medium hard")
    for report in datasets:
        ap = "  ".join(f"{report.result.ap[name]:.3f}" for name in SETS)
        mean_ap = "  ".join(f"{report.result.mean_ap[name]:.3f}" for name in SETS)
        lines.append(f"{report.name:{width}}  {report.picture_count:8}   {ap:>29}    {mean_ap:>31}   {report.protocol}")
    if landmarks is not None:
        total = len(landmarks.errors) + landmarks.missed
        lines.append(
            f"landmarks: {total} faces, {landmarks.missed} missed, NME {100 * landmarks.mean:.2f} %, "
            f"failures (NME above 10 % or missed) {100 * landmarks.failure_rate:.1f} %"
        )
    for report in negatives:
        lines.append(
            f"{report.name}: {report.picture_count} face-free pictures, {100 * report.clean_share:.1f} % without a face "
            f"at threshold {report.threshold:g}"
        )
    return "\n".join(lines)


def file_name(title: str) -> str:
    """Returns a dataset's name as part of a file name."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", title).strip("-") or "dataset"


def plot_curves(report: DatasetReport, path: str | os.PathLike | Path) -> None:
    """Writes the three precision-recall curves at IoU 0.5 as PNG."""
    figure, axes = pyplot.subplots(figsize=(5, 4), dpi=120)
    for name in SETS:
        curve = report.result.curves[name]
        axes.plot(curve.recall, curve.precision, label=f"{name} {curve.ap:.3f}")
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1.01),
        xlabel="recall",
        ylabel="precision",
        title=f"{report.name}: {report.picture_count} pictures, AP at IoU 0.5",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
