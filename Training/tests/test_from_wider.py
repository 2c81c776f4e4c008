"""The converter of WIDER FACE's annotation, on made folders of both formats, and the message of a training without data."""

import numpy
import pytest
import scipy.io
from PIL import Image

from retinaface_training import train
from retinaface_training.data import __main__ as data
from retinaface_training.data.labels import LandmarkSource, Problems, read_training_data

FACES = {
    "0--Parade/a b.jpg": ["10 20 30 40 0 0 0 0 0 0", "60 5 20 30 2 0 0 1 0 0", "5 5 0 3 0 0 0 0 0 0", "80 70 40 50 0 0 0 0 2 0"],
    "0--Parade/empty.jpg": [],
    "1--Handshaking/c.jpg": ["0 0 12 14 1 0 0 0 0 0 ", "300 10 20 20 0 0 0 0 0 0", "40.0 40.0 9.0 9.0 0 0 0 0 0 0"],
    "1--Handshaking/only invalid.jpg": ["1 1 9 9 0 0 0 1 0 0"],
    "1--Handshaking/absent.jpg": ["1 1 9 9 0 0 0 0 0 0"],
}
POINTS = [(15, 30, 0), (30, 31, 1), (22, 40, 0), (16, 50, 0), (29, 51, 1)]


def picture_lines():
    for name, faces in FACES.items():
        yield from (name, str(len(faces)), *(faces or ["0 0 0 0 0 0 0 0 0 0"]))


@pytest.fixture
def wider(tmp_path):
    folder = tmp_path / "WIDER"
    (folder / "wider_face_split").mkdir(parents=True)
    (folder / "wider_face_split/wider_face_train_bbx_gt.txt").write_text("\n".join(picture_lines()) + "\n")
    for name in FACES:
        path = folder / "WIDER_train/images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if "absent" not in name:
            Image.new("RGB", (100, 90), "grey").save(path)
    return folder


def landmark_file(tmp_path):
    """As RetinaFace's: the first face with points, two of them occluded; another without."""
    points = " ".join(f"{x} {y} {flag}.0" for x, y, flag in POINTS)
    lines = [
        "# 0--Parade/a b.jpg",
        f"11 20 29 40 {points} 0.82",
        "80 70 40 50 " + "-1.0 -1.0 -1.0 " * 5 + "0.3",
        "# 1--Handshaking/c.jpg",
        f"60 60 12 14 {points} 0.9",
    ]
    (tmp_path / "label.txt").write_text("\n".join(lines) + "\n")
    return tmp_path / "label.txt"


def to_matlab(wider):
    """Replaces the text by a MATLAB file of the same content."""

    def column(values):
        cells = numpy.empty((len(values), 1), object)
        for index, value in enumerate(values):
            cells[index, 0] = value
        return cells

    events = sorted({name.split("/")[0] for name in FACES})
    files = [[name for name in FACES if name.startswith(event)] for event in events]
    rows = [[numpy.array([face.split() for face in FACES[name]], float).reshape(-1, 10) for name in names] for names in files]
    content = {
        "event_list": column([numpy.array([event]) for event in events]),
        "file_list": column([column([numpy.array([name.split("/")[1].removesuffix(".jpg")]) for name in names]) for names in files]),
        "face_bbx_list": column([column([table[:, :4] for table in tables]) for tables in rows]),
        "invalid_label_list": column([column([table[:, 7:8] for table in tables]) for tables in rows]),
    }
    scipy.io.savemat(wider / "wider_face_split/wider_face_train.mat", content)
    (wider / "wider_face_split/wider_face_train_bbx_gt.txt").unlink()


@pytest.mark.parametrize("is_matlab", [False, True])
def test_the_training_reads_what_the_converter_writes(wider, tmp_path, capsys, is_matlab):
    if is_matlab:
        to_matlab(wider)
    output = tmp_path / "made" / "data"
    assert data.main(["from-wider", str(wider), "--landmarks", str(landmark_file(tmp_path)), "--output", str(output)]) == 0
    said = capsys.readouterr().err
    assert "2 pictures with 4 faces, 1 of them with landmarks; 1 pictures without a face" in said
    assert "2 faces marked as invalid, 1 faces without an area, 1 faces outside their picture" in said
    assert "absent.jpg" in said and f"train --data {output}" in said
    problems = Problems()
    split = read_training_data(output, problems)
    assert problems.messages == []
    everything = [*split.landmark_validation, *split.validation, *split.training]
    pictures = {picture.path.relative_to(output / "images").as_posix(): picture for picture in everything}
    assert sorted(pictures) == ["0--Parade/a b.jpg", "1--Handshaking/c.jpg"]
    first = pictures["0--Parade/a b.jpg"]
    assert first.boxes.tolist() == [[10, 20, 40, 60], [80, 70, 100, 90]]  # the second is cut at the borders
    assert first.sources.tolist() == [LandmarkSource.HUMAN, LandmarkSource.NONE]
    assert first.landmarks[0].tolist() == [value for x, y, _ in POINTS for value in (x, y)]
    assert pictures["1--Handshaking/c.jpg"].boxes.tolist() == [[0, 0, 12, 14], [40, 40, 49, 49]]
    assert [p.path.name for p in [*split.negative_validation, *split.training_negatives]] == ["empty.jpg"]


def test_nothing_is_overwritten(wider, tmp_path, capsys):
    output = tmp_path / "data"
    output.mkdir()
    (output / "label.txt").write_text("mine")
    assert data.main(["from-wider", str(wider), "--output", str(output)]) == 1
    assert "has a 'label.txt' already, which is never overwritten" in capsys.readouterr().err
    assert (output / "label.txt").read_text() == "mine" and len(list(output.iterdir())) == 1


def test_missing_pictures_can_be_refused(wider, tmp_path, capsys):
    assert data.main(["from-wider", str(wider), "--output", str(tmp_path / "x"), "--on-bad-data", "refuse"]) == 1
    assert "absent.jpg" in capsys.readouterr().err and not (tmp_path / "x").exists()


BROKEN = {
    "no number": (["a.jpg", "one"], "bbx_gt.txt:1: needed a picture's name"),
    "too few faces": (["a.jpg", "2", "1 1 9 9 0 0 0 0 0 0"], "has 2 faces; the file ends after 1"),
    "too few values": (["a.jpg", "1", "1 1 9 9"], "bbx_gt.txt:3: needed 10 numbers"),
    "not a number": (["a.jpg", "1", "1 1 9 x 0 0 0 0 0 0"], "bbx_gt.txt:3: needed 10 numbers"),
    "not finite": (["a.jpg", "1", "1 1 9 nan 0 0 0 0 0 0"], "bbx_gt.txt:3: needed 10 numbers"),
    "empty": ([], "has no picture"),
    "outside": (["../a.jpg", "1", "1 1 9 9 0 0 0 0 0 0"], "none of the 1 pictures"),
    "huge count": (["a.jpg", "9" * 30, "1 1 9 9 0 0 0 0 0 0"], "number of faces"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_annotation_is_one_clear_line(wider, tmp_path, capsys, kind):
    lines, message = BROKEN[kind]
    (wider / "wider_face_split/wider_face_train_bbx_gt.txt").write_text("".join(f"{line}\n" for line in lines))
    assert data.main(["from-wider", str(wider), "--output", str(tmp_path / "x")]) == 1
    said = capsys.readouterr().err
    assert message in said and said.count("data: ") == 1 and not (tmp_path / "x").exists()


def test_what_is_missing_is_named(wider, tmp_path, capsys):
    assert data.main(["from-wider", str(tmp_path), "--output", str(tmp_path / "x")]) == 1
    assert "has no wider_face_split/wider_face_train_bbx_gt.txt: unpack wider_face_split.zip" in capsys.readouterr().err
    assert data.main(["from-wider", str(wider), "--landmarks", str(tmp_path / "none"), "--output", str(tmp_path / "x")]) == 1
    assert "none: cannot be read" in capsys.readouterr().err
    (wider / "wider_face_split/wider_face_train_bbx_gt.txt").unlink()
    (wider / "wider_face_split/wider_face_train.mat").write_bytes(b"no MATLAB file" * 20)
    assert data.main(["from-wider", str(wider), "--output", str(tmp_path / "x")]) == 1
    assert "cannot be read as WIDER FACE's annotation" in capsys.readouterr().err


def test_training_without_data_explains_where_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("RF_DATA", raising=False)
    with pytest.raises(SystemExit):
        train.main([])
    said = capsys.readouterr().err
    assert "--data FOLDER" in said and "WIDER_train.zip" in said and "retinaface_training.data from-wider FOLDER --output data" in said
    assert train.main(["--data", str(tmp_path), "--output", str(tmp_path / "run"), "--backbone", "none"]) == 1
    said = capsys.readouterr().err
    assert f"train: {tmp_path}: has no label.txt: is no training folder. Get WIDER_train.zip" in said and said.count("\n") == 1
