"""Anchors, and boxes and landmarks relative to them.

Square anchors centred on every cell of every level, ordered level, y, x, anchor. The encoding with variances
0.1 (positions) and 0.2 (log sizes) is SSD's (arXiv 1512.02325); the published models share it.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from .config import STRIDES, Anchors

VARIANCES = (0.1, 0.2)
MEAN_BGR = (104.0, 117.0, 123.0)
"""ImageNet mean of the published backbone, subtracted from the blue, green and red byte."""


@lru_cache(maxsize=256)
def make_anchors(width: int, height: int, sides: Anchors, strides: tuple[int, ...] = STRIDES) -> Tensor:
    """Makes the anchors of an input of `width` x `height` pixels; `sides` and `strides` in input pixels, per level, finest first.

    Returns A x 4: centre x, centre y, width, height in input pixels. Feature maps round up. Shared: do not change it in place.
    """
    levels = []
    for stride, level_sides in zip(strides, sides, strict=True):
        ys = (torch.arange(-(-height // stride)) + 0.5) * stride
        xs = (torch.arange(-(-width // stride)) + 0.5) * stride
        lengths = torch.tensor(level_sides, dtype=torch.float32)
        y, x, side = torch.meshgrid(ys, xs, lengths, indexing="ij")
        levels.append(torch.stack([x, y, side, side], dim=-1).reshape(-1, 4))
    return torch.cat(levels)


@lru_cache(maxsize=256)
def shared_anchors(width: int, height: int, ours: Anchors, theirs: Anchors) -> tuple[Tensor, Tensor] | None:
    """Returns the places, in the anchors of each of two networks, of the anchors that both have: the same level, cell and side.

    width, height: of the input in pixels. Returns None if all anchors are the same. Shared: do not change it in place.
    """
    if ours == theirs:
        return None
    starts, places = [0, 0], ([], [])
    for stride, our_sides, their_sides in zip(STRIDES, ours, theirs, strict=True):
        cells = torch.arange(-(-width // stride) * -(-height // stride))
        both = [side for side in our_sides if side in their_sides]
        for number, sides in enumerate((our_sides, their_sides)):
            places[number].extend(starts[number] + cells * len(sides) + sides.index(side) for side in both)
            starts[number] += len(cells) * len(sides)
    none = torch.zeros(0, dtype=torch.int64)
    return torch.cat([none, *places[0]]), torch.cat([none, *places[1]])


def corners(anchors: Tensor) -> Tensor:
    """Converts ... x 4 anchors from centre form to x1, y1, x2, y2."""
    return torch.cat([anchors[..., :2] - anchors[..., 2:] / 2, anchors[..., :2] + anchors[..., 2:] / 2], dim=-1)


def encode_boxes(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Encodes ... x 4 boxes (x1, y1, x2, y2 in pixels, wider and higher than 0) relative to their anchors (centre form)."""
    centres = (boxes[..., :2] + boxes[..., 2:]) / 2
    offsets = (centres - anchors[..., :2]) / (anchors[..., 2:] * VARIANCES[0])
    scales = torch.log((boxes[..., 2:] - boxes[..., :2]) / anchors[..., 2:]) / VARIANCES[1]
    return torch.cat([offsets, scales], dim=-1)


def decode_boxes(encoded: Tensor, anchors: Tensor) -> Tensor:
    """Inverts `encode_boxes`: returns x1, y1, x2, y2 in pixels."""
    centres = anchors[..., :2] + encoded[..., :2] * VARIANCES[0] * anchors[..., 2:]
    sizes = anchors[..., 2:] * torch.exp(encoded[..., 2:] * VARIANCES[1])
    return torch.cat([centres - sizes / 2, centres + sizes / 2], dim=-1)


def encode_landmarks(landmarks: Tensor, anchors: Tensor) -> Tensor:
    """Encodes ... x 10 points (x, y five times, pixels) relative to their anchors."""
    points = landmarks.unflatten(-1, (5, 2))
    return ((points - anchors[..., None, :2]) / (anchors[..., None, 2:] * VARIANCES[0])).flatten(-2)


def decode_landmarks(encoded: Tensor, anchors: Tensor) -> Tensor:
    """Inverts `encode_landmarks`: returns ... x 10 in pixels."""
    points = encoded.unflatten(-1, (5, 2))
    return (anchors[..., None, :2] + points * VARIANCES[0] * anchors[..., None, 2:]).flatten(-2)
