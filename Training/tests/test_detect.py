"""PyTorch inference: suppression, voting, mirrored and resized views, and the reference detections."""

import json

import numpy
import pytest
import torch
from PIL import Image

from retinaface_training.evaluation import detect
from retinaface_training.network import loading
from retinaface_training.network.config import NetworkConfig
from retinaface_training.network.retinaface import Heads, RetinaFace

PUBLISHED = {
    "leaky": ("leaky_anchors16.pth", "leaky", "16,32/64,128/256,512"),
    "relu": ("relu_anchors10.pth", "relu", "10,20/32,64/128,256"),
}


class BrightSpot(torch.nn.Module):
    """A network that finds one face: the 16 x 16 anchor of the cell that is brightest, its left eye 4 pixels left of the centre."""

    description = RetinaFace(NetworkConfig(anchors=((16,), (64,), (256,)))).description

    def __init__(self):
        super().__init__()
        self.register_buffer("device_of_the_weights", torch.zeros(1))

    def forward(self, images):
        cells = torch.nn.functional.avg_pool2d(images.sum(1, keepdim=True), 8, ceil_mode=True).flatten()
        count = sum(-(-images.shape[2] // stride) * -(-images.shape[3] // stride) for stride in (8, 16, 32))
        classes = torch.zeros(1, count, 2)
        classes[..., 1] = -9
        classes[0, cells.argmax(), 1] = 3
        points = torch.zeros(1, count, 10)
        points[..., 0] = -4 / (16 * 0.1)
        return Heads(classes, torch.zeros(1, count, 4), points)


@pytest.fixture
def spot():
    """White over the cell with its centre at (76, 20), in a 120 x 90 picture."""
    picture = Image.new("RGB", (120, 90))
    picture.paste((255, 255, 255), (72, 16, 80, 24))
    return picture


def test_decoded_face_is_in_the_pictures_pixels(spot):
    faces = detect.detect(BrightSpot(), spot)
    assert faces.boxes == pytest.approx(numpy.array([[68, 12, 84, 28]]))
    assert faces.landmarks[0, 0] == pytest.approx([72, 20]) and faces.landmarks[0, 1] == pytest.approx([76, 20])
    assert faces.scores == pytest.approx([1 / (1 + numpy.exp(-3))])


def test_mirrored_view_swaps_the_eyes(spot, monkeypatch):
    # Only the mirrored view: there the spot is at 120 - 76 = 44, so the eye 4 to its left is, mirrored back, 4 to the right of 76.
    boxes, scores, landmarks = detect._forward(BrightSpot(), spot, None, True, detect.Options())
    assert boxes == pytest.approx(numpy.array([[68, 12, 84, 28]]))
    assert landmarks[0, 1] == pytest.approx([80, 20]) and landmarks[0, 0] == pytest.approx([76, 20])


def test_resized_view_comes_back_to_the_pictures_pixels(spot):
    faces = detect.detect(BrightSpot(), spot, detect.Options(scales=(180,)))
    # At twice the size the anchor is half as large in the picture; the spot covers four cells, one of which is brightest.
    assert faces.boxes[0, 2:] - faces.boxes[0, :2] == pytest.approx([8, 8])
    assert abs(faces.boxes[0].reshape(2, 2).mean(axis=0) - [76, 20]).max() <= 2


def plain_suppression(boxes, iou):
    kept = []
    for index, box in enumerate(boxes):
        if all(detect.overlap(box, boxes[other][None])[0] <= iou for other in kept):
            kept.append(index)
    return kept


def test_suppression_equals_the_plain_definition():
    random = numpy.random.default_rng(5)
    corners = random.uniform(0, 50, (200, 2))
    boxes = numpy.hstack([corners, corners + random.uniform(1, 40, (200, 2))])
    kept = detect.suppress(boxes, 0.4)
    assert kept.tolist() == plain_suppression(boxes, 0.4) and 1 < len(kept) < 200


def test_overlap_is_suppressed_above_the_limit_only():
    boxes = numpy.array([[0.0, 0, 10, 10], [0, 0, 10, 4], [0, 0, 10, 5]])
    assert detect.suppress(boxes, 0.4).tolist() == [0, 1]


def test_voting_averages_by_score():
    boxes = numpy.array([[0.0, 0, 10, 10], [2, 0, 12, 10], [50, 50, 60, 60]])
    faces = detect.vote(boxes, numpy.array([0.9, 0.3, 0.2]), numpy.arange(30.0).reshape(3, 5, 2), 0.4)
    assert faces.boxes == pytest.approx(numpy.array([[0.5, 0, 10.5, 10], [50, 50, 60, 60]]))
    assert faces.scores == pytest.approx([0.9, 0.2])
    assert faces.landmarks[0, 0] == pytest.approx([2.5, 3.5])
    assert len(detect.vote(*(part[:0] for part in (boxes, boxes[:, 0], boxes)), 0.4).scores) == 0


def test_broken_picture_is_named(tmp_path):
    file = tmp_path / "broken.jpg"
    for content in (b"", b"\xff\xd8\xff"):
        file.write_bytes(content)
        with pytest.raises(detect.PictureError, match="broken.jpg"):
            detect.read_picture(file)


def test_orientation_is_applied(tmp_path):
    picture = Image.new("RGB", (8, 4))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert detect.read_picture(tmp_path / "turned.jpg").size == (4, 8)


@pytest.mark.parametrize("kind", PUBLISHED)
def test_reference_detections(research, kind):
    file, activation, anchors = PUBLISHED[kind]
    network = loading.load_any(research / "weights" / file, activation, anchors)
    names = ("bald_guys.vga", "dogs.vga", "20_Family_Group_Family_Group_20_27", "51_Dresses_wearingdress_51_549")
    for path in (research / f"reference/{name}.{kind}.json" for name in names):
        reference = json.loads(path.read_text())
        picture = research / "reference" / reference["picture"]
        faces = detect.detect(
            network, detect.read_picture(picture if picture.exists() else research / reference["picture"]), detect.Options(threshold=0.3)
        )
        for key, values, bound in (("score", faces.scores, 1e-4), ("box", faces.boxes, 0.01), ("landmarks", faces.landmarks, 0.01)):
            expected = numpy.array([face[key] for face in reference["faces"]])
            assert values.shape == expected.shape and numpy.abs(values - expected).max() < bound, path.name
