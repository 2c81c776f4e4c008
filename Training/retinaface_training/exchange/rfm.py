"""Reads model files (.rfm) of version 2, float32 or int8, as the graph and the numbers of a network.

Sources/Engine/File/ModelFormat.swift describes the format. Needs numpy only, because the benchmarks use it without PyTorch.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass

import numpy

from . import graph as graphs
from .graph import CONV, DEPTHWISE_CONV, INPUT, ROLES, UPSAMPLE_ADD, Description, Graph, Head, Layer, Level, ModelFileError

MOST_BYTES = 1 << 28
_FLOAT32, _INT8 = 1, 2
_OPERATIONS = {1: CONV, 2: DEPTHWISE_CONV, 3: UPSAMPLE_ADD}
_ROLES = dict(enumerate(ROLES, start=1))
_NUMBERS = {1: "<f4", 2: "<i1", 3: "<i4"}
_NO_TENSOR = 0xFFFFFFFF
_WIDE = 2
_HEADER, _TENSOR, _LAYER, _LEVEL, _HEAD, _STAGE = 128, 32, 144, 64, 32, 32
"""Bytes of the records."""


@dataclass(frozen=True)
class Int8:
    """What an int8 model has besides its graph and its numbers.

    zeros: by tensor, the byte that stands for 0; a float32 tensor (the output of a head) has no entry. multipliers: by layer, float32
    per output channel: output steps per unit of the sum, or, for a float32 output, the value of a unit. wide: layers whose sums can
    reach 2^22 (rfkernels.h).
    """

    zeros: dict[str, int]
    multipliers: dict[str, numpy.ndarray]
    wide: frozenset[str]


@dataclass(frozen=True)
class ModelFile:
    """A model file. tensors: LAYER.weight (OIHW) and LAYER.bias, float32, or int8 and int32 (`int8` is set then)."""

    name: str
    checksum: int
    graph: Graph
    tensors: dict[str, numpy.ndarray]
    int8: Int8 | None


def read(path: str | os.PathLike) -> ModelFile:
    """Reads a model file. Raises ModelFileError, and OSError."""
    with open(path, "rb") as file:
        data = file.read(MOST_BYTES + 1)
    try:
        return parse(data)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None


def parse(data: bytes) -> ModelFile:
    """Returns the model in the bytes of a model file, its layers in order of execution. Raises ModelFileError."""
    try:
        return _Reader(data).model()
    except (struct.error, UnicodeDecodeError, IndexError, KeyError, OverflowError) as error:
        raise ModelFileError(f"the model file is incomplete or inconsistent: {type(error).__name__} {error}") from None
    except ModelFileError:
        raise
    except ValueError as error:
        raise ModelFileError(f"the model file is incomplete: {error}") from None


class _Reader:
    """Reads the records of one file."""

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEADER or data[:8] != b"RFMODEL\0":
            raise ModelFileError("is not a model file")
        if len(data) > MOST_BYTES:
            raise ModelFileError(f"has more than {MOST_BYTES} bytes")
        version, self.checksum, precision, *counts = struct.unpack_from("<8I", data, 8)
        if version != 2:
            raise ModelFileError(f"version {version}, not 2; python3 Training/upgrade_model.py OLD NEW converts version 1")
        if zlib.crc32(data[16:]) != self.checksum:
            raise ModelFileError("the checksum is wrong: the file is damaged")
        if precision not in (_FLOAT32, _INT8):
            raise ModelFileError(f"precision {precision} is neither float32 nor int8")
        if max(counts) > 4096:
            raise ModelFileError("the model file is inconsistent: more than 4096 records of a kind")
        self.data, self.is_int8 = data, precision == _INT8
        sizes = zip(counts, (_TENSOR, _LAYER, _LEVEL, _HEAD, _STAGE), strict=True)
        self.starts, at = [], _HEADER
        for count, size in sizes:
            self.starts.append(range(at, at + count * size, size))
            at += count * size
        self.names = at
        self.blob = struct.unpack_from("<Q", data, 40)[0]

    def model(self) -> ModelFile:
        tensors, layers, levels, heads, _ = self.starts
        self.tensor_names = [INPUT, *(self._name(at + 4) for at in tensors[1:])]
        if len(set(self.tensor_names)) < len(tensors):
            raise ModelFileError("two tensors have the same name")
        numbers: dict[str, numpy.ndarray] = {}
        graph = Graph(
            self._description(tuple(self._level(at) for at in levels)),
            tuple(self._layer(at, numbers) for at in layers),
            tuple(self._head(at, layers) for at in heads),
        )
        weights = {name: values for name, values in numbers.items() if not name.endswith(".multiplier")}
        graph = graphs.parse(graph.to_json())  # checks the range of every value
        graph.check({name: values.shape for name, values in weights.items()})
        return ModelFile(self._name(60), self.checksum, graph, weights, self._int8(graph, numbers) if self.is_int8 else None)

    def _int8(self, graph: Graph, numbers: dict[str, numpy.ndarray]) -> Int8:
        zeros = {}
        for name, at in list(zip(self.tensor_names, self.starts[0], strict=True))[1:]:
            zero, kind = struct.unpack_from("<2I", self.data, at + 12)
            if kind != _FLOAT32:
                zeros[name] = zero
        names = [layer.name for layer in graph.layers if layer.operation != UPSAMPLE_ADD]
        accumulators = {self._name(at + 44): struct.unpack_from("<I", self.data, at + 32)[0] for at in self.starts[1]}
        wide = frozenset(name for name, accumulator in accumulators.items() if accumulator == _WIDE)
        return Int8(zeros, {name: numbers[f"{name}.multiplier"] for name in names}, wide)

    def _description(self, levels: tuple[Level, ...]) -> Description:
        rgb, *numbers = struct.unpack_from("<I6f", self.data, 68)
        blue, green, red, scale, centre, size = map(_short, numbers)
        return Description("rgb" if rgb else "bgr", (blue, green, red), scale, (centre, size), levels)

    def _level(self, at: int) -> Level:
        stride, count = struct.unpack_from("<2I", self.data, at)
        return Level(stride, tuple(map(_short, struct.unpack_from("<8f", self.data, at + 8)[:count])))

    def _head(self, at: int, layers: range) -> Head:
        role, level, layer = struct.unpack_from("<3I", self.data, at)
        return Head(_ROLES[role], level, self._name(layers[layer] + 44))

    def _layer(self, at: int, numbers: dict[str, numpy.ndarray]) -> Layer:
        code, first, second, _, target, channel, read, written = struct.unpack_from("<8I", self.data, at)
        name, operation = self._name(at + 44), _OPERATIONS[code]
        inputs = (first, second) if operation == UPSAMPLE_ADD else (first,)
        names = tuple(self.tensor_names[index] for index in inputs)
        output = None if target == _NO_TENSOR else self.tensor_names[target]
        if operation == UPSAMPLE_ADD:
            return Layer(name, operation, names, output)
        height, width, stride, padding = struct.unpack_from("<4I", self.data, at + 56)
        self._read_constants(at, name, operation == DEPTHWISE_CONV, (written, height, width, read), numbers)
        slope = _short(struct.unpack_from("<f", self.data, at + 40)[0])
        return Layer(name, operation, names, output, (height, width), stride, padding, slope, channel)

    def _read_constants(self, at: int, name: str, is_depthwise: bool, shape: tuple[int, ...], numbers: dict[str, numpy.ndarray]) -> None:
        """Adds the layer's weights and bias, and in an int8 model its multipliers."""
        written = shape[0]
        weights = self._constant(at + 72, name, (3, 3, written) if is_depthwise else shape, 2 if self.is_int8 else 1)
        numbers[f"{name}.weight"] = weights.transpose(2, 0, 1)[:, None] if is_depthwise else weights.transpose(0, 3, 1, 2)
        numbers[f"{name}.bias"] = self._constant(at + 88, name, (written,), 3 if self.is_int8 else 1)
        if self.is_int8:
            numbers[f"{name}.multiplier"] = self._constant(at + 104, name, (written,), 1)

    def _constant(self, at: int, layer: str, shape: tuple[int, ...], kind: int) -> numpy.ndarray:
        offset, count, found = struct.unpack_from("<Q2I", self.data, at)
        expected = 1
        for length in shape:
            expected *= length
        if (count, found) != (expected, kind):
            raise ModelFileError(f"layer '{layer}': has {count} numbers of type {found}, needed {expected} of type {kind}")
        values = numpy.frombuffer(self.data, _NUMBERS[kind], count, self.blob + offset).reshape(shape)
        if not numpy.isfinite(values).all():
            raise ModelFileError(f"layer '{layer}': has values that are not finite")
        return values

    def _name(self, at: int) -> str:
        offset, count = struct.unpack_from("<2I", self.data, at)
        return self.data[self.names + offset : self.names + offset + count].decode("ascii")


def _short(value: float) -> float:
    """Returns the shortest decimal number that is this float32 number, such as 0.1."""
    return float(str(numpy.float32(value)))
