"""Two published detectors as ONNX graphs, run by onnxruntime: SCRFD-2.5G (arXiv 2105.04714) and CenterFace (arXiv 1911.03599).

Together they find more small faces than each (Training/README.md). Both return `Found` in pixels of the picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy
import onnx
import onnxruntime
from PIL import Image

from ..evaluation.detect import suppress

LEAST_SCORE = 0.15
NMS_IOU = 0.4
TILE, TILE_STEP = 640, 480
"""Side of SCRFD's input, and the largest distance between tiles: a face of up to 160 pixels is whole in one of them."""

SCRFD_LONG_SIDES = (640, 1600)
LARGEST_ZOOM = 2.6
"""A picture is enlarged at most by this for SCRFD's second view."""

CENTERFACE_LONG_SIDE = 1280


class Found(NamedTuple):
    """Faces of one picture. scores: M, 0...1; boxes: M x 4 (x1, y1, x2, y2); points: M x 5 x 2."""

    scores: numpy.ndarray
    boxes: numpy.ndarray
    points: numpy.ndarray

    def chosen(self, places: numpy.ndarray) -> Found:
        return Found(*(values[places] for values in self))


class Teacher(Protocol):
    def find(self, picture: Image.Image) -> Found:
        """Returns the faces of an RGB picture after suppression, strongest first."""


class Scrfd:
    """SCRFD-2.5G with points, input 640 x 640: on the whole picture, and on tiles of it at a long side of 1600 pixels."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.session = _session(path.read_bytes(), threads)
        self.input = self.session.get_inputs()[0]
        if list(self.input.shape) != [1, 3, TILE, TILE] or len(self.session.get_outputs()) != 9:
            raise ValueError(f"{path}: is not SCRFD with an input of 1 x 3 x 640 x 640 and nine outputs")

    def find(self, picture: Image.Image) -> Found:
        longest = max(picture.size)
        scales = [side / longest for side in SCRFD_LONG_SIDES if side <= LARGEST_ZOOM * longest]
        return _suppressed([part for scale in scales or [1.0] for part in self._on_tiles(picture, scale)])

    def _on_tiles(self, picture: Image.Image, scale: float) -> list[Found]:
        width, height = (max(1, round(side * scale)) for side in picture.size)
        view = picture.resize((width, height), Image.Resampling.BILINEAR)
        parts = []
        for top in _starts(height):
            for left in _starts(width):
                found = self._on_tile(view.crop((left, top, left + TILE, top + TILE)))
                x1, y1, x2, y2 = found.boxes.T
                # A face that an inner edge of the tile cuts is whole in the next tile.
                is_cut = ((x1 < 2) & (left > 0)) | ((y1 < 2) & (top > 0))
                is_cut |= ((x2 > TILE - 2) & (left + TILE < width)) | ((y2 > TILE - 2) & (top + TILE < height))
                own, offset = found.chosen(~is_cut), numpy.array([left, top])
                parts.append(Found(own.scores, (own.boxes + numpy.tile(offset, 2)) / scale, (own.points + offset) / scale))
        return parts

    def _on_tile(self, tile: Image.Image) -> Found:
        pixels = (numpy.asarray(tile, numpy.float32) - 127.5) / 128
        outputs = self.session.run(None, {self.input.name: pixels.transpose(2, 0, 1)[None]})
        parts = []
        for level, stride in enumerate((8, 16, 32)):
            scores, distances, points = (outputs[level + first].reshape(-1, width) for first, width in ((0, 1), (3, 4), (6, 10)))
            kept = scores[:, 0] >= LEAST_SCORE
            cells = TILE // stride
            grid = numpy.stack(numpy.meshgrid(numpy.arange(cells), numpy.arange(cells)), axis=-1).reshape(-1, 2)
            centres = grid.repeat(2, axis=0)[kept] * stride  # two anchors per cell
            reach = distances[kept] * stride
            boxes = numpy.concatenate([centres - reach[:, :2], centres + reach[:, 2:]], axis=1)
            parts.append(Found(scores[kept, 0], boxes, centres[:, None] + points[kept].reshape(-1, 5, 2) * stride))
        return _joined(parts)


class CenterFace:
    """CenterFace on the whole picture at a long side of 1280 pixels."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        graph = onnx.load(path)
        if len(graph.graph.output) != 4:
            raise ValueError(f"{path}: is not CenterFace with four outputs")
        # The published file has a fixed size; every size that is a multiple of 32 works.
        for value, names in [(graph.graph.input[0], "nhw"), *((output, "nij") for output in graph.graph.output)]:
            for axis, name in zip((0, 2, 3), names, strict=True):
                value.type.tensor_type.shape.dim[axis].dim_param = name
        self.session = _session(graph.SerializeToString(), threads)

    def find(self, picture: Image.Image) -> Found:
        scale = CENTERFACE_LONG_SIDE / max(picture.size)
        size = tuple(int(numpy.ceil(side * scale / 32) * 32) for side in picture.size)
        pixels = numpy.asarray(picture.resize(size, Image.Resampling.BILINEAR), numpy.float32)
        heat, sizes, offsets, landmarks = self.session.run(None, {self.session.get_inputs()[0].name: pixels.transpose(2, 0, 1)[None]})
        y, x = numpy.nonzero(heat[0, 0] >= LEAST_SCORE)
        height, width = (numpy.exp(sizes[0, axis, y, x]) * 4 for axis in (0, 1))
        left, top = (x + offsets[0, 1, y, x] + 0.5) * 4 - width / 2, (y + offsets[0, 0, y, x] + 0.5) * 4 - height / 2
        marks = landmarks[0][:, y, x]
        points = numpy.stack([marks[1::2] * width + left, marks[0::2] * height + top], axis=-1).transpose(1, 0, 2)
        factor = numpy.array(picture.size) / size
        boxes = numpy.stack([left, top, left + width, top + height], axis=1) * numpy.tile(factor, 2)
        return _suppressed([Found(heat[0, 0, y, x], boxes, points * factor)])


def _session(model: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has its own kinds for damaged files
        raise ValueError(f"not an ONNX graph that can be run: {str(error).splitlines()[0]}") from None


def _starts(length: int) -> list[int]:
    """Returns the first pixels of tiles that cover `length` evenly."""
    if length <= TILE:
        return [0]
    count = -(-(length - TILE) // TILE_STEP) + 1
    return numpy.linspace(0, length - TILE, count).round().astype(int).tolist()


def _joined(parts: list[Found]) -> Found:
    return Found(*(numpy.concatenate(column) for column in zip(*parts, strict=True)))


def _suppressed(parts: list[Found]) -> Found:
    found = _joined(parts)
    found = found.chosen(numpy.argsort(-found.scores, kind="stable"))
    return found.chosen(suppress(found.boxes, NMS_IOU))
