"""The Spark recipe in local mode."""

import shutil

import pytest

from checks import check_rows, rows_of

if shutil.which("java") is None:
    pytest.skip("left out: Spark needs Java", allow_module_level=True)
import detect_spark

from deadly import DeadlyFinder


@pytest.fixture(scope="module")
def session():
    session = detect_spark.session(2, spark_ui_enabled="false")
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


def test_rows_are_the_program_s_though_a_worker_is_killed(session, pictures, answers, tmp_path, killed_once):
    output = tmp_path / "out"
    count = detect_spark.detect(session, pictures.as_uri(), output.as_uri(), part=30, finder=DeadlyFinder)
    assert killed_once.exists(), "a worker was killed"
    check_rows(output, answers)
    assert count == len(rows_of(output)) and len(list(output.glob("*.parquet"))) == (count + 29) // 30
    assert detect_spark.detect(session, pictures.as_uri(), output.as_uri()) == 0
