"""The faces of one picture."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _library

FACE = np.dtype([("score", "f4"), ("box", "f4", 4), ("points", "f4", (5, 2)), ("id", "i8")], align=True)
"""`retinaface_face` as an element of an array."""
assert FACE.itemsize == ctypes.sizeof(_library.Face)


@dataclass(frozen=True)
class Faces:
    """The faces of a picture, strongest first. Coordinates are pixels of the picture; (0, 0) is the corner of the top left pixel.

    Attributes:
        scores: (N,) float32, 0 to 1.
        boxes: (N, 4) float32: left, top, right and bottom edge. They may lie outside the picture.
        landmarks: (N, 5, 2) float32: x and y of left eye, right eye, nose, left and right corner of the mouth, as seen in the picture.
        ids: (N,) int64: 0; after `Tracker.update` 1 or more, the same for a face in all pictures of a film.
    """

    scores: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)


def faces_of(elements: np.ndarray) -> Faces:
    """Copies elements of type FACE."""
    return Faces(elements["score"].copy(), elements["box"].copy(), elements["points"].copy(), elements["id"].copy())


def elements_at(first: Any, count: int) -> np.ndarray:
    """Returns a view of `count` faces in the library's memory, valid until its next call."""
    if count == 0:
        return np.zeros(0, FACE)
    memory: Any = (ctypes.c_char * (count * FACE.itemsize)).from_address(ctypes.addressof(first.contents))
    return np.frombuffer(memory, FACE)


def elements_of(faces: Faces) -> np.ndarray:
    """Returns faces as elements of type FACE. Raises ValueError if the arrays' shapes do not fit."""
    count = len(faces)
    elements = np.zeros(count, FACE)
    arrays = {"score": (faces.scores, (count,)), "box": (faces.boxes, (count, 4)), "points": (faces.landmarks, (count, 5, 2))}
    for name, (values, shape) in arrays.items():
        values = np.asarray(values)
        if values.shape != shape:
            raise ValueError(f"faces: the shape of {name} is {values.shape}; expected {shape}")
        elements[name] = values
    return elements
