"""Annotated pictures: WIDER FACE's folders with RetinaFace's label file, negatives, and the held-back share.

A label file has `# path` lines, each followed by one line per face: `x y w h`, five times `px py flag`, quality
(pixels of the upright picture, as viewers and rf-cam show it). Flags: 0 a human's landmark, 1 a teacher
network's, -1 none, -2 a doubtful face, which is neither learnt nor background. RetinaFace's own annotation uses 0.0,
1.0 (occluded) and -1 in the same places.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path

import numpy as np
from PIL import Image

from .pictures import PictureError, picture_size, read_picture
from .text import inside, read_lines

POINTS = 5
FIELDS = 4 + 3 * POINTS + 1
WHERE_TO_GET = (
    "Get WIDER_train.zip and wider_face_split.zip (WIDER FACE, research only) from http://shuoyang1213.me/WIDERFACE/, unpack both into one "
    "folder, and make a training folder of it: python -m retinaface_training.data from-wider FOLDER --output data "
    "(Training/README.md, 'Data')"
)
OUTSIDE_TOLERANCE = 1.0
"""Pixels by which a box may extend outside its picture: annotations are rounded."""


class LandmarkSource(IntEnum):
    """Origin of a face's five points."""

    IGNORED = -2
    """A doubtful face: its box is neither learnt nor background, and is not counted in measurements."""
    NONE = -1
    HUMAN = 0
    TEACHER = 1


class DataError(ValueError):
    """A picture or an annotation that cannot be used; the message names file and line."""


@dataclass
class Problems:
    """Counts unusable data, which is skipped, or refused at the first occurrence."""

    refuse: bool = False
    messages: list[str] = field(default_factory=list)

    def report(self, message: str) -> None:
        """Raises DataError where problems are refused."""
        if self.refuse:
            raise DataError(f"{message}; correct it, or skip such data with --on-bad-data skip")
        self.messages.append(message)


@dataclass(frozen=True)
class AnnotatedPicture:
    """A picture's path and its faces, in pixels of the picture.

    boxes: F x 4 (x1, y1, x2, y2). landmarks: F x 10 (x, y five times; 0 where there are none). sources: F, `LandmarkSource`.
    """

    path: Path
    boxes: np.ndarray
    landmarks: np.ndarray
    sources: np.ndarray

    @classmethod
    def without_faces(cls, path: Path) -> AnnotatedPicture:
        return cls(path, np.zeros((0, 4), np.float32), np.zeros((0, 2 * POINTS), np.float32), np.zeros(0, np.int8))


@dataclass(frozen=True)
class Split:
    """Pictures for training, and those held back for measuring."""

    training: list[AnnotatedPicture]
    training_negatives: list[AnnotatedPicture]
    validation: list[AnnotatedPicture]
    landmark_validation: list[AnnotatedPicture]
    negative_validation: list[AnnotatedPicture]


def read_labels(label_file: Path, images: Path, problems: Problems) -> list[AnnotatedPicture]:
    """Reads the pictures of a label file, in its order; unusable faces and pictures are reported to `problems`.

    Raises DataError, naming file and line, if the file is not UTF-8.
    """
    pictures = []
    for name, line_number, lines in sections(label_file, problems):
        try:
            path = inside(images, name)
            size = picture_size(path)
        except (ValueError, PictureError) as error:
            problems.report(f"{label_file}:{line_number}: {error}")
            continue
        faces = []
        for face_number, text in lines:
            try:
                faces.append(_parse_face(text, size))
            except ValueError as error:
                problems.report(f"{label_file}:{face_number}: {error}")
        if faces:
            rows = np.array([box + points for box, points, _ in faces], np.float32)
            sources = np.array([source for _, _, source in faces], np.int8)
            pictures.append(AnnotatedPicture(path, rows[:, :4], rows[:, 4:], sources))
        else:
            problems.report(f"{label_file}:{line_number}: picture {path} has no usable face")
    return pictures


def read_negatives(list_file: Path, images: Path, problems: Problems) -> list[AnnotatedPicture]:
    """Reads the face-free pictures of a list, one path per line; missing or damaged ones are reported to `problems`.

    Raises DataError, naming file and line, if the file is not UTF-8.
    """
    pictures = []
    for line_number, name in enumerate(_lines(list_file), start=1):
        if not name.strip():
            continue
        try:
            path = inside(images, name.strip())
            picture_size(path)
            pictures.append(AnnotatedPicture.without_faces(path))
        except (ValueError, PictureError) as error:
            problems.report(f"{list_file}:{line_number}: {error}")
    return pictures


def read_training_data(folder: Path, problems: Problems) -> Split:
    """Reads `label.txt`, `negatives.txt` (optional) and `images` of a folder; the split depends on the files only."""
    if not (folder / "label.txt").is_file():
        raise DataError(f"{folder}: has no label.txt: is no training folder. {WHERE_TO_GET}")
    images = folder / "images"
    pictures = read_labels(folder / "label.txt", images, problems)
    has_negatives = (folder / "negatives.txt").exists()
    return split(pictures, read_negatives(folder / "negatives.txt", images, problems) if has_negatives else [])


def without_uncertain_points(picture: AnnotatedPicture, smallest: float) -> AnnotatedPicture:
    """Returns the picture without a network's points on faces whose longer side is below `smallest` pixels.

    Points of large faces stay exact in small copies; those found on small faces have an error of a tenth of the face.
    """
    sides = (picture.boxes[:, 2:] - picture.boxes[:, :2]).max(axis=1, initial=0.0)
    is_uncertain = (picture.sources == LandmarkSource.TEACHER) & (sides < smallest)
    return replace(picture, sources=np.where(is_uncertain, np.int8(LandmarkSource.NONE), picture.sources))


def label_lines(picture: AnnotatedPicture, images: Path) -> list[str]:
    """Returns the lines of a label file for a picture below the folder `images`, with coordinates of two decimals."""
    lines = [f"# {picture.path.relative_to(images).as_posix()}"]
    for box, points, source in zip(picture.boxes.tolist(), picture.landmarks.reshape(-1, POINTS, 2).tolist(), picture.sources, strict=True):
        has_points = source in (LandmarkSource.HUMAN, LandmarkSource.TEACHER)
        triples = [f"{x:.2f} {y:.2f} {source}" if has_points else f"-1 -1 {source}" for x, y in points]
        sides = [f"{value:.2f}" for value in (box[0], box[1], box[2] - box[0], box[3] - box[1])]
        lines.append(" ".join([*sides, *triples, "1" if has_points else "0"]))
    return lines


def split(pictures: list[AnnotatedPicture], negatives: list[AnnotatedPicture]) -> Split:
    """Holds back a tenth of the pictures with human landmarks, 3 % of the others, and every tenth negative.

    Of the pictures with human landmarks, frames of one video (paths that differ in the last `_number` only) stay together, so that
    no held-back landmarks have a near duplicate in training.
    """
    by_humans = [picture for picture in pictures if (picture.sources == LandmarkSource.HUMAN).any()]
    others = [picture for picture in pictures if not (picture.sources == LandmarkSource.HUMAN).any()]
    held_landmarks, kept_humans = _hold_back(by_humans, 10, by_video=True)
    held_others, kept_others = _hold_back(others, 33)
    held_negatives, kept_negatives = _hold_back(negatives, 10)
    return Split(kept_humans + kept_others, kept_negatives, held_others, held_landmarks, held_negatives)


def load_picture(path: Path) -> Image.Image:
    """Decodes a picture as upright RGB. Raises DataError, naming the file, if they cannot be decoded."""
    try:
        return read_picture(path)
    except PictureError as error:
        raise DataError(f"picture {path} cannot be decoded ({error.reason})") from error


def _lines(path: Path) -> list[str]:
    try:
        return read_lines(path)
    except ValueError as error:
        raise DataError(str(error)) from None


def _hold_back(
    pictures: list[AnnotatedPicture], every: int, by_video: bool = False
) -> tuple[list[AnnotatedPicture], list[AnnotatedPicture]]:
    """Returns one of `every` pictures (or videos), evenly drawn and always the same, and the rest."""
    groups: dict[str, list[AnnotatedPicture]] = {}
    for picture in sorted(pictures, key=lambda picture: picture.path):
        name = str(picture.path.with_suffix(""))
        groups.setdefault(re.sub(r"_\d+$", "", name) if by_video else name, []).append(picture)
    names = sorted(groups)
    random.Random(0).shuffle(names)
    held = [picture for name in names[::every] for picture in groups[name]]
    held_paths = {picture.path for picture in held}
    return held, [picture for picture in pictures if picture.path not in held_paths]


def sections(label_file: Path, problems: Problems) -> Iterator[tuple[str, int, list[tuple[int, str]]]]:
    """Yields picture name, its line number, and the numbered face lines below it."""
    name, name_line, lines = None, 0, []
    for number, text in enumerate(_lines(label_file), start=1):
        if text.startswith("#"):
            if name is not None:
                yield name, name_line, lines
            name, name_line, lines = text[1:].strip(), number, []
        elif text.strip() and name is None:
            problems.report(f"{label_file}:{number}: a face before the first '# path' line")
        elif text.strip():
            lines.append((number, text))
    if name is not None:
        yield name, name_line, lines


def _parse_face(text: str, size: tuple[int, int]) -> tuple[list[float], list[float], LandmarkSource]:
    """Parses the box, points and landmark source of a face line. Raises ValueError with the reason."""
    words = text.split()
    if len(words) != FIELDS:
        raise ValueError(f"{len(words)} values where a face has {FIELDS}")
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise ValueError(f"not a number: {error}") from None
    if not np.isfinite(values).all():
        raise ValueError("a value is not finite")
    x, y, width, height = values[:4]
    if width <= 0 or height <= 0:
        raise ValueError(f"box {width:g} x {height:g} has no area")
    overhang = max(-x, -y, x + width - size[0], y + height - size[1])
    if overhang > OUTSIDE_TOLERANCE:
        raise ValueError(f"box {x:g} {y:g} {width:g} {height:g} leaves its picture of {size[0]} x {size[1]} by {overhang:g} pixels")
    triples = np.array(values[4 : 4 + 3 * POINTS]).reshape(POINTS, 3)
    return [x, y, x + width, y + height], triples[:, :2].ravel().tolist(), _landmark_source(triples[:, 2])


def _landmark_source(flags: np.ndarray) -> LandmarkSource:
    if (flags == LandmarkSource.IGNORED).all():
        return LandmarkSource.IGNORED
    if (flags == LandmarkSource.NONE).any():
        return LandmarkSource.NONE
    if (flags == LandmarkSource.HUMAN).all():
        return LandmarkSource.HUMAN
    if np.isin(flags, (LandmarkSource.HUMAN, LandmarkSource.TEACHER)).all():
        return LandmarkSource.TEACHER
    raise ValueError(f"landmark flags {flags.tolist()}: only 0, 1, -1 and -2 (for all five) are known")
