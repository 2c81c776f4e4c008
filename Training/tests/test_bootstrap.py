"""Differences between detectors: significant ones, random ones, and the command line."""

import json

import numpy
import pytest

from retinaface_training import bootstrap
from retinaface_training.evaluation.ground_truth import Picture

PICTURES = 40
BOX = [10.0, 10.0, 20.0, 20.0]


def pictures():
    """One face each, counted as easy only."""
    return [Picture(f"{index}.jpg", numpy.array([BOX]), numpy.array([[True, False, False]])) for index in range(PICTURES)]


def finding(count):
    """A detector that finds the face of the first `count` pictures and no other face."""
    return {f"{index}.jpg": numpy.array([[*BOX, 0.9]]) for index in range(count)}


def test_a_detector_is_no_better_than_itself():
    row = bootstrap.compare(pictures(), finding(30), finding(30), draws=20)["easy"]
    assert (row.before, row.after, row.low, row.high) == (0.75, 0.75, 0.0, 0.0) and row.within_chance


def test_spread_is_that_of_drawing_the_pictures():
    row = bootstrap.compare(pictures(), finding(20), finding(30), draws=1000)["easy"]
    # AP is the share found, so the difference is that of a binomial of 40 draws at 10 / 40: 0.25, deviation 0.068.
    assert (row.before, row.after) == (0.5, 0.75) and not row.within_chance
    assert row.low == pytest.approx(0.25 - 1.645 * 0.068, abs=0.026) and row.high == pytest.approx(0.25 + 1.645 * 0.068, abs=0.026)


def test_one_picture_is_within_chance():
    assert bootstrap.compare(pictures(), finding(30), finding(31), draws=100)["easy"].within_chance


def test_command_line_compares_stored_answers(tmp_path, capsys):
    folder = tmp_path / "made"
    (folder / "images").mkdir(parents=True)
    (folder / "ground_truth.txt").write_text("".join(f"{index}.jpg\n1\n10 10 20 20 1 1 1\n" for index in range(PICTURES)))
    for name, count in (("old", 10), ("new", 35)):
        face = {"score": 0.9, "box": [10, 10, 30, 30], "landmarks": [[15, 15]] * 5}
        lines = [{"source": f"{index}.jpg", "faces": [face] if index < count else []} for index in range(PICTURES)]
        (tmp_path / f"{name}.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    files = [str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    assert bootstrap.main([*files, "--data", str(folder), "--draws", "50"]) == 0
    assert "made       easy       0.250   0.875" in (out := capsys.readouterr().out) and out.count("better") == 3
    assert bootstrap.main([files[0], str(tmp_path / "none.json"), "--data", str(folder)]) == 1
    assert "none.json" in capsys.readouterr().err
