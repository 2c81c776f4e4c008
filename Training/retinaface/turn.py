"""Pictures turned by an angle, with their faces: people tilt their heads, and lie down."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PIL import Image

from .data import AnnotatedPicture

TILT = 45.0
"""Degrees up to which most turns go either way."""

ANY_SHARE = 0.25
"""Share of the turns that go anywhere, upside down included."""


def draw_angle(rng: np.random.Generator) -> float:
    """Degrees, -180 to 180."""
    return rng.uniform(-180.0, 180.0) if rng.random() < ANY_SHARE else rng.uniform(-TILT, TILT)


def turn(image: Image.Image, picture: AnnotatedPicture, degrees: float, fill: tuple[int, int, int]) -> tuple[Image.Image, AnnotatedPicture]:
    """The whole picture turned clockwise about its centre, on a larger one whose corners are `fill`, and its faces there.

    A face fills its box as an ellipse; its new box is that of the turned ellipse, tighter than that of the turned corners.
    """
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    old = np.array(image.size, np.float32)
    to_new = np.array([[cosine, -sine], [sine, cosine]], np.float32)
    size = np.ceil(np.abs(to_new) @ old - 1e-3)

    def moved(points: np.ndarray) -> np.ndarray:
        return (points - old / 2) @ to_new.T + size / 2

    origin = old / 2 - to_new.T @ (size / 2)
    backwards = (cosine, sine, float(origin[0]), -sine, cosine, float(origin[1]))
    turned = image.transform(tuple(size.astype(int)), Image.Transform.AFFINE, backwards, Image.Resampling.BILINEAR, fillcolor=fill)
    corners = picture.boxes.reshape(-1, 2, 2)
    centres, halves = moved(corners.mean(axis=1)), (corners[:, 1] - corners[:, 0]) / 2
    reaches = np.sqrt(np.square(halves) @ np.square(to_new).T)
    boxes = np.concatenate([centres - reaches, centres + reaches], axis=1).astype(np.float32)
    landmarks = moved(picture.landmarks.reshape(-1, 5, 2)).reshape(-1, 10).astype(np.float32)
    return turned, replace(picture, boxes=boxes, landmarks=landmarks)
