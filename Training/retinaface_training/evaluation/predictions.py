"""Detections as data, and readers of rf-cam's output: `--format json` lines and WIDER FACE's official prediction folders.

The evaluator accepts predictions of PyTorch and of the program. Files come from outside: every line is checked, and an invalid one
is refused with file and line. Formats: the JSON keys of rf-cam's manual; the official text format of WIDER FACE's eval_tools.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy

from ..data.text import read_lines
from .ground_truth import AnnotationError

_ENDINGS = {".jpg", ".jpeg", ".jpe", ".jfif", ".pnm", ".ppm", ".pgm", ".pbm", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif"}


@dataclasses.dataclass(frozen=True)
class Detections:
    """Faces of one picture, strongest first.

    `boxes`: M x 4 float64, x1 y1 x2 y2 in source pixels. `scores`: M, 0...1. `landmarks`: M x 5 x 2 in source pixels (left eye, right eye,
    nose, left and right mouth corner as seen), NaN in formats without them.
    """

    boxes: numpy.ndarray
    scores: numpy.ndarray
    landmarks: numpy.ndarray

    def wider(self) -> numpy.ndarray:
        """Returns M x 5: x y w h score, the input of the protocol."""
        return numpy.column_stack([self.boxes[:, :2], self.boxes[:, 2:] - self.boxes[:, :2], self.scores])

    def above(self, threshold: float) -> Detections:
        """Returns the detections with a score of at least `threshold`."""
        keep = self.scores >= threshold
        return Detections(self.boxes[keep], self.scores[keep], self.landmarks[keep])

    @staticmethod
    def sorted(boxes: numpy.ndarray, scores: numpy.ndarray, landmarks: numpy.ndarray) -> Detections:
        order = numpy.argsort(-scores, kind="stable")
        return Detections(boxes[order], scores[order], landmarks[order])


def read_json_lines(path: str | os.PathLike) -> dict[str, Detections]:
    """Reads source -> detections from a file with one JSON object per line. Raises AnnotationError."""
    try:
        lines = read_lines(path)
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read: {error}") from None
    except ValueError as error:
        raise AnnotationError(str(error)) from None
    return parse_json_lines(lines, str(path))


def parse_json_lines(lines: Iterable[str], where: str) -> dict[str, Detections]:
    """Parses as `read_json_lines`; errors name `where`."""
    result: dict[str, Detections] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        source, detections = _parse_frame(line, f"{where}:{number}")
        if source in result:
            raise AnnotationError(f"{where}:{number}: source {source!r} a second time")
        result[source] = detections
    return result


def _parse_frame(line: str, where: str) -> tuple[str, Detections]:
    try:
        frame = json.loads(line)
        if isinstance(frame, dict) and "error" in frame:
            raise AnnotationError(f"{where}: no result for {frame.get('source')!r}: {frame['error']}")
        source, faces = frame["source"], frame["faces"]
        boxes = [[float(v) for v in face["box"]] for face in faces]
        scores = [float(face["score"]) for face in faces]
        landmarks = [[[float(v) for v in point] for point in face["landmarks"]] for face in faces]
    except json.JSONDecodeError as error:
        raise AnnotationError(f"{where}: not JSON: {error}") from None
    except KeyError as error:
        raise AnnotationError(f"{where}: key {error} is missing") from None
    except (TypeError, ValueError) as error:
        raise AnnotationError(f"{where}: not a line of rf-cam --format json: {error}") from None
    if not isinstance(source, str):
        raise AnnotationError(f"{where}: 'source' is not a text")
    if any(len(box) != 4 for box in boxes) or any([len(p) for p in points] != [2] * 5 for points in landmarks):
        raise AnnotationError(f"{where}: a face needs 4 box numbers and 5 landmarks of 2 numbers")
    return source, _checked(boxes, scores, landmarks, where)


def _checked(boxes: list, scores: list, landmarks: list, where: str) -> Detections:
    box_table = numpy.array(boxes, dtype=numpy.float64).reshape(-1, 4)
    point_table = numpy.array(landmarks, dtype=numpy.float64).reshape(-1, 5, 2)
    score_row = numpy.array(scores, dtype=numpy.float64)
    if not (numpy.isfinite(box_table).all() and numpy.isfinite(score_row).all()) or numpy.isinf(point_table).any():
        raise AnnotationError(f"{where}: a number that is not finite")
    if (box_table[:, 2:] < box_table[:, :2]).any():
        raise AnnotationError(f"{where}: a box that ends before it starts")
    return Detections.sorted(box_table, score_row, point_table)


def read_wider_folder(folder: str | os.PathLike) -> dict[str, Detections]:
    """Reads `EVENT/NAME` -> detections from an official prediction folder, `EVENT/NAME.txt` each: name, count, then `x y w h score` lines.

    Raises AnnotationError.
    """
    folder = Path(folder)
    files = sorted(folder.rglob("*.txt"))
    if not files:
        raise AnnotationError(f"{folder}: no prediction file (EVENT/NAME.txt) in it")
    return {file.relative_to(folder).with_suffix("").as_posix(): _read_wider_file(file) for file in files}


def _read_wider_file(path: Path) -> Detections:
    try:
        lines = read_lines(path)
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read: {error}") from None
    except ValueError as error:
        raise AnnotationError(str(error)) from None
    if len(lines) < 2 or not lines[1].strip().isdecimal() or int(lines[1]) != len(lines) - 2:
        raise AnnotationError(
            f"{path}:2: needs the number of lines that follow ({len(lines) - 2}), "
            f"got {lines[1].strip() if len(lines) > 1 else 'end of file'!r}"
        )
    rows = []
    for number, line in enumerate(lines[2:], start=3):
        try:
            row = [float(part) for part in line.split()]
        except ValueError:
            row = []
        if len(row) != 5 or not all(map(math.isfinite, row)) or row[2] < 0 or row[3] < 0:
            raise AnnotationError(f"{path}:{number}: needs 'x y w h score', got {line.strip()!r}")
        rows.append(row)
    table = numpy.array(rows, dtype=numpy.float64).reshape(-1, 5)
    boxes = numpy.column_stack([table[:, :2], table[:, :2] + table[:, 2:4]])
    return Detections.sorted(boxes, table[:, 4], numpy.full((len(table), 5, 2), numpy.nan))


def read(path: str | os.PathLike) -> dict[str, Detections]:
    """Reads JSON lines from a file, the official format from a folder."""
    return read_wider_folder(path) if Path(path).is_dir() else read_json_lines(path)


def by_picture(
    predictions: dict[str, Detections], names: list[str], allow_missing: bool = False
) -> tuple[dict[str, Detections], list[str]]:
    """Assigns predictions to pictures.

    A source may be any path: its file name decides and, if pictures share one, the folders before it. Returns picture name ->
    detections and the pictures that have none. Raises AnnotationError for missing pictures unless `allow_missing`, and for sources that
    fit equally well.
    """
    by_stem: dict[str, list[str]] = {}
    for source in predictions:
        by_stem.setdefault(_stem(source), []).append(source)
    result, missing = {}, []
    for name in names:
        candidates = by_stem.get(_stem(name), [])
        if not candidates:
            missing.append(name)
            continue
        common = [_common_tail(name, source) for source in candidates]
        if common.count(max(common)) > 1:
            raise AnnotationError(f"picture {name} could be any of {', '.join(candidates[:3])}; give each picture its own name or folder")
        result[name] = predictions[candidates[common.index(max(common))]]
    if missing and not allow_missing:
        raise AnnotationError(
            f"{len(missing)} of {len(names)} pictures have no prediction, the first is {missing[0]}; "
            "predict them too, or count them as empty with --allow-missing"
        )
    return result, missing


def _stem(path: str) -> str:
    return _without_ending(path).name


def _without_ending(path: str) -> PurePosixPath:
    """Removes .jpg and similar endings. Other dots belong to the name: prediction files of `a.b.jpg` are called a.b.txt and read as a.b."""
    pure = PurePosixPath(path)
    return pure.with_suffix("") if pure.suffix.lower() in _ENDINGS else pure


def _common_tail(name: str, source: str) -> int:
    """Counts equal path parts, from the last one (without endings such as .jpg)."""
    ours, theirs = (_without_ending(p).parts[::-1] for p in (name, source))
    return next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
