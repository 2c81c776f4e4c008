"""Detector, Tracker and align against the program, and with arguments that are wrong."""

import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
import rfcam

from conftest import FIXTURES, read, text_lines

MODEL = Path(__file__).parents[2] / "Models/default.rfm"


def program_line(path: Path, faces: rfcam.Faces, index: int) -> str:
    """A face as rf-cam prints it."""
    numbers = [*faces.boxes[index], *faces.landmarks[index].reshape(-1)]
    return f"{path} {faces.scores[index]:.3f} " + " ".join(f"{number:.1f}" for number in numbers)


@pytest.mark.parametrize("size", [None, "original", 320, (320, 240)])
def test_faces_are_those_of_the_program(program, pictures, size):
    words = [] if size is None else ["--size", f"{size[0]}x{size[1]}" if isinstance(size, tuple) else size]
    detector = rfcam.Detector(size=size)
    lines = []
    for path in pictures:
        faces = detector(read(path))
        assert faces.boxes.dtype == faces.scores.dtype == faces.landmarks.dtype == np.float32
        lines += [program_line(path, faces, index) for index in range(len(faces))]
    # Half of the last digit rounds to even in Python and up in rf-cam: numbers are compared by value.
    wanted = text_lines(program, *words, *pictures)
    assert len(lines) == len(wanted) >= 15
    for line, want in zip(lines, wanted, strict=True):
        given, expected = (np.array([float(word) for word in text.split()[1:]]) for text in (line, want))
        assert np.abs(given[0] - expected[0]) < 0.00101 and np.abs(given[1:] - expected[1:]).max() < 0.101, (line, want)


def test_arrays_of_every_layout_give_the_same_faces(group):
    detector = rfcam.Detector(size=(320, 240))
    want = detector(group)
    padded = np.zeros((group.shape[0], group.shape[1] + 7, 3), np.uint8)
    padded[:, : group.shape[1]] = group
    alpha = np.dstack([group, np.full(group.shape[:2], 9, np.uint8)])
    layouts = [
        (padded[:, : group.shape[1]], "rgb"),
        (np.asfortranarray(group), "rgb"),
        (group[:, :, ::-1], "bgr"),
        (alpha, "rgb"),
        (np.ascontiguousarray(alpha[:, :, [2, 1, 0, 3]]), "bgr"),
        (np.repeat(group, 2, axis=1)[:, ::2], "rgb"),
        (group[::-1][::-1], "rgb"),
    ]
    for image, order in layouts:
        faces = detector(image, order=order)
        assert np.array_equal(faces.boxes, want.boxes) and np.array_equal(faces.scores, want.scores), (image.strides, order)
    gray = detector(group[:, :, 1])
    assert np.array_equal(gray.boxes, detector(np.repeat(group[:, :, 1:2], 3, axis=2)).boxes) and len(gray) > 0
    assert len(detector(group[::-1])) != len(want) or not np.array_equal(detector(group[::-1]).boxes, want.boxes)


def test_results_stay_when_the_detector_goes(group):
    detector = rfcam.Detector()
    faces = detector(group)
    boxes = faces.boxes.copy()
    detector(np.zeros((40, 40, 3), np.uint8))
    del detector
    assert np.array_equal(faces.boxes, boxes) and faces.boxes.flags.owndata


def test_a_pickled_detector_gives_the_same_faces(group):
    for model in (None, MODEL, MODEL.read_bytes()):
        detector = rfcam.Detector(threshold=0.3, model=model)
        copy = pickle.loads(pickle.dumps(detector))
        assert np.array_equal(copy(group).boxes, detector(group).boxes)
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(rfcam.Tracker())


def test_threads_share_a_detector(pictures):
    detector = rfcam.Detector()
    images = [read(path) for path in pictures]
    want = [detector(image).boxes for image in images]
    wrong = []

    def work() -> None:
        for _ in range(3):
            for image, boxes in zip(images, want, strict=True):
                if not np.array_equal(detector(image).boxes, boxes):
                    wrong.append(image.shape)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_tracker_keeps_ids_and_survives_refusals(group):
    faces = rfcam.Detector()(group)
    tracker = rfcam.Tracker(max_faces=10)
    first = tracker.update(faces, 0.0)
    assert sorted(first.ids) == list(range(1, len(faces) + 1)) and not faces.ids.any()
    far = rfcam.Faces(faces.scores, np.full_like(faces.boxes, 1e30), faces.landmarks, faces.ids)
    many = rfcam.Faces(*(np.repeat(values, 11, axis=0) for values in (faces.scores, faces.boxes, faces.landmarks, faces.ids)))
    for bad in (far, many, rfcam.Faces(faces.scores, faces.boxes[:1], faces.landmarks, faces.ids)):
        with pytest.raises(ValueError):
            tracker.update(bad, 0.04)
    assert np.array_equal(tracker.update(faces, 0.04).ids, first.ids)
    none = rfcam.Faces(*(values[:0] for values in (faces.scores, faces.boxes, faces.landmarks, faces.ids)))
    assert len(tracker.update(none, float("nan"))) == 0


def test_aligned_faces_are_the_program_s_crops(program, group, tmp_path):
    faces = rfcam.Detector()(group)
    crops = rfcam.align(group, faces.landmarks)
    assert crops.shape == (len(faces), 112, 112, 3) and crops.dtype == np.uint8
    assert np.array_equal(rfcam.align(group, faces.landmarks[0]), crops[0])
    assert np.array_equal(rfcam.align(group[:, :, ::-1], faces.landmarks, order="bgr"), crops)
    text_lines(program, "--crops", tmp_path, FIXTURES / "pictures/group.jpg")
    written = sorted(tmp_path.glob("*.jpg"))
    assert len(written) == len(faces)
    # JPEG's loss is all that differs.
    means = sorted(np.abs(read(path).astype(int) - crop).mean() for path, crop in zip(written, crops, strict=True))
    assert means[-1] < 4


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"threshold": 1.5}, ValueError, "threshold"),
        ({"threshold": float("nan")}, ValueError, "threshold"),
        ({"max_faces": 0}, ValueError, "maxFaces|max_faces"),
        ({"max_faces": 2**40}, ValueError, "max_faces"),
        ({"threads": 65}, ValueError, "threads"),
        ({"isa": "mmx"}, ValueError, "isa"),
        ({"size": 0}, ValueError, "size"),
        ({"size": "big"}, ValueError, "size"),
        ({"size": (640, 480, 3)}, ValueError, "size"),
        ({"model": b"no model"}, rfcam.ModelError, "not a model file"),
        ({"model": b""}, rfcam.ModelError, "empty"),
        ({"model": "/no/such/file"}, rfcam.ModelError, "No such file"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, text):
    with pytest.raises(error, match=text):
        rfcam.Detector(**arguments)


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4, 3)), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros(5, np.uint8), "text", None, [[1, 2], [3]]],
)
def test_what_is_no_picture_is_refused(image):
    with pytest.raises((ValueError, TypeError)):
        rfcam.Detector(size=(64, 64))(image)
    with pytest.raises((ValueError, TypeError)):
        rfcam.align(image, np.zeros((5, 2)))


def test_too_large_pictures_are_refused_before_memory_is_taken():
    image = np.broadcast_to(np.zeros((1, 1), np.uint8), (20000, 20000))
    with pytest.raises(ValueError, match="megapixels|size"):
        rfcam.Detector(size=(64, 64))(image)
