"""Reads picture files: the only reader of the training, the evaluation and the benchmarks.

Labels, predictions and rf-cam must refer to the same pixels. Pictures are upright according to their EXIF orientation, as viewers show
them, and have at most as many pixels as rf-cam accepts. The module needs Pillow and numpy only, because the benchmarks use it too.
"""

from __future__ import annotations

import io
import os
import re
import warnings
from pathlib import Path

import numpy
from PIL import Image

MOST_PIXELS = 100_000_000
"""Limit of rf-cam. A small file can declare far more (a decompression bomb)."""

_ORIENTATION = 0x0112
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDES_SWAPPED = (5, 6, 7, 8)

# Pillow's own limits: a warning at 89 megapixels, an error at twice as many. _open has one limit and always an error.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class PictureError(Exception):
    """A picture cannot be read. The message names the file; `reason` is the rest of it."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


def _error(path: str | os.PathLike, reason: str) -> PictureError:
    return PictureError(f"{path}: {reason}", reason)


def read_picture(path: str | os.PathLike) -> Image.Image:
    """Reads an upright RGB picture with 8 bits per channel. Raises PictureError."""
    try:
        with _open(path) as picture:
            rgb = _decoded(picture, path)
            turn = _TRANSPOSITIONS.get(_orientation(picture))
            return rgb if turn is None else rgb.transpose(turn)
    except PictureError:
        raise
    except Exception as error:  # Pillow's readers raise many kinds for damaged files
        raise _unreadable(path, error) from None


def picture_size(path: str | os.PathLike) -> tuple[int, int]:
    """Returns width and height of the upright picture, from its header. Raises PictureError."""
    try:
        with _open(path) as picture:
            width, height = picture.size
            return (height, width) if _orientation(picture) in _SIDES_SWAPPED else (width, height)
    except PictureError:
        raise
    except Exception as error:  # as above
        raise _unreadable(path, error) from None


def _open(path: str | os.PathLike) -> Image.Image:
    try:
        picture = Image.open(path)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _error(path, "claims more than 100 megapixels: make it smaller first") from None
    width, height = picture.size
    if width * height > MOST_PIXELS:
        picture.close()
        raise _error(path, f"claims {width} x {height} pixels, more than 100 megapixels: make it smaller first")
    return picture


def _decoded(picture: Image.Image, path: str | os.PathLike) -> Image.Image:
    """Decodes as RGB; accepts a JPEG that lacks only its end mark: djpeg, OpenCV and rf-cam read it, Pillow does not."""
    try:
        return _rgb(picture)
    except OSError as error:
        if picture.format not in ("JPEG", "MPO") or "truncated" not in str(error):
            raise
        content = Path(path).read_bytes().rstrip(b"\xff")
        # Bytes after a complete picture change nothing. If pixels are missing, the added bytes would become pixels.
        first, second = (_rgb(Image.open(io.BytesIO(content + more + b"\xff\xd9"))) for more in (b"", b"\x55\x9a" * 64))
        if first.tobytes() != second.tobytes():
            raise
        return first


def _rgb(picture: Image.Image) -> Image.Image:
    """Converts to RGB. Pillow clips 16-bit grey at 255; here it is scaled, as in rf-cam."""
    if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format in ("PPM", "PNG")):
        samples = numpy.asarray(picture).astype(numpy.int64)
        return Image.fromarray(((samples * 255 + 32767) // 65535).astype(numpy.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        raise ValueError(f"samples of kind {picture.mode} have no known range: save it with 8 bits per channel")
    return picture.convert("RGB")


def _orientation(picture: Image.Image) -> int:
    """Returns the EXIF orientation 1...8; 1 if absent or damaged. XMP, which Pillow reads too, is ignored in JPEG files, as in rf-cam."""
    try:
        if picture.format == "TIFF":  # Pillow turns these by itself
            return 1
        if picture.format in ("JPEG", "MPO"):
            exif = Image.Exif()
            exif.load(picture.info.get("exif", b""))
        else:
            exif = picture.getexif()
        value = exif.get(_ORIENTATION, 1)
    except Exception:  # damaged EXIF: rf-cam shows such pictures as they are stored
        return 1
    return value if value in _TRANSPOSITIONS else 1


def _unreadable(path: str | os.PathLike, error: Exception) -> PictureError:
    return _error(path, f"cannot be read as a picture: {re.sub(r'<.*?>', 'it', str(error)) or type(error).__name__}")
