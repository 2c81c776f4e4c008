"""Follows faces through a film."""

from __future__ import annotations

import ctypes
import threading

from . import _library
from ._faces import Faces, elements_at, elements_of, faces_of
from ._handle import Handle
from ._images import pointer


class Tracker:
    """Gives a face the same id in all pictures of one film. A call may come from any thread."""

    def __init__(self, max_faces: int = 1000, smooth: bool = False):
        """Creates a tracker.

        Args:
            max_faces: maximum number of faces per picture, 1 or more.
            smooth: steadier boxes and landmarks; those of a moving face lag by at most a 25th of its size.

        Raises:
            ValueError: `max_faces` is out of range.
        """
        self._lock = threading.Lock()
        created = ctypes.c_void_p()
        _library.check(_library.library.tracker_create(max_faces, int(bool(smooth)), created))
        self._handle = Handle(created, _library.library.tracker_destroy)

    def update(self, faces: Faces, seconds: float) -> Faces:
        """Returns the faces of the next picture with ids, in the same order.

        Args:
            faces: the detector's result for the picture.
            seconds: time of the picture in the film. Gaps and jumps are allowed.

        Raises:
            ValueError: there are more than `max_faces`, or a coordinate is not within -1e9 to 1e9. The film continues as if there was
                no call.
        """
        elements = elements_of(faces)
        with self._lock:
            first = ctypes.POINTER(_library.Face)()
            count = _library.library.track(self._handle.pointer, float(seconds), pointer(elements, _library.Face), len(elements), first)
            return faces_of(elements_at(first, _library.check(count)))

    def __getstate__(self) -> None:
        raise TypeError("a Tracker cannot be pickled: its state belongs to one film")
