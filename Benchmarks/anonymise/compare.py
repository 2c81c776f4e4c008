"""Compares rf-cam --anonymise with deface 1.5 on annotated pictures: the share of annotated faces that are covered, and the time.

Usage: compare.py DATA --deface PROGRAM [--threshold 0.2] [--results DIR]
DATA contains ground_truth.txt (a name, a count, then x y w h easy medium hard per face) and the pictures. Both programs paint
black ellipses, 1.3 times as large as their boxes; a face counts as covered if at least half of the pixels of its annotated box are black
in the result and were not black before. Prints one line per program.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
from PIL import Image

ROOT = Path(__file__).parent.parent.parent
# Compression changes black pixels of a JPEG slightly.
BLACK = 16


def read_truth(path: Path) -> dict[str, numpy.ndarray]:
    """Returns the boxes of each picture as rows x, y, width, height."""
    words, place, truth = path.read_text().split(), 0, {}
    while place < len(words):
        name, count = words[place], int(words[place + 1])
        numbers = [float(word) for word in words[place + 2 : place + 2 + 7 * count]]
        truth[name] = numpy.array(numbers).reshape(-1, 7)[:, :4]
        place += 2 + 7 * count
    return truth


def seconds(command: list) -> float:
    """Runs a program on one core; returns its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    subprocess.run(
        ["taskset", "-c", "0", *map(str, command)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def covered(original: Path, result: Path, boxes: numpy.ndarray) -> list[bool]:
    """Returns for each box whether at least half of its pixels became black."""
    if not result.exists():
        return [False] * len(boxes)
    before = numpy.asarray(Image.open(original).convert("RGB")).max(axis=2)
    after = numpy.asarray(Image.open(result).convert("RGB")).max(axis=2)
    found = []
    for x, y, width, height in boxes:
        rows, columns = slice(max(0, int(y)), int(y + height) + 1), slice(max(0, int(x)), int(x + width) + 1)
        was_lit = before[rows, columns] >= BLACK
        found.append(bool((was_lit & (after[rows, columns] < BLACK)).sum() >= 0.5 * max(1, was_lit.sum())))
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--deface", type=Path, required=True, help="the program deface")
    parser.add_argument("--program", type=Path, default=ROOT / "build/rf-cam")
    parser.add_argument("--threshold", type=float, default=0.2)
    options = parser.parse_args(arguments)
    truth = read_truth(options.data / "ground_truth.txt")
    pictures = {path.stem: path for path in options.data.rglob("*.jpg")}
    names = [name for name in truth if Path(name).stem in pictures]
    paths = [pictures[Path(name).stem] for name in names]
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "ours"), Path(folder, "theirs")
        theirs.mkdir()
        for path in paths:
            shutil.copy(path, theirs)
        ours_options = ["--anonymise", "solid", "--threshold", options.threshold, "--size", "original", "--format", "none"]
        ours_seconds = seconds([options.program, *ours_options, "--output", ours, *paths])
        # It writes its results beside the pictures.
        theirs_seconds = seconds([options.deface, "--thresh", options.threshold, "--replacewith", "solid", theirs])
        for path in paths:
            os.replace(theirs / f"{path.stem}_anonymized{path.suffix}", theirs / path.name)
        for label, results, spent in (("rf-cam", ours, ours_seconds), ("deface", theirs, theirs_seconds)):
            found = [covered(path, results / path.name, truth[name]) for name, path in zip(names, paths, strict=True)]
            faces = [flag for flags in found for flag in flags]
            black = numpy.mean([(numpy.asarray(Image.open(results / path.name).convert("L")) < BLACK).mean() for path in paths])
            print(
                f"{label}: {sum(faces)} of {len(faces)} faces covered ({sum(faces) / len(faces):.1%}), "
                f"{1000 * spent / len(paths):.0f} ms per picture, {black:.1%} of all pixels black"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
