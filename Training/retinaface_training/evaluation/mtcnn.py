"""MTCNN (arXiv 1604.02878), the detector that RetinaFace's paper compares landmarks and verification with.

Three small networks: P-Net proposes boxes on a pyramid of the picture, R-Net rejects most of them, O-Net gives the final boxes, scores and
points. Weights are those of facenet-pytorch 2.6.0 (MIT), files pnet.pt, rnet.pt and onet.pt of its wheel's facenet_pytorch/data.
"""

from __future__ import annotations

from pathlib import Path

import numpy
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from .detect import NO_FACES, read_picture
from .predictions import Detections
from .predictors import Answer

SMALLEST_FACE = 12
"""Pixels: P-Net's window; the pyramid's finest level is the picture itself."""

SHRINKING = 0.709
"""Ratio of two levels of the pyramid."""

SCORES = (0.6, 0.7, 0.7)
"""Minimum scores of the three networks: the authors' values."""

Weights = dict[str, Tensor]
Boxes = numpy.ndarray
"""M x 4: x1, y1, x2, y2 in pixels of the picture."""


class Mtcnn:
    """The detector; `predict` makes it a predictor (predictors.py)."""

    def __init__(self, folder: Path) -> None:
        """Loads the weights. Raises OSError, or ValueError for files that are not MTCNN's."""
        names = ("pnet", "rnet", "onet")
        self.proposal, self.refinement, self.output = (torch.load(folder / f"{name}.pt", weights_only=True) for name in names)
        for name, weights, last in zip(
            names, (self.proposal, self.refinement, self.output), ("conv4_2", "dense5_2", "dense6_3"), strict=True
        ):
            if f"{last}.weight" not in weights:
                raise ValueError(f"{folder / name}.pt: is not the {name} of facenet-pytorch")

    def predict(self, images: Path, names: list[str], title: str) -> Answer:
        return {name: self.detect(read_picture(images / name)) for name in names}, []

    @torch.inference_mode()
    def detect(self, picture: Image.Image) -> Detections:
        """Returns the faces of an RGB picture, strongest first, in its own pixels."""
        boxes = _square(self._propose(picture))
        scores, moves, _ = _second_stage(self.refinement, _crops(picture, boxes, 24), pools=((3, 2), (3, 2), None), first_dense=4)
        keep = scores > SCORES[1]
        boxes, scores, moves = boxes[keep], scores[keep], moves[keep]
        keep = _suppress(boxes, scores, 0.7)
        boxes = _square(boxes[keep] + moves[keep] * _lengths(boxes[keep], 1))
        scores, moves, points = _second_stage(self.output, _crops(picture, boxes, 48), pools=((3, 2), (3, 2), (2, 2), None), first_dense=5)
        keep = scores > SCORES[2]
        boxes, scores, moves, points = boxes[keep], scores[keep], moves[keep], points[keep]
        if not len(boxes):
            return NO_FACES
        sides = _lengths(boxes, 1)[:, None, :2]
        points = points.reshape(-1, 2, 5).transpose(0, 2, 1) * sides + boxes[:, None, :2] - 1
        boxes = boxes + moves * _lengths(boxes, 1)
        keep = _suppress(boxes, scores, 0.7, by_smaller=True)
        return Detections.sorted(boxes[keep], scores[keep], points[keep])

    def _propose(self, picture: Image.Image) -> Boxes:
        """Returns the boxes of P-Net over the whole pyramid."""
        boxes, scores = [numpy.zeros((0, 4))], [numpy.zeros(0)]
        moves = [numpy.zeros((0, 4))]
        scale = 12 / SMALLEST_FACE
        while min(picture.size) * scale >= 12:
            width, height = (int(side * scale + 1) for side in picture.size) if scale != 1 else picture.size
            features = _input(picture.resize((width, height), Image.Resampling.BOX))[None]
            for number, pool in enumerate(((2, 2), None, None), start=1):
                features = _layer(self.proposal, number, features, pool)
            score = _convolve(self.proposal, "conv4_1", features).softmax(1)[0, 1].numpy()
            move = _convolve(self.proposal, "conv4_2", features)[0].numpy()
            y, x = numpy.nonzero(score >= SCORES[0])
            own = numpy.stack([x * 2 + 1, y * 2 + 1, x * 2 + 12, y * 2 + 12], axis=1) / scale
            keep = _suppress(own, score[y, x], 0.5)
            boxes.append(own[keep])
            scores.append(score[y, x][keep])
            moves.append(move[:, y, x].T[keep])
            scale *= SHRINKING
        found, moved = numpy.concatenate(boxes), numpy.concatenate(moves)
        keep = _suppress(found, numpy.concatenate(scores), 0.7)
        return found[keep] + moved[keep] * _lengths(found[keep])


def _input(pixels: Image.Image) -> Tensor:
    return (torch.from_numpy(numpy.array(pixels)).permute(2, 0, 1).float() - 127.5) / 128


def _convolve(weights: Weights, name: str, features: Tensor) -> Tensor:
    return functional.conv2d(features, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _layer(weights: Weights, number: int, features: Tensor, pool: tuple[int, int] | None) -> Tensor:
    features = functional.prelu(_convolve(weights, f"conv{number}", features), weights[f"prelu{number}.weight"])
    return functional.max_pool2d(features, *pool, ceil_mode=True) if pool else features


def _second_stage(weights: Weights, crops: Tensor, pools: tuple, first_dense: int) -> tuple[numpy.ndarray, ...]:
    """Runs R-Net or O-Net on N crops; returns scores (N), moves of the box (N x 4) and points (N x 10; R-Net: N x 0)."""
    if not len(crops):
        return numpy.zeros(0), numpy.zeros((0, 4)), numpy.zeros((0, 10))
    for number, pool in enumerate(pools, start=1):
        crops = _layer(weights, number, crops, pool)
    flat = crops.permute(0, 3, 2, 1).flatten(1)  # the authors' order: x, y, channel

    def dense(name: str, values: Tensor) -> Tensor:
        return functional.linear(values, weights[f"{name}.weight"], weights[f"{name}.bias"])

    flat = functional.prelu(dense(f"dense{first_dense}", flat), weights[f"prelu{first_dense}.weight"])
    last = f"dense{first_dense + 1}"
    points = dense(f"{last}_3", flat) if f"{last}_3.weight" in weights else flat[:, :0]
    return dense(f"{last}_1", flat).softmax(1)[:, 1].numpy(), dense(f"{last}_2", flat).numpy(), points.numpy()


def _crops(picture: Image.Image, boxes: Boxes, side: int) -> Tensor:
    """Returns N x 3 x side x side; outside the picture is black."""
    cut = [
        _input(picture.crop((x1, y1, max(x2, x1) + 1, max(y2, y1) + 1)).resize((side, side), Image.Resampling.BOX))
        for x1, y1, x2, y2 in numpy.trunc(boxes).astype(int).tolist()
    ]
    return torch.stack(cut) if cut else torch.zeros(0, 3, side, side)


def _lengths(boxes: Boxes, pixel: int = 0) -> numpy.ndarray:
    """Returns width, height, width, height: M x 4. pixel: added to each."""
    return numpy.tile(boxes[:, 2:] - boxes[:, :2] + pixel, 2)


def _square(boxes: Boxes) -> Boxes:
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return numpy.concatenate([centres - half, centres + half], axis=1)


def _suppress(boxes: Boxes, scores: numpy.ndarray, limit: float, by_smaller: bool = False) -> numpy.ndarray:
    """Returns the indices of the boxes that stay, strongest first. by_smaller: overlap relative to the smaller box, not to the union."""
    order, keep = numpy.argsort(-scores), []
    areas = (boxes[:, 2:] - boxes[:, :2] + 1).prod(axis=1)
    while len(order):
        first, rest = order[0], order[1:]
        keep.append(first)
        low, high = numpy.maximum(boxes[first, :2], boxes[rest, :2]), numpy.minimum(boxes[first, 2:], boxes[rest, 2:])
        common = numpy.maximum(high - low + 1, 0).prod(axis=1)
        whole = numpy.minimum(areas[first], areas[rest]) if by_smaller else areas[first] + areas[rest] - common
        order = rest[common / whole <= limit]
    return numpy.array(keep, int)
