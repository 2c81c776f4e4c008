"""Checks that the engines execute the same network: compares their heads on one picture with ours in float32.

float32 must agree within BOUND: the only difference is the order of sums. int8 rounds differently in each engine, so
scores are compared: those of anchors that are a face in either, within INT8_BOUND on average.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy

from .errors import BenchmarkError
from .paths import BENCH, FLOAT_MODEL, PICTURE
from .pictures import letterboxed

#: Largest difference of a score (0...1) and of a box's or landmark's raw value (of some units) in float32.
BOUND = 1e-3
#: Mean difference of the faces' scores in int8.
INT8_BOUND = 0.05
FACE = 0.5


@dataclass(frozen=True)
class Heads:
    """Heads by anchor, in PyTorch's order: scores [N], boxes [N][4], landmarks [N][10]."""

    scores: numpy.ndarray
    boxes: numpy.ndarray
    landmarks: numpy.ndarray


def from_outputs(outputs: list[numpy.ndarray]) -> Heads:
    """Makes heads from the graph's outputs [1][channels][height][width], classes, boxes and landmarks of each level in turn."""
    classes, boxes, landmarks = (
        numpy.concatenate([by_anchor(output, width) for output in outputs[kind::3]]) for kind, width in enumerate((2, 4, 10))
    )
    return Heads(1 / (1 + numpy.exp(classes[:, 0] - classes[:, 1])), boxes, landmarks)


def by_anchor(output: numpy.ndarray, width: int) -> numpy.ndarray:
    """Converts [1][anchors * width][height][width of the map] to [height * width of the map * anchors][width]."""
    return output[0].transpose(1, 2, 0).reshape(-1, width)


def ours(width: int, height: int, *options: str) -> Heads:
    """Returns our engine's heads of PICTURE, in float32 unless the options name another model. Raises BenchmarkError."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.ppm"
        letterboxed(PICTURE, width, height).save(picture)
        command = [BENCH, "network", *(options or ("--model", FLOAT_MODEL)), "--input", picture, "--dump-heads", f"{folder}/ours"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise BenchmarkError(done.stderr.strip())
        scores, boxes, landmarks = (
            numpy.fromfile(f"{folder}/ours.{name}.f32", "<f4").reshape(-1, values)
            for name, values in (("conf", 2), ("loc", 4), ("landms", 10))
        )
    return Heads(scores[:, 1], boxes, landmarks)


def difference(precision: str, heads: Heads, reference: Heads) -> float:
    """Returns the largest difference of all values (float32) or the mean difference of the faces' scores (int8)."""
    if heads.boxes.shape != reference.boxes.shape:
        raise BenchmarkError(f"{len(heads.boxes)} anchors instead of {len(reference.boxes)}")
    if precision == "int8":
        faces = (heads.scores > FACE) | (reference.scores > FACE)
        return float(numpy.abs(heads.scores - reference.scores)[faces].mean())
    return max(float(numpy.abs(getattr(heads, name) - getattr(reference, name)).max()) for name in ("scores", "boxes", "landmarks"))


def check(label: str, precision: str, heads: Heads, reference: Heads) -> float:
    """Returns the difference; raises BenchmarkError if it is above the bound or there is no face to compare."""
    if not (reference.scores > FACE).any():
        raise BenchmarkError(f"{PICTURE}: has no face to compare the engines on")
    found = difference(precision, heads, reference)
    bound = INT8_BOUND if precision == "int8" else BOUND
    if not found <= bound:
        raise BenchmarkError(f"{label}: differs by {found:.3g} from our float32, above {bound}: not the same network")
    return found
