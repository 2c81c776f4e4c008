"""Reads a float32 model file; the top comment of Sources/Engine/ModelReader.swift is the format."""

import struct
import zlib
from dataclasses import dataclass

import numpy

FLOAT32 = 1
UPSAMPLING = 3


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
    kernel: tuple
    stride: int
    padding: int
    slope: float
    weights: numpy.ndarray
    bias: numpy.ndarray


def read_layers(data):
    """The layers of the model in `data`, in the order they run. Raises ModelError."""
    if len(data) < 128 or data[:8] != b"RFMODEL\0":
        raise ModelError("not a model file")
    version, checksum, precision, tensors, layers, levels = struct.unpack_from("<6I", data, 8)
    if version != 1:
        raise ModelError(f"version {version}, not 1")
    if zlib.crc32(data[16:]) != checksum:
        raise ModelError("the checksum is wrong")
    if precision != FLOAT32:
        raise ModelError(f"number format {precision}, not float32: give a float32 model")
    blob = struct.unpack_from("<Q", data, 32)[0]
    names = 128 + 32 * tensors + 96 * layers + 64 * levels
    return [_layer(data, 128 + 32 * tensors + 96 * i, names, blob) for i in range(layers)]


def _layer(data, at, names, blob):
    f = struct.unpack_from("<12IfII", data, at)
    name = data[names + f[13]:names + f[13] + f[14]].decode("ascii")
    weights = bias = None
    if f[0] != UPSAMPLING:
        shape = (3, 3, f[6]) if f[0] == 2 else (f[6], f[7], f[8], f[5])
        weights_at, bias_at = struct.unpack_from("<2Q", data, at + 64)
        weights = numpy.frombuffer(data, "<f4", int(numpy.prod(shape)), blob + weights_at).reshape(shape)
        bias = numpy.frombuffer(data, "<f4", f[6], blob + bias_at)
    return Layer(name, f[0], f[1], f[3], f[4], f[7:9], f[9], f[10], f[12], weights, bias)
