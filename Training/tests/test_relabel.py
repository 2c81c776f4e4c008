"""Relabelling: the teachers' outputs decoded by hand, their fusion, the corrections, and the command with a stop."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from drawn import write_data
from retinaface_training import relabel
from retinaface_training.data.augment import Window, cut
from retinaface_training.data.labels import AnnotatedPicture, LandmarkSource, Problems, label_lines, load_picture, read_labels
from retinaface_training.evaluation.detect import NO_FACES
from retinaface_training.labelling import fusion, teachers
from retinaface_training.labelling.teachers import Found
from retinaface_training.network.retinaface import RetinaFace
from retinaface_training.run import validation

HUMAN, TEACHER, NONE, IGNORED = LandmarkSource.HUMAN, LandmarkSource.TEACHER, LandmarkSource.NONE, LandmarkSource.IGNORED


def found(*faces):
    """Faces (score, x1, y1, x2, y2); all points lie at the box's first corner."""
    rows = np.array(faces, float).reshape(-1, 5)
    return Found(rows[:, 0], rows[:, 1:], np.repeat(rows[:, None, 1:3], 5, axis=1))


class Session:
    """Answers as an ONNX graph does, with `outputs` for each call; records its inputs."""

    def __init__(self, answer):
        self.answer, self.seen = answer, []

    def get_inputs(self):
        return [SimpleNamespace(name="x", shape=[1, 3, 640, 640])]

    def run(self, _, inputs):
        self.seen.append(inputs["x"])
        return self.answer(inputs["x"])


def scrfd(answer):
    teacher = object.__new__(teachers.Scrfd)
    teacher.session = Session(answer)
    teacher.input = teacher.session.get_inputs()[0]
    return teacher


def scrfd_outputs(level, cell, score):
    """Empty outputs but for one anchor: 2, 3, 4, 5 strides from its cell to the box's sides, points one stride to the right and below."""
    cells = [(640 // stride) ** 2 * 2 for stride in (8, 16, 32)]
    outputs = [np.zeros((count, width), np.float32) for width in (1, 4, 10) for count in cells]
    outputs[level][cell], outputs[3 + level][cell], outputs[6 + level][cell] = score, [2, 3, 4, 5], 1
    return outputs


def test_scrfd_is_decoded_and_scaled_back():
    teacher = scrfd(lambda _: scrfd_outputs(1, 2 * (40 * 4 + 7) + 1, 0.8))
    faces = teacher.find(Image.new("RGB", (320, 160), (255, 0, 0)))  # long side 640: twice as large; 1600 is too much
    assert len(teacher.session.seen) == 1 and teacher.session.seen[0].shape == (1, 3, 640, 640)
    assert teacher.session.seen[0][0, :, 0, 0].tolist() == [(255 - 127.5) / 128, -127.5 / 128, -127.5 / 128]
    x, y = 7 * 16, 4 * 16
    np.testing.assert_allclose(faces.boxes, [[(x - 32) / 2, (y - 48) / 2, (x + 64) / 2, (y + 80) / 2]])
    np.testing.assert_allclose(faces.points[0], np.tile([(x + 16) / 2, (y + 16) / 2], (5, 1)))
    assert faces.scores == pytest.approx([0.8])


def test_scrfd_leaves_out_faces_that_a_tile_cuts():
    teacher = scrfd(lambda _: scrfd_outputs(0, 0, 0.9))  # at the upper left corner of every tile, and over its edge
    faces = teacher.find(Image.new("RGB", (1600, 500)))
    assert len(teacher.session.seen) == 1 + 3
    # Two views are left: the whole picture and the first tile, whose edges are the picture's; their boxes differ in size.
    assert len(faces.scores) == 2 and (faces.boxes[:, 0] < 0).all()


@pytest.mark.parametrize("length", [1, 640, 641, 1120, 1600])
def test_tiles_cover_everything_and_overlap(length):
    starts = teachers._starts(length)
    assert starts[0] == 0 and starts[-1] == max(0, length - 640)
    assert all(0 < after - before <= 480 for before, after in zip(starts, starts[1:], strict=False))


def test_centerface_is_decoded_and_scaled_back():
    def answer(pixels):
        assert pixels.shape == (1, 3, 640, 1280) and pixels.max() == 200
        heat, sizes, offsets, points = (np.zeros((1, count, 160, 320), np.float32) for count in (1, 2, 2, 10))
        heat[0, 0, 10, 20], sizes[0, :, 10, 20], offsets[0, :, 10, 20] = 0.6, np.log([10, 5]), [0.25, 0.5]
        points[0, 0::2, 10, 20], points[0, 1::2, 10, 20] = 0.5, 0.25
        return [heat, sizes, offsets, points]

    teacher = object.__new__(teachers.CenterFace)
    teacher.session = Session(answer)
    faces = teacher.find(Image.new("RGB", (640, 320), (200, 0, 0)))
    x, y = (20 + 0.5 + 0.5) * 4, (10 + 0.25 + 0.5) * 4
    np.testing.assert_allclose(faces.boxes, [[(x - 10) / 2, (y - 20) / 2, (x + 10) / 2, (y + 20) / 2]], rtol=1e-5)
    np.testing.assert_allclose(faces.points[0], np.tile([(x - 10 + 5) / 2, (y - 20 + 20) / 2], (5, 1)), rtol=1e-5)


def test_fusion_joins_detections_of_one_face():
    fused = fusion.fuse([found((0.9, 0, 0, 10, 10), (0.4, 50, 50, 60, 60)), found((0.3, 0, 0, 10, 8), (0.6, 90, 90, 99, 99))])
    np.testing.assert_allclose(fused.scores, [0.6, 0.3, 0.2])
    np.testing.assert_allclose(fused.first, [0.9, 0, 0.4])
    np.testing.assert_allclose(fused.boxes[0], [0, 0, 10, (0.9 * 10 + 0.3 * 8) / 1.2])
    assert fused.points[1].tolist() == [[90, 90]] * 5
    none = fusion.fuse([found(), found()])
    assert none.boxes.shape == (0, 4) and none.inside((5, 5)).scores.shape == (0,)
    np.testing.assert_allclose(fusion.fuse([found((1, -5, 2, 5, 9), (1, 20, 20, 30, 30))]).inside((10, 10)).boxes, [[0, 2, 5, 9]])


def annotated(faces):
    """A picture with faces (source, x1, y1, x2, y2)."""
    rows = np.array(faces, np.float32).reshape(-1, 5)
    return AnnotatedPicture("picture", rows[:, 1:], np.zeros((len(rows), 10), np.float32), rows[:, 0].astype(np.int8))


def test_corrections():
    picture = annotated(
        [(TEACHER, 0, 0, 20, 20), (NONE, 40, 0, 60, 20), (NONE, 100, 0, 120, 20), (TEACHER, 0, 100, 80, 180), (HUMAN, 200, 0, 210, 9)]
    )
    seen = fusion.fuse(
        [
            found(
                (0.9, 1, 0, 21, 20),
                (0.8, 40, 0, 60, 20),
                (0.9, 150, 50, 170, 70),
                (0.5, 200, 200, 215, 215),
                (0.9, 300, 0, 390, 90),
                (0.1, 9, 60, 20, 70),
            )
        ]
    )
    result, changes = fusion.corrected(picture, seen, largest=32, human_boxes=False)
    # The unfound small face is in doubt; the large one and the human's stay; of the new ones the large and the unlikely are left out.
    assert result.sources.tolist() == [TEACHER, TEACHER, IGNORED, TEACHER, HUMAN, TEACHER, TEACHER]
    assert result.boxes[:5].tolist() == picture.boxes.tolist() and result.boxes[5].tolist() == [150, 50, 170, 70]
    assert result.landmarks[1].tolist() == [40, 0] * 5
    assert changes == fusion.Changes(kept=4, added=2, ignored=1, points=1)
    human, changes = fusion.corrected(picture, seen, largest=32, human_boxes=True)
    assert human.sources.tolist()[2] == NONE and changes.ignored == 0
    doubtful, _ = fusion.corrected(picture, fusion.fuse([found((0.3, 150, 50, 170, 70))]), 32, True)
    assert doubtful.sources.tolist() == [*picture.sources.tolist(), IGNORED]
    alone, changes = fusion.corrected(picture, fusion.fuse([found()]), 32, False)
    assert alone.sources.tolist() == [IGNORED, IGNORED, IGNORED, TEACHER, HUMAN] and changes.kept == 2


def test_doubtful_faces_are_not_learnt(tmp_path):
    write_data(tmp_path)
    picture = read_labels(tmp_path / "label.txt", tmp_path / "images", Problems())[3]
    sources = picture.sources.copy()
    sources[0] = IGNORED
    doubtful = AnnotatedPicture(picture.path, picture.boxes, picture.landmarks, sources)
    lines = label_lines(doubtful, tmp_path / "images")
    (tmp_path / "label.txt").write_text("\n".join(lines) + "\n")
    problems = Problems()
    again = read_labels(tmp_path / "label.txt", tmp_path / "images", problems)[0]
    assert problems.messages == [] and again.sources.tolist() == sources.tolist()
    np.testing.assert_allclose(again.boxes, picture.boxes, atol=0.02)
    np.testing.assert_allclose(again.landmarks[1:], picture.landmarks[1:], atol=0.01)
    image = load_picture(picture.path)
    assert cut(image, again, Window(0, 0, 160, 160), 160, 160).ignored.tolist() == [True, False, False, False]


def test_doubtful_faces_are_not_counted(tmp_path, monkeypatch):
    write_data(tmp_path)
    monkeypatch.setattr(validation, "detect", lambda network, image: NO_FACES)
    boxes = np.array([[0, 0, 20, 20], [0, 0, 100, 100]], np.float32)
    for sources, expected in (([TEACHER, TEACHER], [0, 0]), ([IGNORED, TEACHER], [np.nan, 0]), ([TEACHER, IGNORED], [0, np.nan])):
        picture = AnnotatedPicture(tmp_path / "images/drawn0.png", boxes, np.zeros((2, 10), np.float32), np.array(sources, np.int8))
        recall = validation.validate(RetinaFace(), [picture], []).recall  # by size: under 16, 32, 64, 128, 256 pixels, above
        np.testing.assert_equal([recall[1], recall[3]], expected)


class Told:
    """A teacher that finds a new small face in every picture; stops the run at picture number `stop`."""

    def __init__(self, stop):
        self.left = stop

    def __call__(self, path, threads):
        return self

    def find(self, picture):
        self.left -= 1
        if self.left < 0:
            raise OSError("stopped")
        return found((0.9, 150, 150, 159, 159))


def test_a_stopped_run_continues_and_writes_a_training_folder(tmp_path, monkeypatch, capsys):
    data = write_data(tmp_path / "data")
    arguments = ["--data", str(data), "--output", str(tmp_path / "new"), "--scrfd", "a", "--centerface", "b", "--human-boxes", "drawn"]
    arguments += ["--only", "drawn1"]  # drawn1, drawn10 and drawn11
    for stop, status in ((3, 1), (100, 0)):
        for name in ("Scrfd", "CenterFace"):
            monkeypatch.setattr(relabel, name, Told(stop // 2 if name == "Scrfd" else stop))
        assert relabel.main(arguments) == status
        if status:
            with open(tmp_path / "new" / relabel.PROGRESS, "a") as file:
                file.write('{"picture": "drawn')  # the machine lost its power
            assert not (tmp_path / "new" / "label.txt").exists()
    assert "3 new" in capsys.readouterr().err
    problems = Problems()
    before, after = (read_labels(folder / "label.txt", folder / "images", problems) for folder in (data, tmp_path / "new"))
    assert problems.messages == [] and [picture.path.name for picture in after] == [picture.path.name for picture in before]
    more = [len(new.boxes) - len(old.boxes) for old, new in zip(before, after, strict=True)]
    assert [picture.path.name for picture, count in zip(after, more, strict=True) if count] == ["drawn1.png", "drawn10.png", "drawn11.png"]
    assert (tmp_path / "new" / "negatives.txt").read_text() == (data / "negatives.txt").read_text()
    assert len([json.loads(line) for line in (tmp_path / "new" / relabel.PROGRESS).read_text().splitlines()]) == 12


def test_a_folder_of_another_program_is_not_touched(tmp_path, capsys):
    data = write_data(tmp_path / "data")
    arguments = ["--data", str(data), "--scrfd", "a", "--centerface", "b"]
    assert relabel.main([*arguments, "--output", str(data)]) == 1
    assert "name another --output" in capsys.readouterr().err
    (tmp_path / "not.onnx").write_bytes(b"not a graph")
    arguments = ["--data", str(data), "--scrfd", str(tmp_path / "not.onnx"), "--centerface", "b", "--output", str(tmp_path / "new")]
    assert relabel.main(arguments) == 1
    assert "ONNX" in capsys.readouterr().err
