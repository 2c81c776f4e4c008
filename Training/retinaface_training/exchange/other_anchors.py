"""Converts the heads of an exported model to other anchors, so that training can start from it.

A box or a landmark is encoded relative to its anchor. Relative to another one of the same cell, the same box is a linear function of the
same features: the new anchor's head detects what the nearest old anchor of its level detects.
"""

from __future__ import annotations

import math

import numpy

from ..network.anchors import VARIANCES
from ..network.config import LEVELS, Anchors
from .graph import ROLES


def with_anchors(tensors: dict[str, numpy.ndarray], old: Anchors, new: Anchors) -> dict[str, numpy.ndarray]:
    """Returns the weights of a RetinaFace (`model_file.read`) whose heads are for the anchors `new` instead of `old`."""
    result = dict(tensors)
    for level, old_sides, new_sides in zip(LEVELS, old, new, strict=True):
        nearest = [min(range(len(old_sides)), key=lambda place: abs(math.log(old_sides[place] / side))) for side in new_sides]
        for role, count in ROLES.items():
            weight, bias = (tensors[f"head{level}.{role}.{kind}"] for kind in ("weight", "bias"))
            rows = [
                _converted(weight[place * count :][:count], bias[place * count :][:count], role, old_sides[place] / side)
                for place, side in zip(nearest, new_sides, strict=True)
            ]
            for kind, parts in zip(("weight", "bias"), zip(*rows, strict=True), strict=True):
                result[f"head{level}.{role}.{kind}"] = numpy.concatenate(parts)
    return result


def _converted(weight: numpy.ndarray, bias: numpy.ndarray, role: str, ratio: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Converts one anchor's rows of a head. ratio: old side / new side."""
    scale, shift = numpy.ones(len(bias), numpy.float32), numpy.zeros(len(bias), numpy.float32)
    if role == "box":
        scale[:2], shift[2:] = ratio, math.log(ratio) / VARIANCES[1]
    elif role == "landmarks":
        scale[:] = ratio
    return weight * scale[:, None, None, None], bias * scale + shift
