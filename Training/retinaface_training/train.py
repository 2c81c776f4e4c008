"""Trains the detector: `python -m retinaface_training.train --data FOLDER --output FOLDER`; `--help` lists the rest.

The folder of a run contains config.json (options, recipe and git commit of each start), log.jsonl (losses and figures), curves.png and
checkpoint.pth (replaced in one step; `--resume` continues from it, bit for bit if the budget counts pictures).
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy
import torch
from tqdm import tqdm

from .curves import draw_curves
from .data.batches import Batches, decode_all, loader, network_input
from .data.labels import DataError, Problems, Split, read_training_data, without_uncertain_points
from .data.text import read_text
from .evaluate import Dataset, read_folder
from .evaluation.ground_truth import AnnotationError
from .exchange import model_file, rfm
from .exchange.graph import Graph, ModelFileError
from .exchange.other_anchors import with_anchors
from .exchange.unfolding import unfold
from .exchange.walk import export_graph
from .network.checkpoints import load_backbone, load_published
from .network.config import LEVELS, NetworkConfig, parse_anchors
from .network.retinaface import RetinaFace
from .run.options import TRAINING, make_budget, make_config, parse_options
from .run.schedule import Budget
from .run.trainer import TrainConfig, Trainer
from .run.validation import average_precisions, validate

START_PIXELS = 128 * 320 * 320
"""Pixels of training batches, approximately, to which the batch norms of a model named by --start are fitted."""


def run(trainer: Trainer, batches: Batches, folders: dict[str, Split], sets: list[Dataset], options: argparse.Namespace) -> None:
    """Trains to the budget's end; logs, validates, saves and draws at the options' intervals. folders: data by the folder's name."""
    output: Path = options.output
    log = open(output / "log.jsonl", "a", buffering=1)
    bar = tqdm(total=1.0, initial=trainer.progress, bar_format="{l_bar}{bar}| {elapsed} {postfix}", mininterval=5)
    sums: dict[str, float] = defaultdict(float)
    counted, saved, validated, waiting = 0, time.monotonic(), trainer.seconds, time.monotonic()
    stop = _StopRequest()
    for batch in loader(batches, trainer.step, options.workers):
        trainer.seconds += time.monotonic() - waiting
        for name, value in trainer.train_batch(batch).items():
            sums[name] += value
        waiting = time.monotonic()
        counted += 1
        done = trainer.progress >= 1.0
        leaving = done or stop.requested
        if counted >= options.log_every or done:
            means = {name: round(value / counted, 5) for name, value in sums.items()}
            _log(log, trainer, losses=means)
            bar.update(trainer.progress - bar.n)
            bar.set_postfix(pictures=trainer.pictures, **{name: means[name] for name in ("class", "box")})
            sums.clear()
            counted = 0
        if time.monotonic() - saved > options.save_minutes * 60 or leaving:
            trainer.save(output / "checkpoint.pth")
            saved = time.monotonic()
        if trainer.seconds - validated > options.validate_minutes * 60 or done:
            network = trainer.averaged_network()
            measured = {name: asdict(validate(network, data.validation, data.negative_validation)) for name, data in folders.items()}
            first, *others = measured
            more = {"more_validation": {name: measured[name] for name in others}} if others else {}
            _log(log, trainer, validation=measured[first], **more, evaluation=average_precisions(network, sets))
            draw_curves([output / "log.jsonl"], output / "curves.png")
            validated = trainer.seconds
        if leaving:
            break
    log.close()


class _StopRequest:
    """Records an interrupt or termination signal; the run then saves after the current step."""

    def __init__(self) -> None:
        self.requested = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._request)

    def _request(self, *_: object) -> None:
        self.requested = True


def _log(log, trainer: Trainer, **facts) -> None:
    rate = trainer.optimizer.param_groups[0]["lr"]
    where = {"step": trainer.step, "pictures": trainer.pictures, "seconds": round(trainer.seconds, 1), "learning_rate": rate}
    log.write(json.dumps({**where, **facts}) + "\n")


def git_commit() -> str:
    """Returns the project's commit, with a + where the working tree differs; "unknown" outside a repository."""
    try:
        describe = ["git", "-C", str(TRAINING), "describe", "--always", "--abbrev=40", "--dirty=+"]
        return subprocess.run(describe, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit status."""
    options = parse_options(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        config = make_config(options)
        problems = Problems(refuse=options.on_bad_data == "refuse")
        folders = {folder.resolve().name: read_training_data(folder, problems) for folder in options.data}
        if len(folders) < len(options.data):
            raise DataError("two --data folders have the same name; rename one, because logs name the held-back pictures by folder")
        sets = [read_folder(folder) for folder in options.evaluate_on]
        pictures = [without_uncertain_points(entry, options.least_pointed) for data in folders.values() for entry in data.training]
        negatives = [picture for data in folders.values() for picture in data.training_negatives]
        decoded = decode_all(pictures + negatives, problems)
        batches = Batches(pictures, negatives, decoded, config.network.anchors, config.batch, config.seed)
        trainer = _make_trainer(options, config, batches)
    except (ValueError, OSError, AnnotationError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    for message in problems.messages:
        print(f"skipped: {message}", file=sys.stderr)
    print(f"{len(batches.pictures)} pictures, {len(batches.negatives)} negatives, {len(problems.messages)} skipped", file=sys.stderr)
    _describe(options, config, len(problems.messages))
    run(trainer, batches, folders, sets, options)
    return 0


def _make_trainer(options: argparse.Namespace, config: TrainConfig, batches: Batches) -> Trainer:
    torch.manual_seed(config.seed)
    network = RetinaFace(config.network)
    if options.start is not None and not options.resume:
        _start_from(network, options.start, batches)
    elif str(options.backbone) != "none" and not options.resume:
        load_backbone(network, options.backbone)
    trainer = Trainer(network, config, Budget(options.pictures), torch.device(options.device), _load_teachers(options))
    checkpoint = options.output / "checkpoint.pth"
    if options.resume:
        trainer.load(checkpoint)
    elif checkpoint.exists():
        raise DataError(f"{checkpoint} exists: continue with --resume, or name another --output")
    trainer.budget = make_budget(options, trainer.seconds, datetime.now(UTC))
    return trainer


def _load_teachers(options: argparse.Namespace) -> list[RetinaFace]:
    """Loads the published detectors; the first has the options' anchors and LeakyReLU unless the command line says otherwise."""
    teachers = []
    for number, path in enumerate(options.teacher):
        activation = options.teacher_activation[number] if number < len(options.teacher_activation) else "leaky:0.1"
        anchors = options.teacher_anchors[number] if number < len(options.teacher_anchors) else options.anchors
        teachers.append(load_published(path, NetworkConfig(activation, parse_anchors(anchors))))
    return teachers


def _read_model(path: Path) -> tuple[Graph, dict[str, numpy.ndarray]]:
    """Reads graph and float32 weights of a model file (.rfm) or an exchange file. Raises ModelFileError."""
    if path.suffix != ".rfm":
        return model_file.read(path)
    model = rfm.read(path)
    if model.int8 is not None:
        raise ModelFileError(f"{path}: is an int8 model; start from the float32 model that it was made of")
    return model.graph, {name: values.copy() for name, values in model.tensors.items()}


def _start_from(network: RetinaFace, path: Path, batches: Batches) -> None:
    """Loads an exported model for training; its heads are converted if the options name other anchors.

    Raises ModelFileError if the file is invalid or if its graph differs from the options' in more than the anchors.
    """
    graph, tensors = _read_model(path)
    anchors = tuple(level.anchors for level in graph.description.levels)
    if len(anchors) != len(LEVELS) or graph != export_graph(RetinaFace(replace(network.config, anchors=anchors)))[0]:
        raise ModelFileError(f"{path}: is another network than the options ask for, which is {network.config}")
    tensors = with_anchors(tensors, anchors, network.config.anchors)
    side, _ = batches.shape(0)
    count = max(1, round(START_PIXELS / batches.config.pixels))
    alike = [step for step in range(count * 8) if batches.shape(step)[0] == side][:count]
    unfold(network, tensors, torch.cat([network_input(batches[step], torch.device("cpu")) for step in alike]))


def _describe(options: argparse.Namespace, config: TrainConfig, skipped: int) -> None:
    """Adds this start to the run's config.json."""
    options.output.mkdir(parents=True, exist_ok=True)
    names = {name: _without_folders(value) for name, value in vars(options).items()}
    facts = {"commit": git_commit(), "started": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "torch": torch.__version__}
    facts |= {"options": names, "recipe": asdict(config), "skipped_data": skipped}
    path = options.output / "config.json"
    starts = json.loads(read_text(path)) if options.resume and path.exists() else []
    path.write_text(json.dumps([*starts, facts], indent=2) + "\n")


def _without_folders(value: object) -> object:
    """Returns an option's value for the run's folder: the last part of paths only, because a run may be published."""
    if isinstance(value, list):
        return [_without_folders(part) for part in value]
    return value.name if isinstance(value, Path) else value


if __name__ == "__main__":
    sys.exit(main())
