"""What the Ray and the Spark recipe share: finding pictures, detecting faces, and Parquet files that make a run restartable.

The driver collects the rows, a few hundred bytes per picture, and writes them in Parquet files. A run that was interrupted is started again
with the same command: pictures whose rows exist are skipped.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.fs as fs
import pyarrow.parquet as pq
import rfcam
from PIL import Image, ImageOps

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".ppm", ".pgm")
Image.MAX_IMAGE_PIXELS = 100_000_000

FACE = pa.struct(
    [
        ("score", pa.float32()),
        ("box", pa.list_(pa.float32())),  # left, top, right, bottom: pixels of the upright picture
        ("landmarks", pa.list_(pa.float32())),  # x and y of left eye, right eye, nose, left and right corner of the mouth
    ]
)
SCHEMA = pa.schema(
    [
        ("path", pa.string()),  # below the input
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("error", pa.string()),  # why there are no faces; null: none
        ("faces", pa.list_(FACE)),
    ]
)
"""One row per picture."""

Table = pa.Table


class FaceFinder:
    """Detects the faces of pictures. Workers create it once and call it for every batch."""

    def __init__(self, source: str, threshold: float = 0.5):
        """source: the folder or URI that paths are below. threshold: minimum score, 0 to 1."""
        self.files, self.base = fs.FileSystem.from_uri(source)
        self.detector = rfcam.Detector(threshold=threshold)

    def __call__(self, paths: list[str]) -> Table:
        """Returns a row per path. A picture that cannot be read has an error and no faces."""
        return pa.Table.from_pylist([self.row(path) for path in paths], SCHEMA)

    def row(self, path: str) -> dict:
        row: dict = {"path": path, "width": 0, "height": 0, "error": None, "faces": []}
        try:
            picture = self.read(path)
            row["height"], row["width"] = picture.shape[:2]
            row["faces"] = faces_as_rows(self.detector(picture))
        except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
            row["error"] = f"{type(error).__name__}: {error}"
        return row

    def read(self, path: str) -> np.ndarray:
        """Returns the upright R G B pixels."""
        with self.files.open_input_stream(f"{self.base}/{path}") as stream:
            content = stream.read()
        with Image.open(io.BytesIO(content)) as picture:
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))


def faces_as_rows(faces: rfcam.Faces) -> list[dict]:
    return [
        {"score": score, "box": box.tolist(), "landmarks": points.reshape(-1).tolist()}
        for score, box, points in zip(faces.scores.tolist(), faces.boxes, faces.landmarks, strict=True)
    ]


def uri(place: str) -> str:
    """Returns a folder's name as a URI; URIs stay."""
    return place if "://" in place else Path(place).resolve().as_uri()


def pictures_below(source: str) -> list[str]:
    """Returns the sorted paths of the pictures below a folder or URI, relative to it."""
    files, base = fs.FileSystem.from_uri(source)
    found = files.get_file_info(fs.FileSelector(base, recursive=True))
    paths = (info.path[len(base) :].lstrip("/") for info in found if info.type == fs.FileType.File)
    return sorted(path for path in paths if path.lower().endswith(ENDINGS))


def finished(output: str) -> set[str]:
    """Returns the paths that have rows in the output's files."""
    files, base = fs.FileSystem.from_uri(output)
    parts = [info.path for info in files.get_file_info(fs.FileSelector(base, allow_not_found=True)) if info.path.endswith(".parquet")]
    return {path for part in parts for path in pq.read_table(part, columns=["path"], filesystem=files)["path"].to_pylist()}


def write_part(output: str, table: Table) -> None:
    """Adds a file to the output. It gets its name when it is complete, so that an interruption leaves no half file."""
    files, base = fs.FileSystem.from_uri(output)
    files.create_dir(base, recursive=True)
    name = f"{base}/part-{time.time_ns()}.parquet"
    pq.write_table(table, name + ".unfinished", filesystem=files)
    files.move(name + ".unfinished", name)


def run(source: str, output: str, detect: Callable[[list[str]], Iterable[Table]], part: int) -> int:
    """Detects the faces of all pictures that have no rows yet. Returns the number of new rows.

    detect: yields the rows of paths, in any order. part: least number of rows in a file, except for the last one.
    """
    done = finished(output)
    left = [path for path in pictures_below(source) if path not in done]
    print(f"{len(done)} pictures are finished, {len(left)} are left", file=sys.stderr)
    start, count, tables = time.monotonic(), 0, []
    for table in detect(left) if left else ():
        tables.append(table)
        count += table.num_rows
        if sum(table.num_rows for table in tables) >= part or count == len(left):
            write_part(output, pa.concat_tables(tables))
            tables = []
            rate = count / (time.monotonic() - start)
            print(f"{count} of {len(left)} pictures, {rate:.1f} per second, {(len(left) - count) / rate:.0f} s left", file=sys.stderr)
    return count


def arguments(description: str) -> argparse.Namespace:
    """Parses the command line of a recipe."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("source", help="folder or URI of the pictures, such as s3://bucket/pictures")
    parser.add_argument("output", help="folder or URI for the Parquet files; the pictures in it are skipped")
    parser.add_argument("--workers", type=int, default=2, help="processes that detect, one core each (default 2)")
    parser.add_argument("--threshold", type=float, default=0.5, help="minimum score of a face (default 0.5)")
    parser.add_argument("--part", type=int, default=10_000, help="pictures per file; an interruption costs at most these (default 10000)")
    options = parser.parse_args()
    options.source, options.output = uri(options.source), uri(options.output)
    return options
