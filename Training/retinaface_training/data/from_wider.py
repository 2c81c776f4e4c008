"""Converts WIDER FACE's official annotation to a training folder: label.txt, negatives.txt, images.

Sources of the formats: the readme of wider_face_split.zip (`x y w h blur expression illumination invalid occlusion pose` per face); the
label.txt of RetinaFace's authors (labels.py describes it). Their flag 1 marks an occluded landmark that a human placed; here it becomes 0,
since 1 is a network's landmark in our label files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy
import scipy.io

from .labels import FIELDS, POINTS, DataError, Problems, sections
from .pictures import PictureError, picture_size
from .text import inside, read_lines

LEAST_OVERLAP = 0.6
"""Intersection over union from which a box of the landmark file is the same face: both files have rounded boxes of the same origin."""

_NO_LANDMARKS = " ".join(["-1 -1 -1"] * POINTS) + " 0"
_VALUES = 10


@dataclass(frozen=True)
class Picture:
    """An annotated picture: name below `images`, place in the annotation for messages, F x 4 boxes (x y w h), and which are usable."""

    name: str
    place: str
    boxes: numpy.ndarray
    is_valid: numpy.ndarray


@dataclass
class Converted:
    """Lines of the two files, and the counts of a conversion."""

    labels: list[str] = field(default_factory=list)
    negatives: list[str] = field(default_factory=list)
    pictures: int = 0
    faces: int = 0
    with_landmarks: int = 0
    marked_invalid: int = 0
    outside: int = 0
    without_area: int = 0


def find(folder: Path, part: str) -> tuple[Path, Path]:
    """Returns the annotation and the folder of the pictures of a part ("train" or "val") below `folder`. Raises DataError."""
    names = [f"wider_face_{part}_bbx_gt.txt", f"wider_face_{part}.mat"]
    annotation = [path for name in names for path in (folder / "wider_face_split" / name, folder / name) if path.is_file()]
    images = [path for path in (folder / f"WIDER_{part}/images", folder / f"WIDER_{part}" / f"WIDER_{part}" / "images") if path.is_dir()]
    if not annotation or not images:
        missing = f"wider_face_split/{names[0]}" if not annotation else f"WIDER_{part}/images"
        raise DataError(f"{folder}: has no {missing}: unpack wider_face_split.zip and WIDER_{part}.zip into this folder")
    return annotation[0], images[0]


def read_annotation(path: Path) -> list[Picture]:
    """Reads an official annotation, text or MATLAB. Raises DataError."""
    try:
        pictures = list(_read_mat(path) if path.suffix == ".mat" else _read_text(path, read_lines(path)))
    except DataError:
        raise
    except (OSError, ValueError, TypeError, KeyError, IndexError, NotImplementedError, scipy.io.matlab.MatReadError) as error:
        raise DataError(f"{path}: cannot be read as WIDER FACE's annotation: {error}") from None
    if not pictures:
        raise DataError(f"{path}: has no picture")
    return pictures


def _read_text(path: Path, lines: list[str]) -> Iterator[Picture]:
    at = 0
    while at < len(lines):
        name, place = lines[at].strip(), f"{path}:{at + 1}"
        count = lines[at + 1].strip() if at + 1 < len(lines) else ""
        if not name or not count.isdecimal() or len(count) > 6:
            raise DataError(f"{place}: needed a picture's name and, in the next line, its number of faces")
        # A picture without a face has one line of zeros.
        rows = [_face(line, f"{path}:{at + 3 + index}") for index, line in enumerate(lines[at + 2 : at + 2 + max(1, int(count))])]
        if len(rows) < int(count):
            raise DataError(f"{place}: has {count} faces; the file ends after {len(rows)}")
        table = numpy.array(rows[: int(count)], float).reshape(-1, _VALUES)
        yield Picture(name, place, table[:, :4], table[:, 7] == 0)
        at += 2 + max(1, int(count))


def _face(line: str, place: str) -> list[float]:
    try:
        values = [float(word) for word in line.split()]
    except ValueError:
        values = []
    if len(values) != _VALUES or not numpy.isfinite(values).all():
        raise DataError(f"{place}: needed {_VALUES} numbers for a face (x y w h and six attributes), got {line.strip()[:80]!r}")
    return values


def _read_mat(path: Path) -> Iterator[Picture]:
    content = scipy.io.loadmat(path)
    for event in range(len(content["event_list"])):
        name = str(content["event_list"][event, 0][0])
        for index in range(len(content["file_list"][event, 0])):
            file = str(content["file_list"][event, 0][index, 0][0])
            boxes = content["face_bbx_list"][event, 0][index, 0].astype(float).reshape(-1, 4)
            invalid = content["invalid_label_list"][event, 0][index, 0].ravel()
            if len(invalid) != len(boxes) or not numpy.isfinite(boxes).all():
                raise DataError(f"{path}: {name}/{file} has invalid boxes")
            yield Picture(f"{name}/{file}.jpg", f"{path}: {name}/{file}", boxes, invalid == 0)


def read_landmarks(path: Path, problems: Problems) -> dict[str, numpy.ndarray]:
    """Reads RetinaFace's label.txt: picture name -> F x 20 numbers (x y w h, five times x y flag, quality). Raises DataError."""
    found: dict[str, numpy.ndarray] = {}
    try:
        for name, _, lines in sections(path, problems):
            rows = []
            for number, text in lines:
                values = [float(word) for word in text.split()] if _is_numbers(text) else []
                if len(values) != FIELDS or not numpy.isfinite(values).all():
                    problems.report(f"{path}:{number}: needed {FIELDS} numbers for a face, got {text.strip()[:80]!r}")
                else:
                    rows.append(values)
            found[name] = numpy.array(rows, float).reshape(-1, FIELDS)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if not found:
        raise DataError(f"{path}: has no picture (lines '# EVENT/NAME.jpg'): is no label.txt of RetinaFace")
    return found


def _is_numbers(text: str) -> bool:
    try:
        return bool([float(word) for word in text.split()])
    except ValueError:
        return False


def convert(pictures: Iterable[Picture], images: Path, landmarks: dict[str, numpy.ndarray], problems: Problems) -> Converted:
    """Converts the annotation of the pictures that exist; reports missing and damaged ones to `problems`."""
    result = Converted()
    for picture in pictures:
        try:
            size = picture_size(inside(images, picture.name))
        except (ValueError, PictureError) as error:
            problems.report(f"{picture.place}: {error}")
            continue
        lines = list(_faces(picture, size, landmarks.get(picture.name, numpy.zeros((0, FIELDS))), result))
        if lines:
            result.labels += [f"# {picture.name}", *lines]
            result.pictures += 1
            result.faces += len(lines)
        elif not len(picture.boxes):
            result.negatives.append(picture.name)
    return result


def _faces(picture: Picture, size: tuple[int, int], known: numpy.ndarray, counts: Converted) -> Iterator[str]:
    """Yields the line of each usable face; its box is cut at the borders of the picture."""
    for box, is_valid in zip(picture.boxes, picture.is_valid, strict=True):
        start = numpy.clip(box[:2], 0, size)
        end = numpy.clip(box[:2] + box[2:], 0, size)
        if not is_valid:
            counts.marked_invalid += 1
        elif (box[2:] <= 0).any():
            counts.without_area += 1
        elif (end <= start).any():
            counts.outside += 1
        else:
            points = _landmarks(box, known)
            counts.with_landmarks += points != _NO_LANDMARKS
            yield f"{start[0]:g} {start[1]:g} {end[0] - start[0]:g} {end[1] - start[1]:g} {points}"


def _landmarks(box: numpy.ndarray, known: numpy.ndarray) -> str:
    """Returns the points of the face with this box, and its quality; all -1 where there are none."""
    if not len(known):
        return _NO_LANDMARKS
    end = numpy.minimum(box[:2] + box[2:], known[:, :2] + known[:, 2:4])
    shared = numpy.maximum(end - numpy.maximum(box[:2], known[:, :2]), 0).prod(axis=1)
    overlap = shared / numpy.maximum(box[2:].prod() + known[:, 2:4].prod(axis=1) - shared, 1e-9)
    best = int(overlap.argmax())
    triples = known[best, 4:-1].reshape(POINTS, 3)
    if overlap[best] < LEAST_OVERLAP or (triples[:, 2] < 0).any():
        return _NO_LANDMARKS
    return " ".join(f"{x:g} {y:g} 0" for x, y, _ in triples) + f" {known[best, -1]:g}"


def write(output: Path, images: Path, converted: Converted) -> None:
    """Writes the training folder; its `images` is a link to the pictures. Raises DataError if a file of it exists, and OSError."""
    output.mkdir(parents=True, exist_ok=True)
    for name in ("label.txt", "negatives.txt", "images"):
        if os.path.lexists(output / name):
            raise DataError(f"{output}: has a '{name}' already, which is never overwritten: name another --output")
    (output / "images").symlink_to(images.resolve(), target_is_directory=True)
    for name, lines in (("negatives.txt", converted.negatives), ("label.txt", converted.labels)):
        with (output / name).open("x", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
