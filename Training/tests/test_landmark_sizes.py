"""Landmark errors by size: shrunk copies keep exact points; the command measures, prints and draws."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from drawn import draw_picture, write_data
from retinaface_training import landmarks
from retinaface_training.evaluation import mtcnn
from retinaface_training.evaluation.landmarks import LandmarkResult
from retinaface_training.evaluation.predictions import Detections
from retinaface_training.landmarks import FULL_SIZE, Face
from retinaface_training.network.checkpoints import save_weights
from retinaface_training.network.retinaface import RetinaFace


@pytest.fixture
def face(tmp_path):
    picture, boxes, points = draw_picture(np.random.default_rng(5), 1)
    picture.save(tmp_path / "whole.png")
    box = boxes[0].astype(float)
    return Face("face.ppm", tmp_path / "whole.png", np.concatenate([box[:2], box[2:] - box[:2]]), points[0].astype(float))


class Teller:
    """Returns given faces, moved by `error` pixels."""

    def __init__(self, faces, error):
        self.faces, self.error = faces, error

    def predict(self, folder, names, title):
        found = {}
        for name in names:
            face = self.faces[name]
            scale = np.tile(np.array(Image.open(folder / name).size) / Image.open(face.picture).size, 2)
            box = np.concatenate([face.box[:2], face.box[:2] + face.box[2:]]) * scale
            found[name] = Detections(box[None], np.ones(1), face.points[None] * scale[:2] + self.error)
        return found, []


def test_a_shrunk_face_has_its_size_and_its_points(face, tmp_path):
    small = landmarks.shrunk(face, 20, tmp_path)
    picture = Image.open(small.picture)
    assert abs(small.size - 20) < 0.5
    np.testing.assert_allclose(small.points / picture.size, face.points / Image.open(face.picture).size)
    np.testing.assert_allclose(small.box[2:] / picture.size, face.box[2:] / Image.open(face.picture).size)


def test_sizes_are_measured_one_by_one(face):
    sizes = [FULL_SIZE, 25, round(face.size) + 2]
    results = dict(landmarks.measure_all({"exact": Teller({face.name: face}, 0), "off": Teller({face.name: face}, 1)}, [face], sizes))
    assert list(results) == [FULL_SIZE, 25]  # the face is smaller than the last size
    assert results[25]["exact"].mean == pytest.approx(0, abs=1e-9)
    assert results[25]["off"].mean == pytest.approx(2**0.5 / 25, rel=0.03)
    np.testing.assert_allclose(results[FULL_SIZE]["off"].points, 2**0.5 / face.size, rtol=0.03)
    lines = landmarks.table(results).splitlines()
    assert len(lines) == 5 and lines[4].split()[:6] == ["25", "px", "off", "1", "0", f"{100 * results[25]['off'].mean:.2f}"]


def test_a_detector_without_any_face_has_no_error_to_state(tmp_path):
    results = {20: {"blind": LandmarkResult(np.zeros(0), 3), "one": LandmarkResult(np.array([0.02]), 2, np.full((1, 5), 0.02))}}
    assert "nan" in landmarks.table(results)
    landmarks.write(results, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "results.json").read_text())["20 px"].keys() == {"one"}
    assert (tmp_path / "out" / "landmarks-20-px.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_measures_held_back_human_faces(tmp_path, capsys):
    data = write_data(tmp_path / "data", pictures=24)
    save_weights(RetinaFace(), tmp_path / "weights.pth")
    assert landmarks.main(["--data", str(data), "--weights", str(tmp_path / "weights.pth"), "--sizes", "20", "--threshold", "0"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[:3] for row in rows[1:]] == [["full", "size", "weights"], ["20", "px", "weights"]]
    assert int(rows[1][3]) > 0
    assert landmarks.main(["--data", str(data), "--mtcnn", str(tmp_path / "absent")]) == 1
    assert "pnet.pt" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        landmarks.main(["--data", str(data)])
    with pytest.raises(SystemExit):
        landmarks.main(["--data", str(data), "--weights", "x", "--sizes", "20,-3"])


def write_random_mtcnn(folder):
    """Weights of MTCNN's shapes that accept every window and move no box; every point lies in the middle."""
    generator = torch.Generator().manual_seed(1)

    def weights(convolutions, dense):
        result = {}
        for name, shape in convolutions + dense:
            result[f"{name}.weight"], result[f"{name}.bias"] = torch.randn(shape, generator=generator) * 0.01, torch.zeros(shape[0])
            if "_" not in name:
                result[f"prelu{name[-1]}.weight"] = torch.full((shape[0],), 0.25)
        last = [name for name in result if name.endswith("_1.bias")][-1][: -len("_1.bias")]
        result[f"{last}_1.bias"] = torch.tensor([-9.0, 9.0])
        for kind in ("weight", "bias"):
            result[f"{last}_2.{kind}"].zero_()
        if f"{last}_3.bias" in result:
            result[f"{last}_3.weight"].zero_()
            result[f"{last}_3.bias"].fill_(0.5)
        return result

    grid = [
        ("conv1", (10, 3, 3, 3)),
        ("conv2", (16, 10, 3, 3)),
        ("conv3", (32, 16, 3, 3)),
        ("conv4_1", (2, 32, 1, 1)),
        ("conv4_2", (4, 32, 1, 1)),
    ]
    torch.save(weights(grid, []), folder / "pnet.pt")
    middle = [("conv1", (28, 3, 3, 3)), ("conv2", (48, 28, 3, 3)), ("conv3", (64, 48, 2, 2))]
    torch.save(weights(middle, [("dense4", (128, 576)), ("dense5_1", (2, 128)), ("dense5_2", (4, 128))]), folder / "rnet.pt")
    last = [("conv1", (32, 3, 3, 3)), ("conv2", (64, 32, 3, 3)), ("conv3", (64, 64, 3, 3)), ("conv4", (128, 64, 2, 2))]
    dense = [("dense5", (256, 1152)), ("dense6_1", (2, 256)), ("dense6_2", (4, 256)), ("dense6_3", (10, 256))]
    torch.save(weights(last, dense), folder / "onet.pt")


def test_mtcnn_keeps_boxes_apart_and_points_inside(tmp_path):
    write_random_mtcnn(tmp_path)
    picture = Image.fromarray(np.random.default_rng(2).integers(0, 255, (30, 41, 3), np.uint8))
    picture.save(tmp_path / "noise.png")
    found, missing = mtcnn.Mtcnn(tmp_path).predict(tmp_path, ["noise.png"], "")
    faces = found["noise.png"]
    assert missing == [] and len(faces.scores) > 3 and (faces.scores > 0.99).all()
    middles = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    np.testing.assert_allclose(faces.landmarks, np.repeat(middles[:, None], 5, axis=1), atol=1.0)
    sides = faces.boxes[:, 2:] - faces.boxes[:, :2]
    np.testing.assert_allclose(sides[:, 0], sides[:, 1])
    assert mtcnn.Mtcnn(tmp_path).detect(Image.new("RGB", (9, 9))).scores.shape == (0,)
    torch.save({}, tmp_path / "rnet.pt")
    with pytest.raises(ValueError, match="is not the rnet"):
        mtcnn.Mtcnn(tmp_path)


def test_suppression_by_the_smaller_box_removes_boxes_inside_others():
    boxes, scores = np.array([[0.0, 0, 99, 99], [10, 10, 39, 39], [200, 0, 250, 50]]), np.array([0.8, 0.9, 0.7])
    assert mtcnn._suppress(boxes, scores, 0.7).tolist() == [1, 0, 2]
    assert mtcnn._suppress(boxes, scores, 0.7, by_smaller=True).tolist() == [1, 2]
