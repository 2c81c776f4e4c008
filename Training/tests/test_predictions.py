"""Readers of rf-cam's output: valid data are read, invalid data are refused with file and line, and every loss is reported."""

import json

import numpy
import pytest

from retinaface_training.evaluation import predictions
from retinaface_training.evaluation.ground_truth import AnnotationError

FACE = {"score": 0.9, "box": [1, 2, 11, 22], "landmarks": [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]}


def frame(source="a.jpg", faces=(FACE,)):
    return json.dumps({"source": source, "frame": 0, "width": 64, "height": 48, "faces": list(faces)})


def test_json_lines_are_read_and_sorted(tmp_path):
    file = tmp_path / "x.json"
    file.write_text(frame("d/a.jpg", [FACE | {"score": 0.3}, FACE]) + "\n\n" + frame("b.jpg", []) + "\n")
    read = predictions.read(file)
    assert read["d/a.jpg"].scores.tolist() == [0.9, 0.3]
    assert read["d/a.jpg"].wider()[0].tolist() == [1, 2, 10, 20, 0.9]
    assert read["d/a.jpg"].landmarks.shape == (2, 5, 2) and read["b.jpg"].boxes.shape == (0, 4)


@pytest.mark.parametrize(
    "line,message",
    [
        ("{", "not JSON"),
        ("[]", "not a line"),
        ("3", "not a line"),
        ('{"faces": []}', "'source' is missing"),
        ('{"source": "b.jpg"}', "'faces' is missing"),
        ('{"source": "b.jpg", "error": "is empty"}', "no result for 'b.jpg': is empty"),
        ('{"source": 3, "faces": []}', "not a text"),
        (frame(faces=[{"score": 1}]), "'box' is missing"),
        (frame(faces=[FACE | {"box": [1, 2, 3]}]), "4 box numbers"),
        (frame(faces=[FACE | {"landmarks": [[1, 2]] * 4}]), "5 landmarks"),
        (frame(faces=[FACE | {"score": "high"}]), "not a line"),
        (frame(faces=[FACE | {"score": float("nan")}]), "finite"),
        (frame(faces=[FACE | {"box": [1, 2, 0, 22]}]), "ends before"),
        (frame("good.jpg"), "a second time"),
    ],
)
def test_broken_json_line_is_refused_with_its_number(tmp_path, line, message):
    file = tmp_path / "x.json"
    file.write_text(frame("good.jpg") + "\n" + line + "\n")
    with pytest.raises(AnnotationError, match="x.json:2: ") as error:
        predictions.read(file)
    assert message in str(error.value)


def test_official_folder_is_read(tmp_path):
    (tmp_path / "0--Parade").mkdir()
    (tmp_path / "0--Parade/a.txt").write_text("0_Parade/a.jpg\n2\n1 2 10 20 0.5\n3 4 5 6 0.75 \n")
    (tmp_path / "0--Parade/b.txt").write_text("b\n0\n")
    read = predictions.read(tmp_path)
    assert read["0--Parade/a"].wider().tolist() == [[3, 4, 5, 6, 0.75], [1, 2, 10, 20, 0.5]]
    assert numpy.isnan(read["0--Parade/a"].landmarks).all() and len(read["0--Parade/b"].scores) == 0


@pytest.mark.parametrize(
    "text,where",
    [
        ("", ":2:"),
        ("a\n", ":2:"),
        ("a\nx\n", ":2:"),
        ("a\n2\n1 2 3 4 0.5\n", ":2:"),
        ("a\n1\n1 2 3 4\n", ":3:"),
        ("a\n1\n1 2 3 four 1\n", ":3:"),
        ("a\n2\n1 2 3 4 1\n1 2 -3 4 1\n", ":4:"),
        ("a\n1\n1 2 3 4 inf\n", ":3:"),
    ],
)
def test_broken_official_file_is_refused_with_its_line(tmp_path, text, where):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(AnnotationError, match=f"a.txt{where}"):
        predictions.read(tmp_path)


def test_missing_file_and_empty_folder_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(AnnotationError):
            predictions.read(path)


def some(count):
    return predictions.Detections(numpy.zeros((count, 4)), numpy.ones(count), numpy.zeros((count, 5, 2)))


def test_sources_are_found_by_file_name_and_then_by_folder():
    stored = {"/data/x/one.jpg": some(1), "/data/y/same.jpg": some(2), "/data/z/same.jpg": some(3), "not asked.jpg": some(4)}
    found, missing = predictions.by_picture(stored, ["x/one.jpg", "z/same.jpg", "y/same.jpg"])
    assert {name: len(faces.scores) for name, faces in found.items()} == {"x/one.jpg": 1, "z/same.jpg": 3, "y/same.jpg": 2}
    assert missing == []
    with pytest.raises(AnnotationError, match="any of"):
        predictions.by_picture(stored, ["w/same.jpg"])


def test_missing_picture_is_refused_unless_allowed():
    with pytest.raises(AnnotationError, match="1 of 2 pictures have no prediction, the first is b.jpg"):
        predictions.by_picture({"a.jpg": some(1)}, ["a.jpg", "b.jpg"])
    found, missing = predictions.by_picture({"a.jpg": some(1)}, ["a.jpg", "b.jpg"], allow_missing=True)
    assert list(found) == ["a.jpg"] and missing == ["b.jpg"]
