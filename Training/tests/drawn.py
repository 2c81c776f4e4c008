"""Drawn faces on noise: pictures with known boxes and landmarks, for tests that must run without the data."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 160
POINTS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.78], [0.65, 0.78]])
"""Eyes, nose and mouth corners as shares of the box."""


def draw_picture(rng: np.random.Generator, faces: int) -> tuple[Image.Image, np.ndarray, np.ndarray]:
    """A SIDE x SIDE picture; F x 4 boxes (x1, y1, x2, y2) and F x 5 x 2 landmarks in pixels. At most four faces, one in each quarter."""
    image = Image.fromarray(rng.integers(0, 90, (SIDE, SIDE, 3), np.uint8))
    draw = ImageDraw.Draw(image)
    boxes, landmarks = np.zeros((faces, 4), np.float32), np.zeros((faces, 5, 2), np.float32)
    half = SIDE // 2
    for index, quarter in enumerate(rng.permutation(4)[:faces]):
        height = int(rng.integers(28, 70))
        width = int(height * 0.8)
        left = half * (quarter % 2) + int(rng.integers(0, half - width))
        top = half * (quarter // 2) + int(rng.integers(0, half - height))
        boxes[index] = left, top, left + width, top + height
        landmarks[index] = POINTS * (width, height) + (left, top)
        _draw_face(draw, boxes[index], landmarks[index])
    return image, boxes, landmarks


def _draw_face(draw: ImageDraw.ImageDraw, box: np.ndarray, points: np.ndarray) -> None:
    draw.ellipse(box.tolist(), fill=(224, 172, 140))
    radius = max(1.5, (box[2] - box[0]) / 14)
    for (x, y), colour in zip(points.tolist(), ["blue", "green", "brown"], strict=False):
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)
    draw.line([tuple(points[3]), tuple(points[4])], fill="red", width=max(1, int(radius)))


def face_line(box: np.ndarray, points: np.ndarray, flag: int = 0) -> str:
    """The face as a line of a label file."""
    numbers = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
    triples = " ".join(f"{x:.3f} {y:.3f} {flag}" for x, y in points)
    return " ".join(f"{number:.3f}" for number in numbers) + f" {triples} 0.9"


def write_data(folder: Path, pictures: int = 12, seed: int = 3) -> Path:
    """A training folder: label.txt, negatives.txt, images. Returns `folder`."""
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    lines = []
    for index in range(pictures):
        image, boxes, landmarks = draw_picture(rng, 1 + index % 4)
        image.save(folder / "images" / f"drawn{index}.png")
        lines += [f"# drawn{index}.png"] + [face_line(box, points, index % 2) for box, points in zip(boxes, landmarks, strict=True)]
    (folder / "label.txt").write_text("\n".join(lines) + "\n")
    for index in range(3):
        draw_picture(rng, 0)[0].save(folder / "images" / f"empty{index}.png")
    (folder / "negatives.txt").write_text("empty0.png\nempty1.png\nempty2.png\n")
    return folder
