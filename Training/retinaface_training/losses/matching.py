"""Assigns anchors to faces. Thresholds are RetinaFace's (arXiv 1905.00641, section 4.2).

An anchor is positive above IoU 0.5 and negative below 0.3, ignored between; the best anchor of every face is
positive at any IoU. Faces between the anchors' sizes, and below the smallest, would have that one
only: they get their few best anchors (scale compensation, S3FD, arXiv 1708.05237, section 3.2). Anchors over
ignored faces are never negative.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..network.anchors import corners

POSITIVE_IOU = 0.5
NEGATIVE_IOU = 0.3
COMPENSATED_IOU = 0.2
FEWEST_ANCHORS = 3
"""Minimum number of anchors per face, as far as that many have an IoU above `COMPENSATED_IOU`."""

NEGATIVE = -1
IGNORED = -2


def iou_matrix(boxes: Tensor, others: Tensor) -> Tensor:
    """Returns the intersection over union of ... x N x 4 and ... x M x 4 boxes (x1, y1, x2, y2), ... x N x M, in 0...1."""
    left, top, right, bottom = boxes[..., None].unbind(-2)
    other_left, other_top, other_right, other_bottom = others[..., None, :, :].unbind(-1)
    width = (torch.minimum(right, other_right) - torch.maximum(left, other_left)).clamp_(min=0)
    height = (torch.minimum(bottom, other_bottom) - torch.maximum(top, other_top)).clamp_(min=0)
    intersection = width.mul_(height)
    areas = (right - left) * (bottom - top) + (other_right - other_left) * (other_bottom - other_top)
    return intersection / areas.sub_(intersection).clamp_(min=1e-9)


def match(boxes: Tensor, ignored: Tensor, anchors: Tensor) -> Tensor:
    """Returns for each anchor (A x 4, centre form) the index of its face in `boxes` (F x 4), NEGATIVE or IGNORED.

    ignored: F booleans; such a face only keeps its anchors from being negative.
    """
    matches = torch.full((len(anchors),), NEGATIVE, dtype=torch.int64)
    if len(boxes) == 0:
        return matches
    overlaps = iou_matrix(boxes, corners(anchors))
    best_anchor = overlaps.argmax(dim=1)
    matches[(overlaps >= NEGATIVE_IOU).any(dim=0)] = IGNORED
    matches[best_anchor[ignored]] = IGNORED
    sought = (~ignored).nonzero()[:, 0]
    if len(sought) == 0:
        return matches
    best_overlap, best_face = overlaps[sought].max(dim=0)
    positive = best_overlap > POSITIVE_IOU
    matches[positive] = sought[best_face[positive]]
    # Small faces last: where two faces share an anchor, it goes to the one that has fewer others.
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
    by_size = sought[areas[sought].argsort(descending=True)]
    _compensate(matches, overlaps, by_size)
    for face in by_size.tolist():
        matches[best_anchor[face]] = face
    return matches


def _compensate(matches: Tensor, overlaps: Tensor, faces: Tensor) -> None:
    """Assigns their best free anchors to those `faces` with fewer than `FEWEST_ANCHORS`; later faces take anchors from earlier ones."""
    positive = matches >= 0
    counts = matches[positive].bincount(minlength=len(overlaps))
    lonely = faces[counts[faces] < FEWEST_ANCHORS]
    values, nearest = overlaps[lonely].topk(min(FEWEST_ANCHORS, overlaps.shape[1]), dim=1)
    for face, anchors, close in zip(lonely.tolist(), nearest, values >= COMPENSATED_IOU, strict=True):
        chosen = anchors[close]
        matches[chosen[~positive[chosen]]] = face
