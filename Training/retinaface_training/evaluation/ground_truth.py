"""Reads WIDER FACE ground truth: the official MATLAB lists and the evaluation folders' `ground_truth.txt`.

The protocol (wider.py) needs for every picture all boxes and, for each of the sets easy, medium, hard, a flag for those that count; the
others are ignored, neither found nor false. Source: WIDER FACE's eval_tools; text format: Training/README.md, "Data".
"""

from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path

import numpy
import scipy.io

from ..data.text import inside, read_lines

SETS = ("easy", "medium", "hard")


class AnnotationError(Exception):
    """A ground truth or prediction file is invalid. The message names file and line."""


@dataclasses.dataclass(frozen=True)
class Picture:
    """One annotated picture.

    `name`: path below the images folder. `boxes`: N x 4 float64, x y w h in pixels. `counted`: N x 3 bool, easy, medium, hard.
    """

    name: str
    boxes: numpy.ndarray
    counted: numpy.ndarray


def read_text(path: str | os.PathLike) -> list[Picture]:
    """Reads `ground_truth.txt`: per picture its name, the number of faces, then `x y w h easy medium hard` per face.

    Raises AnnotationError for other contents: nothing is skipped.
    """
    path = Path(path)
    try:
        lines = read_lines(path)
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read: {error}") from None
    except ValueError as error:
        raise AnnotationError(str(error)) from None
    pictures: list[Picture] = []
    names: set[str] = set()
    at = 0
    while at < len(lines):
        name = lines[at].strip()
        if not name or name in names:
            raise AnnotationError(f"{path}:{at + 1}: {'empty picture name' if not name else f'picture {name} a second time'}")
        try:
            inside(path.parent / "images", name)
        except ValueError as error:
            raise AnnotationError(f"{path}:{at + 1}: {error}") from None
        names.add(name)
        count_text = lines[at + 1].strip() if at + 1 < len(lines) else "end of file"
        if not count_text.isdecimal() or at + 2 + int(count_text) > len(lines):
            raise AnnotationError(f"{path}:{at + 2}: number of faces of {name} is {count_text!r}; the file has {len(lines)} lines")
        rows = [_face(lines[line], f"{path}:{line + 1}") for line in range(at + 2, at + 2 + int(count_text))]
        table = numpy.array(rows, dtype=numpy.float64).reshape(-1, 7)
        pictures.append(Picture(name, table[:, :4], table[:, 4:] == 1))
        at += 2 + int(count_text)
    if not pictures:
        raise AnnotationError(f"{path}: no picture in it")
    return pictures


def _face(line: str, where: str) -> list[float]:
    parts = line.split()
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if len(values) != 7 or not all(map(math.isfinite, values)) or any(flag not in (0, 1) for flag in values[4:]):
        raise AnnotationError(f"{where}: needs 'x y w h easy medium hard' with flags 0 or 1, got {line.strip()!r}")
    if values[2] < 0 or values[3] < 0:
        raise AnnotationError(f"{where}: negative width or height: {line.strip()!r}")
    return values


def read_official(folder: str | os.PathLike) -> list[Picture]:
    """Reads wider_face_val.mat and wider_{easy,medium,hard}_val.mat. Raises AnnotationError."""
    folder = Path(folder)
    faces = _load(folder / "wider_face_val.mat", ("event_list", "file_list", "face_bbx_list"))
    lists = [_load(folder / f"wider_{name}_val.mat", ("gt_list",))["gt_list"] for name in SETS]
    pictures = []
    for event in range(len(faces["event_list"])):
        event_name = str(faces["event_list"][event, 0][0])
        for index in range(len(faces["file_list"][event, 0])):
            boxes = faces["face_bbx_list"][event, 0][index, 0].astype(numpy.float64).reshape(-1, 4)
            counted = numpy.zeros((len(boxes), len(SETS)), dtype=bool)
            for column, indices in enumerate(lists):
                # MATLAB counts from 1.
                counted[indices[event, 0][index, 0].astype(int).ravel() - 1, column] = True
            file_name = str(faces["file_list"][event, 0][index, 0][0])
            pictures.append(Picture(f"{event_name}/{file_name}.jpg", boxes, counted))
    return pictures


def _load(path: Path, keys: tuple[str, ...]) -> dict:
    try:
        content = scipy.io.loadmat(path)
    except (OSError, ValueError, TypeError, NotImplementedError, scipy.io.matlab.MatReadError) as error:
        raise AnnotationError(f"{path}: not a readable MATLAB 5 file: {error}") from None
    for key in keys:
        if key not in content:
            raise AnnotationError(f"{path}: has no '{key}'")
    return content
