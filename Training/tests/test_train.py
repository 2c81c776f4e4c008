"""Training as a whole: it learns eight pictures by heart, resumes bit for bit, and spends its budget smoothly."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import numpy as np
import pytest
import torch

from drawn import SIDE, draw_picture, write_data
from retinaface_training import train
from retinaface_training.data.batches import Batch
from retinaface_training.evaluation.detect import Options, detect
from retinaface_training.evaluation.wider import overlaps
from retinaface_training.losses.detection import LossWeights, Targets
from retinaface_training.losses.distill import DistillWeights
from retinaface_training.losses.matching import match
from retinaface_training.network.anchors import make_anchors
from retinaface_training.network.checkpoints import load_checkpoint
from retinaface_training.network.retinaface import RetinaFace
from retinaface_training.run.options import TRAINING, make_budget, make_config, parse_options
from retinaface_training.run.schedule import Budget, Schedule
from retinaface_training.run.trainer import TrainConfig, Trainer


def whole_pictures(pictures):
    """Pictures without augmentation as one batch."""
    anchors = make_anchors(SIDE, SIDE, TrainConfig().network.anchors)
    count = max(len(boxes) for _, boxes, _ in pictures)
    boxes, landmarks = torch.zeros(len(pictures), count, 4), torch.zeros(len(pictures), count, 10)
    matches = []
    for index, (_, own_boxes, own_landmarks) in enumerate(pictures):
        boxes[index, : len(own_boxes)] = torch.from_numpy(own_boxes)
        landmarks[index, : len(own_boxes)] = torch.from_numpy(own_landmarks.reshape(-1, 10))
        matches.append(match(torch.from_numpy(own_boxes), torch.zeros(len(own_boxes), dtype=torch.bool), anchors))
    images = torch.from_numpy(np.stack([np.asarray(image) for image, _, _ in pictures]))
    targets = Targets(torch.stack(matches), boxes, landmarks, torch.ones(len(pictures), count))
    return Batch(images, torch.eye(3).flip(0).repeat(len(pictures), 1, 1), torch.zeros(len(pictures), 3), targets)


def test_eight_pictures_are_learnt_by_heart():
    rng = np.random.default_rng(4)
    pictures = [draw_picture(rng, 1 + index % 4) for index in range(8)]
    torch.manual_seed(1)
    steps = 260
    trainer = Trainer(
        RetinaFace(), TrainConfig(schedule=Schedule(4e-3), optimizer="adamw", average_decay=0.9), Budget(8 * steps), torch.device("cpu")
    )
    batch = whole_pictures(pictures)
    for _ in range(steps):
        trainer.train_batch(batch)
    network = trainer.averaged_network()
    for image, boxes, landmarks in pictures:
        found = detect(network, image, Options(threshold=0.5))
        truth = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        overlap = overlaps(truth, found.wider()[:, :4])
        assert len(found.scores) == len(boxes) and (overlap.max(axis=1) > 0.7).all()
        errors = np.linalg.norm(found.landmarks[overlap.argmax(axis=1)] - landmarks, axis=2).mean(axis=1)
        assert (errors < 0.06 * np.sqrt(truth[:, 2] * truth[:, 3])).all()


ONE_SMALL_PICTURE_A_STEP = ["--backbone", "none", "--device", "cpu", "--batch-pictures", "1", "--sides", f"{SIDE}:1"]


class StopAfter:
    """Replaces the signal: requests a stop after `steps` steps."""

    steps = 0

    def __init__(self):
        self.left = self.steps

    @property
    def requested(self):
        self.left -= 1
        return self.left <= 0


def test_a_resumed_run_ends_with_the_same_weights(tmp_path, monkeypatch):
    data = write_data(tmp_path / "data")
    (data / "ground_truth.txt").write_text("drawn0.png\n1\n10 10 20 20 1 1 1\n")
    arguments = ["--data", str(data), *ONE_SMALL_PICTURE_A_STEP, "--pictures", "32", "--workers", "0", "--log-every", "2"]
    arguments += ["--evaluate-on", str(data), "--optimizer", "adamw", "--learning-rate", "1e-3"]
    assert train.main([*arguments, "--output", str(tmp_path / "whole")]) == 0
    monkeypatch.setattr(StopAfter, "steps", 3)
    monkeypatch.setattr(train, "_StopRequest", StopAfter)
    assert train.main([*arguments, "--output", str(tmp_path / "parts")]) == 0
    halfway = torch.load(tmp_path / "parts" / "checkpoint.pth", weights_only=True)
    assert 0 < halfway["pictures"] < 32
    monkeypatch.undo()
    assert train.main([*arguments, "--output", str(tmp_path / "parts"), "--resume"]) == 0
    whole, parts = (torch.load(tmp_path / name / "checkpoint.pth", weights_only=True) for name in ("whole", "parts"))
    assert whole["pictures"] == parts["pictures"] == 32
    for kind in ("network", "average"):
        assert all(torch.equal(value, parts[kind][key]) for key, value in whole[kind].items())
    lines = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert "validation" in lines[-1] and (tmp_path / "whole" / "curves.png").stat().st_size > 0
    assert lines[-1]["evaluation"]["data"].keys() == {"easy", "medium", "hard"}
    starts = json.loads((tmp_path / "parts" / "config.json").read_text())
    assert [start["options"]["resume"] for start in starts] == [False, True]
    assert load_checkpoint(tmp_path / "whole" / "checkpoint.pth").config == TrainConfig().network


def test_a_run_whose_whole_group_is_told_to_stop_saves_first(tmp_path):
    data = write_data(tmp_path / "data")
    output = tmp_path / "run"
    command = [sys.executable, "-m", "retinaface_training.train", "--data", str(data), "--output", str(output), *ONE_SMALL_PICTURE_A_STEP]
    run = subprocess.Popen([*command, "--workers", "1", "--log-every", "1"], cwd=TRAINING, start_new_session=True, stderr=subprocess.PIPE)
    try:
        log, deadline = output / "log.jsonl", time.monotonic() + 120
        while run.poll() is None and not (log.exists() and log.read_text()):
            assert time.monotonic() < deadline, "no step in two minutes"
            time.sleep(0.1)
        os.killpg(run.pid, signal.SIGTERM)
        _, messages = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == 0, messages.decode()
    assert load_checkpoint(output / "checkpoint.pth") is not None


def test_a_run_is_not_overwritten_and_bad_options_are_named(tmp_path, capsys):
    data = write_data(tmp_path / "data")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.pth").write_bytes(b"")
    assert train.main(["--data", str(data), "--backbone", "none", "--output", str(tmp_path / "run")]) == 1
    assert "--resume" in capsys.readouterr().err
    assert train.main(["--data", str(tmp_path / "absent"), "--output", str(tmp_path / "new")]) == 1
    assert "label.txt" in capsys.readouterr().err
    assert train.main(["--data", str(data), "--evaluate-on", str(tmp_path / "absent"), "--output", str(tmp_path / "new")]) == 1
    assert "ground_truth.txt" in capsys.readouterr().err


def test_several_folders_train_together_and_are_measured_apart(tmp_path, capsys):
    folders = [write_data(tmp_path / name, seed=seed) for seed, name in enumerate(["first", "second", "other/first"])]
    arguments = [*ONE_SMALL_PICTURE_A_STEP, "--pictures", "2", "--workers", "0", "--log-every", "1", "--output", str(tmp_path / "run")]
    assert train.main(["--data", str(folders[0]), "--data", str(folders[2]), *arguments]) == 1
    assert "same name" in capsys.readouterr().err
    assert train.main(["--data", str(folders[0]), "--data", str(folders[1]), *arguments]) == 0
    assert "20 pictures, 4 negatives" in capsys.readouterr().err
    last = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert last["validation"].keys() == last["more_validation"]["second"].keys() and set(last["more_validation"]) == {"second"}
    assert json.loads((tmp_path / "run" / "config.json").read_text())[0]["options"]["data"] == ["first", "second"]


def test_learning_rates():
    cosine, steps = Schedule(1e-2), Schedule(1e-2, kind="steps")
    assert [cosine.learning_rate(progress) for progress in (0, 0.03)] == pytest.approx([1e-3, 1e-2])
    assert cosine.learning_rate(0.515) == pytest.approx(5e-3, rel=0.01)
    assert cosine.learning_rate(1.0) == pytest.approx(1e-5)
    assert [steps.learning_rate(progress) for progress in (0.68, 0.69, 0.84, 0.86)] == pytest.approx([1e-2, 1e-3, 1e-3, 1e-4])


def test_a_factor_weighs_all_that_teachers_say():
    arguments = ["--data", "x", "--box-weight", "0.5", "--landmark-weight", "0.2", "--feature-weight", "7"]
    config = make_config(parse_options([*arguments, "--teacher-weight", "0.5"]))
    assert config.distill == DistillWeights(classes=0.5, box=0.25, landmarks=0.1, features=7)
    assert make_config(parse_options(arguments)).distill == DistillWeights(classes=1, box=0.5, landmarks=0.2, features=7)
    assert make_config(parse_options(arguments)).loss == LossWeights(box=0.5, landmarks=0.2)


def test_budgets():
    assert Budget(100).progress(50, 1e9) == 0.5
    assert Budget(100, seconds=60).progress(10**6, 15) == 0.25
    options = parse_options(["--data", "x", "--stop-at", "01:30"])
    budget = make_budget(options, 600, datetime(2026, 1, 1, 23, 30, tzinfo=UTC))
    assert budget.seconds == 600 + 2 * 3600
    assert budget.progress(0, 600 + 3600) == pytest.approx(4200 / 7800)
