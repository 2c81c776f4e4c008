"""Measures a network during training: AP at IoU 0.5, recall by face size and false faces on held-back pictures.

The detector and the protocol are those of `evaluate.py`, with every annotated face counted: one figure instead of WIDER FACE's three sets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.labels import AnnotatedPicture, LandmarkSource, load_picture
from ..evaluate import Dataset, measure
from ..evaluation.detect import Options, detect
from ..evaluation.ground_truth import SETS, Picture
from ..evaluation.predictions import Detections
from ..evaluation.predictors import NetworkPredictor
from ..evaluation.wider import EXACT, evaluate, overlaps
from ..network.retinaface import RetinaFace

FOUND_SCORE = 0.3
FALSE_SCORE = 0.5
SIZE_BORDERS = (16, 32, 64, 128, 256)
"""Limits of the sizes of `Result.recall`: pixels of a face's longer side."""


@dataclass(frozen=True)
class Result:
    """average_precision: at IoU 0.5. recall: of faces by size, at score 0.3; nan without such faces.
    false_share: share of the face-free pictures with a face at score 0.5 or more; nan without such pictures."""

    average_precision: float
    recall: list[float]
    false_share: float


def validate(network: RetinaFace, pictures: list[AnnotatedPicture], negatives: list[AnnotatedPicture]) -> Result:
    """Measures a network on pictures at their own size, and leaves it in evaluation mode."""
    network.eval()
    counted = [picture.sources != LandmarkSource.IGNORED for picture in pictures]
    truths = [
        Picture(str(picture.path), _as_corner_and_size(picture.boxes), np.tile(counts[:, None], (1, len(SETS))))
        for picture, counts in zip(pictures, counted, strict=True)
    ]
    found = {str(picture.path): detect(network, load_picture(picture.path)) for picture in pictures}
    result = evaluate(truths, {name: detections.wider() for name, detections in found.items()}, EXACT, ious=(0.5,))
    false = [len(detect(network, load_picture(picture.path)).above(FALSE_SCORE).scores) > 0 for picture in negatives]
    return Result(result.ap[SETS[0]], _recall_by_size(truths, found), float(np.mean(false)) if false else float("nan"))


def average_precisions(network: RetinaFace, datasets: list[Dataset]) -> dict[str, dict[str, float]]:
    """Measures AP at IoU 0.5 by evaluation folder and set, at the pictures' own size; damaged pictures are reported and count as empty."""
    predictor = NetworkPredictor(network, Options(), allow_missing=True)
    return {dataset.name: measure(predictor, dataset).result.ap for dataset in datasets}


def _recall_by_size(truths: list[Picture], found: dict[str, Detections]) -> list[float]:
    boxes = [truth.boxes[truth.counted[:, 0]] for truth in truths]
    sizes = np.concatenate([np.digitize(faces[:, 2:].max(axis=1), SIZE_BORDERS) for faces in boxes])
    hits = [_is_found(faces, found[truth.name].above(FOUND_SCORE).wider()[:, :4]) for faces, truth in zip(boxes, truths, strict=True)]
    hits = np.concatenate(hits)
    return [float(hits[sizes == size].mean()) if (sizes == size).any() else float("nan") for size in range(len(SIZE_BORDERS) + 1)]


def _is_found(faces: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    return overlaps(faces, boxes).max(axis=1, initial=0.0) >= 0.5


def _as_corner_and_size(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).astype(np.float64)
