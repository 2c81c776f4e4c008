"""Distillation from a teacher detector with the same anchors, on the training crops, besides the annotation.

Three terms: softened class scores on every anchor (Hinton, arXiv 1503.02531), boxes and landmarks where the teacher's
score is high, and features: the pyramid's taps and the context modules' outputs, after a ReLU, each divided by the teacher's power.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from ..network.anchors import decode_boxes
from ..network.retinaface import Heads, RetinaFace
from .detection import Targets
from .matching import IGNORED, NEGATIVE, POSITIVE_IOU, iou_matrix

TEMPERATURE = 2.0
SURE_SCORE = 0.3
"""Minimum face score of the teacher at which its box and landmarks are learnt."""

MISSED_SCORE = 0.5
"""Face score of the teacher below which the anchor of an annotated face does not learn the teacher's class."""


@dataclass(frozen=True)
class DistillWeights:
    """The balance of the terms; `features` fades to a tenth of itself over the run."""

    classes: float = 1.0
    box: float = 0.25
    landmarks: float = 0.1
    features: float = 10.0

    def faded(self, progress: float) -> float:
        """Returns the weight of the feature term at `progress` 0...1."""
        return self.features * (1.0 - 0.9 * progress)


@dataclass
class Observation:
    """Outputs of a network for a batch: taps and context outputs, one per level each, and heads."""

    taps: list[Tensor]
    contexts: list[Tensor]
    heads: Heads


def observe(network: RetinaFace, images: Tensor, precision: torch.dtype) -> Observation:
    """Runs a network; convolutions in `precision`, heads in float32."""
    with torch.autocast(images.device.type, dtype=precision, enabled=precision != torch.float32):
        taps = network.backbone(images)
        contexts = network.contexts(taps)
    return Observation(taps, contexts, network.heads([context.float() for context in contexts]))


Places = tuple[Tensor, Tensor] | None
"""The anchors that student and teacher share, as places in the anchors of each (`anchors.shared_anchors`); None: all of them."""


def without_contradictions(targets: Targets, teacher: Heads, anchors: Tensor, shared: Places = None) -> Targets:
    """Returns `targets` with those negatives ignored that the teacher moves onto an annotated face with a high score.

    Their IoU is too low for the annotation, but they detect the face (HAMBox, arXiv 1912.09231): a target of
    background here and of a face in the next term contradict each other and lower the scores of small faces.
    anchors: A x 4, centre form, of the targets.
    """
    if shared is not None:
        anchors, matches, teacher = anchors[shared[0]], targets.matches[:, shared[0]], _selected(teacher, shared[1])
    else:
        matches = targets.matches.clone()
    sure = teacher.classes.softmax(dim=-1)[..., 1] > SURE_SCORE
    picture, anchor = (sure & (matches == NEGATIVE)).nonzero(as_tuple=True)
    moved = decode_boxes(teacher.boxes[picture, anchor], anchors[anchor])
    on_face = iou_matrix(moved[:, None], targets.boxes[picture]).amax(dim=(1, 2)) > POSITIVE_IOU
    matches[picture[on_face], anchor[on_face]] = IGNORED
    if shared is not None:
        matches = targets.matches.index_copy(1, shared[0], matches)
    return replace(targets, matches=matches)


def distillation_losses(
    student: Observation,
    teacher: Observation,
    targets: Targets,
    landmark_beta: float = 1.0,
    shared: Places = None,
    features: bool = True,
) -> dict[str, Tensor]:
    """Returns the terms, unweighted; the one of the features only if asked for.

    The teacher's errors are not learnt: face-free pictures and missed faces use the annotation.
    """
    faceless = (targets.matches == NEGATIVE).all(dim=1)
    matches, ours, theirs = targets.matches, student.heads, teacher.heads
    if shared is not None:
        matches, ours, theirs = matches[:, shared[0]], _selected(ours, shared[0]), _selected(theirs, shared[1])
    score = theirs.classes.softmax(dim=-1)[..., 1] * ~faceless[:, None]
    count = ((score > SURE_SCORE) | (matches >= 0)).sum().clamp(min=1)
    sure = score * (score > SURE_SCORE)
    missed = (matches >= 0) & (score < MISSED_SCORE)
    divergence = _class_divergence(ours.classes, theirs.classes) * ~(faceless[:, None] | missed)
    losses = {
        "teacher_class": divergence.sum() / count,
        "teacher_box": _regression_error(ours.boxes, theirs.boxes, sure),
        "teacher_landmarks": _regression_error(ours.landmarks, theirs.landmarks, sure, landmark_beta),
    }
    if features:
        losses["teacher_features"] = _feature_error(student.taps + student.contexts, teacher.taps + teacher.contexts)
    return losses


def _selected(heads: Heads, places: Tensor) -> Heads:
    """Returns the outputs of some anchors."""
    return Heads(*(values[:, places] for values in heads))


def total(losses: dict[str, Tensor], weights: DistillWeights, progress: float) -> Tensor:
    """Returns the weighted sum of `distillation_losses` at `progress` 0...1 of the run."""
    result = (
        weights.classes * losses["teacher_class"] + weights.box * losses["teacher_box"] + weights.landmarks * losses["teacher_landmarks"]
    )
    return result + weights.faded(progress) * losses["teacher_features"] if "teacher_features" in losses else result


def _regression_error(student: Tensor, teacher: Tensor, weights: Tensor, beta: float = 1.0) -> Tensor:
    """Returns the smooth L1 of N x A x values, summed over the values, as the mean weighted by N x A `weights`."""
    errors = functional.smooth_l1_loss(student, teacher, reduction="none", beta=beta).sum(dim=-1)
    return (errors * weights).sum() / weights.sum().clamp(min=1)


def _class_divergence(student: Tensor, teacher: Tensor) -> Tensor:
    """Returns the Kullback-Leibler divergence of the softened scores, N x A, times the squared temperature."""
    ours = (student[..., 1] - student[..., 0]) / TEMPERATURE
    theirs = (teacher[..., 1] - teacher[..., 0]) / TEMPERATURE
    face = theirs.sigmoid()
    cross_entropy = functional.softplus(ours) - face * ours
    entropy = functional.softplus(theirs) - face * theirs
    return (cross_entropy - entropy) * TEMPERATURE**2


def _feature_error(student: list[Tensor], teacher: list[Tensor]) -> Tensor:
    """Returns the mean over the maps of the squared error over the teacher's power."""
    errors = []
    for ours, theirs in zip(student, teacher, strict=True):
        theirs = theirs.float().relu()
        errors.append(functional.mse_loss(ours.float(), theirs) / theirs.square().mean().clamp(min=1e-6))
    return torch.stack(errors).mean()
