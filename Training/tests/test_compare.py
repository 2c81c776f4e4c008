"""The comparison with PyTorch's reference: equal data agree, and every kind of difference is found."""

import json
import shlex

import numpy
import pytest

from retinaface_training import compare
from retinaface_training.evaluation.ground_truth import AnnotationError
from retinaface_training.evaluation.predictions import Detections

BOXES = numpy.array([[0.0, 0, 20, 20], [40, 0, 60, 20], [80, 0, 100, 20]])
REFERENCE = Detections(BOXES, numpy.array([0.9, 0.6, 0.35]), numpy.zeros((3, 5, 2)))


def changed(boxes=0.0, scores=0.0, landmarks=0.0, rows=slice(None)):
    return Detections((BOXES + boxes)[rows], (REFERENCE.scores + scores)[rows], (REFERENCE.landmarks + landmarks)[rows])


def test_equal_faces_agree():
    assert compare.compare_faces(REFERENCE, REFERENCE) == compare.FaceComparison(2, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "ours,agrees",
    [
        (changed(boxes=0.19), True),
        (changed(boxes=0.21), False),
        (changed(scores=-0.0029), True),
        (changed(scores=0.0031), False),
        (changed(landmarks=0.19), True),
        (changed(landmarks=-0.21), False),
        (changed(rows=slice(0, 2)), True),
        (changed(rows=slice(1, 3)), False),
        (changed(rows=slice(0, 0)), False),
        (changed(scores=numpy.array([0, 0, 0.2])), True),
    ],
)
def test_differences_are_seen(ours, agrees):
    assert compare.compare_faces(ours, REFERENCE).agrees == agrees


def test_extra_face_is_seen():
    result = compare.compare_faces(REFERENCE, changed(rows=slice(0, 1)))
    assert (result.faces, result.missing, result.extra, result.agrees) == (1, 0, 1, False)


def write_heads(folder, anchors=3):
    heads = {name: numpy.arange(anchors * values, dtype=numpy.float32).reshape(anchors, values) for name, values in compare.HEADS.items()}
    numpy.savez(folder / "reference.npz", **heads)
    for name, values in heads.items():
        values.astype("<f4").tofile(folder / f"dump.{name}.f32")
    return heads


def test_heads_are_compared(tmp_path, capsys):
    heads = write_heads(tmp_path)
    arguments = ["heads", str(tmp_path / "reference.npz"), str(tmp_path / "dump")]
    assert compare.main(arguments) == 0
    for change in (2e-3, numpy.nan):
        wrong = heads["conf"].copy()
        wrong[1, 1] += change
        wrong.tofile(tmp_path / "dump.conf.f32")
        assert compare.main(arguments) == 1
    assert "conf   greatest difference 2.00e-03  DIFFERS" in capsys.readouterr().out


def test_heads_of_another_size_are_refused(tmp_path, capsys):
    heads = write_heads(tmp_path)
    heads["loc"][1:].tofile(tmp_path / "dump.loc.f32")
    assert compare.main(["heads", str(tmp_path / "reference.npz"), str(tmp_path / "dump")]) == 1
    assert "dump.loc.f32: has 8 values, reference.npz 12" in capsys.readouterr().err
    (tmp_path / "dump.loc.f32").unlink()
    assert compare.main(["heads", str(tmp_path / "reference.npz"), str(tmp_path / "dump")]) == 1


@pytest.fixture
def small_reference(tmp_path):
    """A reference folder with one picture, and an rf-cam that prints what the file `answer` holds."""
    folder = tmp_path / "reference"
    folder.mkdir()
    face = {"score": 0.9, "box": [1.0, 2.0, 30.0, 40.0], "landmarks": [[1.0, 1.0]] * 5}
    (folder / "a.relu.json").write_text(json.dumps({"picture": "a.ppm", "faces": [face]}))
    answer = tmp_path / "answer"
    program = tmp_path / "rf-cam"
    program.write_text(f"#!/bin/sh\ncat {shlex.quote(str(answer))}\n")
    program.chmod(0o755)
    return folder, program, answer, face


def test_program_is_run_and_compared(small_reference, capsys):
    folder, program, answer, face = small_reference
    arguments = ["faces", "--reference", str(folder), "--kind", "relu", "--rf-cam", str(program)]
    answer.write_text(json.dumps({"source": str(folder / "a.ppm"), "faces": [face]}))
    assert compare.main(arguments) == 0
    answer.write_text(json.dumps({"source": str(folder / "a.ppm"), "faces": []}))
    assert compare.main(arguments) == 1
    assert "DIFFERS  a.ppm" in capsys.readouterr().out
    answer.write_text("")
    assert compare.main(arguments) == 1
    assert "no prediction" in capsys.readouterr().err


def test_references_are_read(research):
    for kind in ("leaky", "relu"):
        references = compare.read_references(research / "reference", kind)
        assert len(references) == 10 and all(path.is_file() for path in references)


def test_folder_without_references_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match="no \\*.relu.json"):
        compare.read_references(tmp_path, "relu")
