"""The Ray recipe in local mode."""

import os

import common
import detect_ray
import pytest
import ray

from checks import check_rows, rows_of
from deadly import DeadlyBatchFinder


@pytest.fixture(scope="module")
def cluster():
    ray.init(num_cpus=2, log_to_driver=False, include_dashboard=False, configure_logging=False)
    yield
    ray.shutdown()


def test_rows_are_the_program_s_though_a_worker_is_killed(cluster, pictures, answers, tmp_path, killed_once):
    output = tmp_path / "out"
    count = detect_ray.detect(pictures.as_uri(), output.as_uri(), part=20, finder=DeadlyBatchFinder)
    assert killed_once.exists(), "a worker was killed"
    check_rows(output, answers)
    assert count == len(rows_of(output))


def test_a_second_run_adds_what_is_missing(cluster, pictures, answers, tmp_path):
    output = tmp_path / "out"
    some = common.pictures_below(pictures.as_uri())[:4]
    common.write_part(output.as_uri(), common.FaceFinder(pictures.as_uri())(some))
    before = {path: os.stat(path).st_mtime_ns for path in output.iterdir()}
    (output / "part-1.parquet.unfinished").write_bytes(b"of a run that was killed")
    assert detect_ray.detect(pictures.as_uri(), output.as_uri()) == len(answers) + 3 - 4
    assert all(os.stat(path).st_mtime_ns == when for path, when in before.items())
    check_rows(output, answers)
    assert detect_ray.detect(pictures.as_uri(), output.as_uri()) == 0
