#!/usr/bin/env python3
"""Converts a model file of version 1 to version 2 with the same numbers: `python3 Training/upgrade_model.py OLD NEW`.

Needs the standard library only. Sources/Engine describes version 2. Version 1 has other records (below), and the same names and blob.
"""

from __future__ import annotations

import argparse
import os
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

MAGIC = b"RFMODEL\0"
NONE = 0xFFFFFFFF
FLOAT32, INT8 = 1, 2
CONV, DEPTHWISE, UPSAMPLE_ADD = 1, 2, 3
FLOAT_TENSOR, BYTE_TENSOR = 1, 2
F32, S8, S32 = 1, 2, 3
NUMBER_BYTES = {F32: 4, S8: 1, S32: 4}
NARROW = 1
HEADS = ((1, 2), (2, 4), (3, 10))
"""Role and values per anchor of the class, box and landmark heads."""

HEADER_BYTES, TENSOR_BYTES, OLD_LAYER_BYTES, LEVEL_BYTES = 128, 32, 96, 64
MOST_RECORDS, MOST_CHANNELS, LARGEST_KERNEL = 4096, 65536, 15


class ModelError(ValueError):
    """The file is not a valid model file of version 1."""


def upgrade(old: bytes) -> bytes:
    """Returns the model file `old` as version 2: the same layers, names and numbers. Raises ModelError."""
    model = OldModel(old)
    layers = [model.layer(index) for index in range(model.layer_count)]
    tensors = [model.tensor(index) for index in range(model.tensor_count)]
    levels = [model.level(index) for index in range(model.level_count)]
    heads = [head for index in range(model.level_count) for head in model.heads(index)]
    stage = struct.pack("<3I20x", 1, 0, model.layer_count)
    records = b"".join([*tensors, *layers, *levels, *heads, stage])
    blob_start = -(-(HEADER_BYTES + len(records) + len(model.names)) // 64) * 64
    counts = (model.precision, model.tensor_count, model.layer_count, model.level_count, len(heads), 1)
    header = struct.pack("<6I2QI", *counts, blob_start, len(model.blob), len(model.names)) + model.facts
    body = header.ljust(HEADER_BYTES - 16, b"\0") + records + model.names
    body = body.ljust(blob_start - 16, b"\0") + model.blob
    return MAGIC + struct.pack("<2I", 2, zlib.crc32(body)) + body


class OldModel:
    """The parts of a model file of version 1, and its records as version 2."""

    def __init__(self, data: bytes) -> None:
        if data[:8] != MAGIC:
            raise ModelError("is not a model file")
        if len(data) < HEADER_BYTES:
            raise ModelError(f"has {len(data)} bytes, fewer than a header")
        version, checksum, self.precision, self.tensor_count, self.layer_count, self.level_count = struct.unpack_from("<6I", data, 8)
        if version != 1:
            raise ModelError(f"has version {version}; only version 1 can be converted")
        if zlib.crc32(data[16:]) != checksum:
            raise ModelError("is damaged: its checksum is wrong")
        for name, count, most in (
            ("tensors", self.tensor_count, MOST_RECORDS),
            ("layers", self.layer_count, MOST_RECORDS),
            ("levels", self.level_count, 8),
        ):
            _check(1 <= count <= most, f"header: {count} {name}")
        _check(self.precision in (FLOAT32, INT8), f"header: precision {self.precision} is unknown")
        self.facts = data[52:88]
        self.data = data
        blob_start, blob_bytes, name_bytes = struct.unpack_from("<2QI", data, 32)
        self.first_layer = HEADER_BYTES + TENSOR_BYTES * self.tensor_count
        self.first_level = self.first_layer + OLD_LAYER_BYTES * self.layer_count
        names = self.first_level + LEVEL_BYTES * self.level_count
        _check(
            blob_start == -(-(names + name_bytes) // 64) * 64 and blob_start + blob_bytes == len(data),
            "header: sizes differ from the file's",
        )
        self.names, self.blob = data[names : names + name_bytes], data[blob_start:]
        self._check_name(*struct.unpack_from("<2I", self.facts), "header")

    def tensor(self, index: int) -> bytes:
        """The record of a tensor; heads of an int8 model write float32."""
        channels, name_start, name_bytes, zero = struct.unpack_from("<4I", self.data, HEADER_BYTES + TENSOR_BYTES * index)
        self._check_name(name_start, name_bytes, f"tensor {index}")
        _check(1 <= channels <= MOST_CHANNELS and zero <= 255, f"tensor {index}: channels or byte for 0")
        element = BYTE_TENSOR if self.precision == INT8 and index not in self._head_outputs() else FLOAT_TENSOR
        return struct.pack("<5I12x", channels, name_start, name_bytes, zero if element == BYTE_TENSOR else 0, element)

    def layer(self, index: int) -> bytes:
        """The record of a layer."""
        place = f"layer {index}"
        values = struct.unpack_from("<12If3I3Q", self.data, self.first_layer + OLD_LAYER_BYTES * index)
        operation, source, _, target, first, read, written, height, width, stride, padding, _, slope, name_start, name_bytes, _ = values[
            :16
        ]
        self._check_name(name_start, name_bytes, place)
        _check(operation in (CONV, DEPTHWISE, UPSAMPLE_ADD), f"{place}: operation {operation} is unknown")
        _check(source < self.tensor_count and (target < self.tensor_count or target == NONE), f"{place}: tensor number")
        _check(1 <= read <= MOST_CHANNELS and 1 <= written <= MOST_CHANNELS and first <= MOST_CHANNELS, f"{place}: channels")
        _check(1 <= height <= LARGEST_KERNEL and 1 <= width <= LARGEST_KERNEL, f"{place}: kernel")
        is_sum = operation == UPSAMPLE_ADD
        _check(not is_sum or target != NONE, f"{place}: no tensor is written")
        inputs = (target, source, NONE) if is_sum else (source, NONE, NONE)
        rule = NARROW if self.precision == INT8 and not is_sum else 0
        attributes = (0, 0, 0, 0) if is_sum else (height, width, stride, padding)
        record = struct.pack(
            "<9I4xf2I4x4I", operation, *inputs, target, first, read, written, rule, slope, name_start, name_bytes, *attributes
        )
        count = height * width * read * (written if operation == CONV else 1)
        constants = [] if is_sum else self._constants(values[16:], count, written, place)
        return (record + b"".join(constants)).ljust(144, b"\0")

    def level(self, index: int) -> bytes:
        """The record of a level."""
        stride, _, _, _, _, anchors = self._level(index)
        _check(1 <= anchors <= 8, f"level {index}: {anchors} anchors per pixel")
        sides = struct.unpack_from("<8f", self.data, self.first_level + LEVEL_BYTES * index + 24)
        return struct.pack("<2I8f24x", stride, anchors, *sides)

    def heads(self, index: int) -> Iterator[bytes]:
        """The records of a level's three heads."""
        for layer, (role, values) in zip(self._level(index)[2:5], HEADS, strict=True):
            _check(layer < self.layer_count, f"level {index}: layer number {layer}")
            yield struct.pack("<4I16x", role, index, layer, values)

    def _level(self, index: int) -> tuple[int, ...]:
        return struct.unpack_from("<6I", self.data, self.first_level + LEVEL_BYTES * index)

    def _head_outputs(self) -> set[int]:
        layers = [layer for index in range(self.level_count) for layer in self._level(index)[2:5] if layer < self.layer_count]
        return {struct.unpack_from("<I", self.data, self.first_layer + OLD_LAYER_BYTES * layer + 12)[0] for layer in layers}

    def _constants(self, offsets: tuple[int, ...], weights: int, written: int, place: str) -> Iterator[bytes]:
        types = (S8, S32, F32) if self.precision == INT8 else (F32, F32)
        for offset, count, number in zip(offsets, (weights, written, written), types, strict=False):
            fits = offset % 64 == 0 and offset + count * NUMBER_BYTES[number] <= len(self.blob)
            _check(fits, f"{place}: constants lie outside the file")
            yield struct.pack("<Q2I", offset, count, number)

    def _check_name(self, start: int, count: int, place: str) -> None:
        _check(count <= 128 and start + count <= len(self.names), f"{place}: its name lies outside the names")


def _check(is_valid: bool, problem: str) -> None:
    if not is_valid:
        raise ModelError(f"is not a valid model: {problem}")


def convert(old: Path, new: Path) -> None:
    """Converts the file `old` and writes `new`, completely or not at all.

    `new` may be `old`. An existing `new` that is not a model file is not overwritten. Raises ModelError and OSError.
    """
    data = upgrade(_read(old, sys.maxsize))
    new = Path(os.path.realpath(new))
    if new.exists() and _read(new, len(MAGIC)) != MAGIC:
        raise ModelError(f"is not converted: {new} exists and is not a model file")
    partial = new.with_name(f"{new.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        os.replace(partial, new)
    finally:
        partial.unlink(missing_ok=True)


def _read(path: Path, most: int) -> bytes:
    if path.exists() and not path.is_file():
        raise ModelError(f"is not converted: {path} is not a file")
    with path.open("rb") as file:
        return file.read(min(most, os.fstat(file.fileno()).st_size))


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(description="Converts a model file of version 1 to version 2; the numbers stay the same.")
    parser.add_argument("old", type=Path, metavar="OLD", help="model file of version 1")
    parser.add_argument("new", type=Path, metavar="NEW", help="model file to write; may be OLD")
    options = parser.parse_args(arguments)
    try:
        convert(options.old, options.new)
    except (ModelError, OSError) as error:
        print(f"upgrade_model: {options.old}: {error}" if isinstance(error, ModelError) else f"upgrade_model: {error}", file=sys.stderr)
        return 1
    print(f"{options.new}: model file of version 2", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
