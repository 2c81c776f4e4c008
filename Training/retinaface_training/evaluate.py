"""Measures a detector: WIDER FACE's AP, landmark error and false faces, for PyTorch weights, stored predictions or rf-cam.

The network, its exported copy and the program are measured in the same way, so that their figures can be compared. Protocol:
evaluation/wider.py; landmark error: evaluation/landmarks.py.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import numpy

from .data.labels import DataError, LandmarkSource, Problems, Split, read_training_data
from .evaluation import detect, ground_truth, landmarks, report, wider
from .evaluation.ground_truth import AnnotationError, Picture
from .evaluation.predictors import NetworkPredictor, Predictor, ProgramPredictor, StoredPredictor, rf_cam_arguments
from .evaluation.report import DatasetReport, NegativeReport
from .exchange.graph import ModelFileError
from .weight_options import NO_TORCH, add_weight_options

FALSE_FACE_THRESHOLD = 0.5
PROTOCOLS = {"exact": wider.EXACT, "official": wider.OFFICIAL}

EPILOG = """examples:
  a checkpoint:     python -m retinaface_training.evaluate --weights runs/a/last.pth --data DATA/eval/wider --data DATA/eval/crowd
  a published one:  ... --weights relu_anchors10.pth --activation relu --anchors 10,20/32,64/128,256 --data FOLDER
  the program:      ... --rf-cam ../build/rf-cam --model ../build/model.rfm --data FOLDER
  its output:       rf-cam --format json --threshold 0.02 --size original --max-faces 5000 --recursive FOLDER/images > a.json
                    python -m retinaface_training.evaluate --predictions a.json --data FOLDER
"""


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Annotated pictures below one folder, and their protocol."""

    name: str
    images: Path
    pictures: list[Picture]
    protocol: str


def read_folder(folder: Path, protocol: str | None = None) -> Dataset:
    """Reads `images` and `ground_truth.txt` of an evaluation folder. Raises AnnotationError."""
    return Dataset(folder.resolve().name, folder / "images", ground_truth.read_text(folder / "ground_truth.txt"), protocol or "exact")


def read_official(lists: Path, images: Path, protocol: str | None = None) -> Dataset:
    """Reads the official lists, limited to the pictures in `images`. Raises AnnotationError if it has none of them."""
    everything = ground_truth.read_official(lists)
    present = [picture for picture in everything if (images / picture.name).is_file()]
    if not present:
        raise AnnotationError(f"{images}: has none of the {len(everything)} pictures of {lists}, such as {everything[0].name}")
    print(f"evaluate: {images} has {len(present)} of the {len(everything)} pictures of the official lists", file=sys.stderr)
    return Dataset(f"official-{len(present)}", images, present, protocol or "official")


def predict(predictor: Predictor, dataset: Dataset) -> tuple[dict[str, numpy.ndarray], list[str]]:
    """Returns the input of `wider.evaluate`, M x 5 (x y w h score) by picture name, and the names of pictures without a prediction."""
    found, missing = predictor.predict(dataset.images, [picture.name for picture in dataset.pictures], dataset.name)
    return {name: faces.wider() for name, faces in found.items()}, missing


def measure(predictor: Predictor, dataset: Dataset) -> DatasetReport:
    """Measures the average precision of one dataset."""
    found, missing = predict(predictor, dataset)
    result = wider.evaluate(dataset.pictures, found, PROTOCOLS[dataset.protocol])
    return DatasetReport(dataset.name, dataset.protocol, len(dataset.pictures), missing, result)


def measure_landmarks(predictor: Predictor, split: Split, images: Path) -> landmarks.LandmarkResult:
    """Measures the landmark error on the held-back pictures, human-annotated faces only."""
    names = {picture.path.relative_to(images).as_posix(): picture for picture in split.landmark_validation}
    found, _ = predictor.predict(images, list(names), "landmarks")
    cases = []
    for name, picture in names.items():
        human = picture.sources == LandmarkSource.HUMAN
        boxes = picture.boxes[human].astype(float)
        boxes[:, 2:] -= boxes[:, :2]
        cases.append((found.get(name, detect.NO_FACES), boxes, picture.landmarks[human].reshape(-1, 5, 2)))
    return landmarks.measure(cases)


def measure_negatives(predictor: Predictor, split: Split, images: Path) -> list[NegativeReport]:
    """Measures false faces on the face-free pictures: those held back from training, and all."""
    held = [picture.path.relative_to(images).as_posix() for picture in split.negative_validation]
    trained = [picture.path.relative_to(images).as_posix() for picture in split.training_negatives]
    found, _ = predictor.predict(images, held + trained, "face-free pictures")
    alarms = [name for name, faces in found.items() if len(faces.above(FALSE_FACE_THRESHOLD).scores)]
    return [
        NegativeReport(name, FALSE_FACE_THRESHOLD, len(members), sorted(set(alarms) & set(members)))
        for name, members in (("negatives held back", held), ("negatives, all", held + trained))
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retinaface_training.evaluate",
        description=__doc__.split("\n\n")[0],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_argument_group("subject (one of)").add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--weights", metavar="FILE", help="checkpoint of retinaface_training.train, published .pth, or exported .safetensors"
    )
    source.add_argument(
        "--predictions", metavar="PATH", type=Path, help="JSON lines of rf-cam, or a folder in WIDER FACE's official text format"
    )
    source.add_argument("--rf-cam", metavar="PROGRAM", help="run this rf-cam on the pictures")
    on = parser.add_argument_group("data")
    on.add_argument(
        "--data",
        metavar="FOLDER",
        type=Path,
        action="append",
        default=[],
        help="evaluation folder: images/ and ground_truth.txt; may be repeated",
    )
    on.add_argument("--official", metavar="FOLDER", type=Path, help="folder of WIDER FACE's .mat lists; needs --images")
    on.add_argument("--images", metavar="FOLDER", type=Path, help="pictures of the official lists (EVENT/NAME.jpg)")
    on.add_argument(
        "--training-data",
        metavar="FOLDER",
        type=Path,
        help="folder with label.txt, negatives.txt and images/: landmark error on the held-back tenth, false faces on negatives",
    )
    on.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        help="exact: a curve point at every score, plain boxes (default for --data); "
        "official: 1000 thresholds, boxes one pixel longer, like the MATLAB tools (default for --official)",
    )
    on.add_argument(
        "--allow-missing",
        action="store_true",
        help="count pictures that are missing, damaged or without prediction as empty, and report them",
    )
    _add_detection_options(parser)
    parser.add_argument("--output", metavar="FOLDER", type=Path, help="write results.json and the curves as PNG here")
    return parser


def _add_detection_options(parser: argparse.ArgumentParser) -> None:
    how = parser.add_argument_group("detection")
    how.add_argument("--threshold", type=float, default=0.02, metavar="S", help="minimum score (default 0.02)")
    how.add_argument("--nms", type=float, default=0.4, metavar="IOU", help="suppression and voting (default 0.4)")
    how.add_argument("--flip", action="store_true", help="also the mirrored picture (--weights)")
    how.add_argument(
        "--scales", metavar="SIDES", help="short sides in pixels, such as 500,800,1100,1400,1700 (--weights; default: own size)"
    )
    how.add_argument("--vote", action="store_true", help="box voting instead of suppression (--weights)")
    how.add_argument("--device", default="cpu", help="cpu, cuda, ... (--weights)")
    how.add_argument("--threads", type=int, default=1, metavar="N", help="threads of PyTorch or rf-cam (default 1)")
    how.add_argument("--model", metavar="FILE", help="model file (--rf-cam; default: its embedded one)")
    how.add_argument("--rf-cam-options", metavar="TEXT", default="", help="more options for rf-cam, such as '--isa avx2'")
    add_weight_options(how)


def _predictor(options: argparse.Namespace) -> Predictor:
    if options.predictions:
        return StoredPredictor(options.predictions, options.allow_missing)
    if options.rf_cam:
        more = ["--threads", str(options.threads), *shlex.split(options.rf_cam_options)]
        return ProgramPredictor(
            rf_cam_arguments(options.rf_cam, options.model, options.threshold, options.nms, more), options.allow_missing
        )
    return _network_predictor(options)


def _network_predictor(options: argparse.Namespace) -> Predictor:
    try:
        import torch

        from .network.loading import load_any
    except ImportError:
        raise ModelFileError(f"--weights {NO_TORCH}; --rf-cam and --predictions work without it") from None
    torch.set_num_threads(options.threads)
    try:
        network = load_any(options.weights, options.activation, options.anchors).to(options.device).eval()
    except (RuntimeError, AssertionError) as error:  # PyTorch's errors for an unknown or absent device
        raise ModelFileError(f"--device {options.device}: {str(error).splitlines()[0]}") from None
    how = detect.Options(options.threshold, options.nms, flip=options.flip, scales=_scales(options.scales), vote=options.vote)
    return NetworkPredictor(network, how, options.allow_missing)


def _scales(text: str | None) -> tuple[int, ...]:
    return tuple(int(side) for side in text.split(",")) if text else ()


def _check(options: argparse.Namespace, fail: Callable[[str], None]) -> None:
    """Refuses options that contradict each other, with the parser's own exit status 2."""
    if not (options.data or options.official or options.training_data):
        fail("name something to measure on: --data, --official or --training-data")
    if (options.official is None) != (options.images is None):
        fail("--official and --images need each other")
    if not 0 <= options.threshold < 1 or not 0 < options.nms <= 1 or options.threads < 1:
        fail("--threshold is 0..1, --nms above 0 and at most 1, --threads at least 1")
    if not options.weights and (options.flip or options.scales or options.vote or options.activation or options.anchors):
        fail("--flip, --scales, --vote, --activation and --anchors are for --weights")
    if not options.rf_cam and (options.model or options.rf_cam_options):
        fail("--model and --rf-cam-options are for --rf-cam")
    try:
        if any(side <= 0 for side in _scales(options.scales)):
            raise ValueError
    except ValueError:
        fail(f"--scales {options.scales!r}: write short sides in pixels such as {','.join(map(str, detect.PAPER_SCALES))}")


def _run(options: argparse.Namespace) -> None:
    """Measures, prints the table and writes the files."""
    sets = [read_folder(folder, options.protocol) for folder in options.data]
    if options.official:
        sets.append(read_official(options.official, options.images, options.protocol))
    if len({dataset.name for dataset in sets}) < len(sets):
        raise AnnotationError(f"two folders have the same name: {', '.join(dataset.name for dataset in sets)}; measure them one by one")
    problems = Problems(refuse=not options.allow_missing)
    split = read_training_data(options.training_data, problems) if options.training_data else None
    for message in problems.messages:
        print(f"evaluate: {message}", file=sys.stderr)
    predictor = _predictor(options)
    datasets = [measure(predictor, dataset) for dataset in sets]
    images = options.training_data / "images" if split else None
    errors = measure_landmarks(predictor, split, images) if split and split.landmark_validation else None
    negatives = measure_negatives(predictor, split, images) if split and split.negative_validation else []
    print(report.table(datasets, errors, negatives))
    if options.output:
        _write(options, datasets, errors, negatives)


def _write(
    options: argparse.Namespace, datasets: list[DatasetReport], errors: landmarks.LandmarkResult | None, negatives: list[NegativeReport]
) -> None:
    options.output.mkdir(parents=True, exist_ok=True)
    facts = {
        "options": {key: str(value) if isinstance(value, Path) else value for key, value in vars(options).items() if key != "data"},
        "datasets": {dataset.name: dataset.to_json() for dataset in datasets},
        "landmarks": errors and report.landmarks_to_json(errors),
        "negatives": {r.name: r.to_json() for r in negatives},
    }
    facts["options"]["data"] = [str(folder) for folder in options.data]
    (options.output / "results.json").write_text(json.dumps(facts, indent=1) + "\n")
    for dataset in datasets:
        report.plot_curves(dataset, options.output / f"precision-recall-{report.file_name(dataset.name)}.png")
    if errors is not None:
        landmarks.plot_cumulative_error(errors, options.output / "landmark-error.png")
    print(f"evaluate: wrote {options.output}/results.json and the curves", file=sys.stderr)


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    _check(options, parser.error)
    try:
        _run(options)
    except (AnnotationError, DataError, ModelFileError, detect.PictureError, OSError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
