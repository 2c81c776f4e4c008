"""Curves of runs that continued each other."""

import json

import pytest
from PIL import Image

from retinaface_training import curves


def write_run(folder, pictures):
    folder.mkdir()
    lines = [{"pictures": count, "learning_rate": 1e-3, "losses": {"class": 1.0 + count}} for count in pictures]
    lines.append({"pictures": pictures[-1], "learning_rate": 1e-3, "validation": {"average_precision": 0.5}})
    (folder / "log.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return folder


def test_later_runs_count_on(tmp_path):
    runs = [write_run(tmp_path / "a", [10, 20]), write_run(tmp_path / "b", [5, 15])]
    lines, starts = curves.read_logs([run / "log.jsonl" for run in runs])
    assert [line["pictures"] for line in lines] == [10, 20, 20, 25, 35, 35] and starts == [20]
    assert curves.main([*map(str, runs), "--output", str(tmp_path / "c.png")]) == 0
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_evaluation_folders_have_a_picture_of_their_own(tmp_path):
    run = write_run(tmp_path / "a", [10, 20])
    assert curves.main([str(run), "--output", str(tmp_path / "two.png")]) == 0
    line = {
        "pictures": 20,
        "learning_rate": 1e-3,
        "validation": {"average_precision": 0.5},
        "evaluation": {"street": {"easy": 0.9, "hard": 0.7}},
    }
    with open(run / "log.jsonl", "a") as log:
        log.write(json.dumps(line) + "\n")
    assert curves.main([str(run), "--output", str(tmp_path / "three.png")]) == 0
    two, three = (Image.open(tmp_path / f"{name}.png").height for name in ("two", "three"))
    assert three == two * 3 // 2


@pytest.mark.parametrize("text", ["{", "[]\n", '{"step": 1}\n'])
def test_what_is_no_log_is_named(tmp_path, capsys, text):
    (tmp_path / "log.jsonl").write_text(text)
    assert curves.main([str(tmp_path), "--output", str(tmp_path / "c.png")]) == 1
    assert "log.jsonl" in capsys.readouterr().err


def test_an_absent_run_is_named(tmp_path, capsys):
    assert curves.main([str(tmp_path / "gone"), "--output", str(tmp_path / "c.png")]) == 1
    assert "gone" in capsys.readouterr().err
