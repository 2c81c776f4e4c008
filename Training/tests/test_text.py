"""Text files of all readers: marks and line ends change nothing, another encoding is an error with file and line."""

import json
from pathlib import Path

import pytest

from retinaface_training.curves import read_logs
from retinaface_training.evaluation import ground_truth, predictions
from retinaface_training.evaluation.ground_truth import AnnotationError
from retinaface_training.evaluation.predictors import ProgramPredictor

MARK = b"\xef\xbb\xbf"
FACE = {"box": [1, 2, 30, 40], "score": 0.9, "landmarks": [[5, 6]] * 5}
ENDS = pytest.mark.parametrize("mark, end", [(b"", "\n"), (MARK, "\n"), (b"", "\r\n"), (MARK, "\r\n")])


@ENDS
def test_ground_truth(tmp_path, mark, end):
    file = tmp_path / "ground_truth.txt"
    file.write_bytes(mark + end.join(["a b.jpg", "1", "1 2 3 4 0 1 1", "c\u2028d.jpg", "0", ""]).encode())
    first, second = ground_truth.read_text(file)
    assert (first.name, second.name) == ("a b.jpg", "c\u2028d.jpg") and first.boxes.tolist() == [[1, 2, 3, 4]]


@ENDS
def test_predictions(tmp_path, mark, end):
    # rf-cam writes characters of names as they are: U+2028 and U+0085 do not end a line.
    rows = [json.dumps({"source": name, "faces": [FACE]}, ensure_ascii=False) for name in ("a b.jpg", "c\u2028d\x85e.jpg")]
    (tmp_path / "p.json").write_bytes(mark + end.join([*rows, ""]).encode())
    assert list(predictions.read(tmp_path / "p.json")) == ["a b.jpg", "c\u2028d\x85e.jpg"]
    (tmp_path / "wider/event").mkdir(parents=True)
    (tmp_path / "wider/event/a.txt").write_bytes(mark + end.join(["a", "1", "1 2 3 4 0.5", ""]).encode())
    assert predictions.read(tmp_path / "wider")["event/a"].boxes.tolist() == [[1, 2, 4, 6]]


@ENDS
def test_logs(tmp_path, mark, end):
    (tmp_path / "log.jsonl").write_bytes(mark + ('{"pictures": 1}' + end).encode())
    assert read_logs([tmp_path / "log.jsonl"])[0] == [{"pictures": 1}]


@pytest.mark.parametrize(
    "read, text",
    [
        (ground_truth.read_text, "a.jpg\n1\n1 2 3 4 0 1 1\nn\xe4her.jpg\n0\n"),
        (predictions.read, '{"source": "a", "faces": []}\n\n\n{"source": "n\xe4her", "faces": []}\n'),
    ],
)
def test_another_encoding_is_named_with_file_and_line(tmp_path, read, text):
    for encoding, message in (("latin-1", "4: is not UTF-8"), ("utf-16", "1: is UTF-16")):
        (tmp_path / "x.txt").write_bytes(text.encode(encoding))
        with pytest.raises(AnnotationError, match=f"x.txt:{message}.*save it as UTF-8"):
            read(tmp_path / "x.txt")


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.jpg", "x/../../a.jpg"])
def test_ground_truth_outside_its_folder_is_named(tmp_path, name):
    (tmp_path / "ground_truth.txt").write_text(f"a.jpg\n0\n{name}\n0\n")
    with pytest.raises(AnnotationError, match="ground_truth.txt:3: picture .* is outside the data folder"):
        ground_truth.read_text(tmp_path / "ground_truth.txt")


def test_dots_belong_to_the_name_in_both_formats(tmp_path):
    names = ["event/a.b.jpg", "event/a.c.JPG", "event/v1.2 x.jpeg"]
    for name in names:
        file = tmp_path / "wider" / (name.rpartition(".")[0] + ".txt")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x\n0\n")
    (tmp_path / "p.json").write_text("".join(json.dumps({"source": f"/data/{name}", "faces": []}) + "\n" for name in names))
    for place in ("wider", "p.json"):
        found, missing = predictions.by_picture(predictions.read(tmp_path / place), names)
        assert list(found) == names and missing == []


def test_a_program_gets_paths_and_gives_lines(tmp_path, monkeypatch):
    program = tmp_path / "rf-cam"
    program.write_text('#!/bin/sh\nprintf \'{"source": "%s", "faces": []}\\n\' "$@"\n')
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    names = ["a b.jpg", "c\u2028d.jpg", "$(id).jpg"]
    found, missing = ProgramPredictor([str(program)]).predict(Path("-images"), names, "x")
    assert list(found) == names and missing == []
    program.write_text("#!/bin/sh\nprintf '\\344\\n'\n")
    with pytest.raises(AnnotationError, match="output of .*rf-cam:1: is not UTF-8"):
        ProgramPredictor([str(program)]).predict(Path("images"), names, "x")
