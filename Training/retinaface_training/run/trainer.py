"""Executes training steps and keeps all the state that a checkpoint stores, so that a resumed run equals an uninterrupted one."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ..data.batches import Batch, BatchConfig, network_input
from ..losses import detection as losses
from ..losses import distill
from ..network.anchors import make_anchors, shared_anchors
from ..network.config import NetworkConfig
from ..network.retinaface import ConvNorm, RetinaFace
from .average import WeightAverage
from .schedule import Budget, Schedule

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LARGEST_GRADIENT = 10.0
"""Maximum norm of all gradients of a step."""


@dataclass(frozen=True)
class TrainConfig:
    """Recipe of a run, which `config.json` stores."""

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
    """State of a run that a checkpoint stores, and the training step."""

    def __init__(self, network: RetinaFace, config: TrainConfig, budget: Budget, device: torch.device, teachers: Sequence[RetinaFace] = ()):
        self.config, self.budget, self.device = config, budget, device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.teachers = [_make_fast(teacher).to(device, memory_format=torch.channels_last) for teacher in teachers]
        self.optimizer = make_optimizer(self.network, config)
        self.average = WeightAverage(self.network, config.average_decay)
        self.step, self.pictures, self.seconds = 0, 0, 0.0

    @property
    def progress(self) -> float:
        return self.budget.progress(self.pictures, self.seconds)

    def train_batch(self, batch: Batch) -> dict[str, float]:
        """Executes one step; returns the unweighted losses. Raises FloatingPointError if the loss is not finite."""
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
        size = (images.shape[3], images.shape[2])
        shared = [self._shared_anchors(size, teacher) for teacher in self.teachers]
        with torch.no_grad():
            shown = [distill.observe(teacher, images, precision) for teacher in self.teachers]
            for places, teacher in zip(shared, shown, strict=True):
                targets = distill.without_contradictions(targets, teacher.heads, anchors, places)
        lessons, taught = {}, 0.0
        for number, (places, teacher) in enumerate(zip(shared, shown, strict=True), start=1):
            own = distill.distillation_losses(seen, teacher, targets, self.config.loss.landmark_beta, places, features=number == 1)
            taught = taught + distill.total(own, self.config.distill, self.progress)
            lessons |= {name if number == 1 else name.replace("teacher", f"teacher{number}"): loss for name, loss in own.items()}
        terms = losses.detection_losses(
            seen.heads, targets, anchors, landmark_beta=self.config.loss.landmark_beta, score_width=self.config.loss.score_width
        )
        return terms | lessons, losses.total(terms, self.config.loss) + taught

    def _shared_anchors(self, size: tuple[int, int], teacher: RetinaFace) -> distill.Places:
        places = shared_anchors(*size, self.config.network.anchors, teacher.config.anchors)
        return places and (places[0].to(self.device), places[1].to(self.device))

    def averaged_network(self) -> RetinaFace:
        """Returns a copy of the network with the averaged weights."""
        network = RetinaFace(self.config.network).to(self.device, memory_format=torch.channels_last)
        network.load_state_dict(self.average.state)
        return network.eval()

    def save(self, path: Path) -> None:
        """Writes a checkpoint next to `path`, then renames it: a stop leaves the old file or the new one."""
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
        """Continues from a checkpoint."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.pictures, self.seconds = state["step"], state["pictures"], state["seconds"]


def _make_fast(teacher: RetinaFace) -> RetinaFace:
    """Folds the batch norms of a network, which is then for inference only."""
    teacher.eval().requires_grad_(False)
    for module in teacher.modules():
        if isinstance(module, ConvNorm):
            module.fold_norm()
    return teacher


def make_optimizer(network: RetinaFace, config: TrainConfig) -> torch.optim.Optimizer:
    """Makes the configured optimizer; batch norms and biases do not decay."""
    decaying = [value for value in network.parameters() if value.ndim > 1]
    free = [value for value in network.parameters() if value.ndim <= 1]
    groups = [{"params": decaying, "weight_decay": config.weight_decay}, {"params": free, "weight_decay": 0.0}]
    if config.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=config.schedule.peak, betas=(0.9, 0.99), fused=True)
    return torch.optim.SGD(groups, lr=config.schedule.peak, momentum=0.9)
