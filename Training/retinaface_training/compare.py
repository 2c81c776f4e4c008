"""Compares rf-cam's faces, or a network's raw outputs, with PyTorch's reference: `python -m retinaface_training.compare`.

The engine may differ from PyTorch by rounding only. Bounds: the same faces at score 0.5 or more, scores within 0.003, boxes and
landmarks within 0.2 pixels, raw outputs within 1e-3.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import numpy

from .data.text import read_text
from .evaluation import detect, predictions
from .evaluation.ground_truth import AnnotationError
from .evaluation.predictions import Detections
from .evaluation.predictors import Predictor, ProgramPredictor, StoredPredictor, rf_cam_arguments

FACE_SCORE = 0.5
LEAST_SCORE = 0.3
SCORE_BOUND = 0.003
PIXEL_BOUND = 0.2
HEAD_BOUND = 1e-3
HEADS = {"loc": 4, "conf": 2, "landms": 10}
"""Names in the reference archives, and values per anchor: boxes, class probabilities after softmax, landmarks."""

EPILOG = """examples:
  python -m retinaface_training.compare faces --reference REFERENCE --kind relu --rf-cam ../build/rf-cam --model ../build/relu.rfm
  python -m retinaface_training.compare faces --reference REFERENCE --kind relu --predictions rf-cam.json
  python -m retinaface_training.compare heads REFERENCE/dogs.vga.relu.heads.npz dump   (reads dump.loc.f32, dump.conf.f32, dump.landms.f32)
"""


@dataclasses.dataclass(frozen=True)
class FaceComparison:
    """Greatest differences over the faces in both lists, and the number of faces in only one."""

    faces: int
    missing: int
    extra: int
    score: float
    box: float
    landmarks: float

    @property
    def agrees(self) -> bool:
        within = self.score <= SCORE_BOUND and self.box <= PIXEL_BOUND and self.landmarks <= PIXEL_BOUND
        return within and not self.missing and not self.extra


def compare_faces(ours: Detections, reference: Detections) -> FaceComparison:
    """Compares two lists with scores down to 0.3: every face of 0.5 or more in either must be in the other."""
    pairs, missing = _pairs(reference, ours)
    _, extra = _pairs(ours, reference)
    differences = [
        (
            abs(reference.scores[r] - ours.scores[o]),
            numpy.abs(reference.boxes[r] - ours.boxes[o]).max(),
            numpy.abs(reference.landmarks[r] - ours.landmarks[o]).max(),
        )
        for r, o in pairs
    ]
    score, box, landmarks = numpy.max(differences, axis=0) if differences else (0.0, 0.0, 0.0)
    return FaceComparison(len(pairs) + missing, missing, extra, float(score), float(box), float(landmarks))


def _pairs(wanted: Detections, others: Detections) -> tuple[list[tuple[int, int]], int]:
    """Pairs each face of 0.5 or more with the one in `others` that overlaps it most, each used once; counts those without one."""
    pairs, used, alone = [], set(), 0
    for index in numpy.flatnonzero(wanted.scores >= FACE_SCORE):
        iou = detect.overlap(wanted.boxes[index], others.boxes)
        iou[list(used)] = 0
        if not len(iou) or iou.max() < 0.5:
            alone += 1
            continue
        used.add(int(iou.argmax()))
        pairs.append((int(index), int(iou.argmax())))
    return pairs, alone


def compare_heads(archive: Path, dump: Path) -> dict[str, float]:
    """Returns the greatest difference of each output; `dump`: little-endian float32 files `dump.NAME.f32`. Raises AnnotationError."""
    try:
        reference = numpy.load(archive)
        wanted = {name: reference[name] for name in HEADS}
    except (OSError, ValueError, KeyError) as error:
        raise AnnotationError(f"{archive}: not an archive of {', '.join(HEADS)}: {error}") from None
    result = {}
    for name, values in HEADS.items():
        path = dump.with_name(f"{dump.name}.{name}.f32")
        ours = numpy.fromfile(path, dtype="<f4")
        if ours.size != wanted[name].size:
            raise AnnotationError(
                f"{path}: has {ours.size} values, {archive.name} {wanted[name].size} ({len(wanted[name])} anchors x {values})"
            )
        difference = numpy.abs(ours.reshape(wanted[name].shape) - wanted[name])
        result[name] = float("inf") if numpy.isnan(difference).any() else float(difference.max())
    return result


def read_references(folder: Path, kind: str) -> dict[Path, Detections]:
    """Returns picture -> faces of all `*.KIND.json`. Raises AnnotationError if there is no such file or one is invalid."""
    result = {}
    for path in sorted(folder.glob(f"*.{kind}.json")):
        try:
            text = read_text(path)
            picture = Path(json.loads(text)["picture"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnnotationError(f"{path}: not a reference: {error}") from None
        frame = json.dumps({"source": str(picture), **json.loads(text)})
        # Pictures beside the reference are named alone, the others from the folder above.
        root = folder if picture.parent == Path() else folder.parent
        result[root / picture] = predictions.parse_json_lines([frame], str(path))[str(picture)]
    if not result:
        raise AnnotationError(f"{folder}: has no *.{kind}.json")
    return result


def report_faces(predictor: Predictor, references: dict[Path, Detections]) -> bool:
    """Prints a line per picture; returns True if all agree."""
    found, _ = predictor.predict(Path("/"), [str(path.resolve()).lstrip("/") for path in references], "reference pictures")
    print("faces missing extra  score  box px  landmarks px")
    results = []
    for path, reference in references.items():
        result = compare_faces(found[str(path.resolve()).lstrip("/")], reference)
        results.append(result)
        print(
            f"{result.faces:5} {result.missing:7} {result.extra:5}  {result.score:.4f}  {result.box:6.3f}  {result.landmarks:12.3f}  "
            f"{'agrees' if result.agrees else 'DIFFERS'}  {path.name}"
        )
    return all(result.agrees for result in results)


def report_heads(archive: Path, dump: Path) -> bool:
    """Prints a line per output; returns True if all agree."""
    differences = compare_heads(archive, dump)
    for name, difference in differences.items():
        print(f"{name:6} greatest difference {difference:.2e}  {'agrees' if difference <= HEAD_BOUND else 'DIFFERS'}")
    return all(difference <= HEAD_BOUND for difference in differences.values())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retinaface_training.compare",
        description=__doc__.split("\n\n")[0],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_subparsers(dest="what", required=True)
    faces = what.add_parser("faces", help="detections on the reference pictures")
    faces.add_argument("--reference", required=True, type=Path, metavar="FOLDER", help="folder of *.KIND.json")
    faces.add_argument("--kind", required=True, choices=("leaky", "relu"), help="published weights")
    source = faces.add_mutually_exclusive_group(required=True)
    source.add_argument("--rf-cam", metavar="PROGRAM", help="run this rf-cam")
    source.add_argument("--predictions", type=Path, metavar="FILE", help="output of rf-cam --format json --threshold 0.3 --size original")
    faces.add_argument("--model", metavar="FILE", help="model file for --rf-cam")
    heads = what.add_parser("heads", help="raw outputs")
    heads.add_argument("archive", type=Path, metavar="NPZ", help="reference archive with loc, conf and landms")
    heads.add_argument("dump", type=Path, metavar="DUMP", help="DUMP.loc.f32, DUMP.conf.f32 and DUMP.landms.f32")
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if options.what == "heads":
            return 0 if report_heads(options.archive, options.dump) else 1
        references = read_references(options.reference, options.kind)
        if options.rf_cam:
            predictor: Predictor = ProgramPredictor(rf_cam_arguments(options.rf_cam, options.model, LEAST_SCORE, 0.4, []))
        else:
            predictor = StoredPredictor(options.predictions)
        return 0 if report_faces(predictor, references) else 1
    except (AnnotationError, OSError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
