"""Detects the faces in one picture with PyTorch: forward pass, decode, greedy suppression; flip, several scales and box voting as options.

It is the reference for rf-cam, and measures networks before they are exported. Source: arXiv 1905.00641, sections 4.2 and 4.3:
suppression at IoU 0.4, short sides 500, 800, 1100, 1400, 1700 with flip, and box voting at IoU 0.4 for the last points of AP.
Only `detect` needs PyTorch.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy
from PIL import Image, ImageOps

from ..data.pictures import PictureError, read_picture  # noqa: F401 (part of this module for its users)
from .predictions import Detections

if TYPE_CHECKING:
    from torch import nn

PAPER_SCALES = (500, 800, 1100, 1400, 1700)
NO_FACES = Detections(numpy.zeros((0, 4)), numpy.zeros(0), numpy.zeros((0, 5, 2)))
_MIRRORED_LANDMARKS = [1, 0, 2, 4, 3]


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of detection.

    `threshold`: minimum score. `nms_iou`: overlap above which the weaker box is removed. `candidates`: maximum number of boxes, the
    strongest, that reach suppression. `flip`: also the mirrored picture. `scales`: short sides in pixels to resize to; empty: the
    picture's own size. `vote`: boxes become the mean, weighted by score, of those that overlap them by `nms_iou` or more.
    """

    threshold: float = 0.02
    nms_iou: float = 0.4
    candidates: int = 5000
    flip: bool = False
    scales: tuple[int, ...] = ()
    vote: bool = False


def detect(network: nn.Module, picture: Image.Image, options: Options = Options()) -> Detections:
    """Returns the faces of an RGB picture, strongest first, in its own pixels.

    `network`: returns `Heads` and has a `description` (exchange/graph.py), in evaluation mode; runs on the device of its weights.
    """
    views = [
        _forward(network, picture, side, mirrored, options)
        for side in options.scales or (None,)
        for mirrored in ((False, True) if options.flip else (False,))
    ]
    boxes, scores, landmarks = (numpy.concatenate(column) for column in zip(*views, strict=True))
    order = numpy.argsort(-scores, kind="stable")[: options.candidates]
    boxes, scores, landmarks = boxes[order], scores[order], landmarks[order]
    if options.vote:
        return vote(boxes, scores, landmarks, options.nms_iou)
    keep = suppress(boxes, options.nms_iou)
    return Detections(boxes[keep], scores[keep], landmarks[keep])


def _forward(
    network: nn.Module, picture: Image.Image, short_side: int | None, mirrored: bool, options: Options
) -> tuple[numpy.ndarray, ...]:
    """Returns boxes, scores and landmarks above the threshold of one view, in the picture's pixels."""
    import torch

    from ..network.anchors import decode_boxes, decode_landmarks, make_anchors

    size = picture.size
    if short_side is not None:
        scale = short_side / min(size)
        size = tuple(max(1, round(side * scale)) for side in picture.size)
    view = picture if size == picture.size else picture.resize(size, Image.Resampling.BILINEAR)
    view = ImageOps.mirror(view) if mirrored else view
    device = next(iter(network.state_dict().values())).device
    facts = network.description
    pixels = numpy.asarray(view, dtype=numpy.float32)[:, :, :: -1 if facts.order == "bgr" else 1]
    inputs = (pixels - numpy.float32(facts.mean)) * numpy.float32(facts.scale)
    with torch.inference_mode():
        heads = network(torch.from_numpy(numpy.ascontiguousarray(inputs.transpose(2, 0, 1)))[None].to(device))
    scores = heads.classes[0].softmax(-1)[:, 1].cpu()
    keep = torch.nonzero(scores >= options.threshold).squeeze(1)
    anchors = make_anchors(*size, tuple(level.anchors for level in facts.levels), tuple(level.stride for level in facts.levels))[keep]
    boxes = decode_boxes(heads.boxes[0].cpu()[keep], anchors).double().numpy()
    points = decode_landmarks(heads.landmarks[0].cpu()[keep], anchors).double().numpy().reshape(-1, 5, 2)
    if mirrored:
        boxes[:, [2, 0]] = size[0] - boxes[:, [0, 2]]
        points[..., 0] = size[0] - points[..., 0]
        points = points[:, _MIRRORED_LANDMARKS]
    back = numpy.array(picture.size) / numpy.array(size)
    return boxes * numpy.tile(back, 2), scores[keep].double().numpy(), points * back


def overlap(box: numpy.ndarray, others: numpy.ndarray) -> numpy.ndarray:
    """Returns the intersection over union of one x1 y1 x2 y2 box with M x 4 others; 0 where neither has an area."""
    sides = numpy.minimum(box[2:], others[:, 2:]) - numpy.maximum(box[:2], others[:, :2])
    intersection = numpy.maximum(sides, 0).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - intersection
    return numpy.divide(intersection, union, out=numpy.zeros_like(union), where=union > 0)


def suppress(boxes: numpy.ndarray, iou: float) -> numpy.ndarray:
    """Suppresses M x 4 boxes by falling score greedily; returns the remaining indices: none overlaps a stronger one by over `iou`."""
    left = numpy.arange(len(boxes))
    keep = []
    while len(left):
        keep.append(left[0])
        left = left[1:][overlap(boxes[left[0]], boxes[left[1:]]) <= iou]
    return numpy.array(keep, dtype=int)


def vote(boxes: numpy.ndarray, scores: numpy.ndarray, landmarks: numpy.ndarray, iou: float) -> Detections:
    """Votes on boxes (arXiv 1505.01749, section 4): the strongest box and all with an overlap of `iou` or more become their mean by score.

    Boxes are by falling score; a group keeps its greatest score. Landmarks are averaged likewise.
    """
    left = numpy.arange(len(boxes))
    groups = []
    while len(left):
        near = overlap(boxes[left[0]], boxes[left]) >= iou
        near[0] = True
        weight = scores[left[near]] / scores[left[near]].sum()
        mean_box, mean_points = weight @ boxes[left[near]], numpy.tensordot(weight, landmarks[left[near]], axes=1)
        groups.append((mean_box, scores[left[0]], mean_points))
        left = left[~near]
    if not groups:
        return Detections(boxes, scores, landmarks)
    return Detections(*(numpy.array(column) for column in zip(*groups, strict=True)))
