"""Matching against its definition, written plainly."""

import numpy as np
import torch

from retinaface_training.losses.matching import COMPENSATED_IOU, FEWEST_ANCHORS, IGNORED, NEGATIVE, iou_matrix, match
from retinaface_training.network.anchors import corners, make_anchors

SIDES = ((16, 32), (64, 128), (256, 512))


def plain_iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def some_faces(seed, count=6):
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.uniform(np.log(8), np.log(140), (count, 2)))
    low = rng.uniform(0, 200 - sizes)
    return torch.tensor(np.concatenate([low, low + sizes], axis=1), dtype=torch.float32)


def test_overlaps_are_those_of_the_plain_formula():
    boxes, others = some_faces(1), some_faces(2, 9)
    expected = [[plain_iou(box, other) for other in others.tolist()] for box in boxes.tolist()]
    np.testing.assert_allclose(iou_matrix(boxes, others).numpy(), expected, atol=1e-6)


def test_anchors_are_positive_above_a_half_and_negative_below_three_tenths():
    anchors = make_anchors(200, 200, SIDES)
    for seed in range(5):
        faces = some_faces(seed)
        matches = match(faces, torch.zeros(len(faces), dtype=torch.bool), anchors)
        overlaps = np.array([[plain_iou(anchor, face) for face in faces.tolist()] for anchor in corners(anchors).tolist()])
        least_compensated = np.maximum(np.sort(overlaps, axis=0)[-FEWEST_ANCHORS], COMPENSATED_IOU)
        best = overlaps.max(axis=1)
        for anchor, found in enumerate(matches.tolist()):
            if anchor in overlaps.argmax(axis=0):
                assert found >= 0 and anchor in (overlaps[:, found].argmax(), *np.flatnonzero(best > 0.5))
            elif best[anchor] > 0.5:
                assert found == overlaps[anchor].argmax()
            elif found >= 0:
                assert overlaps[anchor, found] >= least_compensated[found] - 1e-6
                assert (overlaps[:, found] > 0.5).sum() < FEWEST_ANCHORS
            else:
                assert found == (NEGATIVE if best[anchor] < 0.3 else IGNORED)


def test_a_lone_face_has_its_fewest_anchors():
    for side in (9, 11, 13, 23, 46):
        face = torch.tensor([[100.0, 101, 100 + side, 101 + side]])
        anchors = make_anchors(200, 200, SIDES)
        overlaps = iou_matrix(face, corners(anchors))[0]
        matched = (match(face, torch.tensor([False]), anchors) == 0).nonzero()[:, 0]
        wanted = max(int((overlaps > 0.5).sum()), min(FEWEST_ANCHORS, int((overlaps >= COMPENSATED_IOU).sum())), 1)
        assert len(matched) == wanted
        assert overlaps[matched].min() >= overlaps.sort(descending=True).values[wanted - 1]


def test_every_face_has_an_anchor_even_a_tiny_one():
    faces = torch.tensor([[3.0, 3, 7, 8], [50, 50, 90, 95], [150, 10, 156, 19]])
    matches = match(faces, torch.zeros(3, dtype=torch.bool), make_anchors(200, 200, SIDES))
    assert {0, 1, 2} <= set(matches.tolist())


def test_ignored_faces_are_neither_sought_nor_background():
    faces = torch.tensor([[20.0, 20, 50, 55], [100, 100, 104, 104]])
    anchors = make_anchors(200, 200, SIDES)
    matches = match(faces, torch.tensor([True, True]), anchors)
    overlaps = iou_matrix(faces, corners(anchors))
    assert (matches < 0).all()
    assert (matches[(overlaps[0] >= 0.3)] == IGNORED).all()
    assert matches[overlaps[1].argmax()] == IGNORED
    assert (matches == NEGATIVE).sum() > 0.9 * len(anchors)


def test_no_face_means_all_background():
    assert (match(torch.zeros(0, 4), torch.zeros(0, dtype=torch.bool), make_anchors(64, 64, SIDES)) == NEGATIVE).all()
