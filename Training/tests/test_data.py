"""The label parser reports unusable data, and the split separates the data for measuring."""

import numpy as np
import pytest
from PIL import Image

from drawn import face_line, write_data
from retinaface_training.data.batches import decode_all
from retinaface_training.data.labels import (
    AnnotatedPicture,
    DataError,
    LandmarkSource,
    Problems,
    read_labels,
    read_negatives,
    read_training_data,
    split,
    without_uncertain_points,
)

GOOD = "10 20 30 40 " + "12 22 1 " * 5 + "0.9"


def read(folder, text, refuse=False):
    (folder / "label.txt").write_text(text)
    problems = Problems(refuse)
    return read_labels(folder / "label.txt", folder / "images", problems), problems.messages


def test_good_faces_come_through(tmp_path):
    write_data(tmp_path)
    pictures, messages = read(tmp_path, f"# drawn0.png\n{GOOD}\n# drawn1.png\n0 0 5.5 6 {'-1 ' * 15}0\n")
    assert messages == []
    assert pictures[0].boxes.tolist() == [[10, 20, 40, 60]]
    assert pictures[0].landmarks.tolist() == [[12, 22] * 5]
    assert [picture.sources.tolist() for picture in pictures] == [[LandmarkSource.TEACHER], [LandmarkSource.NONE]]


@pytest.mark.parametrize(
    "line, reason",
    [
        ("10 20 30 40", "4 values where a face has 20"),
        (GOOD.replace("22", "x"), "not a number"),
        (GOOD.replace("30", "nan", 1), "not finite"),
        (GOOD.replace("30", "0", 1), "box 0 x 40 has no area"),
        (GOOD.replace("10", "150", 1), "leaves its picture of 160 x 160 by 20 pixels"),
        (GOOD.replace(" 1 ", " 7 ", 1), "flags"),
    ],
)
def test_a_bad_face_is_named_and_counted(tmp_path, line, reason):
    write_data(tmp_path)
    pictures, messages = read(tmp_path, f"# drawn0.png\n{GOOD}\n{line}\n")
    assert len(pictures) == 1 and len(pictures[0].boxes) == 1
    assert len(messages) == 1 and "label.txt:3: " in messages[0] and reason in messages[0]
    with pytest.raises(DataError, match="label.txt:3: .*--on-bad-data skip"):
        read(tmp_path, f"# drawn0.png\n{line}\n".replace("\n", "\n\n", 1), refuse=True)


def test_missing_and_broken_pictures_are_named(tmp_path):
    write_data(tmp_path)
    pictures, messages = read(tmp_path, f"{GOOD}\n# absent.png\n{GOOD}\n# drawn0.png\n")
    assert pictures == []
    assert [message.split("label.txt:")[1].split(":")[0] for message in messages] == ["1", "2", "4"]
    whole = (tmp_path / "images" / "drawn1.png").read_bytes()
    (tmp_path / "images" / "drawn1.png").write_bytes(whole[: len(whole) // 2])
    pictures, messages = read(tmp_path, f"# drawn1.png\n{GOOD}\n")
    problems = Problems()
    assert decode_all(pictures, problems) == {}
    assert len(problems.messages) == 1 and "drawn1.png cannot be decoded" in problems.messages[0]


def picture(name, source):
    return AnnotatedPicture(name, np.ones((1, 4), np.float32), np.zeros((1, 10), np.float32), np.array([source], np.int8))


def test_split_holds_back_tenths_and_keeps_videos_together(tmp_path):
    human = [picture(tmp_path / f"person{index}_{frame}.jpg", LandmarkSource.HUMAN) for index in range(50) for frame in range(3)]
    other = [picture(tmp_path / f"scene_{index}.jpg", LandmarkSource.TEACHER) for index in range(330)]
    empty = [AnnotatedPicture.without_faces(tmp_path / f"empty{index}.jpg") for index in range(40)]
    parts = split(human + other, empty)
    assert len(parts.landmark_validation) == 15
    assert len(parts.validation) == 10
    assert len(parts.negative_validation) == 4
    assert len({str(held.path).rsplit("_", 1)[0] for held in parts.landmark_validation}) == 5
    held = {entry.path for entry in parts.landmark_validation + parts.validation}
    assert not held & {entry.path for entry in parts.training} and len(held) + len(parts.training) == 480
    again = split(other[::-1] + human, empty[::-1])
    assert {entry.path for entry in again.landmark_validation + again.validation} == held


def test_a_folder_needs_no_negatives(tmp_path):
    data = write_data(tmp_path)
    assert len(read_training_data(data, Problems()).training_negatives) == 2
    (data / "negatives.txt").unlink()
    parts = read_training_data(data, Problems())
    assert parts.training_negatives == parts.negative_validation == [] and len(parts.training) == 10


def test_research_data_is_read_without_loss(research):
    problems = Problems()
    data = read_training_data(research / "data" / "train", problems)
    held = data.validation + data.landmark_validation
    assert problems.messages == []
    assert len(data.training) + len(held) == 6044 and len(data.training_negatives) + len(data.negative_validation) == 332
    assert sum(len(entry.boxes) for entry in data.training + held) == 31_868


def test_written_faces_read_back(tmp_path):
    write_data(tmp_path)
    box, points = np.array([1.5, 2, 31.5, 42]), np.arange(10).reshape(5, 2)
    pictures, _ = read(tmp_path, f"# drawn0.png\n{face_line(box, points)}\n")
    np.testing.assert_allclose(pictures[0].boxes[0], box)
    np.testing.assert_allclose(pictures[0].landmarks[0], points.ravel())


def test_points_of_a_network_on_small_faces_are_left_out():
    boxes = np.array([[0, 0, 9, 19], [0, 0, 20, 5], [0, 0, 9, 9], [0, 0, 9, 9]], np.float32)
    sources = [LandmarkSource.TEACHER, LandmarkSource.TEACHER, LandmarkSource.HUMAN, LandmarkSource.NONE]
    small = AnnotatedPicture("small", boxes, np.ones((4, 10), np.float32), np.array(sources, np.int8))
    result = without_uncertain_points(small, 20)
    assert result.sources.tolist() == [LandmarkSource.NONE, *sources[1:]] and result.sources.dtype == np.int8
    assert without_uncertain_points(small, 0).sources.tolist() == sources
    empty = AnnotatedPicture.without_faces("empty")
    assert len(without_uncertain_points(empty, 20).sources) == 0


def label_bytes(picture, face, end="\n", mark=b"", encoding="utf-8"):
    return mark + f"# {picture}{end}{face}{end}".encode(encoding)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["drawn0.png", "two words.png", "n\u00e4her\u4eba.png", "a\u2028b\x85c.png"])
def test_marks_and_line_ends_of_editors_change_nothing(tmp_path, end, mark, name):
    write_data(tmp_path)
    if name != "drawn0.png":
        (tmp_path / "images/drawn0.png").rename(tmp_path / "images" / name)
    (tmp_path / "label.txt").write_bytes(label_bytes(name, GOOD, end, mark))
    (tmp_path / "negatives.txt").write_bytes(mark + (name + end + end).encode())
    problems = Problems(refuse=True)
    pictures = read_labels(tmp_path / "label.txt", tmp_path / "images", problems)
    assert [p.path.name for p in pictures] == [name] and pictures[0].boxes.tolist() == [[10, 20, 40, 60]]
    assert [p.path.name for p in read_negatives(tmp_path / "negatives.txt", tmp_path / "images", problems)] == [name]


@pytest.mark.parametrize(
    "content, message",
    [
        (b"# a.png\n\n# n\xe4her.png\n", "3: is not UTF-8 .byte 0xe4.: save it as UTF-8"),
        (b"\xef\xbb\xbf# a.png\r\n# n\xe4her.png\r\n", "2: is not UTF-8 .byte 0xe4.: save it as UTF-8"),
        ("# a.png\n".encode("utf-16"), "1: is UTF-16: save it as UTF-8"),
    ],
)
def test_another_encoding_is_an_error_with_file_and_line(tmp_path, content, message):
    for read, name in ((read_labels, "label.txt"), (read_negatives, "negatives.txt")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name}:{message}"):
            read(tmp_path / name, tmp_path, Problems())


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside.png", "a/../../outside.png", "a\0b.png", ""])
def test_a_picture_outside_the_folder_is_an_error_with_file_and_line(tmp_path, name):
    write_data(tmp_path)
    (tmp_path / "outside.png").write_bytes((tmp_path / "images/drawn0.png").read_bytes())
    (tmp_path / "images/a").mkdir()
    pictures, messages = read(tmp_path, f"# drawn0.png\n{GOOD}\n# {name}\n{GOOD}\n")
    assert len(pictures) == 1 and len(messages) == 1
    assert messages[0].startswith(f"{tmp_path}/label.txt:3: ") and ("outside the data folder" in messages[0] or "\0" in name or not name)
    with pytest.raises(DataError, match="label.txt:3: "):
        read(tmp_path, f"# drawn0.png\n{GOOD}\n# {name}\n{GOOD}\n", refuse=True)


def test_links_inside_the_folder_may_lead_anywhere(tmp_path):
    write_data(tmp_path)
    (tmp_path / "images/drawn0.png").rename(tmp_path / "elsewhere.png")
    (tmp_path / "images/link.png").symlink_to(tmp_path / "elsewhere.png")
    assert read(tmp_path, f"# link.png\n{GOOD}\n", refuse=True)[0][0].path.name == "link.png"


def test_labels_are_in_upright_coordinates(tmp_path):
    (tmp_path / "images").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (20, 40)).save(tmp_path / "images/turned.jpg", exif=exif)  # 40 x 20 upright
    line = "25 2 12 15 " + "26 3 1 " * 5 + "0.9"
    (picture,), messages = read(tmp_path, f"# turned.jpg\n{line}\n")
    assert messages == [] and picture.boxes.tolist() == [[25, 2, 37, 17]]
    decoded = decode_all([picture], Problems(refuse=True))
    assert decoded[str(picture.path)].size == (40, 20)
    assert "leaves its picture of 40 x 20" in read(tmp_path, f"# turned.jpg\n{line.replace('25 2', '2 25', 1)}\n")[1][0]
