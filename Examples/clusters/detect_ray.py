"""Detects the faces of many pictures with Ray Data: python detect_ray.py SOURCE OUTPUT [--workers N]

Uses the cluster that RAY_ADDRESS names; without it, this machine.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import common
import pyarrow as pa
import ray

BATCH = 16
"""Pictures per task: some tenths of a second, so that a lost worker costs little."""


class BatchFinder:
    """An actor's callable: holds a detector."""

    finder_type = common.FaceFinder

    def __init__(self, source: str, threshold: float):
        self.finder = self.finder_type(source, threshold)

    def __call__(self, batch: pa.Table) -> pa.Table:
        return self.finder(batch["path"].to_pylist())


def detect(source: str, output: str, workers: int = 2, threshold: float = 0.5, part: int = 10_000, finder: type = BatchFinder) -> int:
    """Returns the number of new rows in the output."""

    def faces(paths: list[str]) -> Iterator[pa.Table]:
        logging.getLogger("ray.data").setLevel(logging.WARNING)  # `common.run` prints the progress
        # Blocks of the size of a batch. (Ray's repartition would need a processor that the actors occupy.)
        blocks = [pa.table({"path": paths[first : first + BATCH]}) for first in range(0, len(paths), BATCH)]
        found = ray.data.from_arrow(blocks).map_batches(
            finder,
            fn_constructor_args=(source, threshold),
            batch_size=BATCH,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=workers),
            num_cpus=1,  # Ray replaces a lost worker and repeats its batch
        )
        for table in found.iter_batches(batch_size=None, batch_format="pyarrow"):
            yield table.cast(common.SCHEMA)

    return common.run(source, output, faces, part)


def main() -> int:
    options = common.arguments(__doc__.splitlines()[0])
    ray.init(log_to_driver=False, include_dashboard=False, runtime_env={"working_dir": str(Path(__file__).parent)})
    detect(options.source, options.output, options.workers, options.threshold, options.part)
    return 0


if __name__ == "__main__":
    sys.exit(main())
