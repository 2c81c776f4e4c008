"""Makes batches as a pure function of the seed and the step: a resumed run gets the batches of an uninterrupted one.

Every batch has about the same number of pixels, at a side drawn for it: small sides for speed, large ones for large faces.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..losses.detection import Targets
from ..losses.matching import match
from ..network.anchors import MEAN_BGR, make_anchors
from ..network.config import Anchors
from .augment import AugmentConfig, Sample, colour_transforms, random_sample
from .labels import AnnotatedPicture, DataError, LandmarkSource, Problems, load_picture

LARGEST_PICTURE_WEIGHT = 4.0


@dataclass(frozen=True)
class BatchConfig:
    """Sizes of batches and the shares of their contents.

    sides: sample sides in pixels with their shares of the batches. pixels: per batch. negative_chance: probability of a face-free picture
    per sample. human_landmark_weight: weight of a human's landmarks, where a teacher's have 1. human_picture_weight: factor by which
    pictures with such landmarks are drawn more often.
    """

    sides: tuple[tuple[int, float], ...] = ((256, 0.2), (320, 0.4), (448, 0.25), (640, 0.15))
    pixels: int = 24 * 320 * 320
    negative_chance: float = 0.05
    human_landmark_weight: float = 3.0
    human_picture_weight: float = 1.0
    augment: AugmentConfig = field(default_factory=AugmentConfig)


@dataclass
class Batch:
    """images: N x H x W x 3 bytes, RGB. colour_matrices: N x 3 x 3 and colour_offsets: N x 3, which convert them to distorted BGR."""

    images: Tensor
    colour_matrices: Tensor
    colour_offsets: Tensor
    targets: Targets


def decode_all(pictures: list[AnnotatedPicture], problems: Problems) -> dict[str, Image.Image]:
    """Decodes every picture once; returns the pixels by path. Damaged pictures are reported and left out."""
    with ThreadPoolExecutor() as threads:  # Pillow decodes outside the interpreter's lock
        results = list(threads.map(_load_or_error, pictures))
    decoded = {}
    for picture, result in zip(pictures, results, strict=True):
        if isinstance(result, DataError):
            problems.report(str(result))
        else:
            decoded[str(picture.path)] = result
    return decoded


def _load_or_error(picture: AnnotatedPicture) -> Image.Image | DataError:
    try:
        return load_picture(picture.path)
    except DataError as error:
        return error


class Batches(Dataset):
    """Batch number i, for every i; `loader` turns it into a stream."""

    def __init__(
        self,
        pictures: list[AnnotatedPicture],
        negatives: list[AnnotatedPicture],
        decoded: dict[str, Image.Image],
        anchors: Anchors,
        config: BatchConfig,
        seed: int,
    ):
        self.pictures = [picture for picture in pictures if str(picture.path) in decoded]
        self.negatives = [picture for picture in negatives if str(picture.path) in decoded]
        if not self.pictures:
            raise DataError("no usable picture to train on")
        self.decoded, self.anchors, self.config, self.seed = decoded, anchors, config, seed
        # Crowds are rare and hard: the weight of a picture is the square root of its number of faces, at most 4.
        weights = np.minimum(np.sqrt([len(picture.boxes) for picture in self.pictures]), LARGEST_PICTURE_WEIGHT)
        by_humans = [bool((picture.sources == LandmarkSource.HUMAN).any()) for picture in self.pictures]
        weights = weights * np.where(by_humans, config.human_picture_weight, 1.0)
        self.cumulative = np.cumsum(weights) / weights.sum()

    def __getitem__(self, step: int) -> Batch:
        rng = np.random.default_rng((self.seed, step))
        side, count = self.shape(step)
        samples = [random_sample(self._load, self._pick, side, self.config.augment, rng) for _ in range(count)]
        matrices, offsets = colour_transforms(count, rng)
        if not self.config.augment.photometric:
            matrices, offsets = torch.eye(3).flip(0).repeat(count, 1, 1), torch.zeros(count, 3)
        images = torch.from_numpy(np.stack([sample.pixels for sample in samples]))
        return Batch(images, matrices, offsets, self._targets(samples, side))

    def shape(self, step: int) -> tuple[int, int]:
        """Returns the side in pixels and the number of samples of batch `step`."""
        sides, shares = zip(*self.config.sides, strict=True)
        chance = np.random.default_rng((self.seed, step, 1)).random() * sum(shares)
        side = sides[min(int(np.searchsorted(np.cumsum(shares), chance)), len(sides) - 1)]
        return side, max(1, round(self.config.pixels / side**2))

    def _load(self, picture: AnnotatedPicture) -> Image.Image:
        return self.decoded[str(picture.path)]

    def _pick(self, rng: np.random.Generator) -> AnnotatedPicture:
        if self.negatives and rng.random() < self.config.negative_chance:
            return self.negatives[rng.integers(len(self.negatives))]
        return self.pictures[min(int(np.searchsorted(self.cumulative, rng.random())), len(self.pictures) - 1)]

    def _targets(self, samples: list[Sample], side: int) -> Targets:
        anchors = make_anchors(side, side, self.anchors)
        most = max(1, max(len(sample.boxes) for sample in samples))
        boxes, landmarks = torch.zeros(len(samples), most, 4), torch.zeros(len(samples), most, 10)
        weights = torch.zeros(len(samples), most)
        weight_of = dict.fromkeys(LandmarkSource, 0.0)
        weight_of |= {LandmarkSource.TEACHER: 1.0, LandmarkSource.HUMAN: self.config.human_landmark_weight}
        matches = []
        for index, sample in enumerate(samples):
            count = len(sample.boxes)
            boxes[index, :count] = torch.from_numpy(sample.boxes)
            landmarks[index, :count] = torch.from_numpy(sample.landmarks)
            weights[index, :count] = torch.tensor([weight_of[source] for source in sample.sources.tolist()])
            matches.append(match(boxes[index, :count], torch.from_numpy(sample.ignored), anchors))
        return Targets(torch.stack(matches), boxes, landmarks, weights)


def loader(batches: Batches, first: int, workers: int) -> DataLoader:
    """Yields batches from number `first` on, practically without end, made by `workers` processes (0: in this one)."""
    steps = range(first, 1 << 40)
    return DataLoader(
        batches, batch_size=None, sampler=steps, num_workers=workers, prefetch_factor=4 if workers else None, worker_init_fn=_start_worker
    )


def network_input(batch: Batch, device: torch.device) -> Tensor:
    """Returns N x 3 x H x W float32, channels last: distorted BGR bytes minus their mean."""
    images = batch.images.to(device, non_blocking=True)
    count, height, width, _ = images.shape
    pixels = images.reshape(count, height * width, 3).float()
    matrices, offsets = batch.colour_matrices.to(device), batch.colour_offsets.to(device)
    pixels = torch.baddbmm(offsets[:, None], pixels, matrices.transpose(1, 2)).clamp_(0, 255)
    pixels -= torch.tensor(MEAN_BGR, device=device)
    return pixels.reshape(count, height, width, 3).permute(0, 3, 1, 2)


def _start_worker(_: int) -> None:
    torch.set_num_threads(1)
    # A signal to the whole process group (a terminal's interrupt, `kill -- -PID`) is handled by the run, which saves and ends the workers.
    os.setpgrp()
