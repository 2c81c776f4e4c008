"""Landmark error by hand."""

import numpy
import pytest

from retinaface_training.evaluation import landmarks
from retinaface_training.evaluation.predictions import Detections

POINTS = numpy.array([[10.0, 10], [30, 10], [20, 20], [12, 30], [28, 30]])
BOX = numpy.array([0.0, 0, 40, 90])


def found(box, points):
    return Detections(numpy.array([box], dtype=float), numpy.ones(1), numpy.array([points]))


def test_error_is_the_mean_distance_by_the_box_size():
    moved = POINTS + numpy.array([[3, 4], [0, 0], [0, -5], [0, 0], [5, 0]])
    # Distances 5, 0, 5, 0, 5: mean 3; box size sqrt(40 * 90) = 60.
    assert landmarks.normalised_mean_error(moved, POINTS, BOX) == pytest.approx(3 / 60)


def test_measure_counts_missed_faces_as_failures():
    cases = [
        (found([0, 0, 40, 90], POINTS + [6, 0]), BOX[None], POINTS[None]),
        (found([0, 0, 40, 90], POINTS + [0, 12]), BOX[None], POINTS[None]),
        (found([30, 0, 70, 90], POINTS), BOX[None], POINTS[None]),
        (Detections(numpy.zeros((0, 4)), numpy.zeros(0), numpy.zeros((0, 5, 2))), BOX[None], POINTS[None]),
    ]
    result = landmarks.measure(cases)
    assert result.errors == pytest.approx([0.1, 0.2]) and result.missed == 2
    assert result.mean == pytest.approx(0.15)
    assert result.failure_rate == pytest.approx(3 / 4)


def test_the_best_overlap_is_taken():
    both = Detections(numpy.array([[0.0, 0, 40, 60], [0, 0, 40, 88]]), numpy.array([0.9, 0.8]), numpy.stack([POINTS + 30, POINTS]))
    assert landmarks.measure([(both, BOX[None], POINTS[None])]).errors == pytest.approx([0.0])


def test_curve_is_a_picture(tmp_path):
    landmarks.plot_cumulative_error(landmarks.LandmarkResult(numpy.array([0.02, 0.05]), 1), tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
