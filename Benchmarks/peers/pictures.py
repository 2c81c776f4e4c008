"""Pictures for calibration and comparison of the engines, at the network's input size."""

from __future__ import annotations

from pathlib import Path

import numpy
from PIL import Image, ImageOps

from retinaface_training.data.pictures import PictureError, read_picture

from .errors import BenchmarkError

#: The order and mean of the model that ships; `prepare` refuses a model with others.
MEAN = (104, 117, 123)
SUFFIXES = {".jpg", ".jpeg", ".png", ".ppm"}


def letterboxed(path: Path, width: int, height: int) -> Image.Image:
    """Returns the whole picture at the top left of `width` x `height` pixels; the rest has the mean's colour, 0 in the input."""
    picture = ImageOps.contain(read_picture(path), (width, height))
    canvas = Image.new("RGB", (width, height), MEAN[::-1])
    canvas.paste(picture)
    return canvas


def as_input(picture: Image.Image) -> numpy.ndarray:
    """Returns float32 [1][3][height][width]: blue, green, red minus the mean."""
    pixels = numpy.asarray(picture, numpy.float32)[:, :, ::-1] - numpy.float32(MEAN)
    return numpy.ascontiguousarray(pixels.transpose(2, 0, 1)[None])


def network_input(path: Path, width: int, height: int) -> numpy.ndarray:
    return as_input(letterboxed(path, width, height))


class NetworkInputs:
    """`network_input` of each file, computed on access: at 1920 x 1080 one takes 25 MB."""

    def __init__(self, files: list[Path], width: int, height: int):
        self._files, self._size = files, (width, height)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> numpy.ndarray:
        return network_input(self._files[index], *self._size)


def calibration_files(folder: Path | None, count: int) -> list[Path]:
    """Returns up to `count` pictures of the folder and those below, evenly spread over the sorted names. Raises BenchmarkError."""
    if folder is None:
        raise BenchmarkError("no calibration pictures: name a folder of ordinary pictures with faces: --calibrate FOLDER")
    if not folder.is_dir():
        raise BenchmarkError(f"{folder}: is not a folder: name a folder of ordinary pictures with faces: --calibrate FOLDER")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    files = [path for path in files if _opens(path)] if len(files) <= count else _spread(files, count)
    if not files:
        raise BenchmarkError(f"{folder}: has no picture that can be read (JPEG, PNG, PPM): name another: --calibrate FOLDER")
    return files


def _spread(files: list[Path], count: int) -> list[Path]:
    """Returns `count` files that open, each the first such one from its place in the list."""
    step = len(files) / count
    shares = [files[int(i * step) : int((i + 1) * step)] for i in range(count)]
    found = (next((path for path in share if _opens(path)), None) for share in shares)
    return [path for path in found if path]


def _opens(path: Path) -> bool:
    try:
        read_picture(path)
        return True
    except PictureError:
        return False
