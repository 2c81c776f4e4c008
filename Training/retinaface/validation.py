"""A quick look during training: AP at IoU 0.5, recall by face size and false faces on held-back pictures.

Greedy matching by falling score and the area under the interpolated precision-recall curve, as PASCAL VOC 2010 does it.
The figures that are published come from `evaluate.py`, which follows WIDER FACE's protocol.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .anchors import MEAN_BGR, decode_boxes, make_anchors
from .data import AnnotatedPicture, load_picture
from .matching import iou_matrix
from .network import RetinaFace

LOWEST_SCORE = 0.02
SUPPRESSION_IOU = 0.4
FOUND_SCORE = 0.3
SIZE_BORDERS = (16, 32, 64, 128, 256)
"""Pixels of a face's longer side that part the sizes of `Result.recall`."""


@dataclass(frozen=True)
class Result:
    """average_precision at IoU 0.5; recall at score 0.3 by face size (nan where there are none); false_share: of the face-free
    pictures, those with a face at score 0.5 or more."""

    average_precision: float
    recall: list[float]
    false_share: float


def validate(network: RetinaFace, pictures: list[AnnotatedPicture], negatives: list[AnnotatedPicture]) -> Result:
    """Measures a network, left in evaluation mode, on pictures at their own size."""
    network.eval()
    scores, hits, found, sizes = [], [], [], []
    for picture in pictures:
        boxes, confidences = detect(network, picture)
        truth = torch.from_numpy(picture.boxes)
        right, score_of_face = _assign(boxes, confidences, truth)
        scores.append(confidences.numpy())
        hits.append(right)
        found.append(score_of_face >= FOUND_SCORE)
        sizes.append((picture.boxes[:, 2:] - picture.boxes[:, :2]).max(axis=1))
    found, sizes = np.concatenate(found), np.digitize(np.concatenate(sizes), SIZE_BORDERS)
    recall = [float(found[sizes == size].mean()) if (sizes == size).any() else float("nan") for size in range(len(SIZE_BORDERS) + 1)]
    false = [len(confidences) > 0 and float(confidences.max()) >= 0.5 for _, confidences in (detect(network, picture) for picture in negatives)]
    precision = average_precision(np.concatenate(scores), np.concatenate(hits), len(found))
    return Result(precision, recall, float(np.mean(false)) if false else float("nan"))


def detect(network: RetinaFace, picture: AnnotatedPicture) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes (N x 4, pixels) and scores of a picture, falling, after suppression."""
    device = next(network.parameters()).device
    pixels = np.asarray(load_picture(picture.path))[..., ::-1] - np.float32(MEAN_BGR)
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None].to(device, memory_format=torch.channels_last)
    with torch.inference_mode():
        heads = network(images)
    scores = heads.classes[0].softmax(dim=-1)[:, 1].float().cpu()
    kept = (scores > LOWEST_SCORE).nonzero()[:, 0]
    kept = kept[scores[kept].argsort(descending=True)][:2000]
    anchors = make_anchors(pixels.shape[1], pixels.shape[0], network.config.anchors)
    boxes = decode_boxes(heads.boxes[0].float().cpu()[kept], anchors[kept])
    chosen = suppress(boxes, SUPPRESSION_IOU)
    return boxes[chosen], scores[kept][chosen]


def suppress(boxes: torch.Tensor, iou: float) -> list[int]:
    """Greedy non-maximum suppression of boxes in falling order of score; the indices kept."""
    overlaps = (iou_matrix(boxes, boxes) > iou).numpy()
    alive = np.ones(len(boxes), bool)
    for index in range(len(boxes)):
        if alive[index]:
            alive[index + 1 :] &= ~overlaps[index, index + 1 :]
    return alive.nonzero()[0].tolist()


def average_precision(scores: np.ndarray, hits: np.ndarray, faces: int) -> float:
    """Area under the interpolated precision-recall curve of detections (any order) against `faces` faces."""
    if faces == 0 or len(scores) == 0:
        return 0.0
    order = np.argsort(-scores, kind="stable")
    true = np.cumsum(hits[order])
    recall = np.concatenate([[0.0], true / faces])
    precision = true / np.arange(1, len(order) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall) * envelope))


def _assign(boxes: torch.Tensor, scores: torch.Tensor, truth: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Which detections (falling by score) are right, and each face's best score (0: not found)."""
    right, score_of_face = np.zeros(len(boxes), bool), np.zeros(len(truth))
    overlaps = iou_matrix(boxes, truth).numpy()
    for index in range(len(boxes)):
        open_overlaps = np.where(score_of_face > 0, 0.0, overlaps[index])
        if len(truth) and open_overlaps.max() >= 0.5:
            right[index] = True
            score_of_face[open_overlaps.argmax()] = float(scores[index])
    return right, score_of_face
