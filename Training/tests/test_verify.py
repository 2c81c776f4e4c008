"""Verification: alignment, copies and their way back, LFW's and IJB's measures by hand, and the command with a drawn recogniser."""

import json
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from PIL import Image

from retinaface_training import verify
from retinaface_training.evaluation import verification
from retinaface_training.evaluation.predictions import Detections
from retinaface_training.verify import View


def test_the_transform_is_exact_for_turned_scaled_points():
    goal = verification.REFERENCE
    turn = 0.7 * np.array([[np.cos(2), -np.sin(2)], [np.sin(2), np.cos(2)]])
    points = goal @ turn.T + [31, -8]
    matrix = verification.similarity_transform(points, goal)
    np.testing.assert_allclose(points @ matrix[:, :2].T + matrix[:, 2], goal, atol=1e-9)


def test_the_crop_shows_the_points_at_their_places():
    points = (verification.REFERENCE @ np.array([[0, 2], [-2, 0]])).round() + [400, 20]  # twice as large, on its side
    pixels = np.zeros((300, 450, 3), np.uint8)
    for x, y in points.astype(int):
        pixels[y - 1 : y + 2, x - 1 : x + 2] = 255
    crop = np.asarray(verification.aligned(Image.fromarray(pixels), points))[..., 0].astype(float)
    for x, y in verification.REFERENCE:
        rows, columns = (slice(round(value) - 4, round(value) + 5) for value in (y, x))
        part = crop[rows, columns]
        ys, xs = np.mgrid[rows, columns]
        assert part.sum() > 100
        np.testing.assert_allclose([(xs * part).sum() / part.sum(), (ys * part).sum() / part.sum()], [x, y], atol=0.35)


@pytest.mark.parametrize("view", [View(2.5, 0), View(1, 35), View(2.5, 35), View(5, -90)])
def test_points_of_a_copy_return_to_the_picture(view):
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[118:131, 58:71] = 255  # its middle is at 64.5, 124.5
    copy = view.of(Image.fromarray(pixels))
    seen = np.asarray(copy)[..., 0].astype(float)
    ys, xs = np.mgrid[: seen.shape[0], : seen.shape[1]] + 0.5
    middle = np.array([[(xs * seen).sum(), (ys * seen).sum()]]) / seen.sum()
    np.testing.assert_allclose(view.back(middle, copy.size, (200, 200)), [[64.5, 124.5]], atol=0.6)


def test_the_main_face_is_large_and_central():
    boxes = np.array([[100.0, 100, 140, 140], [0, 0, 45, 45], [110, 110, 130, 130]])
    faces = Detections(boxes, np.array([0.5, 0.9, 0.9]), np.zeros((3, 5, 2)))
    assert verification.main_face(faces, (240, 240)) == 0
    assert verification.main_face(faces.above(0.95), (240, 240)) is None


def plain_fold_accuracies(similarities, genuine, folds):
    result = []
    for fold in sorted(set(folds.tolist())):
        others, own = folds != fold, folds == fold
        seen = np.unique(similarities[others])
        limits = [seen[0], *((a + b) / 2 for a, b in zip(seen, seen[1:], strict=False)), seen[-1] + 1]
        best = max(limits, key=lambda limit: ((similarities[others] >= limit) == genuine[others]).sum())
        result.append(((similarities[own] >= best) == genuine[own]).mean())
    return result


def test_fold_accuracies_are_those_of_the_plain_version():
    rng = np.random.default_rng(3)
    genuine = np.tile([True, False], 100)
    similarities, folds = rng.normal(genuine * 1.5, 1).round(2), np.arange(200) // 20
    np.testing.assert_allclose(
        verification.fold_accuracies(similarities, genuine, folds), plain_fold_accuracies(similarities, genuine, folds)
    )


def test_accept_rates_by_hand():
    similarities = np.array([0.9, 0.8, 0.8, 0.7, 0.6, 0.5])
    genuine = np.array([True, True, False, True, False, False])
    false, true = verification.accept_rates(similarities, genuine)
    np.testing.assert_allclose(false, [0, 1 / 3, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(true, [1 / 3, 2 / 3, 1, 1, 1])
    rates = [verification.true_accept_rate(similarities, genuine, rate) for rate in (0, 0.34, 1)]
    assert rates == pytest.approx([1 / 3, 1, 1])


def write_pairs(path, text):
    path.write_text(text)
    return path


def test_pairs_are_read_and_faults_named(tmp_path):
    good = "2 1\nAnn\t1\t3\nAnn\t2\tBob\t1\nBob\t1\t2\nBob\t1\tCy\t12\n"
    pairs = verification.read_pairs(write_pairs(tmp_path / "pairs.txt", good))
    assert pairs.first == ["Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg", "Bob/Bob_0001.jpg", "Bob/Bob_0001.jpg"]
    assert pairs.second[1:] == ["Bob/Bob_0001.jpg", "Bob/Bob_0002.jpg", "Cy/Cy_0012.jpg"]
    assert pairs.genuine.tolist() == [True, False, True, False] and pairs.folds.tolist() == [0, 0, 1, 1]
    assert verify.first_of_each_fold(pairs, 4).first == pairs.first
    for text, message in (
        ("x", r"pairs.txt:1: needs the number"),
        (good.replace("\t3", ""), r"pairs.txt:2: needs 'name"),
        (good.rsplit("\n", 2)[0], "has 3 pairs"),
    ):
        with pytest.raises(ValueError, match=message):
            verification.read_pairs(write_pairs(tmp_path / "pairs.txt", text))


def test_templates_weigh_pictures_by_score():
    names = [f"{person}/{number}" for person in "ab" for number in range(4)]
    good, bad = np.array([[1.0, 0]] * 2), np.array([[0.0, 1]] * 2)
    features = {name: bad if name in ("a/0", "b/3") else good * (1 if name[0] == "a" else -1) for name in names}
    points = {name: None if name in ("a/0", "b/3") else (np.zeros((5, 2)), 0.9) for name in names}
    plain = verify.compare_templates(features, points, True, False)
    assert plain.genuine.tolist() == [True, False, False, True]
    np.testing.assert_allclose(plain.similarities, [0.5**0.5, 0, -1, 0.5**0.5], atol=1e-9)
    weighed = verify.compare_templates(features, points, True, True)
    np.testing.assert_allclose(weighed.similarities, [1, -1, -1, 1])  # missed faces no longer count
    few = verify.compare_templates({"a/0": good}, points, True, True)
    assert few.similarities.shape == (0,)


class Corners:
    """A detector that finds one face with fixed points in every picture, and none in those named `blind`."""

    def predict(self, images, names, title):
        whole = Detections(np.array([[20.0, 20, 90, 90]]), np.array([0.8]), verification.REFERENCE[None])
        return {name: whole for name in names if "0009" not in name}, []


def write_recogniser(path):
    """An ONNX graph whose features are the mean colour."""
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)],
        "mean",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 112, 112])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 3])],
    )
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def test_the_command_tells_people_apart(tmp_path, monkeypatch, capsys):
    for person, colour in (("Ann", (200, 20, 20)), ("Bob", (20, 20, 200))):
        (tmp_path / person).mkdir()
        for number in (1, 2, 3, 9):
            Image.new("RGB", (112, 112), colour).save(tmp_path / person / f"{person}_{number:04d}.jpg")
    same = ["Ann 1 2", "Ann 3 9", "Bob 1 2", "Bob 3 9"]
    other = ["Ann 1 Bob 1", "Ann 2 Bob 2", "Ann 3 Bob 3", "Ann 9 Bob 9"]
    pairs = write_pairs(tmp_path / "pairs.txt", "\n".join(["2 2", *same[:2], *other[:2], *same[2:], *other[2:]]) + "\n")
    arguments = ["--pictures", str(tmp_path), "--pairs", str(pairs), "--output", str(tmp_path / "out")]
    arguments += ["--recogniser", str(write_recogniser(tmp_path / "r.onnx"))]
    monkeypatch.setattr(verify, "_predictors", lambda options: {"corners": Corners()})
    for view in ([], ["--shrink", "2", "--turn", "20"]):
        assert verify.main([*arguments, "--rf-cam", "x", *view]) == 0
        line = json.loads(capsys.readouterr().out)
        assert (line["detector"], line["pictures"], line["missed"]) == ("corners", 8, 0 if view else 2)  # a copy has another name
        assert line["pairs"]["accuracy"] == line["pairs +F"]["accuracy"] == 1.0
        assert line["templates +F +S"]["people"] == 2
    assert (tmp_path / "out" / "roc.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "out" / "results.json").read_text())["corners"]["missed"] == 0


def test_faults_are_named(tmp_path, capsys):
    (tmp_path / "r.onnx").write_bytes(b"not a graph")
    pairs = write_pairs(tmp_path / "pairs.txt", "2 1\nA 1 2\nA 1 B 1\nA 1 2\nA 1 B 1\n")
    arguments = ["--pictures", str(tmp_path), "--pairs", str(pairs), "--rf-cam", "x", "--recogniser"]
    assert verify.main([*arguments, str(tmp_path / "r.onnx")]) == 1
    assert "not an ONNX graph" in capsys.readouterr().err
    assert verify.main([*arguments, str(tmp_path / "absent.onnx")]) == 1
    assert "absent.onnx" in capsys.readouterr().err
    for wrong in (arguments[:4] + ["--recogniser", "r"], [*arguments, "r", "--shrink", "0.5"]):
        with pytest.raises(SystemExit):
            verify.main(wrong)
    options = SimpleNamespace(rf_cam="rf-cam", model=None, mtcnn=None, threads=1)
    assert list(verify._predictors(options)) == ["rf-cam"]
