"""WIDER FACE's evaluation protocol, vectorised: the results of the official MATLAB eval_tools, without their loops.

A detection belongs to the face with the greatest overlap. On an ignored face it is neither right nor wrong; a second one on a face is wrong
(evaluation.m). Scores are normalised over all pictures (norm_score.m). AP is the area under the VOC 2010 envelope (VOCap.m). Pictures
without an annotated face are left out, so false faces there have no effect; evaluate.py counts those separately. Two protocols:
OFFICIAL equals the MATLAB tools, with a pixel added to every side (boxoverlap.m) and 1000 thresholds; EXACT has neither and is the
protocol of the published figures (saturated scores near 1 fall between the 1000 thresholds).
"""

from __future__ import annotations

import dataclasses

import numpy

from .ground_truth import SETS, Picture

MEAN_AP_IOUS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))


@dataclasses.dataclass(frozen=True)
class Protocol:
    """`pixel`: added to widths and heights in areas. `threshold_count`: points of the curve; None: one at every score."""

    pixel: int
    threshold_count: int | None


OFFICIAL = Protocol(pixel=1, threshold_count=1000)
EXACT = Protocol(pixel=0, threshold_count=None)


@dataclasses.dataclass(frozen=True)
class Curve:
    """Precision and recall, 0...1, from the strictest threshold to the laxest; `ap` is the area under the envelope."""

    recall: numpy.ndarray
    precision: numpy.ndarray
    ap: float
    face_count: int


@dataclasses.dataclass(frozen=True)
class Result:
    """`curves`: set name -> curve at IoU 0.5. `mean_ap`: set name -> mean AP over IoU 0.5, 0.55 ... 0.95."""

    curves: dict[str, Curve]
    mean_ap: dict[str, float]

    @property
    def ap(self) -> dict[str, float]:
        """Returns set name -> AP at IoU 0.5."""
        return {name: curve.ap for name, curve in self.curves.items()}


@dataclasses.dataclass(frozen=True)
class _Matched:
    """Detections of all pictures in one array: normalised score, best face (index over all faces) and its IoU."""

    score: numpy.ndarray
    face: numpy.ndarray
    iou: numpy.ndarray


def overlaps(boxes: numpy.ndarray, others: numpy.ndarray, pixel: int = 0) -> numpy.ndarray:
    """Returns the intersection over union, every side `pixel` longer; 0 without an area. Shape: N x 4 and M x 4 (x y w h) -> N x M."""
    left_top = numpy.maximum(boxes[:, None, :2], others[None, :, :2])
    right_bottom = numpy.minimum((boxes[:, :2] + boxes[:, 2:])[:, None], (others[:, :2] + others[:, 2:])[None])
    sides = numpy.maximum(right_bottom - left_top + pixel, 0)
    intersection = sides[..., 0] * sides[..., 1]
    areas, other_areas = ((b[:, 2] + pixel) * (b[:, 3] + pixel) for b in (boxes, others))
    union = areas[:, None] + other_areas[None] - intersection
    return numpy.divide(intersection, union, out=numpy.zeros_like(union), where=union > 0)


def normalised_scores(predictions: list[numpy.ndarray]) -> list[numpy.ndarray]:
    """Scales the scores of all pictures so that the smallest of the set is 0 and the greatest 1; equal scores all become 1."""
    scores = numpy.concatenate([p[:, 4] for p in predictions]) if predictions else numpy.zeros(0)
    if not len(scores):
        return [numpy.zeros(0) for _ in predictions]
    low, high = scores.min(), scores.max()
    if high == low:
        return [numpy.ones(len(p)) for p in predictions]
    return [(p[:, 4] - low) / (high - low) for p in predictions]


def average_precision(recall: numpy.ndarray, precision: numpy.ndarray) -> float:
    """Returns the area under the envelope of a precision-recall curve with rising recall (VOCap.m)."""
    recall = numpy.concatenate([[0.0], recall, [1.0]])
    precision = numpy.concatenate([[0.0], precision, [0.0]])
    envelope = numpy.maximum.accumulate(precision[::-1])[::-1]
    return float(numpy.sum(numpy.diff(recall) * envelope[1:]))


def evaluate(
    pictures: list[Picture], predictions: dict[str, numpy.ndarray], protocol: Protocol = EXACT, ious: tuple[float, ...] = MEAN_AP_IOUS
) -> Result:
    """Runs the protocol on all sets.

    `predictions`: picture name -> M x 5 (x y w h score), in any order; a picture without an entry has no detections. `ious`: overlaps
    of the mean AP; curves are at 0.5.
    """
    matched = _match(pictures, [predictions.get(p.name, numpy.zeros((0, 5))) for p in pictures], protocol.pixel)
    counted = numpy.concatenate([p.counted for p in pictures]).T
    curves = {name: _curve(matched, counts, 0.5, protocol) for name, counts in zip(SETS, counted, strict=True)}
    mean_ap = {
        name: float(numpy.mean([_curve(matched, counts, iou, protocol).ap for iou in ious]))
        for name, counts in zip(SETS, counted, strict=True)
    }
    return Result(curves, mean_ap)


def _match(pictures: list[Picture], predictions: list[numpy.ndarray], pixel: int) -> _Matched:
    """Finds every detection's best face, in each picture by falling score; faces are numbered over the whole set."""
    parts: list[tuple[numpy.ndarray, ...]] = [(numpy.zeros(0), numpy.zeros(0, dtype=int), numpy.zeros(0))]
    first_face = 0
    for picture, prediction, score in zip(pictures, predictions, normalised_scores(predictions), strict=True):
        if len(picture.boxes) and len(prediction):
            order = numpy.argsort(-score, kind="stable")
            iou = overlaps(prediction[order, :4].astype(numpy.float64), picture.boxes, pixel)
            best = iou.argmax(axis=1)
            parts.append((score[order], best + first_face, iou[numpy.arange(len(best)), best]))
        first_face += len(picture.boxes)
    return _Matched(*(numpy.concatenate(column) for column in zip(*parts, strict=True)))


def _curve(matched: _Matched, counted: numpy.ndarray, iou: float, protocol: Protocol) -> Curve:
    """Returns the precision-recall curve of one set; `counted`: face -> True if it counts."""
    hit = matched.iou >= iou
    on_counted = numpy.zeros(len(hit), dtype=bool)
    on_counted[hit] = counted[matched.face[hit]]
    proposal = ~hit | on_counted
    # The first detection of a face finds it. unique() returns the first place, which within a picture is the strongest.
    candidates = numpy.flatnonzero(on_counted)
    found = numpy.zeros(len(hit), dtype=bool)
    found[candidates[numpy.unique(matched.face[candidates], return_index=True)[1]]] = True
    order = numpy.argsort(-matched.score, kind="stable")
    thresholds = _thresholds(matched.score, protocol.threshold_count)
    taken = numpy.searchsorted(-matched.score[order], -thresholds, side="right")
    proposals = numpy.concatenate([[0], numpy.cumsum(proposal[order])])[taken]
    hits = numpy.concatenate([[0], numpy.cumsum(found[order])])[taken]
    face_count = int(counted.sum())
    precision = hits / numpy.maximum(proposals, 1)
    recall = hits / max(face_count, 1)
    return Curve(recall, precision, average_precision(recall, precision), face_count)


def _thresholds(scores: numpy.ndarray, count: int | None) -> numpy.ndarray:
    """Returns falling thresholds, 1 - 1/count down to 0, or every score once so that the order of equal scores is irrelevant."""
    return numpy.unique(scores)[::-1] if count is None else 1 - numpy.arange(1, count + 1) / count
