"""Augmentation keeps boxes and landmarks on the face, measured on drawn faces with coloured points."""

import numpy as np
import pytest
import torch
from PIL import Image

from drawn import SIDE, draw_picture
from retinaface_training.data.augment import AugmentConfig, Window, colour_transforms, cut, flip, random_sample
from retinaface_training.data.batches import BatchConfig, Batches, network_input
from retinaface_training.data.labels import AnnotatedPicture
from retinaface_training.data.turn import turn

ANCHORS = ((16, 32), (64, 128), (256, 512))


def annotated(rng, faces=3):
    image, boxes, landmarks = draw_picture(rng, faces)
    return image, AnnotatedPicture("drawn", boxes, landmarks.reshape(-1, 10), np.zeros(faces, np.int8))


def colour_centre(pixels, box, channel):
    """Returns the place of the strongest colour in a box (0 red, 1 green, 2 blue)."""
    x1, y1, x2, y2 = (int(round(value)) for value in box)
    part = pixels[y1:y2, x1:x2].astype(float)
    weight = np.clip(part[..., channel] - np.delete(part, channel, axis=2).max(axis=2) - 60, 0, None)
    ys, xs = np.mgrid[y1:y2, x1:x2]
    return np.array([(weight * xs).sum(), (weight * ys).sum()]) / weight.sum() + 0.5


def shows_all_points(box, points):
    """Returns True if a face is large enough to measure and all its points are inside."""
    return box[2] - box[0] >= 30 and (points > box[:2] + 2).all() and (points < box[2:] - 2).all()


def assert_on_the_face(sample, flipped):
    """The left eye is drawn blue, the right one green; a flip exchanges which is which."""
    checked = 0
    for box, points in zip(sample.boxes, sample.landmarks.reshape(-1, 5, 2), strict=True):
        if not shows_all_points(box, points):
            continue
        left, right = (1, 2) if flipped else (2, 1)
        tolerance = 1 + 0.06 * (box[2] - box[0])
        assert np.abs(colour_centre(sample.pixels, box, left) - points[0]).max() < tolerance
        assert np.abs(colour_centre(sample.pixels, box, right) - points[1]).max() < tolerance
        checked += 1
    return checked


@pytest.mark.parametrize("flipped", [False, True])
def test_windows_and_flips_keep_points_on_the_face(flipped):
    rng = np.random.default_rng(11)
    checked = 0
    for _ in range(30):
        image, picture = annotated(rng)
        size = rng.uniform(60, 260)
        window = Window(rng.uniform(-40, 60), rng.uniform(-40, 60), size, size * rng.uniform(0.8, 1.2))
        sample = cut(image, picture, window, 224, 224)
        checked += assert_on_the_face(flip(sample) if flipped else sample, flipped)
    assert checked > 30


@pytest.mark.parametrize("degrees", [-170.0, -45.0, 0.0, 20.0, 90.0])
def test_turns_keep_points_on_the_face_and_the_box_around_it(degrees):
    rng = np.random.default_rng(13)
    checked = 0
    for _ in range(8):
        image, picture = annotated(rng)
        turned, there = turn(image, picture, degrees, (0, 0, 0))
        whole = cut(turned, there, Window(0, 0, *turned.size), *turned.size)
        checked += assert_on_the_face(whole, flipped=False)
        skin = whole.pixels[..., 0] > 180
        for x1, y1, x2, y2 in there.boxes:
            columns, rows = (
                skin[max(0, int(y1) - 2) : int(y2) + 3, max(0, int(x1) - 2) : int(x2) + 3].any(axis=axis).nonzero()[0] for axis in (0, 1)
            )
            assert abs(columns[-1] - columns[0] - (x2 - x1)) < 3 and abs(rows[-1] - rows[0] - (y2 - y1)) < 3
    assert checked > 5


def test_a_quarter_turn_goes_clockwise():
    picture = AnnotatedPicture("p", np.float32([[10, 20, 30, 60]]), np.float32([[10, 20] * 5]), np.zeros(1, np.int8))
    turned, there = turn(Image.new("RGB", (200, 100)), picture, 90.0, (0, 0, 0))
    assert turned.size == (100, 200)
    np.testing.assert_allclose(there.boxes, [[40, 10, 80, 30]], atol=1e-3)
    np.testing.assert_allclose(there.landmarks, [[80, 10] * 5], atol=1e-3)


def test_random_samples_keep_points_on_the_face():
    rng = np.random.default_rng(12)
    config = AugmentConfig(mosaic_chance=0.5, turn_chance=0.0)
    pictures = [annotated(rng) for _ in range(6)]
    images = {id(picture): image for image, picture in pictures}
    checked = 0
    for seed in range(60):
        sample = random_sample(
            lambda picture: images[id(picture)], lambda rng: pictures[rng.integers(6)][1], 256, config, np.random.default_rng(seed)
        )
        assert sample.pixels.shape == (256, 256, 3)
        assert (sample.boxes >= 0).all() and (sample.boxes <= 256).all()
        lefts, rights = sample.landmarks[:, 0], sample.landmarks[:, 2]
        assert (lefts < rights).all()
        shown = [box for box, points in zip(sample.boxes, sample.landmarks.reshape(-1, 5, 2), strict=True) if shows_all_points(box, points)]
        if shown:
            flipped = colour_centre(sample.pixels, shown[0], 1)[0] < colour_centre(sample.pixels, shown[0], 2)[0]
            checked += assert_on_the_face(sample, flipped)
    assert checked > 30


def test_large_windows_show_a_face_at_half_the_side_or_more():
    rng = np.random.default_rng(8)
    image, picture = annotated(rng, 1)
    config = AugmentConfig(mosaic_chance=0.0, turn_chance=0.0, aimed_chance=1.0, blur_chance=0.0, large_chance=1.0, largest_zoom=9.0)
    # Every window is aimed, and no side of a face (28 to 70 pixels of 160, 0.8 times as wide) must be enlarged more than nine times.
    for _ in range(50):
        sample = random_sample(lambda _: image, lambda _: picture, 96, config, rng)
        visible = sample.boxes[0, 2:] - sample.boxes[0, :2]
        assert sample.ignored[0] or visible.max() >= 0.5 * 48
    assert AugmentConfig().large_chance == 0


def test_faces_whose_centre_leaves_are_ignored_and_the_rest_is_clipped():
    picture = AnnotatedPicture("p", np.float32([[0, 0, 40, 40], [90, 90, 130, 130]]), np.zeros((2, 10), np.float32), np.zeros(2, np.int8))
    sample = cut(Image.new("RGB", (200, 200)), picture, Window(15, 15, 90, 90), 90, 90)
    assert sample.boxes.tolist() == [[0, 0, 25, 25], [75, 75, 90, 90]]
    assert sample.ignored.tolist() == [False, True]


def test_faces_too_small_to_see_are_ignored():
    picture = AnnotatedPicture(
        "p", np.float32([[10, 10, 30, 30], [100, 100, 190, 190]]), np.zeros((2, 10), np.float32), np.zeros(2, np.int8)
    )
    sample = cut(Image.new("RGB", (200, 200)), picture, Window(0, 0, 200, 200), 50, 50)
    assert sample.ignored.tolist() == [True, False]


def test_neutral_colour_is_left_grey_and_plain_colours_become_bgr():
    matrices, offsets = colour_transforms(200, np.random.default_rng(1))
    grey = (matrices @ torch.full((3,), 100.0)) + offsets
    torch.testing.assert_close(grey, grey[:, :1].expand(-1, 3), atol=1e-2, rtol=0)
    assert grey.min() < 60 and grey.max() > 140


def test_batches_depend_on_seed_and_step_alone():
    rng = np.random.default_rng(2)
    image, picture = annotated(rng)
    config = BatchConfig(sides=((64, 0.5), (96, 0.5)), pixels=4 * 96 * 96)
    make = lambda seed: Batches([picture], [], {"drawn": image}, ANCHORS, config, seed)  # noqa: E731
    first, again, other = make(1), make(1), make(2)
    first[0]
    assert torch.equal(first[5].images, again[5].images) and torch.equal(first[5].targets.matches, again[5].targets.matches)
    assert first[5].images.shape != other[5].images.shape or not torch.equal(first[5].images, other[5].images)
    assert {first.shape(step) for step in range(50)} == {(64, 9), (96, 4)}


def test_without_distortion_the_input_is_bgr_minus_the_mean():
    image, picture = annotated(np.random.default_rng(3))
    config = BatchConfig(sides=((SIDE, 1.0),), pixels=SIDE * SIDE, augment=AugmentConfig(photometric=False))
    batch = Batches([picture], [], {"drawn": image}, ANCHORS, config, 1)[0]
    images = network_input(batch, torch.device("cpu"))
    expected = batch.images[0].float().flip(-1) - torch.tensor([104.0, 117.0, 123.0])
    torch.testing.assert_close(images[0].permute(1, 2, 0), expected)
