"""Joins the answers of several teachers, and compares them with today's labels of a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy

from ..data.labels import AnnotatedPicture, LandmarkSource
from ..evaluation.detect import overlap
from .teachers import Found

SAME_FACE_IOU = 0.5
NEAR_IOU = 0.3
"""A detection that overlaps a labelled face by this much is about that face, whichever box is right."""

FACE, UNSURE = 0.5, 0.2
"""Mean scores of the teachers from which an unlabelled detection is a face, and from which it is no background."""

SURE_POINTS = 0.5
"""Score of the first teacher from which its points are learnt."""


@dataclass(frozen=True)
class Fused:
    """Faces of one picture by several teachers.

    scores: M, the mean over the teachers; first: M, the first teacher's score, 0 if it did not find the face; boxes, points: as `Found`.
    """

    scores: numpy.ndarray
    first: numpy.ndarray
    boxes: numpy.ndarray
    points: numpy.ndarray

    def inside(self, size: tuple[int, int]) -> Fused:
        """Returns the faces with their boxes cut to a picture of `size`; those without an area there are left out."""
        boxes = numpy.clip(self.boxes.reshape(-1, 2, 2), 0, size).reshape(-1, 4)
        keep = (boxes[:, 2:] - boxes[:, :2] >= 1).all(axis=1)
        return Fused(self.scores[keep], self.first[keep], boxes[keep], self.points[keep])


def fuse(parts: list[Found]) -> Fused:
    """Joins detections of the same face: boxes become their mean by score, points are the first teacher's where it found the face."""
    teacher = numpy.concatenate([numpy.full(len(part.scores), number) for number, part in enumerate(parts)])
    scores, boxes, points = (numpy.concatenate(column) for column in zip(*parts, strict=True))
    rows, left = [], numpy.ones(len(scores), bool)
    for place in numpy.argsort(-scores, kind="stable"):
        if not left[place]:
            continue
        group = left & (overlap(boxes[place], boxes) >= SAME_FACE_IOU)
        group[place] = True
        left &= ~group
        best = [scores[group & (teacher == number)].max(initial=0.0) for number in range(len(parts))]
        own = numpy.flatnonzero(group & (teacher == 0))
        source = own[scores[own].argmax()] if len(own) else place
        box = (boxes[group] * scores[group, None]).sum(axis=0) / scores[group].sum()
        rows.append((numpy.mean(best), best[0], box, points[source]))
    columns = zip(*rows, strict=True) if rows else (numpy.zeros(0), numpy.zeros(0), numpy.zeros((0, 4)), numpy.zeros((0, 5, 2)))
    return Fused(*(numpy.array(column) for column in columns))


@dataclass(frozen=True)
class Changes:
    """Numbers of faces: kept as they were, new, no longer background or faces, and with points that they lacked."""

    kept: int
    added: int
    ignored: int
    points: int


def corrected(picture: AnnotatedPicture, found: Fused, largest: float, human_boxes: bool) -> tuple[AnnotatedPicture, Changes]:
    """Corrects the labels of the faces up to `largest` pixels (longer side) where the teachers disagree with them.

    An unlabelled detection becomes a face if the teachers are sure of it, else it is no longer background. A labelled face that no teacher
    finds stays if `human_boxes`, else it is ignored. A face without points gets the first teacher's if that one is sure.
    """
    near = numpy.array([overlap(box, found.boxes) for box in picture.boxes]).reshape(len(picture.boxes), len(found.scores))
    landmarks, sources = picture.landmarks.copy(), picture.sources.copy()
    gets_points = unfound = numpy.zeros(len(sources), bool)
    if len(found.scores):
        best = near.argmax(axis=1)
        gets_points = (near.max(axis=1) >= SAME_FACE_IOU) & (sources == LandmarkSource.NONE) & (found.first[best] >= SURE_POINTS)
        landmarks[gets_points] = found.points[best[gets_points]].reshape(-1, 10)
        sources[gets_points] = LandmarkSource.TEACHER
    if not human_boxes:
        is_small = (picture.boxes[:, 2:] - picture.boxes[:, :2]).max(axis=1) <= largest
        unfound = is_small & (near.max(axis=1, initial=0.0) < NEAR_IOU) & (sources != LandmarkSource.HUMAN)
        sources[unfound] = LandmarkSource.IGNORED
    lengths = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1, initial=0.0)
    new = (near.max(axis=0, initial=0.0) < NEAR_IOU) & (lengths <= largest) & (found.scores >= UNSURE)
    is_face, has_points = found.scores[new] >= FACE, found.first[new] >= SURE_POINTS
    own = numpy.where(is_face, numpy.where(has_points, LandmarkSource.TEACHER, LandmarkSource.NONE), LandmarkSource.IGNORED)
    result = replace(
        picture,
        boxes=numpy.concatenate([picture.boxes, found.boxes[new]]).astype(numpy.float32),
        landmarks=numpy.concatenate([landmarks, found.points[new].reshape(-1, 10)]).astype(numpy.float32),
        sources=numpy.concatenate([sources, own]).astype(numpy.int8),
    )
    kept = len(sources) - int(unfound.sum())
    return result, Changes(kept, int(is_face.sum()), int((~is_face).sum() + unfound.sum()), int(gets_points.sum()))
