"""Training samples from annotated pictures: windows, mosaics, flips, turns, and photometric distortion of whole batches.

Square crops of 0.3 to 1 of the short side are the paper's (section 4.2). Windows aimed at a face of a drawn size
(PyramidBox's data-anchor sampling, arXiv 1803.07737) and mosaics create the tiny and crowded faces that the small
training set lacks. A face is kept if its centre stays inside; the visible rest of others is ignored and is not background.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .labels import AnnotatedPicture, LandmarkSource
from .turn import TurnedImage, draw_angle, turn

FILL_RGB = (123, 117, 104)
"""Colour outside the picture: the mean that the network's input subtracts, hence 0 in the input."""

FLIPPED_POINTS = (1, 0, 2, 4, 3)
"""Order of the points in a mirrored picture: left and right eye, and left and right mouth corner, are exchanged."""

SMALLEST_FACE = 6.0
"""Pixels of the longer side below which a face is ignored instead of learnt."""


BLURS = (1.3, 2.5)
"""Factors by which blurred windows lose resolution: pictures of crowds are often enlarged copies of small pictures."""

SMALLEST_AIM = 8.0
LARGEST_AIM = 1.0
"""Range of the sizes to which a face is scaled: pixels, and a share of the sample's side."""

LEAST_COVER = 0.7
"""Limit of zooming out: the picture covers at least this share of the sample in both directions."""


@dataclass(frozen=True)
class AugmentConfig:
    """Frequencies of the augmentations. Chances in 0...1, sizes in pixels, scales as factors.

    large_chance: share of the aimed windows that show a face at half to the whole side of the sample.
    """

    mosaic_chance: float = 0.25
    aimed_chance: float = 0.75
    large_chance: float = 0.0
    blur_chance: float = 0.15
    turn_chance: float = 0.2
    largest_zoom: float = 4.0
    photometric: bool = True


@dataclass
class Sample:
    """Faces of a picture or a crop; `ignored` faces are neither positives nor background. pixels: H x W x 3 bytes, RGB."""

    pixels: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray
    sources: np.ndarray
    ignored: np.ndarray


@dataclass(frozen=True)
class Window:
    """A rectangle of a picture, in its pixels; it may reach beyond the picture."""

    left: float
    top: float
    width: float
    height: float


Size = tuple[int, int]
"""Width and height in pixels."""

Load = Callable[[AnnotatedPicture], Image.Image]
Pick = Callable[[np.random.Generator], AnnotatedPicture]


def random_sample(load: Load, pick: Pick, side: int, config: AugmentConfig, rng: np.random.Generator) -> Sample:
    """Makes a `side` x `side` sample of a picked picture, or of four of them as a mosaic, flipped half of the time.

    `pick` draws a picture, `load` returns its pixels as RGB.
    """
    if rng.random() < config.mosaic_chance:
        sample = _mosaic(load, pick, side, config, rng)
    else:
        picture = pick(rng)
        sample = _windowed(load(picture), picture, (side, side), config, rng)
    return flip(sample) if rng.random() < 0.5 else sample


def cut(image: Image.Image | TurnedImage, picture: AnnotatedPicture, window: Window, width: int, height: int, blur: float = 1.0) -> Sample:
    """Cuts `window` out of a picture and resizes it to `width` x `height`, with its faces.

    blur: factor by which the pixels lose resolution (1: none).
    """
    scale = np.array([width / window.width, height / window.height], np.float32)
    origin = np.array([window.left, window.top], np.float32)
    boxes = (picture.boxes.reshape(-1, 2, 2) - origin) * scale
    centres = boxes.mean(axis=1)
    limits = np.array([width, height], np.float32)
    inside = ((centres > 0) & (centres < limits)).all(axis=1)
    clipped = np.clip(boxes, 0, limits).reshape(-1, 4)
    sides = clipped[:, 2:] - clipped[:, :2]
    shown = (sides > 1).all(axis=1)
    landmarks = ((picture.landmarks.reshape(-1, 5, 2) - origin) * scale).reshape(-1, 10)
    ignored = ~inside | (sides.max(axis=1, initial=0) < SMALLEST_FACE) | (picture.sources == LandmarkSource.IGNORED)
    pixels = _render(image, window, width, height, blur)
    return Sample(pixels, clipped[shown], landmarks[shown], picture.sources[shown], ignored[shown])


def flip(sample: Sample) -> Sample:
    """Mirrors a sample; the points of the two sides of a face are exchanged."""
    width = sample.pixels.shape[1]
    boxes = sample.boxes.copy()
    boxes[:, [0, 2]] = width - sample.boxes[:, [2, 0]]
    points = sample.landmarks.reshape(-1, 5, 2)[:, FLIPPED_POINTS].copy()
    points[..., 0] = width - points[..., 0]
    return replace(sample, pixels=sample.pixels[:, ::-1], boxes=boxes, landmarks=points.reshape(-1, 10))


def _windowed(image: Image.Image, picture: AnnotatedPicture, shape: Size, config: AugmentConfig, rng: np.random.Generator) -> Sample:
    """Makes a sample of `shape` from a random window of a picture, which is sometimes turned."""
    if rng.random() < config.turn_chance:
        image, picture = turn(image, picture, draw_angle(rng), FILL_RGB)
    if len(picture.boxes) > 0 and rng.random() < config.aimed_chance:
        window = _aimed_window(image.size, picture.boxes, shape, config, rng)
    else:
        window = _crop_window(image.size, shape, rng)
    blur = rng.uniform(*BLURS) if rng.random() < config.blur_chance else 1.0
    return cut(image, picture, window, *shape, blur)


def _crop_window(size: Size, shape: Size, rng: np.random.Generator) -> Window:
    """Draws the paper's crop: the largest window of this shape inside the picture, times 0.3 to 1."""
    scale = min(size[0] / shape[0], size[1] / shape[1]) * rng.uniform(0.3, 1.0)
    window_width, window_height = shape[0] * scale, shape[1] * scale
    return Window(rng.uniform(0, size[0] - window_width), rng.uniform(0, size[1] - window_height), window_width, window_height)


def _aimed_window(size: Size, boxes: np.ndarray, shape: Size, config: AugmentConfig, rng: np.random.Generator) -> Window:
    """Draws a window that shows one of the faces at a size drawn evenly in octaves, its centre anywhere."""
    box = boxes[rng.integers(len(boxes))]
    face_side = max(4.0, math.sqrt((box[2] - box[0]) * (box[3] - box[1])))
    is_large = config.large_chance > 0 and rng.random() < config.large_chance
    smallest = 0.5 * min(shape) if is_large else SMALLEST_AIM
    target = math.exp(rng.uniform(math.log(smallest), math.log(LARGEST_AIM * min(shape))))
    least_zoom = LEAST_COVER * max(shape[0] / size[0], shape[1] / size[1])
    zoom = float(np.clip(target / face_side, least_zoom, max(config.largest_zoom, least_zoom)))
    window_width, window_height = shape[0] / zoom, shape[1] / zoom
    left = _place((box[0] + box[2]) / 2, window_width, size[0], rng)
    top = _place((box[1] + box[3]) / 2, window_height, size[1], rng)
    return Window(left, top, window_width, window_height)


def _place(centre: float, length: float, limit: float, rng: np.random.Generator) -> float:
    """Returns the start of a window of `length` that shows `centre`, and as little outside 0...limit as possible."""
    low, high = (0.0, limit - length) if length <= limit else (limit - length, 0.0)
    low, high = max(low, centre - 0.95 * length), min(high, centre - 0.05 * length)
    return rng.uniform(low, high) if low < high else min(max(0.0, centre - length / 2), max(0.0, limit - length))


def _mosaic(load: Load, pick: Pick, side: int, config: AugmentConfig, rng: np.random.Generator) -> Sample:
    """Makes a sample with windows of four pictures in its corners."""
    split_x, split_y = (int(side * rng.uniform(0.3, 0.7)) for _ in range(2))
    pixels = np.empty((side, side, 3), np.uint8)
    parts = []
    for left, right in ((0, split_x), (split_x, side)):
        for top, bottom in ((0, split_y), (split_y, side)):
            picture = pick(rng)
            part = _windowed(load(picture), picture, (right - left, bottom - top), config, rng)
            pixels[top:bottom, left:right] = part.pixels
            offset = np.tile(np.array([left, top], np.float32), 5)
            parts.append(replace(part, boxes=part.boxes + offset[:4], landmarks=part.landmarks + offset))
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ("boxes", "landmarks", "sources", "ignored")}
    return Sample(pixels, **joined)


def _render(image: Image.Image | TurnedImage, window: Window, width: int, height: int, blur: float) -> np.ndarray:
    scale_x, scale_y = width / window.width, height / window.height
    left, top = max(window.left, 0.0), max(window.top, 0.0)
    right, bottom = min(window.left + window.width, image.width), min(window.top + window.height, image.height)
    x0, y0 = round((left - window.left) * scale_x), round((top - window.top) * scale_y)
    part_width = max(1, round((right - window.left) * scale_x) - x0)
    part_height = max(1, round((bottom - window.top) * scale_y) - y0)
    size = (max(1, round(part_width / blur)), max(1, round(part_height / blur)))
    part = image.resize(size, Image.Resampling.BILINEAR, box=(left, top, right, bottom), reducing_gap=2.0)
    if blur > 1.0:
        part = part.resize((part_width, part_height), Image.Resampling.BILINEAR)
    if (part_width, part_height) == (width, height):
        return np.asarray(part)
    canvas = np.full((height, width, 3), FILL_RGB, np.uint8)
    canvas[y0 : y0 + part_height, x0 : x0 + part_width] = np.asarray(part)[: height - y0, : width - x0]
    return canvas


def colour_transforms(count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draws photometric distortions, one matrix and one offset per picture: brightness, contrast, saturation and hue together.

    Returns count x 3 x 3 and count x 3, which convert RGB bytes to distorted BGR values. Ranges are SSD's (arXiv 1512.02325): brightness by
    32, contrast and saturation by half, hue by 18 degrees, each half of the time; one picture in 20 becomes grey.
    """
    grey = np.tile(np.array([0.299, 0.587, 0.114]), (3, 1))
    matrices, offsets = np.empty((count, 3, 3), np.float32), np.empty((count, 3), np.float32)
    for index in range(count):
        contrast, saturation = (rng.uniform(0.5, 1.5) if rng.random() < 0.5 else 1.0 for _ in range(2))
        saturation = 0.0 if rng.random() < 0.05 else saturation
        hue = math.radians(rng.uniform(-18, 18)) if rng.random() < 0.5 else 0.0
        brightness = rng.uniform(-32, 32) if rng.random() < 0.5 else 0.0
        matrices[index] = contrast * ((1 - saturation) * grey + saturation * _hue_rotation(hue))[::-1]
        offsets[index] = brightness
    return torch.from_numpy(matrices), torch.from_numpy(offsets)


def _hue_rotation(angle: float) -> np.ndarray:
    """Rotates colours about the grey axis (Rodrigues' formula)."""
    axis = np.full(3, 1 / math.sqrt(3))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) * math.cos(angle) + math.sin(angle) * cross + (1 - math.cos(angle)) * np.outer(axis, axis)
