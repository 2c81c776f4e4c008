"""Reads a float32 model file; the top comment of Sources/Engine/ModelReader.swift is the format.

Why a second reader: the other engines are to get the weights that ship, not those of a checkpoint that nobody else has.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy

FLOAT32 = 1
CONVOLUTION, DEPTHWISE, UPSAMPLING = 1, 2, 3
#: In place of a tensor: a head whose output is no tensor of the file's.
NO_TENSOR = 0xFFFFFFFF


class ModelError(ValueError):
    """The file is not a float32 model of version 1."""


@dataclass(frozen=True)
class Layer:
    """One layer; `weights` in the file's order, both arrays None for an upsampling."""

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
    """One level of the pyramid: layer numbers of its three heads, and its anchors a pixel."""

    stride: int
    classes: int
    boxes: int
    landmarks: int
    anchors: int


@dataclass(frozen=True)
class Model:
    """input = (byte - mean) * scale, channels blue green red unless `rgb`."""

    name: str
    rgb: bool
    mean: tuple[float, float, float]
    scale: float
    checksum: int
    layers: list[Layer]
    levels: list[Level]


def read_model(data: bytes) -> Model:
    """The model in `data`, layers in the order they run. Raises ModelError."""
    try:
        return _read_model(data)
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise error if isinstance(error, ModelError) else ModelError(f"the file is not whole: {error}") from None


def _read_model(data: bytes) -> Model:
    checksum, tensors, layers, levels = _counts(data)
    first_layer = 128 + 32 * tensors
    first_level = first_layer + 96 * layers
    names = first_level + 64 * levels
    blob = struct.unpack_from("<Q", data, 32)[0]
    mean_and_scale = struct.unpack_from("<4f", data, 64)
    return Model(
        name=_name(data, 52, names),
        rgb=struct.unpack_from("<I", data, 60)[0] == 1,
        mean=mean_and_scale[:3],
        scale=mean_and_scale[3],
        checksum=checksum,
        layers=[_layer(data, first_layer + 96 * i, names, blob) for i in range(layers)],
        levels=[_level(data, first_level + 64 * i) for i in range(levels)])


def _counts(data: bytes) -> tuple[int, int, int, int]:
    if len(data) < 128 or data[:8] != b"RFMODEL\0":
        raise ModelError("not a model file")
    version, checksum, precision, tensors, layers, levels = struct.unpack_from("<6I", data, 8)
    if version != 1:
        raise ModelError(f"version {version}, not 1")
    if zlib.crc32(data[16:]) != checksum:
        raise ModelError("the checksum is wrong")
    if precision != FLOAT32:
        raise ModelError(f"number format {precision}, not float32: give a float32 model")
    return checksum, tensors, layers, levels


def _name(data: bytes, at: int, names: int) -> str:
    offset, count = struct.unpack_from("<2I", data, at)
    return data[names + offset:names + offset + count].decode("ascii")


def _layer(data: bytes, at: int, names: int, blob: int) -> Layer:
    f = struct.unpack_from("<12If", data, at)
    weights = bias = None
    if f[0] != UPSAMPLING:
        shape = (3, 3, f[6]) if f[0] == DEPTHWISE else (f[6], f[7], f[8], f[5])
        weights_at, bias_at = struct.unpack_from("<2Q", data, at + 64)
        weights = numpy.frombuffer(data, "<f4", int(numpy.prod(shape)), blob + weights_at).reshape(shape)
        bias = numpy.frombuffer(data, "<f4", f[6], blob + bias_at)
    return Layer(_name(data, at + 52, names), f[0], f[1], f[3], f[4], f[7:9], f[9], f[10], f[12], weights, bias)


def _level(data: bytes, at: int) -> Level:
    stride, _, classes, boxes, landmarks, anchors = struct.unpack_from("<6I", data, at)
    return Level(stride, classes, boxes, landmarks, anchors)
