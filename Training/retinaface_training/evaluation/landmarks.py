"""Landmark error: normalised mean error (NME), failure rate and cumulative error curve.

The paper's figure 5 measures landmarks in this way on AFLW: the mean distance of the five points divided by the box size
sqrt(width x height); a face fails above 10 % (arXiv 1905.00641, section 4.4).
"""

from __future__ import annotations

import dataclasses
import os

import matplotlib
import numpy

from .predictions import Detections

matplotlib.use("Agg")
from matplotlib import pyplot

FAILURE_NME = 0.10
MATCH_IOU = 0.5
POINT_NAMES = ("left eye", "right eye", "nose", "left mouth corner", "right mouth corner")
"""As seen in the picture."""


@dataclasses.dataclass(frozen=True)
class LandmarkResult:
    """`errors`: NME of every found face (1 = box size). `missed`: annotated faces that no detection matched.

    `points`: error of every found face's five points, N x 5, in the same unit.
    """

    errors: numpy.ndarray
    missed: int
    points: numpy.ndarray = dataclasses.field(default_factory=lambda: numpy.zeros((0, len(POINT_NAMES))))

    @property
    def mean(self) -> float:
        """Returns the mean NME over the found faces; NaN without any."""
        return float(self.errors.mean()) if len(self.errors) else float("nan")

    @property
    def failure_rate(self) -> float:
        """Returns the share of all annotated faces that are above 10 % or missed."""
        total = len(self.errors) + self.missed
        return float(((self.errors > FAILURE_NME).sum() + self.missed) / total) if total else float("nan")


def normalised_mean_error(predicted: numpy.ndarray, annotated: numpy.ndarray, box: numpy.ndarray) -> float:
    """Returns the mean distance over the points divided by sqrt(w h). Shape: 5 x 2, 5 x 2, and x y w h; all in pixels."""
    distances = numpy.linalg.norm(predicted - annotated, axis=1)
    return float(distances.mean() / numpy.sqrt(box[2] * box[3]))


def measure(pictures: list[tuple[Detections, numpy.ndarray, numpy.ndarray]]) -> LandmarkResult:
    """Measures errors over pictures: (detections, boxes N x 4 as x y w h, landmarks N x 5 x 2) each.

    A face is found by the detection with the greatest overlap, if its IoU is 0.5 or more.
    """
    errors, points_errors, missed = [], [], 0
    for detections, boxes, landmarks in pictures:
        for box, points in zip(boxes, landmarks, strict=True):
            iou = _overlaps(detections.boxes, box)
            if not len(iou) or iou.max() < MATCH_IOU:
                missed += 1
                continue
            predicted = detections.landmarks[iou.argmax()]
            errors.append(normalised_mean_error(predicted, points, box))
            points_errors.append(numpy.linalg.norm(predicted - points, axis=1) / numpy.sqrt(box[2] * box[3]))
    return LandmarkResult(numpy.array(errors), missed, numpy.array(points_errors).reshape(-1, len(POINT_NAMES)))


def _overlaps(boxes: numpy.ndarray, face: numpy.ndarray) -> numpy.ndarray:
    """Returns the IoU of x1 y1 x2 y2 boxes with one x y w h face."""
    left_top = numpy.maximum(boxes[:, :2], face[:2])
    sides = numpy.maximum(numpy.minimum(boxes[:, 2:], face[:2] + face[2:]) - left_top, 0)
    intersection = sides.prod(axis=1)
    return intersection / ((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + face[2:].prod() - intersection)


def plot_cumulative_error(result: LandmarkResult, path: str | os.PathLike, limit: float = FAILURE_NME) -> None:
    """Writes the cumulative error curve as PNG: the share of all annotated faces, missed ones included, below each NME up to `limit`."""
    total = len(result.errors) + result.missed
    title = f"{total} faces: NME {100 * result.mean:.2f} %, failures {100 * result.failure_rate:.1f} %"
    plot_cumulative_errors({"": result}, path, title, limit)


def plot_cumulative_errors(results: dict[str, LandmarkResult], path: str | os.PathLike, title: str, limit: float = FAILURE_NME) -> None:
    """Writes the curves of several detectors, by name, on the same faces (figure 7 of RetinaFace's paper)."""
    figure, axes = pyplot.subplots(figsize=(5, 4), dpi=120)
    for name, result in results.items():
        errors = numpy.concatenate([[0.0], numpy.sort(result.errors)])
        share = numpy.arange(len(errors)) / max(len(result.errors) + result.missed, 1)
        axes.step(100 * numpy.append(errors, max(limit, errors[-1])), 100 * numpy.append(share, share[-1]), where="post", label=name)
    axes.set(xlim=(0, 100 * limit), ylim=(0, 100), xlabel="NME, % of sqrt(width x height)", ylabel="faces, %", title=title)
    axes.grid(alpha=0.3)
    if len(results) > 1:
        axes.legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
