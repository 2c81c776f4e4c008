"""Fits the landmark heads to human landmarks in closed form: `python -m retinaface_training.refit WEIGHTS --data FOLDER --output FILE`.

The heads are linear in the context modules' outputs, so the best correction of their error on the training pictures is a ridge regression
(Hoerl and Kennard, 1970). Boxes and scores stay as they are. Held-back pictures are not used.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from tqdm import tqdm

from .data.augment import Sample, flip
from .data.labels import AnnotatedPicture, LandmarkSource, Problems, load_picture, read_training_data
from .losses.matching import match
from .network.anchors import MEAN_BGR, encode_landmarks, make_anchors
from .network.checkpoints import load_checkpoint, save_weights
from .network.config import LEVELS
from .network.retinaface import PYRAMID_CHANNELS, RetinaFace

CERTAIN_SCORE = 0.8
"""Minimum face score of the anchors that are fitted; detection uses the landmarks of such anchors."""

RIDGE = 300.0
"""Weight of the present head for each feature, as a number of faces."""


@dataclass
class Evidence:
    """Sums for the regression of one anchor of one level: features (and a one) with features, and with errors."""

    squares: Tensor = field(default_factory=lambda: torch.zeros(PYRAMID_CHANNELS + 1, PYRAMID_CHANNELS + 1, dtype=torch.float64))
    products: Tensor = field(default_factory=lambda: torch.zeros(PYRAMID_CHANNELS + 1, 10, dtype=torch.float64))
    count: int = 0

    def add(self, features: Tensor, errors: Tensor) -> None:
        """Adds M x 64 features and M x 10 errors (encoded truth minus encoded answer)."""
        inputs = torch.cat([features, torch.ones(len(features), 1)], dim=1).double()
        self.squares += inputs.T @ inputs
        self.products += inputs.T @ errors.double()
        self.count += len(features)

    def correction(self, ridge: float) -> Tensor:
        """Returns 65 x 10: the correction of the weights and, in the last row, of the bias."""
        scale = self.squares.diagonal() / max(self.count, 1) + 1e-6
        return torch.linalg.solve(self.squares + torch.diag(scale) * ridge, self.products).float()


@torch.no_grad()
def refit(network: RetinaFace, pictures: list[AnnotatedPicture], ridge: float = RIDGE) -> int:
    """Corrects the landmark heads of a network in evaluation mode from the human landmarks of `pictures`, as they are and mirrored.

    Returns the number of fitted anchors.
    """
    sides = dict(zip(LEVELS, network.config.anchors, strict=True))
    evidence = {(level, anchor): Evidence() for level in LEVELS for anchor in range(len(sides[level]))}
    for picture in tqdm(pictures, desc="refit", unit=" pictures", disable=None):
        pixels = load_picture(picture.path)
        sample = Sample(np.asarray(pixels), picture.boxes, picture.landmarks, picture.sources, picture.sources != LandmarkSource.HUMAN)
        for view, image in ((sample, pixels), (flip(sample), ImageOps.mirror(pixels))):
            _gather(network, view, image, evidence)
    for (level, anchor), sums in evidence.items():
        head = getattr(network, f"head{level}")["landmarks"]
        correction = sums.correction(ridge)
        rows = slice(10 * anchor, 10 * anchor + 10)
        head.weight[rows, :, 0, 0] += correction[:-1].T
        head.bias[rows] += correction[-1]
    return sum(sums.count for sums in evidence.values())


def _gather(network: RetinaFace, sample: Sample, image: Image.Image, evidence: dict[tuple[int, int], Evidence]) -> None:
    """Adds the certain anchors of one picture's human faces to the evidence."""
    inputs = np.asarray(image, np.float32)[..., ::-1] - np.float32(MEAN_BGR)
    levels = network.features(torch.from_numpy(np.ascontiguousarray(inputs.transpose(2, 0, 1)))[None])
    heads = network.heads(levels)
    anchors = make_anchors(*image.size, network.config.anchors)
    matches = match(torch.from_numpy(sample.boxes), torch.from_numpy(sample.ignored), anchors)
    fitted = (matches >= 0) & (heads.classes[0].softmax(dim=-1)[:, 1] > CERTAIN_SCORE)
    truth = encode_landmarks(torch.from_numpy(sample.landmarks)[matches.clamp(min=0)], anchors)
    errors = truth - heads.landmarks[0]
    start = 0
    for level, values, sides in zip(LEVELS, levels, network.config.anchors, strict=True):
        per_cell, cells = len(sides), values[0].flatten(1).T
        for anchor in range(per_cell):
            own = slice(start + anchor, start + len(cells) * per_cell, per_cell)
            chosen = fitted[own]
            evidence[level, anchor].add(cells[chosen], errors[own][chosen])
        start += len(cells) * per_cell


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m retinaface_training.refit", description="Fits the landmark heads to human landmarks.")
    parser.add_argument("weights", type=Path, help="checkpoint of retinaface_training.train")
    parser.add_argument("--data", type=Path, required=True, help="folder with label.txt, negatives.txt and images")
    parser.add_argument("--output", type=Path, required=True, help="checkpoint to write")
    parser.add_argument(
        "--ridge", type=float, default=RIDGE, help="weight of the present head, as a number of faces (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        network = load_checkpoint(options.weights)
        problems = Problems()
        data = read_training_data(options.data, problems)
        for message in problems.messages:
            print(f"skipped: {message}", file=sys.stderr)
        pictures = [picture for picture in data.training if (picture.sources == LandmarkSource.HUMAN).any()]
        count = refit(network, pictures, options.ridge)
        save_weights(network, options.output)
    except (ValueError, OSError) as error:
        print(f"refit: {error}", file=sys.stderr)
        return 1
    print(
        f"{options.output}: landmark heads fitted to {count} anchors of {len(pictures)} pictures, as they are and mirrored", file=sys.stderr
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
