"""Makes a training folder from public data: `python -m retinaface_training.data from-wider FOLDER --output FOLDER`.

FOLDER holds what WIDER_train.zip and wider_face_split.zip of http://shuoyang1213.me/WIDERFACE/ contain (research only). Landmarks are
in the label.txt that the authors of RetinaFace publish (github.com/deepinsight/insightface, detection/retinaface).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import tqdm

from . import from_wider
from .labels import DataError, Problems

SHOWN = 5
"""Messages about unusable data that are printed; the others are counted."""


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    problems = Problems(refuse=options.on_bad_data == "refuse")
    try:
        annotation, images = from_wider.find(options.folder, options.part)
        pictures = from_wider.read_annotation(annotation)
        landmarks = from_wider.read_landmarks(options.landmarks, problems) if options.landmarks else {}
        bar = tqdm.tqdm(pictures, desc=annotation.name, unit=" pictures", disable=None)
        converted = from_wider.convert(bar, images, landmarks, problems)
        if not converted.pictures:
            raise DataError(f"{images}: has none of the {len(pictures)} pictures of {annotation} with a usable face")
        from_wider.write(options.output, images, converted)
    except (DataError, OSError) as error:
        print(f"data: {error}", file=sys.stderr)
        return 1
    _report(options.output, converted, problems)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retinaface_training.data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(required=True, metavar="KIND")
    wider = kinds.add_parser("from-wider", help="WIDER FACE's own annotation, text or MATLAB")
    wider.add_argument("folder", type=Path, metavar="FOLDER", help="folder that contains WIDER_train/images and wider_face_split")
    wider.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="the training folder to make; it links to the pictures")
    wider.add_argument("--landmarks", type=Path, metavar="FILE", help="label.txt of RetinaFace's authors: five points of the larger faces")
    wider.add_argument("--part", choices=["train", "val"], default="train", help="part of the data set (default train)")
    wider.add_argument(
        "--on-bad-data", choices=["skip", "refuse"], default="skip", help="treatment of missing or damaged pictures (default skip)"
    )
    return parser


def _report(output: Path, converted: from_wider.Converted, problems: Problems) -> None:
    for message in problems.messages[:SHOWN]:
        print(f"data: skipped: {message}", file=sys.stderr)
    if len(problems.messages) > SHOWN:
        print(f"data: skipped: {len(problems.messages) - SHOWN} more", file=sys.stderr)
    left_out = (
        (converted.marked_invalid, "marked as invalid"),
        (converted.without_area, "without an area"),
        (converted.outside, "outside their picture"),
    )
    print(
        f"data: {output}: {converted.pictures} pictures with {converted.faces} faces, {converted.with_landmarks} of them with landmarks; "
        f"{len(converted.negatives)} pictures without a face; left out: "
        + ", ".join(f"{count} faces {reason}" for count, reason in left_out)
        + f"\ndata: next: python -m retinaface_training.train --data {output}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())
