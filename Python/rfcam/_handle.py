"""Owns an object of the library."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from typing import Any


class Handle:
    """A pointer of the library, freed with this object."""

    def __init__(self, pointer: ctypes.c_void_p, destroy: Callable[[ctypes.c_void_p], Any], *kept: object):
        """kept: objects that must exist as long as the library's object."""
        self.pointer = pointer
        self._kept = kept
        weakref.finalize(self, _destroy, destroy, pointer, kept)


def _destroy(destroy: Callable[[ctypes.c_void_p], Any], pointer: ctypes.c_void_p, _: object) -> None:
    destroy(pointer)
