"""Crops faces for recognition networks."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from . import _library
from ._images import borrowed_image, pointer


def align(image: Any, landmarks: Any, order: str = "rgb") -> np.ndarray:
    """Returns the faces of a picture rotated and scaled to 112 x 112 pixels, so that their landmarks match ArcFace's template.

    Args:
        image: as for `Detector`.
        landmarks: N x 5 x 2, as of `Faces.landmarks`, or 5 x 2 for one face; pixels.
        order: the image's, "rgb" or "bgr".

    Returns:
        N x 112 x 112 x 3 (one face: 112 x 112 x 3), uint8, always R G B; black outside the picture.

    Raises:
        ValueError, TypeError: the array is no picture, or the five points of a face coincide or are not finite.
    """
    points = np.ascontiguousarray(landmarks, np.float32)
    if points.shape[-2:] != (5, 2) or points.ndim not in (2, 3):
        raise ValueError(f"landmarks: the shape is {points.shape}; expected N x 5 x 2 or 5 x 2")
    view, array = borrowed_image(image, order)
    side = _library.ALIGNED_SIDE
    faces = points.reshape(-1, 5, 2)
    aligned = np.zeros((len(faces), side, side, 3), np.uint8)
    for face, crop in zip(faces, aligned, strict=True):
        _library.check(_library.library.align(view, pointer(face, ctypes.c_float), pointer(crop, ctypes.c_uint8)))
    del array  # its memory is in use until here
    return aligned.reshape(points.shape[:-2] + (side, side, 3))
