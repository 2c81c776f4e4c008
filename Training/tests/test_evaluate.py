"""The evaluator from command line to results: published figures, stored predictions, a substitute for rf-cam, and errors."""

import json
import shlex
import subprocess
import sys

import pytest
from PIL import Image

from conftest import TRAINING
from retinaface_training import evaluate
from retinaface_training.network.checkpoints import save_weights
from retinaface_training.network.config import NetworkConfig
from retinaface_training.network.retinaface import RetinaFace

# AP easy, medium, hard of the published weights, measured in PyTorch, float32.
PUBLISHED = {
    "leaky": ("leaky_anchors16.pth", "leaky", "16,32/64,128/256,512"),
    "relu": ("relu_anchors10.pth", "relu", "10,20/32,64/128,256"),
}
FIGURES = {
    ("leaky", "wider"): (0.992, 0.990, 0.952),
    ("leaky", "crowd"): (0.782, 0.731, 0.441),
    ("relu", "wider"): (0.915, 0.918, 0.885),
    ("relu", "crowd"): (0.765, 0.743, 0.552),
}
FACE = {"score": 0.9, "box": [10, 10, 30, 30], "landmarks": [[12, 12], [28, 12], [20, 20], [14, 26], [26, 26]]}


@pytest.mark.parametrize(
    "kind,data", [pytest.param(kind, data, marks=[] if data == "crowd" and kind == "relu" else pytest.mark.full) for kind, data in FIGURES]
)
def test_published_figures(research, tmp_path, kind, data):
    weights, activation, anchors = PUBLISHED[kind]
    assert (
        evaluate.main(
            [
                "--weights",
                str(research / "weights" / weights),
                "--activation",
                activation,
                "--anchors",
                anchors,
                "--data",
                str(research / "data/eval" / data),
                "--output",
                str(tmp_path),
            ]
        )
        == 0
    )
    results = json.loads((tmp_path / "results.json").read_text())["datasets"][data]
    assert list(results["ap"].values()) == pytest.approx(FIGURES[kind, data], abs=0.002)
    assert (tmp_path / f"precision-recall-{data}.png").read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def dataset(tmp_path):
    """Two pictures with one face each, and predictions that find one of them."""
    folder = tmp_path / "made"
    (folder / "images/event").mkdir(parents=True)
    for name in ("a", "b"):
        Image.new("RGB", (64, 48)).save(folder / f"images/event/{name}.jpg")
    (folder / "ground_truth.txt").write_text("event/a.jpg\n1\n10 10 20 20 1 1 1\nevent/b.jpg\n1\n10 10 20 20 1 1 0\n")
    lines = [{"source": f"anywhere/{name}.jpg", "faces": faces} for name, faces in (("a", [FACE]), ("b", []))]
    (tmp_path / "rf-cam.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def results_of(folder, *arguments):
    assert evaluate.main([*arguments, "--data", str(folder), "--output", str(folder / "out")]) == 0
    return json.loads((folder / "out/results.json").read_text())["datasets"]["made"]


def test_stored_json_lines(dataset, capsys):
    results = results_of(dataset, "--predictions", str(dataset.parent / "rf-cam.json"))
    assert results["ap"] == {"easy": 0.5, "medium": 0.5, "hard": 1.0} and results["faces"] == {"easy": 2, "medium": 2, "hard": 1}
    assert "0.500  0.500  1.000" in capsys.readouterr().out


def test_stored_official_folder(dataset):
    folder = dataset.parent / "wider"
    (folder / "event").mkdir(parents=True)
    (folder / "event/a.txt").write_text("a\n1\n10 10 20 20 0.9\n")
    (folder / "event/b.txt").write_text("b\n0\n")
    assert results_of(dataset, "--predictions", str(folder), "--protocol", "official")["ap"] == {"easy": 0.5, "medium": 0.5, "hard": 1.0}


def test_program_gets_the_pictures_and_its_options(dataset):
    program = dataset.parent / "rf-cam"
    log = dataset.parent / "log"
    program.write_text(f'#!/bin/sh\necho "$@" > {shlex.quote(str(log))}\ncat {shlex.quote(str(dataset.parent / "rf-cam.json"))}\n')
    program.chmod(0o755)
    results = results_of(dataset, "--rf-cam", str(program), "--model", "x.rfm", "--rf-cam-options", "--isa avx2")
    assert results["ap"]["easy"] == 0.5
    words = log.read_text().split()
    assert words[:6] == ["--model", "x.rfm", "--format", "json", "--size", "original"] and "--isa" in words
    assert words[-2:] == [str(dataset / "images/event/a.jpg"), str(dataset / "images/event/b.jpg")]


NO_TORCH = """import sys
for name in ("torch", "safetensors", "onnx"):
    sys.modules[name] = None  # an import is an ImportError
from retinaface_training import bootstrap, compare, evaluate
from retinaface_training.data import __main__
sys.exit(evaluate.main(sys.argv[1:]))"""


def test_predictions_need_no_pytorch(dataset):
    """requirements-eval.txt lists what is left."""

    def run(*arguments):
        command = [sys.executable, "-c", NO_TORCH, *arguments, "--data", str(dataset)]
        return subprocess.run(command, cwd=TRAINING, capture_output=True, text=True, timeout=60)

    done = run("--predictions", str(dataset.parent / "rf-cam.json"))
    assert done.returncode == 0 and " exact" in done.stdout, done.stderr
    done = run("--weights", "x.pth")
    assert done.returncode == 1
    assert done.stderr.startswith("evaluate: --weights needs PyTorch: install it with make train-setup; ") and done.stderr.count("\n") == 1


def test_missing_prediction_is_refused_or_counted(dataset, capsys):
    predictions = dataset.parent / "rf-cam.json"
    predictions.write_text(predictions.read_text().splitlines()[0] + "\n")
    assert evaluate.main(["--predictions", str(predictions), "--data", str(dataset)]) == 1
    assert "event/b.jpg" in capsys.readouterr().err
    assert results_of(dataset, "--predictions", str(predictions), "--allow-missing")["missing"] == ["event/b.jpg"]


def test_broken_line_is_named(dataset, capsys):
    predictions = dataset.parent / "rf-cam.json"
    predictions.write_text(predictions.read_text() + "{broken\n")
    assert evaluate.main(["--predictions", str(predictions), "--data", str(dataset)]) == 1
    assert "rf-cam.json:3: not JSON" in capsys.readouterr().err


def test_unknown_device_and_equal_names_are_one_clear_line(dataset, capsys):
    weights = dataset.parent / "own.pth"
    save_weights(RetinaFace(NetworkConfig()), weights)
    assert evaluate.main(["--weights", str(weights), "--device", "abacus", "--data", str(dataset)]) == 1
    assert evaluate.main(["--predictions", str(dataset.parent / "rf-cam.json"), "--data", str(dataset), "--data", str(dataset)]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "abacus" in first and "same name: made, made" in second


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--predictions", "x"],
        ["--predictions", "x", "--rf-cam", "y", "--data", "z"],
        ["--predictions", "x", "--official", "y"],
        ["--predictions", "x", "--data", "y", "--flip"],
        ["--weights", "x", "--data", "y", "--scales", "500,no"],
        ["--weights", "x", "--data", "y", "--scales", "0"],
        ["--weights", "x", "--data", "y", "--nms", "2"],
        ["--weights", "x", "--data", "y", "--model", "z"],
    ],
)
def test_contradicting_options_end_with_status_2(arguments):
    with pytest.raises(SystemExit) as end:
        evaluate.main(arguments)
    assert end.value.code == 2


def test_official_lists_are_narrowed_to_the_pictures_that_are_there(research, tmp_path, capsys):
    predictions = tmp_path / "x.json"
    predictions.write_text("")
    images = research / "data/eval/wider/images"
    assert (
        evaluate.main(
            [
                "--predictions",
                str(predictions),
                "--official",
                str(research / "data/eval/wider_ground_truth"),
                "--images",
                str(images),
                "--allow-missing",
                "--output",
                str(tmp_path / "out"),
            ]
        )
        == 0
    )
    results = json.loads((tmp_path / "out/results.json").read_text())["datasets"]["official-160"]
    assert results["faces"] == {"easy": 419, "medium": 489, "hard": 515} and results["protocol"] == "official"
    assert "160 of the 3226" in capsys.readouterr().err


@pytest.fixture
def training_data(tmp_path):
    """Twenty face pictures and twenty empty ones; a tenth of each is held back."""
    folder = tmp_path / "train"
    (folder / "images").mkdir(parents=True)
    labels, lines = [], []
    points = " ".join(f"{x} {y} 0" for x, y in FACE["landmarks"])
    names = [chr(ord("a") + index) for index in range(20)]
    for name in names:
        for kind, faces in (("face", [FACE]), ("empty", [FACE | {"score": 0.4 if name < "s" else 0.6}])):
            Image.new("RGB", (64, 48)).save(folder / f"images/{kind}-{name}.jpg")
            lines.append({"source": f"{kind}-{name}.jpg", "faces": faces})
        labels.append(f"# face-{name}.jpg\n10 10 20 20 {points} 1\n")
    (folder / "label.txt").write_text("".join(labels))
    (folder / "negatives.txt").write_text("".join(f"empty-{name}.jpg\n" for name in names))
    (folder / "rf-cam.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_landmarks_and_false_faces(training_data):
    arguments = [
        "--predictions",
        str(training_data / "rf-cam.json"),
        "--training-data",
        str(training_data),
        "--output",
        str(training_data / "out"),
    ]
    assert evaluate.main(arguments) == 0
    results = json.loads((training_data / "out/results.json").read_text())
    assert results["landmarks"] == {"faces": 2, "found": 2, "nme": 0, "failure_rate": 0}
    everything = results["negatives"]["negatives, all"]
    assert (everything["pictures"], everything["clean_share"], everything["false_alarms"]) == (20, 0.9, ["empty-s.jpg", "empty-t.jpg"])
    assert results["negatives"]["negatives held back"]["pictures"] == 2
    assert (training_data / "out/landmark-error.png").exists()
