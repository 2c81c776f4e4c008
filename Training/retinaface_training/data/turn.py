"""Turns pictures by an angle, with their faces: people tilt their heads, and lie down."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PIL import Image

from .labels import AnnotatedPicture

TILT = 45.0
"""Limit of most turns, in degrees in either direction."""

ANY_SHARE = 0.25
"""Share of the turns by any angle, upside down included."""


def draw_angle(rng: np.random.Generator) -> float:
    """Draws an angle in degrees, -180 to 180."""
    return rng.uniform(-180.0, 180.0) if rng.random() < ANY_SHARE else rng.uniform(-TILT, TILT)


class TurnedImage:
    """A picture turned clockwise about its centre, on a larger one with corners of `fill`. Only parts that `resize` returns are drawn."""

    def __init__(self, image: Image.Image, degrees: float, fill: tuple[int, int, int]):
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        self.image, self.fill = image, fill
        self.to_new = np.array([[cosine, -sine], [sine, cosine]])
        self.centre = np.array(image.size) / 2
        self.size = tuple(np.ceil(np.abs(self.to_new) @ image.size - 1e-3).astype(int).tolist())
        self.width, self.height = self.size
        self.new_centre = np.array(self.size) / 2

    def moved(self, points: np.ndarray) -> np.ndarray:
        """Converts points (... x 2) of the picture to this one."""
        return ((points - self.centre) @ self.to_new.T + self.new_centre).astype(np.float32)

    def resize(
        self, size: tuple[int, int], resample: int, box: tuple[float, float, float, float], reducing_gap: float | None = None
    ) -> Image.Image:
        """Returns the part `box` at `size`, like `Image.resize`: the picture is scaled, then turned."""
        corners = np.array([[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]])
        old_corners = (corners - self.new_centre) @ self.to_new + self.centre
        low = np.clip(np.floor(old_corners.min(axis=0)) - 1, 0, np.array(self.image.size) - 1)
        high = np.clip(np.ceil(old_corners.max(axis=0)) + 1, low + 1, self.image.size)
        step = np.array([(box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]])
        reduced = np.maximum(1, np.round((high - low) * min(1.0, 1.0 / step.max()))).astype(int)
        part = self.image.resize(tuple(reduced.tolist()), resample, box=(*low.tolist(), *high.tolist()), reducing_gap=reducing_gap)
        scale = reduced / (high - low)
        backwards = scale[:, None] * self.to_new.T * step
        offset = (old_corners[0] - low) * scale
        values = (*backwards[0], offset[0], *backwards[1], offset[1])
        return part.transform(size, Image.Transform.AFFINE, tuple(map(float, values)), resample, fillcolor=self.fill)


def turn(image: Image.Image, picture: AnnotatedPicture, degrees: float, fill: tuple[int, int, int]) -> tuple[TurnedImage, AnnotatedPicture]:
    """Turns the whole picture clockwise by `degrees`, with its faces.

    A face fills its box as an ellipse; its new box is that of the turned ellipse, tighter than that of the turned corners.
    """
    turned = TurnedImage(image, degrees, fill)
    corners = picture.boxes.reshape(-1, 2, 2)
    centres, halves = turned.moved(corners.mean(axis=1)), (corners[:, 1] - corners[:, 0]) / 2
    reaches = np.sqrt(np.square(halves) @ np.square(turned.to_new).T)
    boxes = np.concatenate([centres - reaches, centres + reaches], axis=1).astype(np.float32)
    landmarks = turned.moved(picture.landmarks.reshape(-1, 5, 2)).reshape(-1, 10)
    return turned, replace(picture, boxes=boxes, landmarks=landmarks)
