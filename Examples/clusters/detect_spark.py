"""Detects the faces of many pictures with Spark: python detect_spark.py SOURCE OUTPUT [--workers N]

With a cluster: spark-submit --py-files common.py detect_spark.py SOURCE OUTPUT; the wheel of rf-cam must be on the workers
(--archives with an environment, or installed).
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator

import common
import pandas as pd
import pyarrow as pa
from pyspark.sql import SparkSession

BATCH = 16
"""Pictures per task, as in detect_ray.py."""
COLUMNS = "path string, width int, height int, error string, faces array<struct<score: float, box: array<float>, landmarks: array<float>>>"
"""`common.SCHEMA` in Spark's words."""


@functools.cache
def finder_of_process(finder: type, source: str, threshold: float) -> common.FaceFinder:
    """Returns a finder that the tasks of a Python worker share: a detector keeps what it prepared for a size of pictures."""
    return finder(source, threshold)


def detect(
    session: SparkSession, source: str, output: str, threshold: float = 0.5, part: int = 10_000, finder: type = common.FaceFinder
) -> int:
    """Returns the number of new rows in the output."""

    def batches(parts: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        find = finder_of_process(finder, source, threshold)
        for frame in parts:
            yield find(frame["path"].tolist()).to_pandas()

    def faces(paths: list[str]) -> Iterator[pa.Table]:
        for first in range(0, len(paths), part):  # a job per file
            frame = pd.DataFrame({"path": paths[first : first + part]})
            rows = session.createDataFrame(frame).repartition(max(1, len(frame) // BATCH))
            yield rows.mapInPandas(batches, COLUMNS).toArrow().cast(common.SCHEMA)

    return common.run(source, output, faces, part)


def session(workers: int, **settings: str) -> SparkSession:
    """Returns the session of spark-submit, or one on this machine in which a task is tried up to four times."""
    builder = SparkSession.builder.appName("rf-cam")
    for name, value in settings.items():
        builder = builder.config(name.replace("_", "."), value)
    # spark-submit starts this program with a connection to its own session, whose master stays.
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.master(f"local[{workers}, 4]")
    return builder.getOrCreate()


def main() -> int:
    options = common.arguments(__doc__.splitlines()[0])
    detect(session(options.workers), options.source, options.output, options.threshold, options.part)
    return 0


if __name__ == "__main__":
    sys.exit(main())
