"""Loads the C library and declares its interface (retinaface.h, which describes each function)."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_void_p
from pathlib import Path

from ._errors import Error, ModelError

BAD_MODEL, NO_MEMORY, NO_THREADS = -3, -9, -10
MESSAGE_BYTES = 512


class Options(ctypes.Structure):
    """`retinaface_options`."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("width", c_int32),
        ("height", c_int32),
        ("threshold", c_float),
        ("max_overlap", c_float),
        ("max_faces", c_int32),
        ("threads", c_int32),
        ("finds_large_faces", c_int32),
        ("isa", c_char_p),
        ("model", c_void_p),
        ("model_size", c_size_t),
        ("arena", c_void_p),
        ("arena_size", c_size_t),
        ("message", c_void_p),
        ("message_size", c_size_t),
    ]


class Image(ctypes.Structure):
    """`retinaface_image`."""

    _fields_ = [
        ("format", c_int32),
        ("width", c_int32),
        ("height", c_int32),
        ("planes", c_void_p * 3),
        ("strides", c_int32 * 3),
        ("is_full_range", c_int32),
    ]


class Face(ctypes.Structure):
    """`retinaface_face`; `points`: x and y of five landmarks."""

    _fields_ = [("score", c_float), ("box", c_float * 4), ("points", c_float * 10), ("id", c_int64)]


RGB, BGR, GRAY, RGBX, BGRX = 0, 1, 2, 7, 8
"""`retinaface_format`: those of arrays."""

ALIGNED_SIDE = 112


def _load() -> ctypes.CDLL:
    path = Path(__file__).with_name("libretinaface.so.0")
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"{path.name} cannot be loaded: {error}; install the wheel of this platform") from error
    signatures = {
        "options_default": (c_int32, [POINTER(Options), c_size_t]),
        "arena_size": (c_int32, [POINTER(Options), POINTER(c_size_t)]),
        "detector_create": (c_int32, [POINTER(Options), POINTER(c_void_p)]),
        "detector_destroy": (None, [c_void_p]),
        "detect": (c_int32, [c_void_p, POINTER(Image), POINTER(POINTER(Face))]),
        "tracker_create": (c_int32, [c_int32, c_int32, POINTER(c_void_p)]),
        "tracker_destroy": (None, [c_void_p]),
        "track": (c_int32, [c_void_p, c_double, POINTER(Face), c_int32, POINTER(POINTER(Face))]),
        "align": (c_int32, [POINTER(Image), POINTER(c_float), POINTER(c_uint8)]),
        "status_text": (c_char_p, [c_int32]),
        "version": (c_char_p, []),
        "isa": (c_size_t, [c_char_p, c_size_t]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, "retinaface_" + name)
        function.restype, function.argtypes = result, arguments
        setattr(library, name, function)
    return library


library = _load()


def check(status: int, message: str = "") -> int:
    """Returns a status of 0 or more. Raises the exception of a failure.

    message: the details, where the library gave some.
    """
    if status >= 0:
        return status
    text = message or library.status_text(status).decode()
    if status == BAD_MODEL:
        raise ModelError(text)
    if status == NO_MEMORY:
        raise MemoryError(text)
    if status == NO_THREADS:
        raise Error(text)
    raise ValueError(text)


def version() -> str:
    """Returns the version of the library."""
    text: bytes = library.version()
    return text.decode()


def instruction_sets() -> str:
    """Returns the instruction sets of this processor that have kernels, comma-separated: values for `Detector(isa=...)`."""
    text = ctypes.create_string_buffer(128)
    library.isa(text, len(text))
    return text.value.decode()
