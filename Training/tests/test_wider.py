"""WIDER FACE's protocol: hand-made cases with a known AP, and the vectorised code against the official loops."""

import numpy
import pytest

from retinaface_training.evaluation import ground_truth, wider
from retinaface_training.evaluation.ground_truth import AnnotationError, Picture

BOX = [10.0, 10.0, 20.0, 20.0]
FAR = [100.0, 10.0, 20.0, 20.0]
THIRD = [10.0, 100.0, 20.0, 20.0]


def picture(name, boxes, easy, medium=None, hard=None):
    flags = numpy.array([easy, easy if medium is None else medium, easy if hard is None else hard], dtype=bool).T
    return Picture(name, numpy.array(boxes, dtype=float).reshape(-1, 4), flags.reshape(-1, 3))


def detections(*rows):
    return numpy.array([[*box, score] for box, score in rows], dtype=float).reshape(-1, 5)


@pytest.fixture
def hand_made():
    """Four counted faces; by falling score: found, found again, on an ignored face, found, wrong place."""
    pictures = [
        picture("two and one ignored", [BOX, FAR, THIRD], [1, 1, 0]),
        picture("no face", [], []),
        picture("missed", [BOX], [1]),
        picture("beside", [BOX], [1]),
    ]
    predictions = {
        "two and one ignored": detections((FAR, 0.6), (BOX, 0.9), ([11, 10, 20, 20], 0.8), (THIRD, 0.7)),
        "no face": detections((BOX, 0.95)),
        "beside": detections(([25, 10, 20, 20], 0.5)),
    }
    return pictures, predictions


@pytest.mark.parametrize("protocol", [wider.EXACT, wider.OFFICIAL])
def test_hand_made_case_has_its_known_average_precision(hand_made, protocol):
    result = wider.evaluate(*hand_made, protocol)
    # Recall 1/4 at precision 1, then 2/4 at precision 2/3.
    assert result.curves["easy"].ap == pytest.approx(1 / 4 + 1 / 4 * 2 / 3, abs=1e-12)
    assert result.curves["easy"].face_count == 4


def test_curve_has_a_point_at_every_score(hand_made):
    curve = wider.evaluate(*hand_made).curves["easy"]
    assert curve.recall == pytest.approx([1 / 4, 1 / 4, 1 / 4, 2 / 4, 2 / 4])
    assert curve.precision == pytest.approx([1, 1 / 2, 1 / 2, 2 / 3, 2 / 4])


def test_sets_count_their_own_faces():
    pictures = [picture("a", [BOX, FAR], [1, 0], [0, 1], [1, 1])]
    result = wider.evaluate(pictures, {"a": detections((BOX, 0.9))})
    assert {name: curve.ap for name, curve in result.curves.items()} == {"easy": 1.0, "medium": 0.0, "hard": 0.5}


def test_mean_average_precision_is_the_share_of_overlaps_reached():
    # 20 x 20 shifted by 2.5: IoU 17.5 / 22.5 = 0.778, above 0.5 ... 0.75 (6 of the 10).
    result = wider.evaluate([picture("a", [BOX], [1])], {"a": detections(([12.5, 10, 20, 20], 0.9))})
    assert result.mean_ap["easy"] == pytest.approx(0.6)


def test_official_boxes_are_one_pixel_longer():
    # 2 x 2 against 4 x 2: 4 / 8 as they are, (3 * 3) / (5 * 3) with the pixel.
    one, other = numpy.array([[0.0, 0, 2, 2]]), numpy.array([[0.0, 0, 4, 2]])
    assert wider.overlaps(one, other)[0, 0] == pytest.approx(0.5)
    assert wider.overlaps(one, other, pixel=1)[0, 0] == pytest.approx(0.6)


def test_order_of_equal_scores_does_not_matter():
    pictures = [picture("a", [BOX], [1]), picture("b", [BOX], [1])]
    for first, second in (("a", "b"), ("b", "a")):
        predictions = {first: detections((BOX, 0.5)), second: detections((FAR, 0.5))}
        assert wider.evaluate(pictures, predictions).curves["easy"].ap == pytest.approx(1 / 4)


def test_no_prediction_at_all_is_zero():
    assert wider.evaluate([picture("a", [BOX], [1])], {}).curves["hard"].ap == 0


def slow_official(pictures, predictions, column, iou_threshold):
    """evaluation.m, image_evaluation, image_pr_info and VOCap.m in plain loops."""
    scores = [p[4] for table in predictions.values() for p in table]
    low, high = min(scores), max(scores)
    curve, faces = numpy.zeros((1000, 2)), 0
    for item in pictures:
        faces += int(item.counted[:, column].sum())
        table = sorted(predictions.get(item.name, []), key=lambda row: -row[4])
        if not len(item.boxes) or not table:
            continue
        state, proposal, found = [0] * len(item.boxes), [], []
        for x, y, w, h, _ in table:
            overlaps = []
            for bx, by, bw, bh in item.boxes:
                width = min(x + w, bx + bw) - max(x, bx) + 1
                height = min(y + h, by + bh) - max(y, by) + 1
                inter = width * height if width > 0 and height > 0 else 0
                overlaps.append(inter / ((w + 1) * (h + 1) + (bw + 1) * (bh + 1) - inter))
            best = int(numpy.argmax(overlaps))
            proposal.append(1)
            if overlaps[best] >= iou_threshold:
                if not item.counted[best, column]:
                    state[best], proposal[-1] = -1, -1
                elif state[best] == 0:
                    state[best] = 1
            found.append(state.count(1))
        for index in range(1000):
            above = [i for i, row in enumerate(table) if (row[4] - low) / (high - low) >= 1 - (index + 1) / 1000]
            if above:
                curve[index] += proposal[: above[-1] + 1].count(1), found[above[-1]]
    recall = [0, *(curve[:, 1] / faces), 1]
    precision = [0, *(found / proposals if proposals else 0 for proposals, found in curve), 0]
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = max(precision[i], precision[i + 1])
    return sum((recall[i] - recall[i - 1]) * precision[i] for i in range(1, len(recall)))


def test_vectorised_protocol_equals_the_official_loops():
    random = numpy.random.default_rng(3)
    pictures, predictions = [], {}
    for index in range(12):
        count = int(random.integers(0, 6))
        boxes = numpy.column_stack([random.uniform(0, 60, (count, 2)), random.uniform(4, 30, (count, 2))])
        pictures.append(Picture(str(index), boxes, random.random((count, 3)) < 0.6))
        near = numpy.repeat(boxes, 3, axis=0) + random.normal(0, 2, (3 * count, 4))
        anywhere = random.uniform(1, 60, (4, 4))
        table = numpy.vstack([near, anywhere])
        table[:, 2:] = numpy.maximum(table[:, 2:], 1)
        predictions[str(index)] = numpy.column_stack([table, random.uniform(0.02, 1, len(table))])
    del predictions["3"]
    for iou in (0.5, 0.7):
        result = wider.evaluate(pictures, predictions, wider.OFFICIAL, ious=(iou,))
        for column, name in enumerate(ground_truth.SETS):
            assert result.mean_ap[name] == pytest.approx(slow_official(pictures, predictions, column, iou), abs=1e-12)


GOOD = "a/b.jpg\n1\n1 2 3 4 1 0 1\nc.jpg\n0\n"


def test_text_is_read(tmp_path):
    file = tmp_path / "ground_truth.txt"
    file.write_text(GOOD)
    first, second = ground_truth.read_text(file)
    assert (first.name, first.boxes.tolist(), first.counted.tolist()) == ("a/b.jpg", [[1, 2, 3, 4]], [[True, False, True]])
    assert (second.name, len(second.boxes)) == ("c.jpg", 0)


@pytest.mark.parametrize(
    "text,where",
    [
        ("", "no picture"),
        ("a.jpg\n", ":2:"),
        ("a.jpg\nx\n", ":2:"),
        ("a.jpg\n2\n1 2 3 4 1 1 1\n", ":2:"),
        ("a.jpg\n-1\n", ":2:"),
        ("a.jpg\n1\n1 2 3 4 1 1\n", ":3:"),
        ("a.jpg\n1\n1 2 3 4 1 1 2\n", ":3:"),
        ("a.jpg\n1\n1 2 nan 4 1 1 1\n", ":3:"),
        ("a.jpg\n1\n1 2 -3 4 1 1 1\n", ":3:"),
        ("a.jpg\n0\n\n", ":3:"),
        (GOOD + "c.jpg\n0\n", ":6: picture c.jpg a second time"),
    ],
)
def test_broken_text_is_refused_with_its_line(tmp_path, text, where):
    file = tmp_path / "ground_truth.txt"
    file.write_text(text)
    with pytest.raises(AnnotationError, match="ground_truth.txt") as error:
        ground_truth.read_text(file)
    assert where in str(error.value)


def test_broken_lists_are_refused(tmp_path):
    (tmp_path / "wider_face_val.mat").write_bytes(b"no MATLAB")
    with pytest.raises(AnnotationError, match="wider_face_val.mat"):
        ground_truth.read_official(tmp_path)


def test_official_lists_agree_with_the_text(research):
    official = {item.name: item for item in ground_truth.read_official(research / "data/eval/wider_ground_truth")}
    assert len(official) == 3226 and sum(len(item.boxes) for item in official.values()) == 39708
    # The numbers of counted faces according to WIDER FACE's own tools.
    assert sum(item.counted.sum(axis=0) for item in official.values()).tolist() == [7211, 13319, 31958]
    for item in ground_truth.read_text(research / "data/eval/wider/ground_truth.txt"):
        assert (item.boxes == official[item.name].boxes).all() and (item.counted == official[item.name].counted).all()
