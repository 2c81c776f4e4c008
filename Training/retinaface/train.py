"""Trains the detector: `python -m retinaface.train --data FOLDER --output FOLDER`; `--help` lists the rest.

A run's folder tells all about it: config.json (options, git commit), log.jsonl (losses and figures), curves.png,
checkpoint.pth (replaced in one step; `--resume` goes on from it, bit for bit where the budget counts pictures).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import torch
from tqdm import tqdm

from . import distill, losses
from .anchors import make_anchors
from .average import WeightAverage
from .batches import Batch, BatchConfig, Batches, decode_all, loader, network_input
from .curves import draw_curves
from .data import DataError, Problems, Split, read_training_data
from .network import ConvNorm, NetworkConfig, RetinaFace, load_backbone, load_published, parse_anchors
from .schedule import Budget, Schedule
from .validation import validate

TRAINING = Path(__file__).resolve().parent.parent
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LARGEST_GRADIENT = 10.0


@dataclass(frozen=True)
class TrainConfig:
    """A run's recipe: what `config.json` stores."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    loss: losses.LossWeights = field(default_factory=losses.LossWeights)
    distill: distill.DistillWeights = field(default_factory=distill.DistillWeights)
    schedule: Schedule = field(default_factory=lambda: Schedule(1e-2))
    optimizer: str = "sgd"
    weight_decay: float = 5e-4
    average_decay: float = 0.999
    precision: str = "float32"
    seed: int = 1


class Trainer:
    """Everything of a run that a checkpoint stores, and the step that moves it on."""

    def __init__(self, network: RetinaFace, config: TrainConfig, budget: Budget, device: torch.device, teacher: RetinaFace | None = None):
        self.config, self.budget, self.device = config, budget, device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.teacher = None if teacher is None else _make_fast(teacher).to(device, memory_format=torch.channels_last)
        self.optimizer = make_optimizer(self.network, config)
        self.average = WeightAverage(self.network, config.average_decay)
        self.step, self.pictures, self.seconds = 0, 0, 0.0

    @property
    def progress(self) -> float:
        return self.budget.progress(self.pictures, self.seconds)

    def train_batch(self, batch: Batch) -> dict[str, float]:
        """One step; returns the unweighted losses. Raises FloatingPointError where the loss is not finite."""
        started = time.monotonic()
        terms, loss = self._losses(batch)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"step {self.step}: the loss is {float(loss)}; try a lower --learning-rate")
        rate = self.config.schedule.learning_rate(self.progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        self.step += 1
        self.pictures += len(batch.images)
        self.average.update(self.network, self.step)
        self.seconds += time.monotonic() - started
        return {name: float(term.detach()) for name, term in terms.items()}

    def _losses(self, batch: Batch) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        precision = PRECISIONS[self.config.precision]
        images = network_input(batch, self.device)
        targets = batch.targets.to(self.device)
        anchors = make_anchors(images.shape[3], images.shape[2], self.config.network.anchors).to(self.device)
        self.network.train()
        seen = distill.observe(self.network, images, precision)
        terms = losses.detection_losses(seen.heads, targets, anchors)
        loss = losses.total(terms, self.config.loss)
        if self.teacher is not None:
            with torch.no_grad():
                shown = distill.observe(self.teacher, images, precision)
            lessons = distill.distillation_losses(seen, shown, targets)
            loss = loss + distill.total(lessons, self.config.distill, self.progress)
            terms |= lessons
        return terms, loss

    def averaged_network(self) -> RetinaFace:
        """A copy of the network with the averaged weights."""
        network = RetinaFace(self.config.network).to(self.device, memory_format=torch.channels_last)
        network.load_state_dict(self.average.state)
        return network.eval()

    def save(self, path: Path) -> None:
        """Writes a checkpoint beside `path`, then puts it in its place: a stop leaves the old one or the new one."""
        state = {
            "config": self.config.network.to_dict(),
            "network": self.network.state_dict(),
            "average": self.average.state,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "pictures": self.pictures,
            "seconds": self.seconds,
        }
        beside = path.with_suffix(".partial")
        torch.save(state, beside)
        os.replace(beside, path)

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.pictures, self.seconds = state["step"], state["pictures"], state["seconds"]


def _make_fast(teacher: RetinaFace) -> RetinaFace:
    """A network for inference only, its batch norms folded."""
    teacher.eval().requires_grad_(False)
    for module in teacher.modules():
        if isinstance(module, ConvNorm):
            module.fold_norm()
    return teacher


def make_optimizer(network: RetinaFace, config: TrainConfig) -> torch.optim.Optimizer:
    """The configured optimizer; batch norms and biases do not decay."""
    decaying = [value for value in network.parameters() if value.ndim > 1]
    free = [value for value in network.parameters() if value.ndim <= 1]
    groups = [{"params": decaying, "weight_decay": config.weight_decay}, {"params": free, "weight_decay": 0.0}]
    if config.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=config.schedule.peak, betas=(0.9, 0.99))
    return torch.optim.SGD(groups, lr=config.schedule.peak, momentum=0.9)


def run(trainer: Trainer, batches: Batches, held_back: Split, options: argparse.Namespace) -> None:
    """Trains to the budget's end; logs, validates, saves and draws at the options' intervals."""
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
            result = validate(trainer.averaged_network(), held_back.validation, held_back.negative_validation)
            _log(log, trainer, validation=asdict(result))
            draw_curves(output / "log.jsonl", output / "curves.png")
            validated = trainer.seconds
        waiting = time.monotonic()
        if leaving:
            break
    log.close()


class _StopRequest:
    """Whether the run was asked to stop (interrupt or termination signal): it then saves after the step at hand."""

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


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    shared = Path(os.environ.get("RF_SHARED", TRAINING.parent.parent / "shared"))
    parser = argparse.ArgumentParser(prog="python -m retinaface.train", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=shared / "data" / "train", help="folder with label.txt, negatives.txt and images (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=TRAINING / "runs" / f"{datetime.now():%Y-%m-%d-%H%M}", help="the run's folder (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on from the output folder's checkpoint")
    parser.add_argument("--on-bad-data", choices=["skip", "refuse"], default="skip", help="what to do with pictures and labels that cannot be used")
    start = parser.add_argument_group("start and teacher")
    start.add_argument("--backbone", type=Path, default=shared / "weights" / "mobilenetV1X0.25_pretrain.tar", help="ImageNet classifier to start from, or none")
    start.add_argument("--teacher", type=Path, help="published detector with the same anchors to learn from on the training pictures")
    start.add_argument("--teacher-activation", default="leaky:0.1")
    start.add_argument("--activation", default="relu", help="relu or leaky:SLOPE")
    start.add_argument("--anchors", default="16,32/64,128/256,512", help="anchor sides in pixels, levels parted by /")
    start.add_argument("--stem-stride", type=int, default=2, choices=[2, 4])
    budget = parser.add_argument_group("budget")
    budget.add_argument("--pictures", type=int, default=480_000, help="pictures to see")
    budget.add_argument("--budget-minutes", type=float, help="time to train instead, the schedule being stretched over it")
    budget.add_argument("--stop-at", metavar="HH:MM", help="UTC time to end at instead")
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument("--optimizer", choices=["sgd", "adamw"], default="sgd")
    recipe.add_argument("--learning-rate", type=float, default=1e-2, help="the highest, after warm-up")
    recipe.add_argument("--schedule", choices=["cosine", "steps"], default="cosine")
    recipe.add_argument("--weight-decay", type=float, default=5e-4)
    recipe.add_argument("--average-decay", type=float, default=0.999)
    recipe.add_argument("--box-weight", type=float, default=losses.LossWeights.box)
    recipe.add_argument("--landmark-weight", type=float, default=losses.LossWeights.landmarks)
    recipe.add_argument("--feature-weight", type=float, default=distill.DistillWeights.features)
    recipe.add_argument("--batch-pictures", type=int, default=24, help="pictures of 320 pixels in a batch; larger ones are fewer")
    recipe.add_argument("--sides", help="sample sides with shares, such as 320:0.7,640:0.3")
    recipe.add_argument("--seed", type=int, default=1)
    machine = parser.add_argument_group("machine")
    machine.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    machine.add_argument("--precision", choices=sorted(PRECISIONS), default="float32", help="of the convolutions")
    machine.add_argument("--workers", type=int, default=1, help="processes that make batches")
    machine.add_argument("--threads", type=int, help="processor threads of PyTorch")
    machine.add_argument("--save-minutes", type=float, default=3)
    machine.add_argument("--validate-minutes", type=float, default=10)
    machine.add_argument("--log-every", type=int, default=20, help="steps a line of the log")
    return parser.parse_args(arguments)


def make_config(options: argparse.Namespace) -> TrainConfig:
    """The recipe that the options name. Raises ValueError for one that cannot be."""
    batch = BatchConfig(pixels=options.batch_pictures * 320 * 320)
    if options.sides:
        pairs = [pair.split(":") for pair in options.sides.split(",")]
        batch = replace(batch, sides=tuple((int(side), float(share)) for side, share in pairs))
    return TrainConfig(
        network=NetworkConfig(options.activation, parse_anchors(options.anchors), options.stem_stride),
        batch=batch,
        loss=losses.LossWeights(options.box_weight, options.landmark_weight),
        distill=distill.DistillWeights(box=options.box_weight, landmarks=options.landmark_weight, features=options.feature_weight),
        schedule=Schedule(options.learning_rate, kind=options.schedule),
        optimizer=options.optimizer,
        weight_decay=options.weight_decay,
        average_decay=options.average_decay,
        precision=options.precision,
        seed=options.seed,
    )


def make_budget(options: argparse.Namespace, spent_seconds: float, now: datetime) -> Budget:
    """The budget that the options name, `spent_seconds` of it being used up by what is resumed."""
    if options.stop_at is not None:
        stop = now.replace(hour=int(options.stop_at[:2]), minute=int(options.stop_at[3:]), second=0, microsecond=0)
        stop += timedelta(days=stop <= now)
        return Budget(options.pictures, spent_seconds + (stop - now).total_seconds())
    minutes = options.budget_minutes
    return Budget(options.pictures, None if minutes is None else minutes * 60)


def git_commit() -> str:
    """The project's commit, with a + where the working tree differs; "unknown" outside a repository."""
    try:
        describe = ["git", "-C", str(TRAINING), "describe", "--always", "--abbrev=40", "--dirty=+"]
        return subprocess.run(describe, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def main(arguments: list[str] | None = None) -> int:
    """The program; returns its exit status."""
    options = parse_options(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        config = make_config(options)
        problems = Problems(refuse=options.on_bad_data == "refuse")
        data = read_training_data(options.data, problems)
        decoded = decode_all(data.training + data.training_negatives, problems)
        batches = Batches(data.training, data.training_negatives, decoded, config.network.anchors, config.batch, config.seed)
        trainer = _make_trainer(options, config)
    except (ValueError, OSError) as error:
        print(f"rf-train: {error}", file=sys.stderr)
        return 1
    for message in problems.messages:
        print(f"skipped: {message}", file=sys.stderr)
    print(f"{len(batches.pictures)} pictures, {len(batches.negatives)} negatives, {len(problems.messages)} skipped", file=sys.stderr)
    _describe(options, config, len(problems.messages))
    run(trainer, batches, data, options)
    return 0


def _make_trainer(options: argparse.Namespace, config: TrainConfig) -> Trainer:
    torch.manual_seed(config.seed)
    network = RetinaFace(config.network)
    if str(options.backbone) != "none" and not options.resume:
        load_backbone(network, options.backbone)
    teacher = None
    if options.teacher is not None:
        teacher = load_published(options.teacher, replace(config.network, activation=options.teacher_activation, stem_stride=2))
    trainer = Trainer(network, config, Budget(options.pictures), torch.device(options.device), teacher)
    checkpoint = options.output / "checkpoint.pth"
    if options.resume:
        trainer.load(checkpoint)
    elif checkpoint.exists():
        raise DataError(f"{checkpoint} exists: go on with --resume, or name another --output")
    trainer.budget = make_budget(options, trainer.seconds, datetime.now(timezone.utc))
    return trainer


def _describe(options: argparse.Namespace, config: TrainConfig, skipped: int) -> None:
    options.output.mkdir(parents=True, exist_ok=True)
    names = {name: value.name if isinstance(value, Path) else value for name, value in vars(options).items()}
    facts = {"commit": git_commit(), "started": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC", "torch": torch.__version__}
    facts |= {"options": names, "recipe": asdict(config), "skipped_data": skipped}
    with open(options.output / "config.json", "a") as file:
        file.write(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
