"""The multi-task loss of RetinaFace, equation (1): class + 0.25 box + 0.1 landmarks + 0.01 dense.

Classes: softmax cross entropy over the positives and the hardest negatives, three for one (OHEM). Boxes and landmarks:
smooth L1 of the encoded values, summed over the coordinates of positive anchors. All are divided by the positives' count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..network.anchors import decode_boxes, encode_boxes, encode_landmarks
from ..network.retinaface import Heads
from .matching import NEGATIVE, POSITIVE_IOU, iou_matrix

NEGATIVES_PER_POSITIVE = 3
NEGATIVES_WITHOUT_POSITIVES = 16
"""Hard negatives of a picture without a face, which has no positives to count from."""


@dataclass(frozen=True)
class LossWeights:
    """The balance of equation (1)'s terms.

    landmark_beta: error (in encoded units) from which the landmarks' smooth L1 is linear. Below 1, faces with nearly correct points have
    gradients as large as blurred ones with uncertain points. score_width: see `detection_losses`.
    """

    box: float = 0.25
    landmarks: float = 0.1
    dense: float = 0.01
    landmark_beta: float = 1.0
    score_width: float = 0.0


@dataclass
class Targets:
    """A batch's truth, faces padded to the largest count F.

    matches: N x A, index of an anchor's face, or `matching.NEGATIVE` or `matching.IGNORED`.
    boxes: N x F x 4 and landmarks: N x F x 10, input pixels. landmark_weights: N x F, 0 for a face without points.
    """

    matches: Tensor
    boxes: Tensor
    landmarks: Tensor
    landmark_weights: Tensor

    def to(self, device: torch.device) -> Targets:
        return Targets(*(getattr(self, name).to(device, non_blocking=True) for name in self.__dataclass_fields__))


DenseLoss = Callable[[Heads, Targets], Tensor]
"""Computes the fourth term of equation (1), for a network with a dense regression branch: the mean loss over the positives."""


def detection_losses(
    heads: Heads,
    targets: Targets,
    anchors: Tensor,
    dense: DenseLoss | None = None,
    landmark_beta: float = 1.0,
    score_width: float = 0.0,
) -> dict[str, Tensor]:
    """Returns the terms of equation (1), unweighted: "class", "box", "landmarks" and, with a `dense` term, "dense".

    score_width: 0 for a target score of 1 at every positive (the paper's); else the target is the probability that the predicted box
    is right, estimated by the logistic function of (IoU - 0.5) / score_width (compare VarifocalNet, arXiv 2008.13367): uncertain boxes of
    small faces then rank below certain ones of large faces.
    """
    positive = targets.matches >= 0
    count = positive.sum().clamp(min=1)
    picture, anchor = positive.nonzero(as_tuple=True)
    face = targets.matches[picture, anchor]
    own_anchors = anchors[anchor]
    points_weight = targets.landmark_weights[picture, face]
    points = encode_landmarks(targets.landmarks[picture, face], own_anchors)
    landmark_errors = functional.smooth_l1_loss(heads.landmarks[picture, anchor], points, reduction="none", beta=landmark_beta).sum(dim=1)
    goals = None
    if score_width > 0:
        goals = torch.ones_like(heads.classes[..., 0])
        goals[picture, anchor] = _chance_of_hit(heads.boxes[picture, anchor], targets.boxes[picture, face], own_anchors, score_width)
    losses = {
        "class": class_loss(heads.classes, targets.matches, goals) / count,
        "box": functional.smooth_l1_loss(
            heads.boxes[picture, anchor], encode_boxes(targets.boxes[picture, face], own_anchors), reduction="sum"
        )
        / count,
        "landmarks": (landmark_errors * points_weight).sum() / points_weight.sum().clamp(min=1),
    }
    if dense is not None:
        losses["dense"] = dense(heads, targets)
    return losses


@torch.no_grad()
def _chance_of_hit(encoded: Tensor, truth: Tensor, anchors: Tensor, width: float) -> Tensor:
    """Returns the target scores of P positives. encoded: P x 4; truth: P x 4, pixels; anchors: P x 4, centre form."""
    overlap = iou_matrix(decode_boxes(encoded, anchors)[:, None], truth[:, None])[:, 0, 0]
    return torch.sigmoid((overlap - POSITIVE_IOU) / width)


def class_loss(logits: Tensor, matches: Tensor, goals: Tensor | None = None) -> Tensor:
    """Returns the summed cross entropy of the positives and of each picture's hardest negatives.

    logits: N x A x 2; matches: N x A; goals: N x A, target scores of the positives in 0...1 (None: 1).
    """
    face_excess = logits[..., 1] - logits[..., 0]
    positive, negative = matches >= 0, matches == NEGATIVE
    as_background = functional.softplus(face_excess)
    mined = hardest_negatives(as_background, positive, negative)
    as_face = functional.softplus(-face_excess)
    if goals is not None:
        as_face = as_face + (1 - goals) * face_excess
    return (as_face * positive).sum() + (as_background * mined).sum()


def hardest_negatives(losses: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """Returns the negatives (N x A booleans) of the greatest loss, `NEGATIVES_PER_POSITIVE` for each positive of their picture."""
    with torch.no_grad():
        positives = positive.sum(dim=1, keepdim=True)
        wanted = torch.where(positives > 0, positives * NEGATIVES_PER_POSITIVE, NEGATIVES_WITHOUT_POSITIVES)
        most = min(int(wanted.max()), losses.shape[1])
        values, anchors = losses.masked_fill(~negative, -1.0).topk(most, dim=1)
        chosen = (torch.arange(most, device=losses.device)[None] < wanted) & (values >= 0)
        return torch.zeros_like(negative).scatter_(1, anchors, chosen)


def total(losses: dict[str, Tensor], weights: LossWeights) -> Tensor:
    """Returns the weighted sum of `detection_losses`."""
    result = losses["class"] + weights.box * losses["box"] + weights.landmarks * losses["landmarks"]
    return result + weights.dense * losses["dense"] if "dense" in losses else result
