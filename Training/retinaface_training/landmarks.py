"""Measures landmarks of held-back human faces by size, and MTCNN beside them: `python -m retinaface_training.landmarks`.

The paper's figure 7 compares RetinaFace with MTCNN on AFLW. Here the faces are those with human landmarks that training held back, at
full size and shrunk: a small copy of an annotated face has exact points. A face is as large as the square root of its box's area.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
from PIL import Image

from .data.labels import DataError, LandmarkSource, Problems, Split, load_picture, read_training_data
from .evaluation import detect, landmarks
from .evaluation.ground_truth import AnnotationError
from .evaluation.landmarks import LandmarkResult
from .evaluation.mtcnn import Mtcnn
from .evaluation.predictors import NetworkPredictor, Predictor, ProgramPredictor, rf_cam_arguments
from .evaluation.report import file_name, landmarks_to_json
from .exchange.graph import ModelFileError
from .network.loading import load_any
from .weight_options import add_weight_options

FULL_SIZE = 0
"""Stands for the size that a face has in its picture."""

EPILOG = """example:
  python -m retinaface_training.landmarks --data DATA/train --rf-cam ../build/rf-cam --mtcnn FOLDER --output build/landmarks
MTCNN's weights: pip download --no-deps facenet-pytorch==2.6.0; unzip the wheel; FOLDER is its facenet_pytorch/data.
"""


@dataclass(frozen=True)
class Face:
    """One face of a picture. box: x, y, width, height; points: 5 x 2; both in pixels of the picture."""

    name: str
    picture: Path
    box: numpy.ndarray
    points: numpy.ndarray

    @property
    def size(self) -> float:
        return float(numpy.sqrt(self.box[2] * self.box[3]))


def human_faces(split: Split) -> list[Face]:
    """Returns the held-back faces with human landmarks."""
    faces = []
    for picture in split.landmark_validation:
        for index in numpy.flatnonzero(picture.sources == LandmarkSource.HUMAN):
            box = picture.boxes[index].astype(float)
            box[2:] -= box[:2]
            faces.append(Face(f"face{len(faces):05d}.ppm", picture.path, box, picture.landmarks[index].reshape(5, 2).astype(float)))
    return faces


def shrunk(face: Face, size: float, folder: Path) -> Face:
    """Writes the face's picture to `folder`, shrunk so that the face has `size` pixels; returns the face in it."""
    picture = load_picture(face.picture)
    shape = tuple(max(1, round(side * size / face.size)) for side in picture.size)
    scale = numpy.array(shape) / picture.size
    picture.resize(shape, Image.Resampling.BILINEAR).save(folder / face.name)
    return Face(face.name, folder / face.name, face.box * numpy.tile(scale, 2), face.points * scale)


def measure(predictor: Predictor, faces: list[Face], folder: Path, title: str) -> LandmarkResult:
    """Measures a detector on `faces`, whose pictures are `folder`/`Face.name`."""
    found, _ = predictor.predict(folder, [face.name for face in faces], title)
    cases = [(found.get(face.name, detect.NO_FACES), face.box[None], face.points[None]) for face in faces]
    return landmarks.measure(cases)


def measure_all(predictors: dict[str, Predictor], faces: list[Face], sizes: list[int]) -> Iterator[tuple[int, dict[str, LandmarkResult]]]:
    """Yields for each size, `FULL_SIZE` or pixels, the results by detector. A size leaves out faces that are smaller."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # A copy at full size, too: a detector then reads one face's picture under one name, however many faces it has.
            own = [shrunk(face, size or face.size, folder) for face in faces if face.size >= size]
            if own:
                yield (
                    size,
                    {title: measure(predictor, own, folder, f"{title}, {_size_name(size)}") for title, predictor in predictors.items()},
                )


def table(results: dict[int, dict[str, LandmarkResult]]) -> str:
    """Returns the lines for standard output: NME of all found faces, per point, and the share of failures."""
    width = max(len(name) for row in results.values() for name in row)
    head = "".join(f"{name:>20}" for name in landmarks.POINT_NAMES)
    lines = [f"{'size':>9}  {'detector':{width}} {'faces':>6} {'missed':>6} {'NME':>8} {'failures':>9}{head}"]
    for size, row in results.items():
        for name, result in row.items():
            total = len(result.errors) + result.missed
            each = result.points.mean(axis=0) if len(result.points) else numpy.full(5, numpy.nan)
            points = "".join(f"{100 * value:18.2f} %" for value in each)
            figures = f"{total:6} {result.missed:6} {100 * result.mean:6.2f} % {100 * result.failure_rate:7.1f} %"
            lines.append(f"{_size_name(size):>9}  {name:{width}} {figures}{points}")
    return "\n".join(lines)


def _size_name(size: int) -> str:
    return f"{size} px" if size else "full size"


def write(results: dict[int, dict[str, LandmarkResult]], folder: Path) -> None:
    """Writes results.json and a figure of the cumulative errors per size."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        _size_name(size): {
            name: {
                **landmarks_to_json(result),
                "points": dict(zip(landmarks.POINT_NAMES, result.points.mean(axis=0).tolist(), strict=True)),
            }
            for name, result in row.items()
            if len(result.points)
        }
        for size, row in results.items()
    }
    (folder / "results.json").write_text(json.dumps(facts, indent=1) + "\n")
    for size, row in results.items():
        count = next(len(result.errors) + result.missed for result in row.values())
        labels = {f"{name}: {100 * result.mean:.2f} %": result for name, result in row.items()}
        title = f"{count} human faces, {_size_name(size)}"
        landmarks.plot_cumulative_errors(labels, folder / f"landmarks-{file_name(_size_name(size))}.png", title)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m retinaface_training.landmarks",
        description=__doc__.split("\n\n")[0],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="training folder; its held-back human faces are measured"
    )
    parser.add_argument("--sizes", default="60,30,20", help="further sizes of the faces in pixels (default: %(default)s)")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="write results.json and the curves as PNG here")
    detectors = parser.add_argument_group("detectors (one or more)")
    detectors.add_argument(
        "--weights", metavar="FILE", help="checkpoint of retinaface_training.train, published .pth, or exported .safetensors"
    )
    detectors.add_argument("--rf-cam", metavar="PROGRAM", help="run this rf-cam")
    detectors.add_argument("--model", metavar="FILE", help="model file (--rf-cam; default: its embedded one)")
    detectors.add_argument("--mtcnn", type=Path, metavar="FOLDER", help="pnet.pt, rnet.pt and onet.pt of facenet-pytorch")
    detectors.add_argument("--threshold", type=float, default=0.02, metavar="S", help="minimum score (default 0.02; not MTCNN)")
    detectors.add_argument("--threads", type=int, default=1, metavar="N", help="threads of PyTorch and rf-cam (default 1)")
    add_weight_options(detectors)
    options = parser.parse_args(arguments)
    if not (options.weights or options.rf_cam or options.mtcnn):
        parser.error("name a detector: --weights, --rf-cam or --mtcnn")
    try:
        options.sizes = [FULL_SIZE, *(int(size) for size in options.sizes.split(",") if size)]
        if min(options.sizes[1:], default=1) < 1:
            raise ValueError
    except ValueError:
        parser.error(f"--sizes {options.sizes!r}: write pixels such as 60,30,20")
    return options


def make_predictors(options: argparse.Namespace) -> dict[str, Predictor]:
    """Makes the named detectors. Raises OSError and ValueError for files that cannot be used."""
    torch.set_num_threads(options.threads)
    predictors: dict[str, Predictor] = {}
    if options.weights:
        network = load_any(options.weights, options.activation, options.anchors).eval()
        predictors[Path(options.weights).stem] = NetworkPredictor(network, detect.Options(options.threshold))
    if options.rf_cam:
        arguments = rf_cam_arguments(options.rf_cam, options.model, options.threshold, 0.4, ["--threads", str(options.threads)])
        predictors["rf-cam"] = ProgramPredictor(arguments, allow_missing=True)
    if options.mtcnn:
        predictors["MTCNN"] = Mtcnn(options.mtcnn)
    return predictors


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit status."""
    options = parse_options(arguments)
    try:
        problems = Problems()
        split = read_training_data(options.data, problems)
        for message in problems.messages:
            print(f"skipped: {message}", file=sys.stderr)
        faces = human_faces(split)
        if not faces:
            raise DataError(f"{options.data}: none of the held-back pictures has human landmarks")
        results = dict(measure_all(make_predictors(options), faces, options.sizes))
        print(table(results))
        if options.output:
            write(results, options.output)
    except (AnnotationError, DataError, ModelFileError, detect.PictureError, OSError, ValueError) as error:
        print(f"landmarks: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
