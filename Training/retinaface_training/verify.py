"""Measures a detector's effect on recognition: `python -m retinaface_training.verify --pictures LFW --pairs pairs.txt --recogniser X.onnx`.

A detector's five points align each face for an ONNX recogniser (arXiv 1905.00641, section 4.7). With --shrink and --turn the detector
sees a small or turned copy, and the crop comes from the whole picture: only the points differ. +F adds the features of the mirror
image; +S weighs the pictures of a template by the detector's score.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy
from PIL import Image
from tqdm import tqdm

from .data.labels import DataError, load_picture
from .evaluation import detect
from .evaluation.ground_truth import AnnotationError
from .evaluation.mtcnn import Mtcnn
from .evaluation.predictions import Detections
from .evaluation.predictors import Predictor, ProgramPredictor, rf_cam_arguments
from .evaluation.verification import (
    CROP,
    FALSE_ACCEPT_RATES,
    NORMALISATIONS,
    REFERENCE,
    Pairs,
    Recogniser,
    aligned,
    fold_accuracies,
    main_face,
    plot_roc,
    read_pairs,
    template,
    true_accept_rate,
)

LEAST_SCORE = 0.3
LEAST_TEMPLATE = 2
"""Pictures per template: a person with twice as many has two templates."""

EPILOG = """data:
  LFW, deep-funneled (research): PERSON/PERSON_0001.jpg below --pictures, and pairs.txt of its authors
  recogniser: any ONNX graph from 112 x 112 RGB to features, such as MobileFaceNet
  MTCNN: pip download --no-deps facenet-pytorch==2.6.0; FOLDER is facenet_pytorch/data of the unzipped wheel
"""

Points = tuple[numpy.ndarray, float] | None
"""Five points (5 x 2, pixels of the whole picture) and the detector's score; None where it found no face."""


@dataclass(frozen=True)
class View:
    """What the detector sees of a picture: shrunk by `shrink`, then turned counter-clockwise by `turn` degrees about its middle."""

    shrink: float = 1.0
    turn: float = 0.0

    @property
    def is_whole(self) -> bool:
        return self.shrink == 1 and self.turn == 0

    def of(self, picture: Image.Image) -> Image.Image:
        """Returns the copy; black corners."""
        size = tuple(max(1, round(side / self.shrink)) for side in picture.size)
        return picture.resize(size, Image.Resampling.BILINEAR).rotate(self.turn, Image.Resampling.BILINEAR)

    def back(self, points: numpy.ndarray, small: tuple[int, int], whole: tuple[int, int]) -> numpy.ndarray:
        """Returns points (N x 2) of a copy of size `small` in the picture of size `whole`."""
        cosine, sine = numpy.cos(numpy.radians(self.turn)), numpy.sin(numpy.radians(self.turn))
        middle = numpy.array(small) / 2
        upright = (points - middle) @ numpy.array([[cosine, sine], [-sine, cosine]]) + middle
        return upright * numpy.array(whole) / small


def find_points(predictor: Predictor, pictures: Path, names: list[str], view: View, title: str) -> dict[str, Points]:
    """Returns the points of each picture's main face, in the whole picture."""
    with tempfile.TemporaryDirectory() as folder:
        seen, sizes, copies = pictures, {}, {name: name for name in names}
        if not view.is_whole:
            seen, copies = Path(folder), {name: f"{number:06d}.ppm" for number, name in enumerate(names)}
        for name in tqdm(names, desc=title, unit=" pictures", disable=None):
            picture = load_picture(pictures / name)
            sizes[name] = (picture.size, picture.size)
            if not view.is_whole:
                copy = view.of(picture)
                copy.save(seen / copies[name])
                sizes[name] = (copy.size, picture.size)
        found, _ = predictor.predict(seen, list(copies.values()), title)
    return {name: _main_points(found.get(copies[name], detect.NO_FACES), *sizes[name], view) for name in names}


def _main_points(faces: Detections, small: tuple[int, int], whole: tuple[int, int], view: View) -> Points:
    faces = faces.above(LEAST_SCORE)
    chosen = main_face(faces, small)
    return None if chosen is None else (view.back(faces.landmarks[chosen], small, whole), float(faces.scores[chosen]))


def embed(recogniser: Recogniser, pictures: Path, points: dict[str, Points]) -> dict[str, numpy.ndarray]:
    """Returns each picture's features, 2 x D (as it is, mirrored). Without a face the middle of the picture is cropped."""
    features = {}
    for name, found in tqdm(points.items(), desc="features", unit=" pictures", disable=None):
        picture = load_picture(pictures / name)
        place = found[0] if found else REFERENCE / CROP * 0.4 * min(picture.size) + numpy.array(picture.size) * [0.3, 0.32]
        features[name] = recogniser.features(aligned(picture, place))
    return features


@dataclass(frozen=True)
class Comparison:
    """similarities: cosine of each pair; genuine: one person's pair."""

    similarities: numpy.ndarray
    genuine: numpy.ndarray

    def rates(self) -> dict[str, float]:
        """Returns TAR by FAR, for those FARs that the number of impostors can show."""
        shown = [rate for rate in FALSE_ACCEPT_RATES if (~self.genuine).sum() * rate >= 1]
        return {f"{rate:g}": true_accept_rate(self.similarities, self.genuine, rate) for rate in shown}


def compare_pairs(features: dict[str, numpy.ndarray], pairs: Pairs, with_flip: bool) -> Comparison:
    """Compares pictures one to one."""
    vectors = {name: template(both if with_flip else both[:1]) for name, both in features.items()}
    similarities = numpy.array([vectors[one] @ vectors[other] for one, other in zip(pairs.first, pairs.second, strict=True)])
    return Comparison(similarities, pairs.genuine)


def compare_templates(features: dict[str, numpy.ndarray], points: dict[str, Points], with_flip: bool, by_score: bool) -> Comparison:
    """Compares templates of several pictures: each person's even pictures with everyone's odd ones, as IJB's 1:1 protocol does.

    by_score: weigh pictures by the detector's score (a missed face by 0; without any found face all are equal).
    """
    people: dict[str, list[str]] = {}
    for name in sorted(features):
        people.setdefault(name.split("/")[0], []).append(name)
    chosen = [names for names in people.values() if len(names) >= 2 * LEAST_TEMPLATE]
    halves: list[list[numpy.ndarray]] = [[], []]
    for names in chosen:
        for half in (0, 1):
            own = names[half::2]
            weights = numpy.array([points[name][1] if points[name] else 0.0 for name in own])
            views = [features[name] if with_flip else features[name][:1] for name in own]
            each = weights if by_score and weights.any() else numpy.ones(len(own))
            halves[half].append(template(numpy.concatenate(views), numpy.repeat(each, [len(view) for view in views])))
    if not chosen:
        return Comparison(numpy.zeros(0), numpy.zeros(0, bool))
    return Comparison((numpy.stack(halves[0]) @ numpy.stack(halves[1]).T).ravel(), numpy.eye(len(chosen), dtype=bool).ravel())


def measure(features: dict[str, numpy.ndarray], points: dict[str, Points], pairs: Pairs) -> tuple[dict, dict[str, Comparison]]:
    """Returns the figures, as JSON values, and the comparisons by kind."""
    kinds = {"pairs": compare_pairs(features, pairs, False), "pairs +F": compare_pairs(features, pairs, True)}
    names = ("templates", "templates +F", "templates +F +S")
    templates = {name: compare_templates(features, points, "+F" in name, "+S" in name) for name in names}
    figures: dict[str, object] = {"pictures": len(features), "missed": sum(found is None for found in points.values())}
    for name, comparison in kinds.items():
        accuracies = fold_accuracies(comparison.similarities, comparison.genuine, pairs.folds)
        figures[name] = {"accuracy": float(accuracies.mean()), "deviation": float(accuracies.std()), "tar_at_far": comparison.rates()}
    for name, comparison in templates.items():
        if comparison.genuine.sum() > 1:
            kinds[name] = comparison
            figures[name] = {"people": int(comparison.genuine.sum()), "tar_at_far": comparison.rates()}
    return figures, kinds


def first_of_each_fold(pairs: Pairs, count: int) -> Pairs:
    """Returns `count` pairs in all: the first genuine and impostor pairs of each fold, as many of each."""
    each = count // (2 * (pairs.folds.max() + 1))
    places = []
    for fold in range(pairs.folds.max() + 1):
        for kind in (True, False):
            places += numpy.flatnonzero((pairs.folds == fold) & (pairs.genuine == kind))[:each].tolist()
    return Pairs([pairs.first[k] for k in places], [pairs.second[k] for k in places], pairs.genuine[places], pairs.folds[places])


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m retinaface_training.verify",
        description=__doc__.split("\n\n")[0],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pictures", type=Path, required=True, metavar="FOLDER", help="LFW's folder of people")
    parser.add_argument("--pairs", type=Path, required=True, metavar="FILE", help="LFW's pairs.txt")
    parser.add_argument("--recogniser", type=Path, required=True, metavar="FILE", help="ONNX graph")
    parser.add_argument("--normalisation", choices=sorted(NORMALISATIONS), default="imagenet", help="of the recogniser (default: imagenet)")
    parser.add_argument("--count", type=int, help="number of pairs, as many of each fold and kind (default: all)")
    parser.add_argument("--shrink", type=float, default=1.0, metavar="K", help="the detector sees the picture this many times smaller")
    parser.add_argument("--turn", type=float, default=0.0, metavar="DEGREES", help="the detector sees the picture turned by this")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="write results.json and the ROC curves as PNG here")
    detectors = parser.add_argument_group("detectors (one or both)")
    detectors.add_argument("--rf-cam", metavar="PROGRAM", help="run this rf-cam")
    detectors.add_argument("--model", metavar="FILE", help="model file (--rf-cam; default: its embedded one)")
    detectors.add_argument("--mtcnn", type=Path, metavar="FOLDER", help="pnet.pt, rnet.pt and onet.pt of facenet-pytorch")
    detectors.add_argument("--threads", type=int, default=1, metavar="N", help="threads of rf-cam and the recogniser (default 1)")
    options = parser.parse_args(arguments)
    if not (options.rf_cam or options.mtcnn):
        parser.error("name a detector: --rf-cam or --mtcnn")
    if options.shrink < 1:
        parser.error("--shrink: at least 1")
    return options


def _predictors(options: argparse.Namespace) -> dict[str, Predictor]:
    predictors: dict[str, Predictor] = {}
    if options.rf_cam:
        more = ["--threads", str(options.threads)]
        arguments = rf_cam_arguments(options.rf_cam, options.model, LEAST_SCORE, 0.4, more)
        predictors["rf-cam"] = ProgramPredictor(arguments, allow_missing=True)
    if options.mtcnn:
        predictors["MTCNN"] = Mtcnn(options.mtcnn)
    return predictors


def _run(options: argparse.Namespace) -> None:
    pairs = read_pairs(options.pairs)
    if options.count:
        pairs = first_of_each_fold(pairs, options.count)
    names = sorted({*pairs.first, *pairs.second})
    recogniser = Recogniser(options.recogniser, options.normalisation, options.threads)
    results, curves = {}, {}
    for title, predictor in _predictors(options).items():
        points = find_points(predictor, options.pictures, names, View(options.shrink, options.turn), title)
        features = embed(recogniser, options.pictures, points)
        results[title], kinds = measure(features, points, pairs)
        drawn = [kind for kind in ("pairs +F", "templates +F +S") if kind in kinds]
        curves |= {f"{title}, {kind}": (kinds[kind].similarities, kinds[kind].genuine) for kind in drawn}
        print(json.dumps({"detector": title, **results[title]}))
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "results.json").write_text(json.dumps(results, indent=1) + "\n")
        title = f"{len(pairs.genuine)} pairs, shrunk {options.shrink:g}, turned {options.turn:g}"
        plot_roc(curves, options.output / "roc.png", title)


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit status."""
    options = parse_options(arguments)
    try:
        _run(options)
    except (AnnotationError, DataError, detect.PictureError, OSError, ValueError) as error:
        print(f"verify: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
