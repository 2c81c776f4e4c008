"""detect_files: every picture once, in order, with the program's faces; failures as results."""

import itertools
import os

import numpy as np
import pytest
import rfcam

from conftest import read


def test_results_are_those_of_the_detector(pictures):
    detector = rfcam.Detector()
    results = list(rfcam.detect_files(pictures, jobs=2))
    assert [result.path for result in results] == [str(path) for path in pictures]
    for result, path in zip(results, pictures, strict=True):
        want = detector(read(path))
        assert result.error is None and (result.height, result.width) == read(path).shape[:2]
        assert len(result.faces) == len(want) > 0
        assert np.abs(result.faces.boxes - want.boxes).max() <= 0.0101 and np.abs(result.faces.scores - want.scores).max() <= 1.1e-5
        assert np.abs(result.faces.landmarks - want.landmarks).max() <= 0.0101


def test_a_broken_file_is_a_result(pictures, tmp_path):
    cut = tmp_path / os.fsdecode(b"cut\n\xff.jpg")
    cut.write_bytes(pictures[0].read_bytes()[:2000])
    results = list(rfcam.detect_files([pictures[0], cut, tmp_path / "absent.jpg", pictures[1]], jobs=2))
    assert [result.path for result in results] == [str(pictures[0]), str(cut), str(tmp_path / "absent.jpg"), str(pictures[1])]
    assert [result.error is None for result in results] == [True, False, False, True]
    assert "No such file" in results[2].error and len(results[1].faces) == 0


def test_names_are_consumed_while_results_come(pictures):
    taken = []

    def endless():
        for path in itertools.cycle(pictures):
            taken.append(path)
            yield path

    results = rfcam.detect_files(endless(), jobs=2, size=64)
    for _ in range(5):
        next(results)
    results.close()
    assert len(taken) >= 5


def test_wrong_arguments_are_named(pictures):
    with pytest.raises(ValueError, match="jobs"):
        list(rfcam.detect_files(pictures, jobs=0))
    with pytest.raises(ValueError, match="threshold"):
        list(rfcam.detect_files(pictures, threshold=2))
    with pytest.raises(ValueError, match="no name"):
        list(rfcam.detect_files(["a\0b"]))
    with pytest.raises(rfcam.Error, match="cannot be started"):
        list(rfcam.detect_files(pictures, program="/no/such/program"))


def test_a_program_that_ends_early_is_an_error(tmp_path, pictures):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho stopped >&2\nkill -9 $$\n")
    program.chmod(0o755)
    with pytest.raises(rfcam.Error, match="status -9"):
        list(rfcam.detect_files(pictures, program=program))


def test_an_error_of_the_names_is_the_caller_s(pictures):
    def names():
        yield pictures[0]
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(rfcam.detect_files(names()))


def test_an_empty_list_has_no_results():
    assert list(rfcam.detect_files([])) == []
