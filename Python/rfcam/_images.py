"""Passes NumPy arrays to the library, without a copy where their memory permits it."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from . import _library

_FORMATS = {
    (3, "rgb"): _library.RGB,
    (3, "bgr"): _library.BGR,
    (4, "rgb"): _library.RGBX,
    (4, "bgr"): _library.BGRX,
}
_MAX_STRIDE = 2**30 - 1
_MAX_PIXELS = 100_000_000


def borrowed_image(image: Any, order: str) -> tuple[_library.Image, np.ndarray]:
    """Returns the library's view of an array, and the array that owns its memory.

    image: H x W (grey), H x W x 3 or H x W x 4 (the fourth channel is ignored), uint8. Rows may lie apart; other gaps cost a copy.
    order: "rgb" or "bgr". Raises ValueError or TypeError for other arrays.
    """
    array = np.asarray(image)
    if array.dtype != np.uint8:
        raise TypeError(f"image: the type of the elements is {array.dtype}; expected uint8")
    if order not in ("rgb", "bgr"):
        raise ValueError(f"order: {order!r} is not valid; expected 'rgb' or 'bgr'")
    if array.ndim == 2:
        channels, code = 1, _library.GRAY
    elif array.ndim == 3 and array.shape[2] in (3, 4):
        channels = array.shape[2]
        code = _FORMATS[channels, order]
    else:
        raise ValueError(f"image: the shape is {array.shape}; expected height x width, or height x width x 3 or 4")
    height, width = array.shape[:2]
    if height == 0 or width == 0:
        raise ValueError(f"image: the shape is {array.shape}; each side must be 1 or more")
    if height * width > _MAX_PIXELS:
        raise ValueError(f"image: the shape is {array.shape}; at most 100 megapixels are possible")
    if not _has_packed_pixels(array, channels) or not channels * width <= array.strides[0] <= _MAX_STRIDE:
        array = np.ascontiguousarray(array)
    view = _library.Image(code, width, height)
    view.planes[0] = array.ctypes.data
    view.strides[0] = array.strides[0]
    return view, array


def _has_packed_pixels(array: np.ndarray, channels: int) -> bool:
    """Returns true if the bytes of a row follow one another. (NumPy's strides of an axis of length 1 mean nothing.)"""
    is_packed = array.shape[1] == 1 or array.strides[1] == channels
    return is_packed and (array.ndim == 2 or array.strides[2] == 1) and (array.shape[0] > 1 or array.strides[0] > 0)


def pointer(values: np.ndarray, kind: Any) -> Any:
    """Returns a ctypes pointer to a contiguous array's elements."""
    return values.ctypes.data_as(ctypes.POINTER(kind))
