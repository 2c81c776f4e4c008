"""Estimates the confidence interval of the difference between two detectors: `python -m retinaface_training.bootstrap`.

The evaluation sets are small: a difference of AP is significant only in relation to its spread over redrawn pictures.
Paired bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993): both detectors are measured on the same draws.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy
import tqdm

from .evaluate import predict, read_folder
from .evaluation import wider
from .evaluation.detect import Options
from .evaluation.ground_truth import SETS, AnnotationError, Picture
from .evaluation.predictors import Predictor, ProgramPredictor, StoredPredictor, rf_cam_arguments

PERCENTILES = (5, 95)
EPILOG = """examples:
  two model files:  python -m retinaface_training.bootstrap old.rfm new.rfm --rf-cam ../build/rf-cam --data DATA/eval/wider
  stored answers:   python -m retinaface_training.bootstrap old.json new.json --data FOLDER
                    (from rf-cam --format json --threshold 0.02 --size original ...)
"""

Predictions = dict[str, numpy.ndarray]
"""Returns picture name -> M x 5 (x y w h score)."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """AP at IoU 0.5 of one set: before, after, and the 5th and 95th percentile of after minus before."""

    before: float
    after: float
    low: float
    high: float

    @property
    def within_chance(self) -> bool:
        return self.low <= 0 <= self.high


def compare(pictures: list[Picture], before: Predictions, after: Predictions, draws: int, seed: int = 1) -> dict[str, Difference]:
    """Returns set name -> difference of two detectors, from `draws` draws of as many pictures with repetition."""
    rng = numpy.random.default_rng(seed)
    names = [picture.name for picture in pictures]
    values = []
    for _ in tqdm.trange(draws, desc="draws", disable=None):
        drawn = rng.integers(len(pictures), size=len(pictures))
        again = [dataclasses.replace(pictures[index], name=str(place)) for place, index in enumerate(drawn)]
        both = [
            {str(place): found[names[index]] for place, index in enumerate(drawn) if names[index] in found} for found in (before, after)
        ]
        values.append(numpy.subtract(_precisions(again, both[1]), _precisions(again, both[0])))
    low, high = numpy.percentile(values, PERCENTILES, axis=0)
    columns = (_precisions(pictures, before), _precisions(pictures, after), low, high)
    return {name: Difference(*map(float, row)) for name, *row in zip(SETS, *columns, strict=True)}


def _precisions(pictures: list[Picture], found: Predictions) -> list[float]:
    precisions = wider.evaluate(pictures, found, wider.EXACT, ious=(0.5,)).ap
    return [precisions[name] for name in SETS]


def _predictor(path: Path, rf_cam: str | None) -> Predictor:
    how = Options()
    return (
        StoredPredictor(path) if rf_cam is None else ProgramPredictor(rf_cam_arguments(rf_cam, str(path), how.threshold, how.nms_iou, []))
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retinaface_training.bootstrap",
        description=__doc__.split("\n\n")[0],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("before", type=Path, help="model file (with --rf-cam), or predictions in a format that evaluate reads")
    parser.add_argument("after", type=Path, help="the model file or predictions to compare with it")
    parser.add_argument("--rf-cam", metavar="PROGRAM", help="rf-cam, which executes both model files")
    parser.add_argument("--data", metavar="FOLDER", type=Path, action="append", required=True, help="evaluation folder; may be repeated")
    parser.add_argument("--draws", type=int, default=200, help="number of draws of the pictures (default %(default)s)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.draws < 1:
        parser.error("--draws is at least 1")
    try:
        predictors = [_predictor(path, options.rf_cam) for path in (options.before, options.after)]
        print("AP at IoU 0.5        before   after   after less before, 5th to 95th percentile")
        for folder in options.data:
            dataset = read_folder(folder)
            found = [predict(predictor, dataset)[0] for predictor in predictors]
            for name, row in compare(dataset.pictures, *found, options.draws).items():
                verdict = "within chance" if row.within_chance else "better" if row.low > 0 else "worse"
                print(f"{dataset.name:10} {name:8} {row.before:7.3f} {row.after:7.3f}   {row.low:+.3f} ... {row.high:+.3f}  {verdict}")
    except (AnnotationError, OSError) as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
