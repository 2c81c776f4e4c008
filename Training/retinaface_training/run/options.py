"""Parses the command line of `python -m retinaface_training.train`; makes the recipe and budget that it names."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import torch

from ..data.augment import AugmentConfig
from ..data.batches import BatchConfig
from ..data.labels import WHERE_TO_GET
from ..losses import detection as losses
from ..losses import distill
from ..network.config import NetworkConfig, parse_anchors
from .schedule import Budget, Schedule
from .trainer import PRECISIONS, TrainConfig

TRAINING = Path(__file__).resolve().parents[2]


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    research = Path(os.environ["RF_DATA"]) if os.environ.get("RF_DATA") else None
    parser = argparse.ArgumentParser(prog="python -m retinaface_training.train", description="Trains the RetinaFace detector.")
    parser.add_argument(
        "--data",
        type=Path,
        action="append",
        metavar="FOLDER",
        help="folder with label.txt, negatives.txt and images (default: data/train in RF_DATA); may be repeated",
    )
    parser.add_argument(
        "--output", type=Path, default=TRAINING / "runs" / f"{datetime.now():%Y-%m-%d-%H%M}", help="the run's folder (default: %(default)s)"
    )
    parser.add_argument("--resume", action="store_true", help="continue from the output folder's checkpoint")
    parser.add_argument(
        "--on-bad-data", choices=["skip", "refuse"], default="skip", help="treatment of pictures and labels that cannot be used"
    )
    start = parser.add_argument_group("start and teacher")
    start.add_argument(
        "--backbone",
        type=Path,
        default=research / "weights/mobilenetV1X0.25_pretrain.tar" if research else Path("none"),
        help="ImageNet classifier to start from, or none for random weights (default: mobilenetV1X0.25_pretrain.tar in RF_DATA; else none)",
    )
    start.add_argument("--start", type=Path, help="model (float32 .rfm or .safetensors) to start from; it may have other anchors")
    start.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        help="published detector to learn from, on the anchors that both have; may be repeated, features are learnt from the first",
    )
    start.add_argument(
        "--teacher-activation", action="append", default=[], help="activation of each --teacher in turn (default: leaky:0.1)"
    )
    start.add_argument("--teacher-anchors", action="append", default=[], help="anchors of each --teacher in turn (default: --anchors)")
    start.add_argument("--activation", default="relu", help="relu or leaky:SLOPE")
    start.add_argument("--anchors", default="16,32/64,128/256,512", help="anchor sides in pixels, levels separated by /")
    start.add_argument("--stem-stride", type=int, default=2, choices=[2, 4])
    budget = parser.add_argument_group("budget")
    budget.add_argument("--pictures", type=int, default=480_000, help="pictures to train on")
    budget.add_argument("--budget-minutes", type=float, help="time to train instead; the schedule is stretched over it")
    budget.add_argument("--stop-at", metavar="HH:MM", help="UTC time to end at instead")
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument("--optimizer", choices=["sgd", "adamw"], default="sgd")
    recipe.add_argument("--learning-rate", type=float, default=1e-2, help="highest rate, after warm-up")
    recipe.add_argument("--schedule", choices=["cosine", "steps"], default="cosine")
    recipe.add_argument("--weight-decay", type=float, default=5e-4)
    recipe.add_argument("--average-decay", type=float, default=0.999)
    recipe.add_argument("--box-weight", type=float, default=losses.LossWeights.box)
    recipe.add_argument("--landmark-weight", type=float, default=losses.LossWeights.landmarks)
    recipe.add_argument(
        "--landmark-beta",
        type=float,
        default=losses.LossWeights.landmark_beta,
        help="error from which the landmark loss is linear, in tenths of an anchor",
    )
    recipe.add_argument(
        "--score-width",
        type=float,
        default=losses.LossWeights.score_width,
        help="learn a face's score from the IoU of its predicted box: from 0.27 to 0.73 within this distance of IoU 0.5 (0: always 1)",
    )
    recipe.add_argument(
        "--human-landmark-weight",
        type=float,
        default=BatchConfig.human_landmark_weight,
        help="weight of a human's points, where a network's have 1",
    )
    recipe.add_argument(
        "--least-pointed",
        type=float,
        default=0,
        metavar="PIXELS",
        help="longer side in its own picture below which a face's points by a network are not learnt (default: 0)",
    )
    recipe.add_argument(
        "--human-picture-weight",
        type=float,
        default=BatchConfig.human_picture_weight,
        help="factor by which pictures with a human's points are drawn more often",
    )
    recipe.add_argument("--teacher-weight", type=float, default=1.0, help="factor of the teachers' classes, boxes and landmarks")
    recipe.add_argument("--feature-weight", type=float, default=distill.DistillWeights.features)
    recipe.add_argument("--batch-pictures", type=int, default=24, help="pictures of 320 pixels in a batch; larger ones are fewer")
    recipe.add_argument("--sides", help="sample sides with shares, such as 320:0.7,640:0.3")
    recipe.add_argument("--mosaic-chance", type=float, default=AugmentConfig.mosaic_chance, help="probability of four pictures in a sample")
    recipe.add_argument(
        "--blur-chance",
        type=float,
        default=AugmentConfig.blur_chance,
        help="probability of a lower resolution, as in enlarged pictures of crowds",
    )
    recipe.add_argument(
        "--large-chance",
        type=float,
        default=AugmentConfig.large_chance,
        help="share of the windows aimed at a face that show it at half to the whole side of the sample",
    )
    recipe.add_argument("--seed", type=int, default=1)
    machine = parser.add_argument_group("machine")
    machine.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    machine.add_argument("--precision", choices=sorted(PRECISIONS), default="float32", help="number format of the convolutions")
    machine.add_argument("--workers", type=int, default=1, help="number of processes that make batches")
    machine.add_argument("--threads", type=int, help="processor threads of PyTorch")
    machine.add_argument("--save-minutes", type=float, default=3)
    machine.add_argument("--validate-minutes", type=float, default=10)
    machine.add_argument(
        "--evaluate-on",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="also measure on this evaluation folder (images/, ground_truth.txt); may be repeated",
    )
    machine.add_argument("--log-every", type=int, default=20, help="steps per line of the log")
    options = parser.parse_args(arguments)
    if not options.data and research is None:
        parser.error(f'name a training folder: --data FOLDER (make train OPTIONS="--data FOLDER"). {WHERE_TO_GET}')
    options.data = options.data or [research / "data" / "train"]
    return options


def make_config(options: argparse.Namespace) -> TrainConfig:
    """Makes the recipe that the options name. Raises ValueError for an invalid one."""
    batch = BatchConfig(
        pixels=options.batch_pictures * 320 * 320,
        human_landmark_weight=options.human_landmark_weight,
        human_picture_weight=options.human_picture_weight,
        augment=AugmentConfig(options.mosaic_chance, blur_chance=options.blur_chance, large_chance=options.large_chance),
    )
    if options.sides:
        pairs = [pair.split(":") for pair in options.sides.split(",")]
        batch = replace(batch, sides=tuple((int(side), float(share)) for side, share in pairs))
    return TrainConfig(
        network=NetworkConfig(options.activation, parse_anchors(options.anchors), options.stem_stride),
        batch=batch,
        loss=losses.LossWeights(
            options.box_weight, options.landmark_weight, landmark_beta=options.landmark_beta, score_width=options.score_width
        ),
        distill=distill.DistillWeights(
            options.teacher_weight,
            options.teacher_weight * options.box_weight,
            options.teacher_weight * options.landmark_weight,
            options.feature_weight,
        ),
        schedule=Schedule(options.learning_rate, kind=options.schedule),
        optimizer=options.optimizer,
        weight_decay=options.weight_decay,
        average_decay=options.average_decay,
        precision=options.precision,
        seed=options.seed,
    )


def make_budget(options: argparse.Namespace, spent_seconds: float, now: datetime) -> Budget:
    """Makes the budget that the options name; a resumed run has used `spent_seconds` of it."""
    if options.stop_at is not None:
        stop = now.replace(hour=int(options.stop_at[:2]), minute=int(options.stop_at[3:]), second=0, microsecond=0)
        stop += timedelta(days=stop <= now)
        return Budget(options.pictures, spent_seconds + (stop - now).total_seconds())
    minutes = options.budget_minutes
    return Budget(options.pictures, None if minutes is None else minutes * 60)
