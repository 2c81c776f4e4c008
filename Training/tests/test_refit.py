"""Refitting the landmark heads: a damaged head is corrected, and nothing else changes."""

import numpy as np
import torch
from PIL import Image

from drawn import draw_picture
from retinaface_training import refit as module
from retinaface_training.data.labels import AnnotatedPicture
from retinaface_training.losses.matching import match
from retinaface_training.network.anchors import MEAN_BGR, encode_landmarks, make_anchors
from retinaface_training.network.retinaface import RetinaFace
from retinaface_training.refit import Evidence, refit


def test_a_linear_error_is_corrected_exactly():
    generator = torch.Generator().manual_seed(1)
    features = torch.rand(500, 64, generator=generator)
    wanted = torch.randn(65, 10, generator=generator)
    evidence = Evidence()
    for part in features.split(100):
        evidence.add(part, part @ wanted[:-1] + wanted[-1])
    torch.testing.assert_close(evidence.correction(1e-6), wanted, atol=1e-2, rtol=1e-2)
    assert evidence.count == 500 and evidence.correction(1e9).abs().max() < 1e-3
    assert torch.equal(Evidence().correction(300.0), torch.zeros(65, 10))


def mean_error(network, pictures):
    """Returns the mean error of the landmarks of matched anchors, in encoded units."""
    total, count = 0.0, 0
    for picture in pictures:
        image = Image.open(picture.path)
        anchors = make_anchors(*image.size, network.config.anchors)
        matches = match(torch.from_numpy(picture.boxes), torch.zeros(len(picture.boxes), dtype=torch.bool), anchors)
        pixels = torch.from_numpy(np.asarray(image)[..., ::-1] - np.float32(MEAN_BGR)).permute(2, 0, 1)[None]
        with torch.no_grad():
            found = network(pixels).landmarks[0][matches >= 0]
        truth = encode_landmarks(torch.from_numpy(picture.landmarks)[matches[matches >= 0]], anchors[matches >= 0])
        total, count = total + float((found - truth).abs().sum()), count + truth.numel()
    return total / count


def test_only_landmark_heads_change_and_their_error_falls(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CERTAIN_SCORE", 0.0)
    rng = np.random.default_rng(2)
    pictures = []
    for index in range(4):
        image, boxes, landmarks = draw_picture(rng, 3)
        image.save(tmp_path / f"{index}.png")
        pictures.append(AnnotatedPicture(tmp_path / f"{index}.png", boxes, landmarks.reshape(-1, 10), np.zeros(3, np.int8)))
    torch.manual_seed(1)
    network = RetinaFace().eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    error = mean_error(network, pictures)
    assert refit(network, pictures, ridge=0.1) > 24
    assert mean_error(network, pictures) < 0.5 * error
    changed = {key for key, value in network.state_dict().items() if not torch.equal(value, before[key])}
    assert changed and all(".landmarks." in key for key in changed)
