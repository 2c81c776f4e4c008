"""Face verification: alignment by five points, templates, and the measures of LFW's protocol and of IJB's.

LFW (Huang et al., 2007): ten folds; the threshold of nine gives the accuracy of the tenth. IJB (arXiv 1905.00641, section 4.7):
the share of genuine pairs that are accepted (TAR) at the threshold that accepts a given share of the impostors (FAR).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy
import onnxruntime
from PIL import Image

from ..data.text import read_lines
from .predictions import Detections

matplotlib.use("Agg")
from matplotlib import pyplot

CROP = 112
REFERENCE = numpy.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
"""The five points in a crop of 112 x 112 pixels that ArcFace (arXiv 1801.07698) and its successors were trained with."""

NORMALISATIONS = {
    "arcface": (numpy.full(3, 127.5), numpy.full(3, 127.5)),
    "imagenet": (numpy.array([0.485, 0.456, 0.406]) * 255, numpy.array([0.229, 0.224, 0.225]) * 255),
}
"""Mean and scale of the red, green and blue byte that recognisers were trained with."""

FALSE_ACCEPT_RATES = (1e-2, 1e-3, 1e-4)


def similarity_transform(points: numpy.ndarray, goal: numpy.ndarray) -> numpy.ndarray:
    """Returns the 2 x 3 matrix of rotation, uniform scale and shift that moves `points` closest to `goal` (N x 2 each; least squares)."""
    centre, goal_centre = points.mean(axis=0), goal.mean(axis=0)
    a, b = points - centre, goal - goal_centre
    power = max((a**2).sum(), 1e-12)
    cosine, sine = (a * b).sum() / power, (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / power
    turn = numpy.array([[cosine, -sine], [sine, cosine]])
    return numpy.column_stack([turn, goal_centre - turn @ centre])


def aligned(picture: Image.Image, points: numpy.ndarray) -> Image.Image:
    """Returns the crop of 112 x 112 pixels in which the points (5 x 2, pixels) lie closest to `REFERENCE`; black outside the picture."""
    back = similarity_transform(REFERENCE, points)
    back[:, 2] += 0.5 - back[:, :2] @ [0.5, 0.5]  # the centre of Pillow's first pixel is 0.5, that of landmarks 0
    return picture.transform((CROP, CROP), Image.Transform.AFFINE, tuple(back.ravel()), Image.Resampling.BILINEAR)


class Recogniser:
    """An ONNX graph from N x 3 x 112 x 112 (RGB, normalised) to N x D features."""

    def __init__(self, path: Path, normalisation: str, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self.session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        except OSError:
            raise
        except Exception as error:  # onnxruntime has its own kinds for damaged files
            raise ValueError(f"{path}: not an ONNX graph that can be run: {str(error).splitlines()[0]}") from None
        self.mean, self.scale = NORMALISATIONS[normalisation]

    def features(self, crop: Image.Image) -> numpy.ndarray:
        """Returns the features of a crop and of its mirror image, 2 x D."""
        pixels = ((numpy.asarray(crop, numpy.float64) - self.mean) / self.scale).astype(numpy.float32)
        both = numpy.stack([pixels, pixels[:, ::-1]]).transpose(0, 3, 1, 2)
        name = self.session.get_inputs()[0].name
        return numpy.concatenate([self.session.run(None, {name: numpy.ascontiguousarray(one[None])})[0] for one in both])


def main_face(faces: Detections, size: tuple[int, int]) -> int | None:
    """Returns the index of the face that a picture of `size` is about: large and near its middle; None without faces."""
    if not len(faces.scores):
        return None
    offsets = (faces.boxes[:, :2] + faces.boxes[:, 2:] - numpy.array(size)) / 2
    areas = (faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1)
    return int((areas - 2 * (offsets**2).sum(axis=1)).argmax())


def template(features: numpy.ndarray, weights: numpy.ndarray | None = None) -> numpy.ndarray:
    """Returns one unit vector for several pictures of a person: N x D features and N weights (None: equal)."""
    unit = features / numpy.linalg.norm(features, axis=1, keepdims=True).clip(1e-12)
    total = unit.sum(axis=0) if weights is None else (unit * weights[:, None]).sum(axis=0)
    return total / max(numpy.linalg.norm(total), 1e-12)


def fold_accuracies(similarities: numpy.ndarray, genuine: numpy.ndarray, folds: numpy.ndarray) -> numpy.ndarray:
    """Returns the accuracy of each fold at the best threshold of the others, in the middle between two of their similarities.

    genuine: booleans; folds: numbers 0...F-1.
    """
    accuracies = []
    for fold in range(folds.max() + 1):
        test = folds == fold
        seen = numpy.unique(similarities[~test])
        thresholds = numpy.concatenate([seen[:1], (seen[1:] + seen[:-1]) / 2, seen[-1:] + 1])
        order = numpy.sort(similarities[~test & genuine]), numpy.sort(similarities[~test & ~genuine])
        right = len(order[0]) - numpy.searchsorted(order[0], thresholds) + numpy.searchsorted(order[1], thresholds)
        best = thresholds[right.argmax()]
        accuracies.append(((similarities[test] >= best) == genuine[test]).mean())
    return numpy.array(accuracies)


def accept_rates(similarities: numpy.ndarray, genuine: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Returns false and true accept rates at every threshold, rising: the ROC curve."""
    order = numpy.argsort(-similarities, kind="stable")
    true, false = numpy.cumsum(genuine[order]), numpy.cumsum(~genuine[order])
    last = numpy.append(numpy.diff(similarities[order]) != 0, True)  # equal similarities are accepted together
    return false[last] / max((~genuine).sum(), 1), true[last] / max(genuine.sum(), 1)


def true_accept_rate(similarities: numpy.ndarray, genuine: numpy.ndarray, false_accept_rate: float) -> float:
    """Returns the largest TAR whose FAR is at most `false_accept_rate`."""
    false, true = accept_rates(similarities, genuine)
    return float(true[false <= false_accept_rate].max(initial=0.0))


@dataclass(frozen=True)
class Pairs:
    """LFW's pairs: names of two pictures each, whether they show one person, and the fold."""

    first: list[str]
    second: list[str]
    genuine: numpy.ndarray
    folds: numpy.ndarray


def read_pairs(path: str | os.PathLike) -> Pairs:
    """Reads LFW's pairs.txt: folds and pairs per fold and kind, then `name n m` or `name n other m`.

    Raises ValueError with file and line.
    """
    lines = read_lines(path)
    rows: list[tuple[str, str, bool]] = []
    try:
        folds, each = (int(word) for word in lines[0].split())
    except (ValueError, IndexError):
        raise ValueError(f"{path}:1: needs the number of folds and of pairs per fold and kind, such as '10 300'") from None
    for number, line in enumerate(lines[1:], start=2):
        words = line.split()
        try:
            name, other = words[0], words[-2] if len(words) == 4 else words[0]
            if len(words) not in (3, 4):
                raise ValueError
            rows.append((_picture(name, words[1]), _picture(other, words[-1]), len(words) == 3))
        except (ValueError, IndexError):
            raise ValueError(f"{path}:{number}: needs 'name n m' or 'name n other m'") from None
    if len(rows) != folds * each * 2 or folds < 2:
        raise ValueError(f"{path}: has {len(rows)} pairs, its first line asks for {folds} folds of 2 x {each}")
    first, second, genuine = zip(*rows, strict=True)
    return Pairs(list(first), list(second), numpy.array(genuine), numpy.arange(len(rows)) // (2 * each))


def _picture(person: str, number: str) -> str:
    return f"{person}/{person}_{int(number):04d}.jpg"


def plot_roc(curves: dict[str, tuple[numpy.ndarray, numpy.ndarray]], path: str | os.PathLike, title: str) -> None:
    """Writes ROC curves, name -> (similarities, genuine), as PNG: TAR over FAR, logarithmic (figure 9 of RetinaFace's paper)."""
    figure, axes = pyplot.subplots(figsize=(5, 4), dpi=120)
    for name, (similarities, genuine) in curves.items():
        false, true = accept_rates(similarities, genuine)
        axes.step(numpy.maximum(false, 1e-6), true, where="post", label=name)
    axes.set(xscale="log", xlim=(1e-4, 1), xlabel="false accept rate", ylabel="true accept rate", title=title)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize=8)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
