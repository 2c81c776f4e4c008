"""Detects faces in arrays."""

from __future__ import annotations

import ctypes
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import _library
from ._errors import ModelError
from ._faces import Faces, elements_at, faces_of
from ._handle import Handle
from ._images import borrowed_image

Size = int | str | tuple[int, int] | None

_LONGEST_SIDE = 1920
"""Long side of the network's input for larger pictures, pixels, as in rf-cam."""
_MOST_HANDLES, _MOST_PIXELS = 32, 8_000_000
"""Detectors of different input sizes that are kept, and pixels of their inputs together: about 12 bytes each."""


class Detector:
    """Detects faces in pictures.

    A call may come from any thread; calls of one detector run one after the other. Detectors in several threads run side by side:
    the library releases Python's interpreter lock. A detector can be pickled: the copy is made from the arguments.
    """

    def __init__(
        self,
        size: Size = None,
        threshold: float = 0.5,
        max_overlap: float = 0.4,
        max_faces: int = 1000,
        threads: int = 1,
        large_faces: bool = True,
        model: str | os.PathLike[str] | bytes | None = None,
        isa: str | None = None,
    ):
        """Creates a detector.

        Args:
            size: size of the network's input. None: the picture's own size, at most 1920 pixels on the long side. "original": its own
                size. A number: its long side in pixels. (width, height): the picture is scaled to fit; best for films.
            threshold: minimum score of a face, 0 to 1.
            max_overlap: intersection over union above which the weaker of two faces is dropped, 0 to 1.
            max_faces: maximum number of faces per picture, strongest first.
            threads: threads of the network, 1 to 64. Several detectors with one thread each have a higher throughput.
            large_faces: also find faces that are larger than the anchors, for at most 12 % more time.
            model: a model file (.rfm), or its bytes. None: the model of the package.
            isa: instruction sets to use, comma-separated; None: all of the processor.

        Raises:
            ValueError: an argument is out of range.
            ModelError: the model cannot be read or is damaged.
        """
        self._size = _checked_size(size)
        self._model = _model_bytes(model)
        self._settings = {
            "threshold": float(threshold),
            "max_overlap": float(max_overlap),
            "max_faces": _integer("max_faces", max_faces),
            "threads": _integer("threads", threads),
            "finds_large_faces": int(bool(large_faces)),
            "isa": None if isa is None else isa.encode(),
        }
        self._begin()
        if isinstance(self._size, tuple):
            self._handle(self._size)
        else:
            # The sizes come with the pictures: checks the arguments without a detector.
            self._call(_library.library.arena_size, (64, 64), ctypes.c_size_t())

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._handles: OrderedDict[tuple[int, int], Handle] = OrderedDict()

    def __call__(self, image: Any, order: str = "rgb") -> Faces:
        """Returns the faces of a picture.

        Args:
            image: height x width x 3 (or 4: the last channel is ignored), or height x width for grey pictures; uint8. Read only.
            order: "rgb", or "bgr" as of OpenCV.

        Raises:
            ValueError, TypeError: the array is no picture, or has more than 100 megapixels.
        """
        view, array = borrowed_image(image, order)
        with self._lock:
            handle = self._handle(self._input_size(view.width, view.height))
            first = ctypes.POINTER(_library.Face)()
            count = _library.check(_library.library.detect(handle.pointer, view, first))
            del array  # its memory is in use until here
            return faces_of(elements_at(first, count))

    def _input_size(self, width: int, height: int) -> tuple[int, int]:
        """Returns the size of the network's input, as rf-cam's --size (InputSize.swift)."""
        if isinstance(self._size, tuple):
            return self._size
        longest = max(width, height)
        if isinstance(self._size, int):
            side = self._size
        else:
            side = longest if self._size == "original" else min(longest, _LONGEST_SIDE)
        return tuple(max(1, (length * side + longest // 2) // longest) for length in (width, height))  # type: ignore[return-value]

    def _handle(self, size: tuple[int, int]) -> Handle:
        """Returns the library's detector of an input size; the ones used last are kept."""
        if size in self._handles:
            self._handles.move_to_end(size)
            return self._handles[size]
        pointer = ctypes.c_void_p()
        self._call(_library.library.detector_create, size, pointer)
        handle = Handle(pointer, _library.library.detector_destroy, self._model)
        self._handles[size] = handle
        while len(self._handles) > 1 and (
            len(self._handles) > _MOST_HANDLES or sum(width * height for width, height in self._handles) > _MOST_PIXELS
        ):
            self._handles.popitem(last=False)
        return handle

    def _call(self, function: Callable[..., int], size: tuple[int, int], result: Any) -> None:
        """Calls a function of the library that takes options and writes a result. Raises the exception of a failure."""
        options, message = _library.Options(), ctypes.create_string_buffer(_library.MESSAGE_BYTES)
        _library.check(_library.library.options_default(options, ctypes.sizeof(options)))
        options.width, options.height = size
        for name, value in self._settings.items():
            setattr(options, name, value)
        if self._model is not None:
            options.model, options.model_size = self._model.ctypes.data, self._model.size
        options.message, options.message_size = ctypes.addressof(message), len(message)
        status = function(options, result)
        _library.check(status, message.value.decode(errors="replace"))

    def __getstate__(self) -> dict[str, Any]:
        return {"_size": self._size, "_model": self._model, "_settings": self._settings}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()


def _integer(name: str, value: Any) -> int:
    number = int(value)
    if number != value or not -(2**31) <= number < 2**31:
        raise ValueError(f"{name}: {value!r} is not valid; expected a whole number")
    return number


def _checked_size(size: Size) -> Size:
    if size is None or size == "original":
        return size
    sides = size if isinstance(size, (tuple, list)) else (size,)
    if isinstance(size, str) or len(sides) not in (1, 2):
        raise ValueError(f"size: {size!r} is not valid; expected None, 'original', a long side in pixels, or (width, height)")
    numbers = tuple(_integer("size", side) for side in sides)
    if min(numbers) < 1:
        raise ValueError(f"size: {size!r} is not valid; sides are 1 or more")
    return numbers[0] if len(numbers) == 1 else numbers  # type: ignore[return-value]


def _model_bytes(model: str | os.PathLike[str] | bytes | None) -> np.ndarray | None:
    if model is None:
        return None
    try:
        content = bytes(model) if isinstance(model, (bytes, bytearray, memoryview)) else Path(model).read_bytes()
    except OSError as error:
        raise ModelError(f"{os.fspath(model)!r}: {error.strerror}") from error
    if not content:
        raise ModelError("the model is empty")
    return np.frombuffer(content, np.uint8)
