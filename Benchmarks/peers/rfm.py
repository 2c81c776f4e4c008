"""Reads a float32 model file of version 2; Sources/Engine describes the format.

The other engines get the weights that ship, without a checkpoint that is not distributed.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy

FLOAT32 = 1
CONVOLUTION, DEPTHWISE, UPSAMPLING = 1, 2, 3
NO_TENSOR = 0xFFFFFFFF
"""In place of a tensor: the output of a sparse head."""

HEADER, TENSOR, LAYER, LEVEL, HEAD = 128, 32, 144, 64, 32
"""Bytes of the records."""


class ModelError(ValueError):
    """The file is not a float32 model of version 2."""


@dataclass(frozen=True)
class Layer:
    """One layer; `weights` in the file's order, both arrays None for an upsampling. `source` is an upsampling's coarse map."""

    name: str
    operation: int
    source: int
    target: int
    first_channel: int
    kernel: tuple[int, int]
    stride: int
    padding: int
    slope: float
    weights: numpy.ndarray | None
    bias: numpy.ndarray | None


@dataclass(frozen=True)
class Level:
    """One level of the pyramid: layer numbers of its three heads, and its anchors per pixel."""

    stride: int
    classes: int
    boxes: int
    landmarks: int
    anchors: int


@dataclass(frozen=True)
class Model:
    """input = (byte - mean) * scale; channels are blue, green, red unless `rgb`."""

    name: str
    rgb: bool
    mean: tuple[float, float, float]
    scale: float
    checksum: int
    layers: list[Layer]
    levels: list[Level]


def read_model(data: bytes) -> Model:
    """Returns the model in `data`, layers in order of execution. Raises ModelError."""
    try:
        return _read_model(data)
    except (struct.error, UnicodeDecodeError, ValueError, KeyError) as error:
        raise error if isinstance(error, ModelError) else ModelError(f"the file is incomplete: {error}") from None


def _read_model(data: bytes) -> Model:
    checksum, tensors, layers, levels, heads, stages = _counts(data)
    first_layer = HEADER + TENSOR * tensors
    first_level = first_layer + LAYER * layers
    first_head = first_level + LEVEL * levels
    names = first_head + HEAD * (heads + stages)
    rgb, *mean, scale = struct.unpack_from("<I4f", data, 68)
    return Model(
        name=_name(data, 60, names),
        rgb=rgb == 1,
        mean=tuple(mean),
        scale=scale,
        checksum=checksum,
        layers=[_layer(data, first_layer + LAYER * i, names) for i in range(layers)],
        levels=_levels(data, first_level, levels, heads),
    )


def _counts(data: bytes) -> tuple[int, ...]:
    """The checksum and the numbers of tensors, layers, levels, heads and stages."""
    if len(data) < HEADER or data[:8] != b"RFMODEL\0":
        raise ModelError("not a model file")
    version, checksum, precision, *counts = struct.unpack_from("<8I", data, 8)
    if version != 2:
        raise ModelError(f"version {version}, not 2; python3 Training/upgrade_model.py OLD NEW converts version 1")
    if zlib.crc32(data[16:]) != checksum:
        raise ModelError("the checksum is wrong")
    if precision != FLOAT32:
        raise ModelError(f"precision {precision}, not float32: name a float32 model")
    return checksum, *counts


def _name(data: bytes, at: int, names: int) -> str:
    offset, count = struct.unpack_from("<2I", data, at)
    return data[names + offset : names + offset + count].decode("ascii")


def _layer(data: bytes, at: int, names: int) -> Layer:
    operation, first, second, _, target, channel, read, written = struct.unpack_from("<8I", data, at)
    slope = struct.unpack_from("<f", data, at + 40)[0]
    height, width, stride, padding = struct.unpack_from("<4I", data, at + 56)
    weights = bias = None
    if operation != UPSAMPLING:
        shape = (3, 3, written) if operation == DEPTHWISE else (written, height, width, read)
        weights, bias = _constant(data, at + 72, shape), _constant(data, at + 88, (written,))
    source = second if operation == UPSAMPLING else first
    return Layer(_name(data, at + 44, names), operation, source, target, channel, (height, width), stride, padding, slope, weights, bias)


def _constant(data: bytes, at: int, shape: tuple[int, ...]) -> numpy.ndarray:
    offset, count, kind = struct.unpack_from("<Q2I", data, at)
    if (count, kind) != (int(numpy.prod(shape)), FLOAT32):
        raise ModelError(f"a layer has {count} numbers of type {kind}, needed {shape} of float32")
    return numpy.frombuffer(data, "<f4", count, struct.unpack_from("<Q", data, 40)[0] + offset).reshape(shape)


def _levels(data: bytes, at: int, levels: int, heads: int) -> list[Level]:
    records = (struct.unpack_from("<3I", data, at + LEVEL * levels + HEAD * i) for i in range(heads))
    layers = {(level, role): layer for role, level, layer in records}
    result = []
    for index in range(levels):
        stride, anchors = struct.unpack_from("<2I", data, at + LEVEL * index)
        result.append(Level(stride, *(layers[index, role] for role in (1, 2, 3)), anchors))
    return result
